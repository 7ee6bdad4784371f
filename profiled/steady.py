"""What time it is, told so that setting the machine's clock ends no session and starts no storm.

Within one run the time goes on evenly from the clock at start, also while the machine sleeps. Small
corrections of the machine's clock (NTP slewing) are followed, jumps are not: after one, restarting the
daemon adopts the new time.
"""

import time
from collections.abc import Callable

FOLLOWED_SECONDS = 2.0


def _elapsed() -> float:
    """Return seconds that never go back, counting sleep where the system can tell."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()


class SteadyTime:
    """Call it for the seconds since 1970, UTC."""

    def __init__(
        self, wall: Callable[[], float] = time.time, elapsed: Callable[[], float] = _elapsed
    ) -> None:
        self._wall = wall
        self._elapsed = elapsed
        self._offset = wall() - elapsed()

    def __call__(self) -> float:
        elapsed = self._elapsed()
        drift = self._wall() - elapsed - self._offset
        if abs(drift) <= FOLLOWED_SECONDS:
            self._offset += drift
        return elapsed + self._offset

    def jump_seconds(self) -> float:
        """Return how far the machine's clock stands from ours; 0 unless it was set by a jump."""
        drift = self._wall() - self()
        return drift if abs(drift) > FOLLOWED_SECONDS else 0.0
