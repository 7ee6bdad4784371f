"""Trying out a login: what `profiled` asks for when somebody adds an account."""

from dataclasses import dataclass
from threading import BoundedSemaphore

from restante.errors import Busy
from stored.pop3 import PopClient, Server


@dataclass(frozen=True)
class Probed:
    messages: int
    octets: int
    capabilities: list[str]


class Prober:
    """Tries logins, a bounded number at a time. Safe to use from any thread."""

    def __init__(self, pop: PopClient, at_once: int, seconds: float) -> None:
        """`seconds` is for one whole try: shorter than whoever asks is ready to wait."""
        self._pop = pop
        self._seconds = seconds
        self._free = BoundedSemaphore(at_once)

    def probe(self, server: Server) -> Probed:
        """Log in, count what is there and take leave; nothing is fetched or changed.

        Raises Busy when too many are tried already, and whatever `PopClient.open` raises. Network.
        """
        if not self._free.acquire(blocking=False):
            raise Busy(
                "Too many logins are being tried just now. Try again in a moment.", retry_after_seconds=5
            )
        try:
            with self._pop.open(server, session_seconds=self._seconds) as session:
                messages, octets = session.stat()
                capabilities = [" ".join([name, *words]) for name, words in session.capabilities.items()]
                session.quit()
                return Probed(messages, octets, capabilities)
        finally:
            self._free.release()
