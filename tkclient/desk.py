"""The desk: every verb the windows know. It holds the session and the mail, and asks through `link`.

A verb returns at once; what comes of it is told by `done` or `failed`, or rung on a bell:
folders, listing, letter, progress, accounts, session, contact, ended. All of this runs in the window's
thread.
"""

from __future__ import annotations

import platform
from typing import Any, Callable, Dict, List

from tkclient.accounts import Accounts
from tkclient.browsing import Browsing
from tkclient.collecting import Collecting
from tkclient.link import Done, Failed, Link, nothing
from tkclient.mail import Mail
from tkclient.model import Mailbox
from tkclient.origin import parse_address
from tkclient.outgoing import Outgoing
from tkclient.session import Session
from tkclient.tasks import Tasks
from tkclient.trouble import Trouble

POLL_MS = 30_000
TICK_MS = 1_000
LEAVE_SECONDS = 3.0


class Bells:
    """Who wants to hear of what."""

    def __init__(self) -> None:
        self._listeners: Dict[str, List[Callable[..., None]]] = {}

    def on(self, bell: str, listener: Callable[..., None]) -> None:
        self._listeners.setdefault(bell, []).append(listener)

    def ring(self, bell: str, *told: Any) -> None:
        for listener in list(self._listeners.get(bell, ())):
            listener(*told)

    def clear(self) -> None:
        self._listeners.clear()


class Desk:
    """One terminal's desk, for one visit after another."""

    def __init__(
        self,
        server: str,
        after: Callable[[int, Callable[[], None]], Any],
        ca_file: str = "",
        seconds: float = 35.0,
    ) -> None:
        self.bells = Bells()
        self.tasks = Tasks(after)
        self.session = Session(server)
        self.mailbox = Mailbox()
        self.link = Link(self.tasks, self.session, ca_file, seconds)
        self.link.ended = self._session_ended
        self.link.answered = lambda: self.bells.ring("contact")
        self.browsing = Browsing(self.link, self.mailbox, self.bells, after)
        self.mail = Mail(self.link, self.mailbox, self.bells, self.browsing)
        self.collecting = Collecting(self.link, self.browsing, self.bells, after)
        self.accounts = Accounts(self.link, self.bells, self.collecting)
        self.outgoing = Outgoing(self.link, self.mail, self.browsing)
        self._after = after
        self._visit = 0
        # How many files that the person saved were still here when the last visit was over.
        self.files_left = 0

    def start(self) -> None:
        self.tasks.start()

    def use_server(self, url: str) -> None:
        """Ask this profile server from now on. Raises TransportError when it cannot be an address."""
        parse_address(url)
        self.session.server = url if url.endswith("/") else url + "/"

    def open(self, name: str, password: str, done: Done, failed: Failed) -> None:
        """Open a session, then bring the first screen: two requests in all. Another visit begins."""
        self.link.meter.begin_anew()
        params = {"name": name.strip().lower(), "password": password, "terminal": terminal_name()}
        self.link.profile("session.open", params, self._opened(done), failed)

    def create(
        self, name: str, full_name: str, password: str, language: str, done: Done, failed: Failed
    ) -> None:
        """Create a profile and walk in."""
        self.link.meter.begin_anew()
        params = {"name": name.strip().lower(), "password": password, "language": language}
        if full_name.strip():
            params["full_name"] = " ".join(full_name.split())
        self.link.profile("profile.create", params, self._opened(done), failed)

    def _opened(self, done: Done) -> Done:
        def opened(answer: Dict[str, Any]) -> None:
            self._visit += 1
            self.session.opened(answer, self.link.server_now())
            self.accounts.take(self.session.profile)
            done(self.session.profile)
            self.browsing.first_screen(self.collecting.took)
            visit = self._visit
            self._after(POLL_MS, lambda: self._poll(visit))
            self._after(TICK_MS, lambda: self._tick(visit))

        return opened

    def used(self) -> None:
        """The person did something: the session shall last."""
        self.session.used()

    def stay(self) -> None:
        """The person says so: tell the server at once."""
        self.session.used()
        self._touch()

    def _touch(self) -> None:
        def touched(answer: Dict[str, Any]) -> None:
            self.session.extended(str(answer.get("expires_at", "")), self.link.server_now())
            self.bells.ring("session")

        self.link.profile("session.touch", {}, touched, lambda _: self.session.touch_failed())

    def _poll(self, visit: int) -> None:
        """Look for changes every 30 s; this does not keep the session alive."""
        if visit != self._visit or not self.session.is_open:
            return
        try:
            self.browsing.look_for_changes()
        finally:
            self._after(POLL_MS, lambda: self._poll(visit))

    def _tick(self, visit: int) -> None:
        if visit != self._visit or not self.session.is_open:
            return
        try:
            if self.session.touch_due():
                self._touch()
            left = self.session.seconds_left()
            if left is not None and left <= 0:
                self._session_ended(Trouble("session_ended"))
            else:
                self.bells.ring("session")
        finally:
            self._after(TICK_MS, lambda: self._tick(visit))

    def leave(self, done: Callable[[], None]) -> None:
        """Close the session and forget everything; the server is given LEAVE_SECONDS to hear of it."""
        if not self.session.is_open:
            done()
            return
        visit = self._visit

        def gone(_: Any = None) -> None:
            if visit == self._visit and self.session.is_open:
                self._forget()
                done()

        self.link.ended = gone
        self.link.profile("session.close", {}, gone, gone, lane="leaving")
        self._after(int(LEAVE_SECONDS * 1000), gone)

    def _session_ended(self, trouble: Trouble) -> None:
        if self.session.is_open:
            self._forget()
            self.bells.ring("ended", trouble)

    def _forget(self) -> None:
        """Leave nothing of the visit in memory that can be let go."""
        self._visit += 1
        self.files_left = self.mail.files_left()
        self.link.ended = self._session_ended
        self.tasks.forget()
        self.session.clear()
        self.mailbox.clear()
        self.mail.clear()
        self.accounts.clear()
        self.collecting.clear()
        self.browsing.clear()
        self.outgoing.clear()


def terminal_name() -> str:
    """Say what kind of machine this is, for the person's own list of open sessions."""
    name = " ".join(part for part in (platform.system(), platform.node()) if part)
    return "".join(c for c in name if c.isprintable())[:80]


__all__ = ["Bells", "Desk", "nothing"]
