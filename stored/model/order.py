"""A folder's messages in order of time, with counts, so that a window anywhere costs the same.

A tree whose nodes know how many keys lie below them: blocks of at most 512 keys (eight octets each), and
indexes of at most 64 children. The newest keys wait in a head of their own and go down 32 at a time, so an
arrival writes a few hundred octets rather than a block of four thousand.

Keys are the integers of `word.order_key`; inside they ascend, and windows are given newest first.
"""

from bisect import bisect_right
from struct import unpack
from typing import Union

from persistent import Persistent

BLOCK_KEYS = 512
INDEX_CHILDREN = 64
HEAD_KEYS = 32

WIDTH = 8


def _octets(key: int) -> bytes:
    """Return `key` so that octets compare as the integers do."""
    return key.to_bytes(WIDTH, "big")


def _seat(keys: bytes, key: bytes) -> int:
    """Return how many of the packed `keys` are below `key`."""
    low, high = 0, len(keys) // WIDTH
    while low < high:
        middle = (low + high) // 2
        if keys[middle * WIDTH : middle * WIDTH + WIDTH] < key:
            low = middle + 1
        else:
            high = middle
    return low


def _holds(keys: bytes, seat: int, key: bytes) -> bool:
    return keys[seat * WIDTH : seat * WIDTH + WIDTH] == key


def _with(keys: bytes, seat: int, key: bytes) -> bytes:
    return keys[: seat * WIDTH] + key + keys[seat * WIDTH :]


def _without(keys: bytes, seat: int) -> bytes:
    return keys[: seat * WIDTH] + keys[seat * WIDTH + WIDTH :]


def _cut(seat: int, length: int) -> int:
    """Return where to divide after an insertion at `seat`: growth at an end leaves the other part full."""
    if seat == length - 1:
        return seat
    return 1 if seat == 0 else length // 2


class Block(Persistent):  # type: ignore[misc]
    """A leaf: up to 512 keys, packed, ascending."""

    version = 1

    def __init__(self, keys: bytes = b"") -> None:
        self.keys = keys

    def __len__(self) -> int:
        return len(self.keys) // WIDTH

    def low(self) -> bytes:
        return self.keys[:WIDTH]

    def insert(self, key: bytes) -> "tuple[bool, Block | None]":
        """Add `key`; return whether it was new, and the later half when the block had to be divided."""
        seat = _seat(self.keys, key)
        if _holds(self.keys, seat, key):
            return False, None
        keys = _with(self.keys, seat, key)
        if len(keys) <= BLOCK_KEYS * WIDTH:
            self.keys = keys
            return True, None
        cut = _cut(seat, len(keys) // WIDTH) * WIDTH
        self.keys = keys[:cut]
        return True, Block(keys[cut:])

    def remove(self, key: bytes) -> bool:
        seat = _seat(self.keys, key)
        if not _holds(self.keys, seat, key):
            return False
        self.keys = _without(self.keys, seat)
        return True

    def few(self) -> bool:
        return len(self) <= BLOCK_KEYS // 4

    def absorb(self, later: "Block") -> bool:
        """Take in all of the block behind, if it leaves room to grow; return whether."""
        if len(self) + len(later) > BLOCK_KEYS // 2:
            return False
        self.keys += later.keys
        return True

    def rank(self, key: bytes) -> int:
        return _seat(self.keys, key)

    def window(self, start: int, stop: int) -> bytes:
        return self.keys[start * WIDTH : stop * WIDTH]


Node = Union[Block, "Index"]


class Index(Persistent):  # type: ignore[misc]
    """An inner node: its children with the lowest key and the count of each."""

    version = 1

    def __init__(self, children: "list[Node]", lows: list[bytes], counts: list[int]) -> None:
        self.children = children
        self.lows = lows
        self.counts = counts

    def __len__(self) -> int:
        return sum(self.counts)

    def low(self) -> bytes:
        return self.lows[0]

    def _child_of(self, key: bytes) -> int:
        return max(bisect_right(self.lows, key) - 1, 0)

    def insert(self, key: bytes) -> "tuple[bool, Index | None]":
        """As Block.insert; the index itself divides when it has too many children."""
        at = self._child_of(key)
        child = self.children[at]
        new, later = child.insert(key)
        if not new:
            return False, None
        if later is None:
            self.counts[at] += 1
            self.lows[at] = min(self.lows[at], key)
        else:
            self.children[at : at + 1] = [child, later]
            self.lows[at : at + 1] = [child.low(), later.low()]
            self.counts[at : at + 1] = [len(child), len(later)]
        self._p_changed = True
        if len(self.children) <= INDEX_CHILDREN:
            return True, None
        return True, self._divide(_cut(at + 1, len(self.children)))

    def _divide(self, cut: int) -> "Index":
        later = Index(self.children[cut:], self.lows[cut:], self.counts[cut:])
        self.children, self.lows, self.counts = self.children[:cut], self.lows[:cut], self.counts[:cut]
        return later

    def remove(self, key: bytes) -> bool:
        """Take `key` out; a child left empty goes with it, one left small joins a neighbour.

        Return whether it was there.
        """
        at = self._child_of(key)
        if not self.counts or not self.children[at].remove(key):
            return False
        self.counts[at] -= 1
        if not self.counts[at]:
            del self.children[at], self.lows[at], self.counts[at]
        else:
            self._join(at)
        self._p_changed = True
        return True

    def _join(self, at: int) -> None:
        """Join a small child with the one before or behind it, unless together they are too many."""
        if not self.children[at].few():
            return
        for left in (at - 1, at):
            if left < 0 or left + 1 >= len(self.children):
                continue
            if self.children[left].absorb(self.children[left + 1]):
                self.counts[left] += self.counts.pop(left + 1)
                del self.children[left + 1], self.lows[left + 1]
                return

    def few(self) -> bool:
        return len(self.children) <= INDEX_CHILDREN // 4

    def absorb(self, later: "Index") -> bool:
        """As Block.absorb; all nodes of one index are of one height."""
        if len(self.children) + len(later.children) > INDEX_CHILDREN // 2:
            return False
        self.children += later.children
        self.lows += later.lows
        self.counts += later.counts
        self._p_changed = True
        return True

    def rank(self, key: bytes) -> int:
        """Return how many keys are below `key`."""
        if not self.counts:
            return 0
        at = self._child_of(key)
        return sum(self.counts[:at]) + self.children[at].rank(key)

    def window(self, start: int, stop: int) -> bytes:
        """Return the packed keys of ranks `start` to `stop`, ascending."""
        pieces = []
        for child, count in zip(self.children, self.counts, strict=True):
            if stop <= 0:
                break
            if start < count:
                pieces.append(child.window(max(start, 0), min(stop, count)))
            start, stop = start - count, stop - count
        return b"".join(pieces)


class Order(Persistent):  # type: ignore[misc]
    """The whole order of one folder: a tree, and the head that holds the newest keys.

    Every key of the head is above every key of the tree.
    """

    version = 1

    def __init__(self) -> None:
        self.head = b""
        self.root: Node = Block()

    def __len__(self) -> int:
        return len(self.root) + len(self.head) // WIDTH

    def insert(self, key: int) -> None:
        """Add `key`; adding it twice changes nothing."""
        octets = _octets(key)
        if octets < self.head[:WIDTH] or (not self.head and octets <= self._top()):
            self._insert_below(octets)
            return
        seat = _seat(self.head, octets)
        if _holds(self.head, seat, octets):
            return
        head = _with(self.head, seat, octets)
        if len(head) > HEAD_KEYS * WIDTH:
            for at in range(0, HEAD_KEYS * WIDTH, WIDTH):
                self._insert_below(head[at : at + WIDTH])
            head = head[HEAD_KEYS * WIDTH :]
        self.head = head

    def _top(self) -> bytes:
        """Return the highest key of the tree, or nothing."""
        length = len(self.root)
        return self.root.window(length - 1, length) if length else b""

    def _insert_below(self, key: bytes) -> None:
        _, later = self.root.insert(key)
        if later is not None:
            root = self.root
            self.root = Index([root, later], [root.low(), later.low()], [len(root), len(later)])

    def remove(self, key: int) -> bool:
        """Take `key` out; return whether it was there."""
        octets = _octets(key)
        seat = _seat(self.head, octets)
        if _holds(self.head, seat, octets):
            self.head = _without(self.head, seat)
            return True
        removed = self.root.remove(octets)
        while isinstance(self.root, Index) and len(self.root.children) < 2:
            self.root = self.root.children[0] if self.root.children else Block()
        return removed

    def position(self, key: int) -> int:
        """Return how many keys are newer than `key`, whether or not it is here."""
        octets = _octets(key)
        seat = _seat(self.head, octets)
        found = _holds(self.head, seat, octets)
        newer = len(self.head) // WIDTH - seat - found
        if found or seat:
            return newer
        rank = self.root.rank(octets)
        return newer + len(self.root) - rank - (self.root.window(rank, rank + 1) == octets)

    def window(self, position: int, limit: int) -> list[int]:
        """Return at most `limit` keys after the newest `position` of them, newest first."""
        in_head = len(self.head) // WIDTH
        below = len(self.root)
        stop = below + in_head - position
        start = max(stop - limit, 0)
        if stop <= start:
            return []
        packed = self.root.window(start, min(stop, below)) if start < below else b""
        packed += self.head[max(start - below, 0) * WIDTH : max(stop - below, 0) * WIDTH]
        keys = list(unpack(f">{len(packed) // WIDTH}Q", packed))
        keys.reverse()
        return keys

    def __contains__(self, key: int) -> bool:
        position = self.position(key)
        return self.window(position, 1) == [key]
