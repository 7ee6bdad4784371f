"""The mail verbs of the desk: reading, marking, moving, deleting.

What a person does is shown at once and then asked of the server together with what changed meanwhile;
when the server refuses, the truth is fetched again and the trouble told.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Optional, Set

from tkclient.browsing import Browsing
from tkclient.link import Done, Failed, Link, nothing
from tkclient.model import Mailbox, Row
from tkclient.rpc import Call, Outcome
from tkclient.trouble import ServerTrouble, Trouble

if TYPE_CHECKING:
    from tkclient.desk import Bells


class Mail:
    """What can be done with letters that are here."""

    def __init__(self, link: Link, mailbox: Mailbox, bells: "Bells", browsing: Browsing) -> None:
        self._link = link
        self._mailbox = mailbox
        self._bells = bells
        self._browsing = browsing
        self.clear()

    def clear(self) -> None:
        self._saved: Set[str] = set()

    def files_left(self) -> int:
        """Return how many of the files that were saved in this visit are still where they were saved."""
        return sum(os.path.lexists(file) for file in self._saved)

    def open_letter(self, id_: str, done: Done, failed: Failed) -> None:
        """Bring one letter with its text, marking it read in the same request."""
        known = self._mailbox.letters.get(id_)
        row = self._mailbox.find(id_)
        unread = row is not None and "seen" not in row["flags"]
        if known is not None:
            done(known)
            if unread:
                self.mark_read([id_], True, nothing)
            return
        calls = [Call("message.get", {"ids": [id_], "text": True})]
        if unread:
            calls.append(Call("message.set", {"ids": [id_], "set": {"seen": True}}))

        def got(outcomes: List[Outcome]) -> None:
            answer = outcomes[0]
            if isinstance(answer, ServerTrouble):
                failed(answer)
            elif not answer["messages"]:
                failed(Trouble("not_found"))
                self._browsing.look_for_changes()
            else:
                letter = answer["messages"][0]
                self._mailbox.put_letter(letter)
                if unread:
                    self._show_seen(id_, True)
                done(letter)

        self._link.storage_batch(calls, got, failed)

    def mark_read(self, ids: List[str], seen: bool, failed: Failed) -> None:
        """Mark letters read or unread."""
        for id_ in ids:
            self._show_seen(id_, seen)
        self._do(Call("message.set", {"ids": ids, "set": {"seen": seen}}), nothing, failed)

    def _show_seen(self, id_: str, seen: bool) -> None:
        row = self._mailbox.find(id_)
        if row is None or ("seen" in row["flags"]) == seen:
            return
        flags = [flag for flag in row["flags"] if flag != "seen"] + (["seen"] if seen else [])
        self._mailbox.set_state(id_, row["folder"], flags)
        self._mailbox.count(row["folder"], unread=-1 if seen else +1)
        self._bells.ring("listing", self._browsing.folder)
        self._bells.ring("folders")

    def move(self, ids: List[str], folder: str, done: Callable[[], None], failed: Failed) -> None:
        """Move letters to another folder."""
        self._show_moved(ids, folder)
        self._do(Call("message.set", {"ids": ids, "set": {"folder": folder}}), lambda _: done(), failed)

    def delete(self, ids: List[str], done: Callable[[], None], failed: Failed) -> None:
        """Move letters to the trash; from the trash, delete them for good."""
        for id_ in ids:
            row = self._mailbox.find(id_)
            self._show_moved([id_], "" if row is not None and row["folder"] == "trash" else "trash")
        self._do(Call("message.delete", {"ids": ids}), lambda _: done(), failed)

    def delete_draft(self, id_: str, failed: Failed) -> None:
        """Put a draft that was thrown away in the trash."""
        self._do(Call("message.delete", {"ids": [id_]}), nothing, failed)

    def _show_moved(self, ids: List[str], folder: str) -> None:
        for id_ in ids:
            row: Optional[Row] = self._mailbox.find(id_)
            if row is None:
                continue
            unread = int("seen" not in row["flags"])
            self._mailbox.count(row["folder"], total=-1, unread=-unread)
            if folder:
                self._mailbox.count(folder, total=+1, unread=unread)
            self._mailbox.set_state(id_, folder, row["flags"])
        self._bells.ring("listing", self._browsing.folder)
        self._bells.ring("folders")

    def _do(self, call: Call, done: Done, failed: Failed) -> None:
        """Ask for `call` and, in the same request, what changed and the counts after it."""
        calls = [call, Call("message.changes", {"since": self._mailbox.state}), Call("folder.list", {})]

        def took(outcomes: List[Outcome]) -> None:
            outcome, changes, folders = outcomes
            if not isinstance(outcome, ServerTrouble) and outcome.get("missing"):
                # Gone meanwhile: nothing was done, though nothing was refused.
                outcome = ServerTrouble({"data": {"kind": "not_found"}})
            if not isinstance(changes, ServerTrouble):
                self._mailbox.apply(changes)
            if isinstance(outcome, ServerTrouble):
                self._browsing.believe_nothing()
                failed(outcome)
            self._browsing.took_folders(folders)
            if not isinstance(outcome, ServerTrouble):
                done(outcome)

        def lost(trouble: Trouble) -> None:
            self._browsing.believe_nothing()
            failed(trouble)

        self._link.storage_batch(calls, took, lost)

    def create_folder(self, name: str, done: Done, failed: Failed) -> None:
        """Make a folder of the person's own."""

        def made(answer: Dict[str, Any]) -> None:
            self._link.storage("folder.list", {}, self._browsing.took_folders, nothing)
            done(answer["created"][0])

        self._link.storage("folder.set", {"create": [{"name": " ".join(name.split())}]}, made, failed)

    def save_attachment(
        self, part: Dict[str, Any], target: Any, progress: Any, done: Done, failed: Failed
    ) -> Any:
        """Save one part of a letter as the file `target`; returns the Task, which can be cancelled.

        What was saved is known until the visit is over: it stays at the terminal.
        """
        from urllib.parse import quote

        from tkclient import blobs  # here, so that opening the first window does not wait for it

        path = "blobs/%s/%s" % (quote(part["blob"], safe=""), quote(part["name"] or "adjunto", safe=""))

        def saved(answer: Any) -> None:
            self._saved.add(str(target))
            done(answer)

        return self._link.transfer(blobs.save, path, target, progress, saved, failed)
