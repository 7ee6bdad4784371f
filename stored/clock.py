"""What time it is, and whether that can be believed: a clock that jumped must not delete anybody's mail.

Days are counted by the machine's clock. When it jumps by more than a day, while the daemon runs or between
two runs, nothing is deleted at a server or purged here until the operator confirms (`admin.clock_confirm`).
That it is held is written down, so starting again does not help.

Smaller steps add up, each against seconds that never jump, and on from one run to the next while the machine
stays up; a day's worth of them is forgotten in thirty days, so corrections hold nothing. How long a machine
was off nothing tells but the clock: for up to a day it is believed, after more it asks the same.
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
#: Steps of less than this wait until they are as much together.
STEP_SECONDS = 60
#: Of the steps taken, so much is forgotten in each second that passes.
FORGOTTEN = JUMP_SECONDS / (30 * 24 * 3600)
#: The time is written down at most so often, and so often while something asks for it.
NOTE_SECONDS = 3600

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_UNTIL = "nothing is deleted until it is confirmed"


def _elapsed() -> float:
    """Return seconds that never go back, counting sleep where the system can tell."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()


def _boot() -> str:
    """Return what names the time since the machine was started; empty where the system does not tell."""
    try:
        return _BOOT_ID.read_text().strip()
    except OSError:
        return ""


class Clock:
    """The machine's clock, watched. Safe to use from any thread."""

    def __init__(
        self,
        path: Path | None = None,
        wall: Callable[[], float] = time.time,
        elapsed: Callable[[], float] = _elapsed,
        boot: Callable[[], str] = _boot,
    ) -> None:
        """`path` is where the last known time stands between two runs; `elapsed` is of one `boot`."""
        self._path = path
        self._wall = wall
        self._elapsed = elapsed
        self._boot = boot()
        self._guard = Lock()
        self._noted_at = 0.0
        self._held_since = 0.0
        self._seen = elapsed()
        self._offset = wall() - self._seen
        #: How far the clock went forward since it was furthest back, and back since it was furthest ahead.
        self._ahead = 0.0
        self._behind = 0.0
        self._recall()

    def __call__(self) -> float:
        """Return the seconds since 1970, UTC, as the machine has them."""
        return self._wall()

    def trusted(self) -> bool:
        """Return whether days may be counted now. Asks the operator, in the log, where not."""
        with self._guard:
            self._look()
            return not self._held_since

    def confirm(self) -> bool:
        """Believe the clock as it is now; return whether it was held. Commits."""
        with self._guard:
            self._look()
            held, self._held_since = bool(self._held_since), 0.0
            self._ahead = self._behind = 0.0
            self._note(self._wall())
        if held:
            _LOG.info("clock.confirmed")
        return held

    def _look(self) -> None:
        """See by how much the clock was set since it was looked at last."""
        now, elapsed = self._wall(), self._elapsed()
        self._forget(elapsed - self._seen)
        self._seen = elapsed
        step = now - elapsed - self._offset
        if abs(step) >= STEP_SECONDS:
            self._offset += step
            self._step(now, step)
        elif abs(now - self._noted_at) >= NOTE_SECONDS:
            self._note(now)

    def _step(self, now: float, step: float) -> None:
        """Add a step to those before it; hold where they come to a jump."""
        self._ahead = max(self._ahead + step, 0.0)
        self._behind = max(self._behind - step, 0.0)
        jump = self._ahead if step > 0 else -self._behind
        if abs(jump) > JUMP_SECONDS:
            self._hold(now, jump)
        else:
            self._note(now)

    def _recall(self) -> None:
        """Compare with what was noted in the last run."""
        now = self._wall()
        if self._path is None or not self._path.exists():
            self._note(now)
            return
        try:
            noted = orjson.loads(self._path.read_bytes())
            last, self._held_since = float(noted["at"]), float(noted["held_since"])
            self._ahead, self._behind = float(noted.get("ahead", 0)), float(noted.get("behind", 0))
            same_boot = bool(self._boot) and noted.get("boot") == self._boot
            passed = self._seen - float(noted["elapsed"]) if same_boot else max(now - last, 0.0)
        except (OSError, ValueError, KeyError, TypeError):
            last, passed = 0.0, 0.0
        if self._held_since:
            _LOG.warning("clock.held", reason=_UNTIL)
        self._forget(passed)
        if abs(now - last) > JUMP_SECONDS:
            self._hold(now, now - last)
        else:
            self._step(now, now - last - passed)

    def _forget(self, passed: float) -> None:
        forgotten = max(passed, 0.0) * FORGOTTEN
        self._ahead = max(self._ahead - forgotten, 0.0)
        self._behind = max(self._behind - forgotten, 0.0)

    def _hold(self, now: float, jump: float) -> None:
        self._held_since = self._held_since or now
        self._ahead = self._behind = 0.0
        self._note(now)
        _LOG.warning("clock.jumped", seconds=round(jump), reason=_UNTIL)

    def _note(self, now: float) -> None:
        self._noted_at = now
        if self._path is None:
            return
        noted = {"at": now, "held_since": self._held_since, "ahead": self._ahead, "behind": self._behind}
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_over(self._path, orjson.dumps(noted | {"boot": self._boot, "elapsed": self._seen}), 0o600)
        except OSError as error:
            _LOG.warning("clock.not_noted", cause=error)
