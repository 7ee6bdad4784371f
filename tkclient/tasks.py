"""Work that may take long runs in worker threads; what comes of it is told in the window's own thread.

A lane is one thread that does its jobs in order, so what a person does first happens first; a stalled
server holds up its own lane and never the window. Results wait on a queue; one `after` callback hands over
at most BATCH of them a turn and arms itself again whatever happened. Knows nothing of Tk: `after` is given.
"""

from __future__ import annotations

import queue
import threading
import time
from typing import Any, Callable, Dict, Optional

from tkclient.trouble import Trouble

BATCH = 10
TURN_MS = 25
BUSY_TURN_MS = 1


class Task:
    """One job under way. `cancelled()` is what its work asks now and then."""

    def __init__(self, generation: int) -> None:
        self.generation = generation
        self.began = time.monotonic()
        self._stop = threading.Event()

    def cancel(self) -> None:
        self._stop.set()

    def cancelled(self) -> bool:
        return self._stop.is_set()


class Tasks:
    """The lanes, and the queue that leads back to the window."""

    def __init__(self, after: Callable[[int, Callable[[], None]], Any]) -> None:
        self._after = after
        self._results: "queue.Queue[tuple[int, Callable[[], None]]]" = queue.Queue()
        self._lanes: Dict[str, "queue.Queue[Callable[[], None]]"] = {}
        self._under_way: Dict[Task, None] = {}
        self._generation = 0
        self._stopped = False

    def start(self) -> None:
        """Begin handing results over; call once, from the window's thread."""
        self._arm(TURN_MS)

    def stop(self) -> None:
        """Hand nothing over any more; threads are daemons and end with the process."""
        self._stopped = True
        self.forget()

    def forget(self) -> None:
        """Cancel what is under way and drop whatever still comes of it (the person has left)."""
        self._generation += 1
        for task in list(self._under_way):
            task.cancel()
        self._under_way.clear()

    def run(
        self,
        lane: str,
        work: Callable[[Task], Any],
        done: Callable[[Any], None],
        failed: Callable[[Trouble], None],
    ) -> Task:
        """Have `work(task)` done in `lane`; then call `done(result)` or `failed(trouble)` in the window."""
        task = Task(self._generation)
        self._under_way[task] = None

        def job() -> None:
            try:
                result = work(task)
            except Trouble as trouble:
                # Bound now: the name of an exception is gone when its handler ends.
                self._tell(task, lambda trouble=trouble: failed(trouble), last=True)  # type: ignore[misc]
            except Exception as problem:
                broken = Trouble("client_broke", detail=repr(problem))
                self._tell(task, lambda: failed(broken), last=True)
            else:
                self._tell(task, lambda: done(result), last=True)

        self._lane(lane).put(job)
        return task

    def tell(self, task: Task, what: Callable[[], None]) -> None:
        """From a worker: have `what()` called in the window's thread, unless the task was forgotten."""
        self._tell(task, what, last=False)

    def _tell(self, task: Task, what: Callable[[], None], last: bool) -> None:
        def deliver() -> None:
            if last:
                self._under_way.pop(task, None)
            what()

        self._results.put((task.generation, deliver))

    def _lane(self, name: str) -> "queue.Queue[Callable[[], None]]":
        if name not in self._lanes:
            jobs: "queue.Queue[Callable[[], None]]" = queue.Queue()
            self._lanes[name] = jobs
            threading.Thread(target=_work_for_ever, args=(jobs,), name=name, daemon=True).start()
        return self._lanes[name]

    def waiting_seconds(self) -> float:
        """Say how long the oldest job has been under way; 0 when there is none."""
        oldest = min((task.began for task in self._under_way), default=None)
        return 0.0 if oldest is None else time.monotonic() - oldest

    def _arm(self, ms: int) -> None:
        if not self._stopped:
            self._after(ms, self.drain)

    def drain(self) -> None:
        """Hand over at most BATCH results, then arm again, even when one of them raises."""
        try:
            for _ in range(BATCH):
                result = self._next()
                if result is None:
                    return
                result()
        finally:
            self._arm(TURN_MS if self._results.empty() else BUSY_TURN_MS)

    def _next(self) -> Optional[Callable[[], None]]:
        while True:
            try:
                generation, result = self._results.get_nowait()
            except queue.Empty:
                return None
            if generation == self._generation:
                return result


def _work_for_ever(jobs: "queue.Queue[Callable[[], None]]") -> None:
    while True:
        jobs.get()()
