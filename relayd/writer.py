"""The one thread that writes to the queue, so that many letters share one flush of the disk.

While a commit is being flushed the next works gather; they then go together into the next transaction.
There is never a conflict, since nobody else writes, and whoever waits is bounded in number.
"""

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from restante.db import Database
from restante.errors import Busy, Draining

T = TypeVar("T")

Work = Callable[[Any], Any]

PENDING_LIMIT = 256
TOGETHER = 64


class Writer:
    """Runs units of work in order. `close` finishes what was given before."""

    def __init__(self, database: Database, *, pending_limit: int = PENDING_LIMIT) -> None:
        self._database = database
        self._pending: queue.Queue[tuple[Work, Future[Any]] | None] = queue.Queue(pending_limit)
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[Any], T]) -> "Future[T]":
        """Give a unit of work; its future has the result once it is durable. Never blocks.

        Raises Busy (temporary) where too many wait. A future cancelled before its turn is not run.
        """
        if self._closing:
            raise Draining("the relay is stopping; try again in a moment")
        future: Future[T] = Future()
        try:
            self._pending.put_nowait((work, future))
        except queue.Full:
            raise Busy("the relay has too much to write at the moment; try again") from None
        return future

    def write(self, work: Callable[[Any], T]) -> T:
        """Return `work(root)` once it is durable; blocks, also for room among those who wait."""
        if self._closing:
            raise Draining("the relay is stopping; try again in a moment")
        future: Future[T] = Future()
        self._pending.put((work, future))
        return future.result()

    def close(self) -> None:
        """Finish what was given and end the thread."""
        if not self._closing:
            self._closing = True
            self._pending.put(None)
            self._thread.join()

    def _run(self) -> None:
        while True:
            batch = [self._pending.get()]
            while len(batch) < TOGETHER and batch[-1] is not None:
                try:
                    batch.append(self._pending.get_nowait())
                except queue.Empty:
                    break
            last = batch[-1] is None
            wanted = [one for one in batch if one is not None and one[1].set_running_or_notify_cancel()]
            if wanted:
                self._write(wanted)
            if last:
                return

    def _write(self, wanted: list[tuple[Work, "Future[Any]"]]) -> None:
        """Run works in one transaction; where that fails, each in its own, so that none spoils another."""
        try:
            results = self._database.write(lambda root: [work(root) for work, _ in wanted])
        except Exception as error:
            if len(wanted) == 1:
                wanted[0][1].set_exception(error)
                return
            for one in wanted:
                self._write([one])
            return
        for (_, future), result in zip(wanted, results, strict=True):
            future.set_result(result)
