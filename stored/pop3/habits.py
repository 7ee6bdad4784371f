"""How servers took their last login, so that the next one says in one flight what took three.

A server that announced PIPELINING and let somebody in by commands that need no word of its own in between is
told CAPA, the login, UIDL and LIST together from then on (RFC 2449 section 6.6). Its capabilities are so
asked anew each time; what is remembered is only that asking need not be waited for.

    unknown     asked a thing at a time; becomes expected
    expected    next time everything goes at once: proved if that works, else it is a server to be careful of
    proved      what it answers is meant: a refused login is a refused login
    careful     never again, as long as it is remembered: it loses, or refuses, what comes with the login

Expected and proved hold for one certificate. There is nothing of this for STLS, where everything known
beforehand is to be forgotten (RFC 2595 section 4), and nothing of any user.
"""

from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock

REMEMBERED = 1000

# Host, port, kind of security.
_Key = tuple[str, int, str]


@dataclass(frozen=True, slots=True)
class Habit:
    """A way to log in that a server took, "" where it is to be treated with care; see `Login.at_once`."""

    way: str
    certificate: bytes
    proved: bool


class Habits:
    """Those of the servers met last. Safe to use from any thread."""

    def __init__(self) -> None:
        self._guard = Lock()
        self._known: OrderedDict[_Key, Habit] = OrderedDict()

    def way(self, server: _Key, certificate: bytes) -> str:
        """Return the way to log in all at once there, "" where one had better not."""
        with self._guard:
            habit = self._known.get(server)
            return habit.way if habit is not None and habit.certificate == certificate else ""

    def proved(self, server: _Key) -> bool:
        """Return whether it has worked there before."""
        with self._guard:
            habit = self._known.get(server)
            return habit is not None and habit.proved

    def note(self, server: _Key, way: str, certificate: bytes, *, at_once: bool) -> None:
        """Remember that somebody was let in, by this way; `at_once`: all in one flight."""
        with self._guard:
            habit = self._known.get(server)
            if habit is None or (habit.way and (at_once or habit.certificate != certificate)):
                self._known[server] = Habit(way, certificate, at_once)
            self._known.move_to_end(server)
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)

    def forget(self, server: _Key) -> None:
        """Begin anew with a server that is not what it was."""
        with self._guard:
            self._known.pop(server, None)

    def be_careful(self, server: _Key) -> None:
        """Never say all at once to this server again."""
        with self._guard:
            self._known[server] = Habit("", b"", proved=False)
