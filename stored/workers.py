"""A bounded number of threads that take work in the order it was given."""

import threading
from collections.abc import Callable
from contextvars import copy_context
from queue import SimpleQueue

from restante import log

_LOG = log.get("workers")


class Workers:
    """Threads started as they are needed, `count` at most.

    They are daemon threads on purpose: the end of the process does not wait for somebody's silent server.
    What must not be cut in half is for `stop` to wait for.
    """

    def __init__(self, name: str, count: int) -> None:
        self._name = name
        self._count = count
        self._work: SimpleQueue[Callable[[], object]] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._guard = threading.Lock()
        self._unfinished = 0

    def give(self, work: Callable[[], object]) -> None:
        """Have `work` done by a thread; it keeps the request id of whoever gave it."""
        context = copy_context()
        with self._guard:
            # First of all: where no thread can be had any more, those there are come to it.
            self._work.put(lambda: context.run(work))
            self._unfinished += 1
            if self._unfinished > len(self._threads) < self._count:
                name = f"{self._name}-{len(self._threads) + 1}"
                self._threads.append(threading.Thread(target=self._run, name=name, daemon=True))
                self._threads[-1].start()

    def _run(self) -> None:
        while True:
            work = self._work.get()
            try:
                work()
            except Exception as error:
                _LOG.error("workers.failed", name=self._name, cause=error)
            with self._guard:
                self._unfinished -= 1
