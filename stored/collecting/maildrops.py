"""One session for a maildrop at a time, whichever account of whichever user it is collected for."""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from restante.errors import Busy

Maildrop = tuple[str, int, str]


class Maildrops:
    """The maildrops with somebody in them, and who waits in front. Safe to use from any thread."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._taken: dict[Maildrop, deque[Callable[[], None]]] = {}

    def when_free(self, maildrop: Maildrop, enter: Callable[[], None]) -> None:
        """Take the maildrop and call `enter`, now or once those before have left."""
        with self._guard:
            waiting = self._taken.get(maildrop)
            if waiting is not None:
                waiting.append(enter)
                return
            self._taken[maildrop] = deque()
        enter()

    def leave(self, maildrop: Maildrop) -> None:
        """Let whoever waits for the maildrop have it."""
        with self._guard:
            waiting = self._taken[maildrop]
            if not waiting:
                del self._taken[maildrop]
                return
            enter = waiting.popleft()
        enter()

    @contextmanager
    def held(self, maildrop: Maildrop) -> Iterator[None]:
        """Hold the maildrop for a moment. Raises Busy where somebody is in it."""
        with self._guard:
            if maildrop in self._taken:
                raise Busy(
                    "This account is being collected just now. Try again in a moment.", retry_after_seconds=5
                )
            self._taken[maildrop] = deque()
        try:
            yield
        finally:
            self.leave(maildrop)
