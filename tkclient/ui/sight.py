"""Whether a person can have seen what came up, or moved, by itself."""

from __future__ import annotations

import time
from typing import Optional

# What is pressed sooner than this was meant for what stood there before: a key that was pressed twice, or
# held down, or the second half of a double click.
SEEN_SECONDS = 0.3


class Sight:
    """Call `changed()` when something other comes before a person's eyes; ask `seen` when they act on it."""

    def __init__(self) -> None:
        self._changed_at: Optional[float] = None

    def changed(self) -> None:
        self._changed_at = time.monotonic()

    def by_hand(self) -> None:
        """Note that the person brought it there: there is nothing left to be seen."""
        self._changed_at = None

    @property
    def seen(self) -> bool:
        """Say whether it has been there long enough; true of what has never changed."""
        return self._changed_at is None or time.monotonic() - self._changed_at >= SEEN_SECONDS
