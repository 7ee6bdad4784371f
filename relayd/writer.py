"""The one thread that writes to the queue, so that many letters share one flush of the disk.

While a commit is being flushed the next works gather; they then go together into the next transaction.
A work that may not wait goes at once: a letter whose sender awaits its 250, an outcome that a crash would
make twice. One that can bear it (`patient`) waits a moment for such a one to go with.
There is never a conflict, since nobody else writes, and whoever waits is bounded in number.
"""

import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, TypeVar

from restante.db import Database
from restante.errors import Busy, Draining

T = TypeVar("T")

Work = Callable[[Any], Any]

PENDING_LIMIT = 256
TOGETHER = 64
PATIENCE_SECONDS = 0.02


@dataclass(frozen=True)
class _Wanted:
    """A work, whether it may not wait, and where its result goes."""

    work: Work
    urgent: bool
    future: "Future[Any]" = field(default_factory=Future)


class Writer:
    """Runs units of work in order. `close` finishes what was given before."""

    def __init__(self, database: Database, *, pending_limit: int = PENDING_LIMIT) -> None:
        self._database = database
        self._pending: queue.Queue[_Wanted | None] = queue.Queue(pending_limit)
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[Any], T]) -> "Future[T]":
        """Give a unit of work; its future has the result once it is durable. Never blocks.

        Raises Busy (temporary) where too many wait. A future cancelled before its turn is not run.
        """
        if self._closing:
            raise Draining("the relay is stopping; try again in a moment")
        wanted = _Wanted(work, urgent=True)
        try:
            self._pending.put_nowait(wanted)
        except queue.Full:
            raise Busy("the relay has too much to write at the moment; try again") from None
        return wanted.future

    def write(self, work: Callable[[Any], T], *, patient: bool = False) -> T:
        """Return `work(root)` once it is durable; blocks, also for room among those who wait."""
        if self._closing:
            raise Draining("the relay is stopping; try again in a moment")
        wanted = _Wanted(work, urgent=not patient)
        self._pending.put(wanted)
        result: T = wanted.future.result()
        return result

    def close(self) -> None:
        """Finish what was given and end the thread."""
        if not self._closing:
            self._closing = True
            self._pending.put(None)
            self._thread.join()

    def _run(self) -> None:
        while True:
            batch = self._gather()
            wanted = [one for one in batch if one is not None and one.future.set_running_or_notify_cancel()]
            if wanted:
                self._write(wanted)
            if batch[-1] is None:
                return

    def _gather(self) -> list[_Wanted | None]:
        """Return what goes into the next transaction; None at its end means that it is the last."""
        batch = [self._pending.get()]
        patient_until = time.monotonic() + PATIENCE_SECONDS
        while len(batch) < TOGETHER and batch[-1] is not None:
            urgent = any(one is not None and one.urgent for one in batch)
            left = 0 if urgent else max(0.0, patient_until - time.monotonic())
            try:
                batch.append(self._pending.get(block=left > 0, timeout=left or None))
            except queue.Empty:
                break
        return batch

    def _write(self, wanted: list[_Wanted]) -> None:
        """Run works in one transaction; where that fails, each in its own, so that none spoils another."""
        try:
            results = self._database.write(lambda root: [one.work(root) for one in wanted])
        except Exception as error:
            if len(wanted) == 1:
                wanted[0].future.set_exception(error)
                return
            for one in wanted:
                self._write([one])
            return
        for one, result in zip(wanted, results, strict=True):
            one.future.set_result(result)
