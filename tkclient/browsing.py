"""What of the mail is shown: folders, windows of a list, and what has changed since they were fetched.

Each verb returns at once; what has come is rung on the bells `folders` and `listing`, and what did not on
`listing_failed` or `folders_failed`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Dict, List

from tkclient.link import Done, Link, nothing
from tkclient.model import WINDOW, Mailbox
from tkclient.rpc import Call, Outcome
from tkclient.trouble import ServerTrouble, TransportError, Trouble

AGAIN_MS = 4_000
AWAY_KINDS = ("unreachable", "no_answer", "connection_lost")

if TYPE_CHECKING:
    from tkclient.desk import Bells


class Browsing:
    """The folder that is looked at, and fetching what is to be seen of it."""

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
            self.took_folders(folders)
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

    def took_folders(self, answer: Outcome) -> None:
        """Take over an answer of folder.list."""
        if isinstance(answer, ServerTrouble):
            self._bells.ring("folders_failed", answer)
            return
        self._mailbox.put_folders(answer["folders"])
        self._bells.ring("folders")
        self._bells.ring("listing", self.folder)

    def fetch_folders(self) -> None:
        """Fetch the folders and their counts."""
        self._link.storage(
            "folder.list", {}, self.took_folders, lambda trouble: self._bells.ring("folders_failed", trouble)
        )

    def look_for_changes(self) -> None:
        """Ask what changed. Trouble is passed over: the next look comes by itself."""
        if self._looking or not self._mailbox.state:
            return
        self._looking = True

        def done(changes: Dict[str, Any]) -> None:
            self._looking = False
            if self._mailbox.apply(changes):
                self._bells.ring("listing", self.folder)
                self._link.storage("folder.list", {}, self.took_folders, nothing)

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

    def believe_nothing(self) -> None:
        """Fetch again what is shown: it was shown ahead of an answer that was no."""
        for listing in self._mailbox.listings.values():
            listing.forget()
        self._bells.ring("listing", self.folder)


def is_away(trouble: Trouble) -> bool:
    """Say whether nobody answered at all: the server, or what stands behind a gateway."""
    gateway = trouble.kind == "bad_answer" and trouble.detail.startswith("HTTP 5")
    return isinstance(trouble, TransportError) and (trouble.kind in AWAY_KINDS or gateway)
