"""Letters opened before, as they were answered: what was sent never changes, so neither does what it says.

Bounded in octets for all users together; what nobody asked for longest goes first. What does change, a
letter's row with its flags and folder, is none of it. Found by whose letter it is and by the hash of its
octets: where mail was removed and other mail has its id, nothing of before is found.

Nothing is read ahead, such as the letter below the one that was opened. That would spare whoever opens it
next one to three milliseconds of an answer whose way to a terminal takes fifty, and would take as much of the
core for each letter opened, wanted or not, from those who wait for theirs. A client that wants the next one
sooner asks for both at once, which spares it the way as well.
"""

import threading
from collections import OrderedDict
from typing import NamedTuple

#: For all users together: some hundred newsletters, or thousands of short letters.
KEPT_OCTETS = 4_000_000
#: A letter that says more is read again each time: it would push out many others.
LARGEST_OCTETS = 250_000
_BESIDE_OCTETS = 400  # what keeping an answer takes beside it, about


class Asked(NamedTuple):
    """Which letter, of these octets, and what of it."""

    user: str
    uid: int
    sha256: bytes
    text: bool
    runs: bool


class Opened:
    """A bounded number of answers. Safe to use from any thread."""

    def __init__(self, octets: int = KEPT_OCTETS) -> None:
        self._left = octets
        self._answers: OrderedDict[Asked, bytes] = OrderedDict()
        self._guard = threading.Lock()

    def get(self, asked: Asked, limit: int) -> bytes | None:
        """Return what was answered, None where it is not kept or takes more than `limit` octets."""
        with self._guard:
            answer = self._answers.get(asked)
            if answer is None or len(answer) > limit:
                return None
            self._answers.move_to_end(asked)
            return answer

    def keep(self, asked: Asked, answer: bytes) -> None:
        """Keep an answer, unless it is very large, in the place of those not asked for since longest."""
        if len(answer) > LARGEST_OCTETS:
            return
        with self._guard:
            if asked in self._answers:
                return  # somebody else was quicker
            self._answers[asked] = answer
            self._left -= len(answer) + _BESIDE_OCTETS
            while self._left < 0:
                _, oldest = self._answers.popitem(last=False)
                self._left += len(oldest) + _BESIDE_OCTETS
