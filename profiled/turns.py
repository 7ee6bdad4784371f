"""Whose turn it is to be collected: an index by time in the database. Knows no thread and no network."""

import random
from collections.abc import Callable, Iterable
from itertools import islice
from typing import NamedTuple

from profiled.model import Profile, Root, Turn

MOST_INTERVAL_SECONDS = 24 * 3600
FAR_SECONDS = 2 * MOST_INTERVAL_SECONDS  # no turn lies further ahead, unless the clock was set back


class Due(NamedTuple):
    """A user whose turn it is, and the storage server to ask."""

    user: str
    storage: str


def next_due_at(now: float, interval_seconds: int, draw: float, jitter_percent: int) -> int:
    """Return `now` plus the interval, give or take the jitter; `draw` is from -1 to 1. Pure."""
    return int(now + interval_seconds * (1 + draw * jitter_percent / 100))


class Turns:
    """The index, as its users see it. Each method works inside a unit of work, on its root.

    `draw` gives numbers from -1 to 1; they spread people who joined together, so that not all of them are
    collected for in the same second.
    """

    def __init__(
        self,
        now: Callable[[], float],
        jitter_percent: int,
        draw: Callable[[], float] = lambda: random.uniform(-1, 1),
    ) -> None:
        self._now = now
        self._jitter_percent = jitter_percent
        self._draw = draw

    def arrange(self, root: Root, profile: Profile) -> None:
        """Make a turn agree with its profile's interval and with whether there is anything to collect."""
        turn = profile.turn
        interval_seconds = profile.interval_minutes * 60
        if not any(account.enabled for account in profile.accounts.values()):
            _remove(root, turn)
        elif not turn.due_at or turn.interval_seconds != interval_seconds:
            turn.interval_seconds = interval_seconds
            self._advance(root, turn)

    def anyone_due(self, root: Root) -> bool:
        """Tell whether `take` would find somebody. Reads only."""
        if not root.due:
            return False
        now = self._now()
        return bool(root.due.minKey()[0] <= now or root.due.maxKey()[0] > now + FAR_SECONDS)

    def find(self, root: Root, limit: int) -> list[Turn]:
        """Return at most `limit` turns that are due, the longest waiting first. Reads only."""
        return list(islice(root.due.values(max=(int(self._now()) + 1,)), limit))

    def take(self, root: Root, limit: int) -> list[Due]:
        """Return who is due, each already moved on to the next turn, so that none is asked for twice."""
        due = self.find(root, limit)
        for turn in due + self._too_far(root, limit - len(due)):
            self._advance(root, turn)
        return [Due(turn.user, turn.storage) for turn in due]

    def postpone(self, root: Root, users: Iterable[str], until: float, spread_seconds: float) -> None:
        """Give `users` another turn between `until` and `spread_seconds` after it."""
        for user in users:
            profile = root.profiles.get(user)
            if profile is not None and profile.turn.due_at:
                _place(root, profile.turn, int(until + spread_seconds * (1 + self._draw()) / 2))

    def _too_far(self, root: Root, limit: int) -> list[Turn]:
        """Return turns beyond every interval: left there by a clock that has been set back since."""
        return list(islice(root.due.values(min=(int(self._now()) + FAR_SECONDS,)), limit))

    def _advance(self, root: Root, turn: Turn) -> None:
        _place(
            root, turn, next_due_at(self._now(), turn.interval_seconds, self._draw(), self._jitter_percent)
        )


def _place(root: Root, turn: Turn, due_at: int) -> None:
    _remove(root, turn)
    turn.due_at = due_at
    root.due[due_at, turn.user] = turn


def _remove(root: Root, turn: Turn) -> None:
    if turn.due_at:
        root.due.pop((turn.due_at, turn.user), None)
        turn.due_at = 0
