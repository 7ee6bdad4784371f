"""The mail verbs of the desk: folders, windows of a list, reading, marking, moving, deleting.

What a person does is shown at once and then asked of the server together with what changed meanwhile;
when the server refuses, the truth is fetched again and the trouble told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Dict, List, Optional

from tkclient.link import Done, Failed, Link, nothing
from tkclient.model import WINDOW, Mailbox, Row
from tkclient.rpc import Call, Outcome
from tkclient.trouble import ServerTrouble, TransportError, Trouble

AGAIN_MS = 4_000
AWAY_KINDS = ("unreachable", "no_answer", "connection_lost")

if TYPE_CHECKING:
    from tkclient.desk import Bells


class Mail:
    """What can be done with letters that are here."""

    def __init__(
        self, link: Link, mailbox: Mailbox, bells: "Bells", after: Callable[[int, Callable[[], None]], Any]
    ) -> None:
        self._link = link
        self._mailbox = mailbox
        self._bells = bells
        self._after = after
        self._visit = 0
        self.clear()

    def clear(self) -> None:
        self._visit += 1
        self._opening = self._again_soon = False
        self.folder = "inbox"
        self._asked: Dict[str, Any] = {}
        self._looking = False

    def first_screen(self, collecting: Done) -> None:
        """Folders, the newest of the inbox, and start collecting: one request, repeated until it succeeds."""
        if self._opening:
            return
        self._opening, self._collecting = True, collecting
        calls = [
            Call("folder.list", {}),
            Call("message.page", {"folder": "inbox", "position": 0, "limit": WINDOW}),
            Call("collect.start", {}),
        ]

        def done(outcomes: List[Outcome]) -> None:
            self._opening = False
            folders, page, progress = outcomes
            self._took_folders(folders)
            self._took_page("inbox", page)
            if isinstance(progress, ServerTrouble):
                self._bells.ring("collect_failed", progress)
            else:
                collecting(progress)

        def failed(trouble: Trouble) -> None:
            self._opening = False
            self._did_not_come(
                "inbox", Trouble("storage_away", retryable=True) if is_away(trouble) else trouble
            )

        self._link.storage_batch(calls, done, failed)

    def _did_not_come(self, folder: str, trouble: Trouble) -> None:
        """Tell that a window did not come; where nothing can be shown, ask again by itself."""
        self._bells.ring("listing_failed", folder, trouble)
        if trouble.retryable and not self._again_soon and not self._mailbox.listing(folder).known:
            self._again_soon = True
            visit = self._visit
            self._after(AGAIN_MS, lambda: self._again(visit))

    def _again(self, visit: int) -> None:
        if visit != self._visit:
            return
        self._again_soon = False
        if not self._mailbox.folders:
            self.first_screen(self._collecting)
        elif not self._mailbox.listing(self.folder).known:
            self.need(0, WINDOW)

    def show_folder(self, folder: str) -> None:
        """Turn to a folder; what is known of it is shown at once, its first window fetched if it is not."""
        self.folder = folder
        listing = self._mailbox.listing(folder)
        self._bells.ring("listing", folder)
        if not listing.known:
            self.need(0, WINDOW)

    def need(self, position: int, limit: int) -> None:
        """Fetch a window of the folder shown; one at a time, the last wish wins."""
        folder = self.folder
        if folder in self._asked:
            self._asked[folder] = (position, limit)
            return
        self._asked[folder] = None

        def after() -> None:
            wish = self._asked.pop(folder, None)
            if wish is not None and folder == self.folder:
                hole = self._mailbox.listing(folder).missing(*wish)
                if hole is not None:
                    self.need(*hole)

        def done(page: Any) -> None:
            self._took_page(folder, page)
            after()

        def failed(trouble: Trouble) -> None:
            self._asked.pop(folder, None)
            self._did_not_come(folder, trouble)

        params = {"folder": folder, "position": position, "limit": limit}
        self._link.storage("message.page", params, done, failed)

    def _took_page(self, folder: str, page: Outcome) -> None:
        if isinstance(page, ServerTrouble):
            self._did_not_come(folder, page)
            return
        if not self._mailbox.state:
            self._mailbox.state = str(page["state"])
        self._mailbox.listing(folder).put(page)
        self._bells.ring("listing", folder)

    def _took_folders(self, answer: Outcome) -> None:
        if isinstance(answer, ServerTrouble):
            self._bells.ring("collect_failed", answer)
            return
        self._mailbox.put_folders(answer["folders"])
        self._bells.ring("folders")
        self._bells.ring("listing", self.folder)

    def look_for_changes(self) -> None:
        """Ask what changed. Trouble is passed over: the next look comes by itself."""
        if self._looking or not self._mailbox.state:
            return
        self._looking = True

        def done(changes: Dict[str, Any]) -> None:
            self._looking = False
            if self._mailbox.apply(changes):
                self._bells.ring("listing", self.folder)
                self._link.storage("folder.list", {}, self._took_folders, nothing)

        def failed(_: Trouble) -> None:
            self._looking = False

        self._link.storage("message.changes", {"since": self._mailbox.state}, done, failed)

    def look_afresh(self) -> None:
        """Fetch counts and the newest rows again: cheaper than every change when very much has come."""
        if self._looking or not self._mailbox.state:
            return
        self._looking = True
        folder = self.folder
        calls = [
            Call("folder.list", {}),
            Call("message.page", {"folder": folder, "position": 0, "limit": WINDOW}),
        ]

        def done(outcomes: List[Outcome]) -> None:
            self._looking = False
            folders, page = outcomes
            if isinstance(folders, ServerTrouble) or isinstance(page, ServerTrouble):
                return
            self._mailbox.apply({"state": page["state"], "start_again": True})
            self._mailbox.put_folders(folders["folders"])
            self._mailbox.listing(folder).put(page)
            self._bells.ring("folders")
            self._bells.ring("listing", self.folder)

        def failed(_: Trouble) -> None:
            self._looking = False

        self._link.storage_batch(calls, done, failed)

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
                self.look_for_changes()
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
        self._bells.ring("listing", self.folder)
        self._bells.ring("folders")

    def move(self, ids: List[str], folder: str, done: Callable[[], None], failed: Failed) -> None:
        """Move letters to another folder."""
        self._show_moved(ids, folder)
        self._do(Call("message.set", {"ids": ids, "set": {"folder": folder}}), lambda _: done(), failed)

    def delete(self, ids: List[str], done: Callable[[], None], failed: Failed) -> None:
        """Move letters to the trash; from the trash, delete them for good."""
        self._show_moved(ids, "" if self.folder == "trash" else "trash")
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
        self._bells.ring("listing", self.folder)
        self._bells.ring("folders")

    def _do(self, call: Call, done: Done, failed: Failed) -> None:
        """Ask for `call` and, in the same request, what changed and the counts after it."""
        calls = [call, Call("message.changes", {"since": self._mailbox.state}), Call("folder.list", {})]

        def took(outcomes: List[Outcome]) -> None:
            outcome, changes, folders = outcomes
            if not isinstance(changes, ServerTrouble):
                self._mailbox.apply(changes)
            if isinstance(outcome, ServerTrouble):
                self._start_again()
                failed(outcome)
            self._took_folders(folders)
            if not isinstance(outcome, ServerTrouble):
                done(outcome)

        def lost(trouble: Trouble) -> None:
            self._start_again()
            failed(trouble)

        self._link.storage_batch(calls, took, lost)

    def _start_again(self) -> None:
        """Believe nothing of what is shown: it was shown ahead of an answer that was no."""
        for listing in self._mailbox.listings.values():
            listing.forget()
        self._bells.ring("listing", self.folder)

    def create_folder(self, name: str, done: Done, failed: Failed) -> None:
        """Make a folder of the person's own."""

        def made(answer: Dict[str, Any]) -> None:
            self._link.storage("folder.list", {}, self._took_folders, nothing)
            done(answer["created"][0])

        self._link.storage("folder.set", {"create": [{"name": " ".join(name.split())}]}, made, failed)

    def save_attachment(
        self, part: Dict[str, Any], target: Any, progress: Any, done: Done, failed: Failed
    ) -> Any:
        """Save one part of a letter as the file `target`; returns the Task, which can be cancelled."""
        from urllib.parse import quote

        from tkclient import blobs  # here, so that opening the first window does not wait for it

        path = "blobs/%s/%s" % (quote(part["blob"], safe=""), quote(part["name"] or "adjunto", safe=""))
        return self._link.transfer(blobs.save, path, target, progress, done, failed)


def is_away(trouble: Trouble) -> bool:
    """Say whether nobody answered at all: the server, or what stands behind a gateway."""
    gateway = trouble.kind == "bad_answer" and trouble.detail.startswith("HTTP 5")
    return isinstance(trouble, TransportError) and (trouble.kind in AWAY_KINDS or gateway)
