"""The delivery: picks what is due, leases it to a worker, and has the outcome written down.

What is due is kept in memory, by monotonic time, and rebuilt from the queue at the start; so a clock that
jumps neither hurries nor holds anything. A lease is memory too: a crash ends it, and the item is tried
again. One job is one item on its way to one destination, so a domain that hangs holds nobody else's mail.
"""

import heapq
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from relayd.courier import Hop, Letter, Reply
from relayd.headers import header_of
from relayd.queue import MailQueue
from relayd.routes import NoRoute
from relayd.types import Waiting
from restante import log
from restante.errors import Damaged, Draining, RestanteError

_LOG = log.get("delivery")

T = TypeVar("T")

STUMBLES = 3
STUMBLE_AGAIN_SECONDS = 60
RECORD_AGAIN_SECONDS = 5


class Way(Protocol):
    """Knows where addresses go: routes.Routes."""

    def destination(self, address: str) -> str: ...

    def hops(self, destination: str) -> list[Hop]: ...


class Carrier(Protocol):
    """Makes one attempt: courier.Courier."""

    def attempt(self, hops: list[Hop], letter: Letter) -> dict[str, Reply]: ...


@dataclass(frozen=True)
class Pace:
    """How much is under way at once."""

    workers: int = 10
    per_destination: int = 4
    in_flight_octets: int = 144 << 20
    longest_wait_seconds: float = 17_280
    stop_seconds: float = 20


@dataclass(frozen=True, order=True)
class Job:
    """One item on its way to one destination, due at a monotonic time."""

    due: float
    item: str = field(compare=False)
    destination: str = field(compare=False)
    octets: int = field(compare=False)


class Delivery:
    """The workers and what they are to do. `start` and `stop` are for the wiring."""

    def __init__(self, queue: MailQueue, routes: Way, courier: Carrier, pace: Pace | None = None) -> None:
        self._queue = queue
        self._routes = routes
        self._courier = courier
        self._pace = pace or Pace()
        self._changed = threading.Condition()
        self._jobs: list[Job] = []
        self._parked: list[Job] = []
        self._busy: Counter[str] = Counter()
        self._in_flight = 0
        self._stumbles: Counter[str] = Counter()
        self._stopping = threading.Event()
        self._stuck = 0
        self._threads: list[threading.Thread] = []
        queue.on_waiting = self.add

    def start(self) -> None:
        """Load what waits and begin."""
        for waiting in self._queue.load():
            self.add(waiting)
        for number in range(self._pace.workers):
            thread = threading.Thread(target=self._work, name=f"courier-{number}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def stop(self) -> None:
        """Begin nothing new; wait for what runs, within bounds. What does not end is tried again later."""
        self._stopping.set()
        with self._changed:
            self._changed.notify_all()
        ends_at = time.monotonic() + self._pace.stop_seconds
        for thread in self._threads:
            thread.join(max(0, ends_at - time.monotonic()))

    def add(self, waiting: Waiting) -> None:
        """Plan the attempts of an item that waits. Safe from any thread; never blocks."""
        now, monotonic = self._queue.now(), time.monotonic()
        due: dict[str, float] = {}
        for one in waiting.recipients:
            # A clock set back since then would hold the attempt: no wait is longer than the longest.
            wait = min(max(one.next_attempt_at - now, 0), self._pace.longest_wait_seconds)
            destination = self._routes.destination(one.address)
            due[destination] = min(due.get(destination, wait), wait)
        with self._changed:
            for destination, wait in due.items():
                heapq.heappush(self._jobs, Job(monotonic + wait, waiting.item, destination, waiting.octets))
            self._changed.notify_all()

    def active(self) -> int:
        """Return how many attempts run now."""
        with self._changed:
            return sum(self._busy.values())

    def _work(self) -> None:
        while (job := self._lease()) is not None:
            try:
                self._attempt(job)
            finally:
                self._give_back(job)

    def _lease(self) -> Job | None:
        """Return the next job that is due and has room, waiting for it; None when stopping."""
        with self._changed:
            while not self._stopping.is_set():
                wait = self._until_due()
                if wait == 0 and (job := self._take()) is not None:
                    self._busy[job.destination] += 1
                    self._in_flight += job.octets
                    return job
                self._changed.wait(wait or None)
        return None

    def _until_due(self) -> float | None:
        """Return the seconds until the first job is due; None where there is none or nothing may begin."""
        if not self._jobs or self._stuck:
            return None
        return max(0.0, self._jobs[0].due - time.monotonic())

    def _take(self) -> Job | None:
        """Take the first due job that has room; those without wait aside until something ends."""
        now = time.monotonic()
        while self._jobs and self._jobs[0].due <= now:
            job = heapq.heappop(self._jobs)
            full = self._in_flight and self._in_flight + job.octets > self._pace.in_flight_octets
            if not full and self._busy[job.destination] < self._pace.per_destination:
                return job
            self._parked.append(job)
        return None

    def _give_back(self, job: Job) -> None:
        with self._changed:
            self._busy[job.destination] -= 1
            if not self._busy[job.destination]:
                del self._busy[job.destination]
            self._in_flight -= job.octets
            for parked in self._parked:
                heapq.heappush(self._jobs, parked)
            self._parked.clear()
            self._changed.notify_all()

    def _attempt(self, job: Job) -> None:
        """Make one attempt and have it written down. Nothing that happens here ends the worker."""
        try:
            self._deliver(job)
            self._stumbles.pop(job.item, None)
        except Draining:
            return
        except Damaged:
            self._surely(lambda: self._queue.set_aside(job.item, "its record is damaged"))
        except Exception as error:
            self._stumbles[job.item] += 1
            count = self._stumbles[job.item]
            _LOG.error("attempt.stumbled", item=job.item, attempts=count, cause=error)
            if count >= STUMBLES:
                self._stumbles.pop(job.item)
                reason = f"the courier stumbled over it {count} times: {type(error).__name__}"
                self._surely(lambda: self._queue.set_aside(job.item, reason))
            else:
                self._again(job, STUMBLE_AGAIN_SECONDS * count)

    def _deliver(self, job: Job) -> None:
        opened = self._queue.opened(job.item)
        if opened is None:
            return
        waiting, content = opened
        recipients = self._recipients(waiting, job.destination)
        if not recipients:
            return
        letter = Letter(waiting.sender, recipients, content, waiting.smtputf8)
        started = time.monotonic()
        try:
            replies = self._courier.attempt(self._routes.hops(job.destination), letter)
        except NoRoute as none:
            replies = dict.fromkeys(recipients, none.reply)
        elapsed = round((time.monotonic() - started) * 1000)
        for address, reply in replies.items():
            _LOG.info(
                "attempt.ended",
                item=job.item,
                recipient=address,
                stage=reply.outcome,
                reply=reply.detail,
                milliseconds=elapsed,
            )
        header = header_of(content)
        left = self._surely(lambda: self._queue.record(job.item, replies, header))
        if left is not None:
            self._plan_again(left, job.destination)

    def _recipients(self, waiting: Waiting, destination: str) -> tuple[str, ...]:
        """Return who of an item travels to `destination` and is still waited for."""
        return tuple(
            one.address for one in waiting.recipients if self._routes.destination(one.address) == destination
        )

    def _plan_again(self, left: Waiting, destination: str) -> None:
        """Plan the next attempt of those who were deferred; other destinations have jobs of their own."""
        mine = tuple(one for one in left.recipients if self._routes.destination(one.address) == destination)
        if mine:
            self.add(Waiting(left.item, left.sender, mine, left.octets, left.smtputf8, left.accepted_at))

    def _again(self, job: Job, seconds: float) -> None:
        with self._changed:
            later = Job(time.monotonic() + seconds, job.item, job.destination, job.octets)
            heapq.heappush(self._jobs, later)

    def _surely(self, write: Callable[[], T]) -> T:
        """Have an outcome written down, however long the disk refuses; nothing else begins meanwhile.

        What the other server has taken must not be offered again because our disk was full.
        """
        while True:
            try:
                return write()
            except Draining:
                raise
            except RestanteError as error:
                _LOG.error("attempt.not_recorded", cause=error)
            with self._changed:
                self._stuck += 1
            try:
                if self._stopping.wait(RECORD_AGAIN_SECONDS):
                    raise Draining("the relay is stopping")
            finally:
                with self._changed:
                    self._stuck -= 1
                    self._changed.notify_all()
