"""Collecting, as the person sees it: start, and how far each account is. No window, no sockets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Dict, List

from tkclient.browsing import Browsing
from tkclient.clean import clean_line
from tkclient.link import Failed, Link
from tkclient.trouble import ServerTrouble, Trouble
from tkclient.words import Words

if TYPE_CHECKING:
    from tkclient.desk import Bells

STATUS_MS = 500
CHANGES_EVERY = 4
# More new letters than this, and a fresh window of the list costs less than all of them.
MANY = 40


class Collecting:
    """Asks for progress twice a second, and only while there is any."""

    def __init__(
        self, link: Link, browsing: Browsing, bells: "Bells", after: Callable[[int, Callable[[], None]], Any]
    ) -> None:
        self._link = link
        self._browsing = browsing
        self._bells = bells
        self._after = after
        self.clear()

    def clear(self) -> None:
        self.running = False
        self.accounts: List[Dict[str, Any]] = []
        self._asking = False
        self._turn = 0
        self._collected = 0

    def start(self, failed: Failed) -> None:
        """Get mail now; joins a collecting that is under way."""
        self._link.storage("collect.start", {}, self.took, failed)

    def took(self, answer: Dict[str, Any]) -> None:
        """Take over an answer of collect.start or collect.status."""
        was_running = self.running
        if not was_running:
            self._collected = 0
        self.running = bool(answer["running"])
        self.accounts = list(answer["accounts"])
        self._bells.ring("progress")
        collected = sum(int(account.get("collected", 0)) for account in self.accounts)
        over = was_running and not self.running
        if over or (self.running and self._turn % CHANGES_EVERY == 0):
            self._show_collected(collected)
        if self.running and not self._asking:
            self._asking = True
            self._after(STATUS_MS, self._ask)

    def _show_collected(self, collected: int) -> None:
        """Bring into the list what has come since the last time this was done."""
        new, self._collected = collected - self._collected, collected
        if new >= MANY:
            self._browsing.look_afresh()
        elif new:
            self._browsing.look_for_changes()

    def _ask(self) -> None:
        if not self._link.session.is_open or not self.running:
            self._asking = False
            return
        self._turn += 1

        def took(answer: Dict[str, Any]) -> None:
            self._asking = False
            self.took(answer)

        def failed(_: Trouble) -> None:
            # The progress is lost, not the collecting: ask again at a slower pace.
            self._after(10 * STATUS_MS, self._ask)

        self._link.storage("collect.status", {}, took, failed)

    def of(self, account: str) -> Dict[str, Any]:
        """Return the progress of one account; empty when nothing is known."""
        return next((item for item in self.accounts if item["account"] == account), {})


def trouble_told(words: Words, error: Dict[str, Any]) -> str:
    """Return the sentence for an account's trouble, or for what was left at its server."""
    key = "collect.left_" + str(error.get("kind", ""))
    if words.has(key):
        return words(key, host=clean_line(str(error.get("about", ""))))
    return words.error(ServerTrouble({"data": error, "message": error.get("message", "")}))


def notices_told(words: Words, progress: Dict[str, Any]) -> List[str]:
    """Return sentences for what is to be known of an account's server, which is no trouble."""
    found = []
    for notice in progress.get("notices", ()):
        key = "collect.notice_" + str(notice.get("kind", ""))
        if words.has(key):
            found.append(words(key, host=clean_line(str(notice.get("about", "")))))
    return found
