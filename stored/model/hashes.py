"""Texts remembered by hash: which UIDLs were collected, which Message-IDs are here.

A key is 62 bits of a keyed hash, its value another 34 bits of it and a uid. A hit counts only if the second
part agrees as well; otherwise the next of at most eight places is tried. The key is the user's own secret, so
no server can choose texts that collide.
"""

import hashlib
from collections.abc import Iterable, Iterator
from functools import lru_cache

from BTrees.LLBTree import LLBTree

PROBES = 8

#: Beside the 34 bits of a value: the uid does not have the text, it only names it.
_NAMED = 1 << 34
_UID = (1 << 28) - 1


# What is looked for is remembered in the next moment.
@lru_cache(maxsize=256)
def _digest(salt: bytes, text: str) -> tuple[int, int]:
    """Return 62 bits for the place and 34 to verify it."""
    octets = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), key=salt, digest_size=12).digest()
    number = int.from_bytes(octets, "big")
    return number >> 34, number & (1 << 34) - 1


class Hashes(LLBTree):  # type: ignore[misc]
    """Hash of a text → a uid. Several uids may share one text."""

    max_leaf_size = 30
    max_internal_size = 100

    def find(self, salt: bytes, text: str) -> Iterator[int]:
        """Give the uids remembered for `text`, first remembered first."""
        place, check = _digest(salt, text)
        for probe in range(PROBES):
            value = self.get(place ^ probe)
            if value is None:
                return
            if value >> 28 == check:
                yield value & _UID

    def known(self, salt: bytes, texts: Iterable[str]) -> set[str]:
        """Return those of `texts` that are remembered."""
        if not self:
            return set()
        return {text for text in texts if next(self.find(salt, text), None) is not None}

    def remember(self, salt: bytes, text: str, uid: int) -> bool:
        """Remember `uid` for `text` beside others; return whether there was room: the ninth has none."""
        place, check = _digest(salt, text)
        for probe in range(PROBES):
            value = self.get(place ^ probe)
            if value is None or value >> 28 == check | _NAMED:
                self[place ^ probe] = check << 28 | uid
                return True
        return False

    def heard_of(self, salt: bytes, text: str) -> int:
        """Return the uid that last named `text`, or else the first that has it; 0 where neither is known."""
        place, check = _digest(salt, text)
        first = 0
        for probe in range(PROBES):
            value = self.get(place ^ probe)
            if value is None:
                break
            if value >> 28 == check | _NAMED:
                return int(value & _UID)
            if not first and value >> 28 == check:
                first = value & _UID
        return int(first)

    def refer(self, salt: bytes, text: str, uid: int) -> None:
        """Remember that `uid` names `text`; `find` does not give it, and who has the text takes its place."""
        place, check = _digest(salt, text)
        for probe in range(PROBES):
            value = self.get(place ^ probe)
            if value is None or value >> 28 == check | _NAMED:
                self[place ^ probe] = (check | _NAMED) << 28 | uid
                return

    def replace(self, salt: bytes, text: str, uid: int) -> None:
        """Remember `uid` for `text` in the place of whatever was first remembered for it."""
        place, check = _digest(salt, text)
        for probe in range(PROBES):
            value = self.get(place ^ probe)
            if value is None or value >> 28 == check:
                self[place ^ probe] = check << 28 | uid
                return
