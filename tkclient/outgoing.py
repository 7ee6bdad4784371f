"""The writing verbs of the desk: prepare, keep the draft, attach, send, and what became of it."""

from __future__ import annotations

import mimetypes
from pathlib import Path
from typing import Any, Callable, Dict, List

from tkclient import blobs
from tkclient.browsing import Browsing
from tkclient.compose import Attachment, Letter
from tkclient.link import Done, Failed, Link, nothing
from tkclient.mail import Mail
from tkclient.tasks import Task
from tkclient.trouble import FileTrouble, Trouble


class Outgoing:
    """Letters on their way out."""

    def __init__(self, link: Link, mail: Mail, browsing: Browsing) -> None:
        self._link = link
        self._mail = mail
        self._browsing = browsing
        self.clear()

    def clear(self) -> None:
        self._saving: Dict[int, List[Callable[[], None]]] = {}

    def answer(self, id_: str, everyone: bool, done: Done, failed: Failed) -> None:
        """Have the server prepare an answer; `done` gets the Letter."""
        self._prepare("draft.reply", {"id": id_, "all": everyone}, "", done, failed)

    def forward(self, id_: str, done: Done, failed: Failed) -> None:
        self._prepare("draft.forward", {"id": id_}, "", done, failed)

    def take_up(self, id_: str, done: Done, failed: Failed) -> None:
        """Go on with a draft kept on the server."""
        self._prepare("draft.get", {"id": id_}, id_, done, failed)

    def _prepare(self, method: str, params: Dict[str, Any], id_: str, done: Done, failed: Failed) -> None:
        self._link.storage(method, params, lambda draft: done(Letter(draft, id_)), failed)

    def keep(self, letter: Letter, done: Callable[[], None], failed: Failed) -> None:
        """Save the draft on the server when it has changed; one saving of a letter at a time."""
        waiting = self._saving.get(id(letter))
        if waiting is not None:
            waiting.append(lambda: self.keep(letter, done, failed))
            return
        if not letter.changed or letter.is_empty:
            done()
            return
        self._saving[id(letter)] = []
        fingerprint = letter.fingerprint()
        sent_along = [item for item in letter.attachments if item.blob]
        params: Dict[str, Any] = {"draft": letter.draft()}
        if letter.id:
            params["id"] = letter.id

        def saved(answer: Dict[str, Any]) -> None:
            # A saved draft has another id each time, and so have its attachments. Where they are not as many
            # as went along nobody knows which is which, and the server knows the ids of before still.
            letter.id, letter.saved = str(answer["id"]), fingerprint
            kept = answer.get("attachments", [])
            for number, told in enumerate(kept if len(kept) == len(sent_along) else []):
                sent_along[number].blob = str(told["blob"])
            waiting = self._saving.pop(id(letter), [])
            done()
            for job in waiting:
                job()

        def lost(trouble: Trouble) -> None:
            waiting = self._saving.pop(id(letter), [])
            if trouble.kind == "not_found" and letter.id:
                letter.id = ""
            failed(trouble)
            for job in waiting:
                job()

        self._link.storage("draft.save", params, saved, lost)

    def discard(self, letter: Letter, failed: Failed) -> None:
        """Throw the draft away."""
        if letter.id:
            self._mail.delete_draft(letter.id, failed)

    def send(self, letter: Letter, done: Done, failed: Failed) -> None:
        """Submit the letter once, however often this is asked; `done` gets the Submission."""
        waiting = self._saving.get(id(letter))
        if waiting is not None:
            waiting.append(lambda: self.send(letter, done, failed))
            return
        params: Dict[str, Any] = {"key": letter.key(), "draft": letter.draft()}
        if letter.id:
            params["id"] = letter.id

        def sent(submission: Dict[str, Any]) -> None:
            self._browsing.look_for_changes()
            done(submission)

        self._link.storage("outbox.submit", params, sent, failed)

    def attach(
        self, letter: Letter, file: Path, progress: blobs.Progress, done: Done, failed: Failed
    ) -> "Attaching":
        """Send a file to the server so that it can go with the letter."""
        try:
            octets = file.stat().st_size
        except OSError as problem:
            raise FileTrouble("file_unreadable", file.name) from problem
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        attachment = Attachment(file.name, kind, octets)
        letter.attachments.append(attachment)

        def moved(sent: int, total: int) -> None:
            attachment.sent_octets = sent
            progress(sent, total)

        def there(blob: str) -> None:
            attachment.blob = blob
            done(attachment)

        def lost(trouble: Trouble) -> None:
            if attachment in letter.attachments:
                letter.attachments.remove(attachment)
            failed(trouble)

        task = self._link.transfer(blobs.upload, "blobs/", file, moved, there, lost)
        return Attaching(attachment, task)

    def fate(self, message: str, done: Callable[[Dict[str, Any]], None]) -> None:
        """Tell what became of a sent letter, recipient by recipient; silent when it is not known."""

        def took(answer: Dict[str, Any]) -> None:
            for submission in answer["submissions"]:
                if submission.get("message") == message:
                    done(submission)
                    return

        self._link.storage("outbox.list", {}, took, nothing)


class Attaching:
    """An attachment under way, with the task that can be stopped."""

    def __init__(self, attachment: Attachment, task: Task) -> None:
        self.attachment = attachment
        self.task = task
