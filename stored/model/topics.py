"""Letters by what they are about and between whom: how an answer that names no letter finds its thread.

A letter is remembered by the week it came in and a keyed hash of its topic, so that what comes together
stands together on disk. An answer belongs with all letters of its topic within three weeks; letters of which
none is an answer have nothing to do with one another, however alike they are.
"""

import hashlib

from BTrees.LLBTree import LLBTree

WEEK_SECONDS = 7 * 24 * 3600
WEEKS = 3
#: Letters remembered of one topic in one week; where there are more, a machine writes them.
PROBES = 8

_WEEK_SHIFT = 43
_HASH_OCTETS = 5


class Topics(LLBTree):  # type: ignore[misc]
    """week << 43 | 40 bits of a keyed hash << 3 | number → uid << 1 | is it an answer?"""

    max_leaf_size = 30
    max_internal_size = 100

    def meet(self, salt: bytes, topic: str, time: int, uid: int, *, answers: bool) -> list[int]:
        """Remember a letter that came at `time`, and return the uids of those it belongs with."""
        octets = hashlib.blake2b(
            topic.encode("utf-8", "surrogatepass"), key=salt, digest_size=_HASH_OCTETS
        ).digest()
        place = int.from_bytes(octets, "big") << 3
        week = time // WEEK_SECONDS
        found: list[int] = []
        for near in range(max(week - WEEKS, 0), week + WEEKS + 1):
            first = near << _WEEK_SHIFT | place
            # Mostly there is none; so this is worth a line.
            if first in self:
                found += self._of_week(first, answers)
        self._remember(week << _WEEK_SHIFT | place, uid << 1 | answers)
        return found

    def _of_week(self, first: int, answers: bool) -> list[int]:
        found = []
        for place in range(first, first + PROBES):
            value = self.get(place)
            if value is None:
                break
            if answers or value & 1:
                found.append(value >> 1)
        return found

    def _remember(self, first: int, value: int) -> None:
        """Note a letter of this week; an answer stands for all, since they are with it in one thread."""
        known = self.get(first)
        if known is None or (value & 1 and not known & 1):
            self[first] = value
            return
        if known & 1:
            return
        for place in range(first + 1, first + PROBES):
            if place not in self:
                self[place] = value
                return
