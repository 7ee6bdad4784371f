"""What time it is, and whether that can be believed: a clock that jumped must not delete anybody's mail.

Days are counted by the machine's clock. When it jumps by more than a day, while the daemon runs or between
two runs, nothing is deleted at a server or purged here until the operator confirms (`admin.clock_confirm`).
A machine that was off for longer than that looks the same, and asks the same. That it is held is written
down, so starting again does not help.
"""

import time
from collections.abc import Callable
from pathlib import Path
from threading import Lock

import orjson

from restante import log
from restante.durable import write_over

_LOG = log.get("clock")

JUMP_SECONDS = 24 * 3600
#: The time is written down at most so often, and so often while something asks for it.
NOTE_SECONDS = 3600


def _elapsed() -> float:
    """Return seconds that never go back, counting sleep where the system can tell."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()


class Clock:
    """The machine's clock, watched. Safe to use from any thread."""

    def __init__(
        self,
        path: Path | None = None,
        wall: Callable[[], float] = time.time,
        elapsed: Callable[[], float] = _elapsed,
    ) -> None:
        """`path` is where the last known time stands between two runs."""
        self._path = path
        self._wall = wall
        self._elapsed = elapsed
        self._guard = Lock()
        self._noted_at = 0.0
        self._held_since = 0.0
        self._offset = wall() - elapsed()
        self._recall()

    def __call__(self) -> float:
        """Return the seconds since 1970, UTC, as the machine has them."""
        return self._wall()

    def trusted(self) -> bool:
        """Return whether days may be counted now. Asks the operator, in the log, where not."""
        with self._guard:
            now = self._wall()
            jump = now - self._elapsed() - self._offset
            self._offset += jump
            if abs(jump) > JUMP_SECONDS:
                self._hold(now, jump)
            elif abs(now - self._noted_at) >= NOTE_SECONDS:
                self._note(now)
            return not self._held_since

    def confirm(self) -> bool:
        """Believe the clock as it is now; return whether it was held. Commits."""
        self.trusted()
        with self._guard:
            held, self._held_since = bool(self._held_since), 0.0
            self._note(self._wall())
        if held:
            _LOG.info("clock.confirmed")
        return held

    def _recall(self) -> None:
        """Compare with what was noted in the last run."""
        now = self._wall()
        if self._path is None or not self._path.exists():
            self._note(now)
            return
        try:
            noted = orjson.loads(self._path.read_bytes())
            last, self._held_since = float(noted["at"]), float(noted["held_since"])
        except (OSError, ValueError, KeyError, TypeError):
            last = 0.0
        if abs(now - last) > JUMP_SECONDS:
            self._hold(now, now - last)
        else:
            self._note(now)

    def _hold(self, now: float, jump: float) -> None:
        self._held_since = self._held_since or now
        self._note(now)
        _LOG.warning("clock.jumped", seconds=round(jump), reason="nothing is deleted until it is confirmed")

    def _note(self, now: float) -> None:
        self._noted_at = now
        if self._path is None:
            return
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_over(self._path, orjson.dumps({"at": now, "held_since": self._held_since}), 0o600)
        except OSError as error:
            _LOG.warning("clock.not_noted", cause=error)
