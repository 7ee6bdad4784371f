"""One visit: the token, what was learned at login, and when it ends. No network, no window.

Time left is counted on a clock that cannot jump, from what the server said; the terminal's wall clock is
never believed.
"""

from __future__ import annotations

import time
from typing import Any, Callable, Dict, Optional
from urllib.parse import urljoin

from tkclient.dates import parse_time

TOUCH_EVERY_SECONDS = 45.0


class Session:
    """The visit of one person; empty before login and after leaving."""

    def __init__(self, server: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.server = server
        self._clock = clock
        self.clear()

    def clear(self) -> None:
        """Forget everything but the server's address."""
        self.token = ""
        self.profile: Dict[str, Any] = {}
        self.storage = ""
        self._ends: Optional[float] = None
        self._touched = 0.0
        self._used = 0.0

    @property
    def is_open(self) -> bool:
        return bool(self.token)

    def opened(self, answer: Dict[str, Any], server_now: float) -> None:
        """Take over the answer of session.open or profile.create; `server_now` is the server's time."""
        self.token = str(answer["token"])
        self.profile = dict(answer["profile"])
        self.storage = self.storage_address(str(self.profile.get("storage", "")))
        self._touched = self._used = self._clock()
        self.extended(str(answer.get("expires_at", "")), server_now)

    def storage_address(self, storage: str) -> str:
        """Return where stored answers: a path is on the profile server's own origin."""
        return urljoin(self.server, storage if storage.endswith("/") else storage + "/")

    def extended(self, expires_at: str, server_now: float) -> None:
        """Note when the session will end if nobody does anything."""
        ends = parse_time(expires_at)
        if ends is not None:
            self._ends = self._clock() + ends.timestamp() - server_now

    def used(self) -> None:
        """Note that the person did something."""
        self._used = self._clock()

    def touch_due(self) -> bool:
        """Say whether the server should be told that the person is here, and count it as told."""
        now = self._clock()
        if not self.is_open or self._used <= self._touched or now - self._touched < TOUCH_EVERY_SECONDS:
            return False
        self._touched = now
        return True

    def touch_failed(self) -> None:
        """Tell the server again at the next occasion."""
        self._touched -= TOUCH_EVERY_SECONDS

    def seconds_left(self) -> Optional[float]:
        """Say how long the session lasts without use; None when unknown."""
        return None if self._ends is None else self._ends - self._clock()
