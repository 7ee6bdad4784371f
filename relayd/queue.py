"""The queue: what was accepted and is not yet delivered or bounced. Durable before anyone is told.

An item is one letter with its recipients. Its states, and what a crash (SIGKILL, power) in each leaves:

    state      | where it is     | leaves by                            | a crash here leaves
    -----------|-----------------|--------------------------------------|--------------------------------
    arriving   | memory          | accept → waiting, in one transaction | nothing: no 250 was sent, the
               |                 | with its submission; then the 250    | storage server sends it again
    waiting    | items           | its time comes → leased              | waiting
    leased     | items + memory  | record → waiting, closed or held;    | waiting: tried again, with the
               |                 | set_aside → held                     | same Message-ID (twice only if
               |                 |                                      | it was killed between the final
               |                 |                                      | dot and writing down the 250)
    closed     | nowhere         | (all recipients delivered or failed; | closed
               |                 | the bounce is queued and reports are |
               |                 | listed in the same transaction)      |
    held       | set_aside       | the operator                         | held

A recipient is queued, deferred, delivered or failed; only the first two are waited for, and the last two
are final. After 250 without its submission being remembered, or a failure without its bounce, there is
no state. A bounce (null sender) that fails is held: no bounce of a bounce. An item whose record is
damaged, or at which the courier stumbled three times, is held with the reason, counted, and never tried
again. A full queue refuses at MAIL, before anything is sent; bounces are always let in.
"""

import secrets
import shutil
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import uniform

from relayd import transitions
from relayd.courier import Reply
from relayd.model import Fate, Queue
from relayd.transitions import Moment, Plan, Recorded
from relayd.types import Accepted, Arrival, RecipientStatus, SubmissionStatus, Unreported, Waiting
from relayd.writer import Writer
from restante import log
from restante.db import Database
from restante.errors import Damaged, DatabaseDamaged, NotFound

_LOG = log.get("queue")


@dataclass(frozen=True)
class Room:
    """What fits: items, their octets, and what must stay free on the disk."""

    items: int = 10_000
    octets: int = 4 << 30
    free_floor_octets: int = 200 << 20


@dataclass(frozen=True)
class Counts:
    """How full the queue is, for health and for the log."""

    items: int
    octets: int
    held: int
    unreported: int


def new_item_id() -> str:
    """Return a fresh item id: lower-case letters and digits, in the order of time."""
    return f"{int(time.time() * 1000):011x}{secrets.token_hex(4)}"


class MailQueue:
    """The queue in its database. Safe for threads. `on_waiting` is told of every item that must wait."""

    def __init__(
        self,
        database: Database,
        plan: Plan,
        *,
        room: Room | None = None,
        directory: Path | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._database = database
        self._writer = Writer(database)
        self._plan = plan
        self._room = room or Room()
        self._directory = directory
        self._clock = clock
        self._lock = threading.Lock()
        self._items = self._octets = 0
        self.on_waiting: Callable[[Waiting], None] = lambda waiting: None
        self.on_outcome: Callable[[], None] = lambda: None

    def load(self) -> list[Waiting]:
        """Return every item that waits; set aside, and count, those that cannot be read. Reads all."""
        try:
            ids: list[str] = self._database.read(lambda root: list(root.items.keys()))
        except Damaged as error:
            raise DatabaseDamaged(
                "the index of the mail queue is damaged; restore the queue from its backup"
            ) from error
        found = []
        for item in ids:
            waiting = self._readable(item)
            if waiting is not None:
                found.append(waiting)
        with self._lock:
            self._items, self._octets = len(found), sum(one.octets for one in found)
        _LOG.info("queue.loaded", items=len(found), octets=self._octets)
        return found

    def now(self) -> float:
        """Return the time the queue goes by."""
        return self._clock()

    def refusal(self, octets: int) -> str:
        """Return why a letter of this size cannot be taken now, or nothing when it can. Never blocks long."""
        with self._lock:
            items, held = self._items, self._octets
        if items >= self._room.items or held + octets > self._room.octets:
            return "452 4.3.1 The queue is full; try again later"
        if self._directory is not None:
            free = shutil.disk_usage(self._directory).free
            if free - octets < self._room.free_floor_octets:
                _LOG.warning("queue.no_space", free_octets=free)
                return "452 4.3.1 The disk is nearly full; try again later"
        return ""

    def accept(self, arrival: Arrival) -> "Future[Accepted]":
        """Queue a letter; the future is done once it is durable. Raises Busy. Commits, does not block."""
        at = self._clock()
        future = self._writer.submit(lambda root: transitions.accept(root, arrival, at))
        future.add_done_callback(lambda done: self._accepted(done, arrival, at))
        return future

    def _accepted(self, done: "Future[Accepted]", arrival: Arrival, at: float) -> None:
        if done.cancelled() or done.exception() is not None or not done.result().new:
            return
        self._enter(transitions.waiting_of(arrival, at))

    def _enter(self, waiting: Waiting) -> None:
        with self._lock:
            self._items += 1
            self._octets += waiting.octets
        self.on_waiting(waiting)

    def waiting(self, item: str) -> Waiting | None:
        """Return the item as it is now, or None once it has left. Raises Damaged."""

        def look(root: Queue) -> Waiting | None:
            found = root.items.get(item)
            return None if found is None else transitions.waiting(found)

        return self._database.read(look)

    def opened(self, item: str) -> tuple[Waiting, bytes] | None:
        """Return an item as it is now with its octets, or None once it has left. Raises Damaged."""

        def look(root: Queue) -> tuple[Waiting, bytes] | None:
            found = root.items.get(item)
            return None if found is None else (transitions.waiting(found), bytes(found.body.content()))

        return self._database.read(look)

    def record(self, item: str, replies: Mapping[str, Reply], header: bytes) -> Waiting | None:
        """Write down what an attempt brought and return who is still waited for. Commits; blocks.

        `header` is the letter's, for the bounce of whoever failed.
        """
        now = self._now(header)
        done = self._writer.write(lambda root: transitions.record(root, item, replies, self._plan, now))
        if done.held:
            _LOG.error("queue.held", item=item, reason="a bounce failed")
        self._settle(done)
        return done.waiting

    def set_aside(self, item: str, reason: str) -> None:
        """Hold an item that cannot be handled. Commits; blocks."""
        try:
            readable = self.waiting(item) is not None
        except Damaged:
            readable = False
        now = self._now(b"")

        def work(root: Queue) -> Recorded:
            return transitions.set_aside(root, item, reason, self._plan, now, readable=readable)

        done = self._writer.write(work)
        _LOG.error("queue.held", item=item, reason=reason)
        self._settle(done)

    def status(self, submission: str, user: str = "") -> SubmissionStatus:
        """Return what became of a submission. Raises NotFound."""
        fates = self._database.read(lambda root: transitions.fates(root, submission, user))
        if fates is None:
            raise NotFound(f"no submission {submission} is known here", about=submission)
        return {"recipients": [_status(address, fate) for address, fate in fates]}

    def unreported(self, limit: int = 100) -> list[Unreported]:
        """Return the oldest outcomes that nobody has been told, in order."""

        def look(root: Queue) -> list[Unreported]:
            found = []
            for number, report in root.unreported.items():
                found.append(Unreported(number, **vars(report)))
                if len(found) == limit:
                    break
            return found

        return self._database.read(look)

    def reported(self, numbers: list[int]) -> None:
        """Forget outcomes that have been told. Commits; blocks."""

        def work(root: Queue) -> None:
            for number in numbers:
                root.unreported.pop(number, None)

        self._writer.write(work, patient=True)

    def counts(self) -> Counts:
        """Return how full the queue is. Reads."""
        held, unreported = self._database.read(lambda root: (len(root.set_aside), len(root.unreported)))
        with self._lock:
            return Counts(self._items, self._octets, held, unreported)

    def tidy(self, pack_above_octets: int) -> None:
        """Forget old submissions; pack when the file is large and most of it is dead. Blocks."""
        at = self._clock()
        while self._writer.write(lambda root: transitions.forget_old(root, at)):
            pass
        with self._lock:
            living = self._octets
        if self._database.octets() > max(pack_above_octets, 3 * living):
            before = self._database.octets()
            self._database.pack()
            _LOG.info("queue.packed", total=before, octets=self._database.octets())
        self._database.save_index()

    def close(self) -> None:
        """Finish what is being written and close the database."""
        self._writer.close()
        self._database.close()

    def _now(self, header: bytes) -> Moment:
        return Moment(self._clock(), uniform(-1, 1), new_item_id(), header)

    def _settle(self, done: Recorded) -> None:
        """Bring the counts up to date and tell of the bounce."""
        if done.closed:
            with self._lock:
                self._items -= 1
                self._octets -= done.closed_octets
        if done.bounce is not None:
            self._enter(done.bounce)
        self.on_outcome()

    def _readable(self, item: str) -> Waiting | None:
        """Return an item as it waits; one that cannot be read is held instead."""
        try:
            return self.waiting(item)
        except Damaged:
            self.set_aside(item, "its record is damaged")
            return None


def _status(address: str, fate: Fate) -> RecipientStatus:
    at = datetime.fromtimestamp(fate.at, UTC)
    return {"address": address, "outcome": fate.outcome, "detail": fate.detail, "at": at}
