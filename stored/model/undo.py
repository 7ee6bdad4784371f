"""What the last changes were, so that each can be taken back for a day.

An undo has the number of the log's step that made the change, or began it. Under the number stand one or more
entries, since a large change is made in slices. An entry is the second it was made and, for each message, its
uid and its word before and after. A copy has nothing before it; one that was taken back has nothing after it,
and the uid of what it was a copy of.
"""

from collections.abc import Iterable, Iterator
from struct import Struct
from typing import NamedTuple

from BTrees.LOBTree import LOBTree
from persistent import Persistent

UNDO_SECONDS = 24 * 3600
#: A client that changes one message after another must not fill the disk with what nobody takes back.
MOST_ENTRIES = 10_000
INLINE_MOVES = 8

_SLICES = 20
_when = Struct(">Q")
_move = Struct(">IQQ")


class Move(NamedTuple):
    """One message's word before and after a change; before is 0 for a copy, after for one that went."""

    uid: int
    before: int
    after: int


class UndoEntry(Persistent):  # type: ignore[misc]
    """An entry too long to stand among its neighbours."""

    version = 1

    def __init__(self, entry: bytes) -> None:
        self.entry = entry


class Undos(LOBTree):  # type: ignore[misc]
    """number << 20 | slice → entry."""

    max_leaf_size = 30
    max_internal_size = 100

    def add(self, number: int, moves: Iterable[Move], at: int) -> None:
        """Add a slice to an undo; let go of what is too much, oldest first."""
        entry = _when.pack(at) + b"".join(_move.pack(*move) for move in moves)
        key = self._last(number) + 1
        short = len(entry) <= _when.size + INLINE_MOVES * _move.size
        self[key] = entry if short else UndoEntry(entry)
        if key & 1023 == 0 or number & 1023 == 0:
            self._trim()

    def _last(self, number: int) -> int:
        first = number << _SLICES
        keys = self.keys(first, first | (1 << _SLICES) - 1)
        return keys[-1] if len(keys) else first - 1

    def _trim(self) -> None:
        for key in list(self.keys())[:-MOST_ENTRIES]:
            del self[key]

    def slices(self, number: int) -> list[int]:
        """Return the keys of an undo's entries, the latest first."""
        first = number << _SLICES
        return list(reversed(self.keys(first, first | (1 << _SLICES) - 1)))

    def made_at(self, key: int) -> int:
        return int(_when.unpack_from(self._octets(key))[0])

    def moves(self, key: int) -> Iterator[Move]:
        return map(Move._make, _move.iter_unpack(self._octets(key)[_when.size :]))

    def _octets(self, key: int) -> bytes:
        entry = self[key]
        return entry.entry if isinstance(entry, UndoEntry) else entry

    def is_past(self, key: int, now: int) -> bool:
        """Tell whether it is too late for an entry. One made in the future, by a wrong clock, is kept."""
        return now - self.made_at(key) > UNDO_SECONDS

    def expire(self, now: int, most: int = 1000) -> int:
        """Let go of at most so many entries older than a day, oldest first; return how many went."""
        old: list[int] = []
        for key in self.keys():
            if len(old) == most or not self.is_past(key, now):
                break
            old.append(key)
        for key in old:
            del self[key]
        return len(old)
