"""The change log: which messages each step created, changed or destroyed, so that clients follow cheaply.

A step is one unit of work. Its entry is one octet of marks, then runs of neighbouring uids with the same
fate; a long entry is an object of its own, so that it is not rewritten with its neighbours. Old steps are
trimmed; whoever is behind the floor starts again.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from struct import Struct

from BTrees.LOBTree import LOBTree
from persistent import Persistent

CREATED, UPDATED, DESTROYED = 0, 1, 2

STEPS_KEPT = 10_000
STEPS_TRIMMED = 1_000
INLINE_RUNS = 16

FOLDERS_CHANGED = 1
BOUNCED = 2

_run = Struct(">QI")


@dataclass
class Journal:
    """What the unit of work at hand has done so far."""

    fates: dict[int, int] = field(default_factory=dict)
    folders: bool = False
    #: A letter did not reach somebody, which makes a step of its own.
    bounced: bool = False
    #: Octets of messages that were added; a quota and a full disk ask for them.
    grown: int = 0

    def __bool__(self) -> bool:
        return bool(self.fates) or self.folders or self.bounced

    def note(self, uid: int, fate: int) -> None:
        """Add `fate`; a message created and destroyed in one step never was."""
        earlier = self.fates.get(uid)
        if earlier == CREATED and fate == DESTROYED:
            del self.fates[uid]
        elif earlier != CREATED:
            self.fates[uid] = fate

    def encode(self) -> bytes:
        marks = FOLDERS_CHANGED * self.folders | BOUNCED * self.bounced
        return bytes([marks]) + b"".join(_run.pack(code, count) for code, count in self._runs())

    def _runs(self) -> Iterator[tuple[int, int]]:
        """Give (uid << 2 | fate, how many uids from it)."""
        first, count, kind = 0, 0, 0
        for uid, fate in sorted(self.fates.items()):
            if count and uid == first + count and fate == kind:
                count += 1
                continue
            if count:
                yield first << 2 | kind, count
            first, count, kind = uid, 1, fate
        if count:
            yield first << 2 | kind, count


def decode(entry: bytes) -> tuple[bool, Iterator[tuple[int, int]]]:
    """Return whether folders changed, and the (uid, fate) pairs of one entry."""

    def fates() -> Iterator[tuple[int, int]]:
        for code, count in _run.iter_unpack(entry[1:]):
            first = code >> 2
            for uid in range(first, first + count):
                yield uid, code & 3

    return bool(entry[0] & FOLDERS_CHANGED), fates()


class LogEntry(Persistent):  # type: ignore[misc]
    """An entry too long to stand among its neighbours."""

    version = 1

    def __init__(self, entry: bytes) -> None:
        self.entry = entry


@dataclass
class Changes:
    """What a client that knew an earlier step must learn."""

    created: list[int] = field(default_factory=list)
    updated: list[int] = field(default_factory=list)
    destroyed: list[int] = field(default_factory=list)
    folders: bool = False


class Log(LOBTree):  # type: ignore[misc]
    """step → entry. Steps follow one another without a gap, so both ends are all the counters needed."""

    max_leaf_size = 30
    max_internal_size = 100

    def last(self) -> int:
        """Return the latest step, 0 when nothing ever happened."""
        return self.maxKey() if self else 0

    def write(self, journal: Journal) -> None:
        entry = journal.encode()
        short = len(entry) <= 1 + INLINE_RUNS * _run.size
        self[self.last() + 1] = entry if short else LogEntry(entry)
        floor = self.minKey()
        if self.last() - floor >= STEPS_KEPT + STEPS_TRIMMED:
            for step in list(self.keys(max=floor + STEPS_TRIMMED - 1)):
                del self[step]

    def reaches(self, since: int) -> bool:
        """Tell whether every step after `since` is still here."""
        if since == self.last():
            return True
        return bool(self) and self.minKey() - 1 <= since < self.last()

    def changes(self, since: int) -> Changes:
        """Return what happened after step `since`, which the log must reach."""
        known: dict[int, int] = {}
        found = Changes()
        for entry in self.values(min=since + 1):
            octets = entry.entry if isinstance(entry, LogEntry) else entry
            folders, fates = decode(octets)
            found.folders |= folders
            for uid, fate in fates:
                earlier = known.get(uid)
                if earlier == CREATED and fate == DESTROYED:
                    del known[uid]
                elif earlier != CREATED:
                    known[uid] = fate
        lists = (found.created, found.updated, found.destroyed)
        for uid, fate in known.items():
            lists[fate].append(uid)
        return found
