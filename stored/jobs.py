"""Long work for users, which goes on after a restart: importing, exporting, running rules over old mail.

A job stands in the user's own database; here is only whose turn it is. One user's jobs run one after the
other. At start everybody with a note (`Intents`) has a turn.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from restante import log
from restante.errors import Draining, InternalError, NotFound, OverQuota, RestanteError
from stored.intents import Intents
from stored.model.account import Account
from stored.model.job import CANCELLED, DONE, FAILED, NO_ERROR, RUNNING, WAITING, Job
from stored.model.personal import own, personal
from stored.store import Store, UserStore
from stored.workers import Workers

_LOG = log.get("jobs")

AT_ONCE = 20
KEPT = 20
KEPT_SECONDS = 7 * 24 * 3600
STOP_SECONDS = 20
RETRY_SECONDS = 30.0
TRIES = 20


class Cancelled(Exception):
    """The job was called off by its user."""


@dataclass
class Working:
    """A job at work: what a kind is given. `order` is what is to be done."""

    mail: UserStore
    number: int
    order: dict[str, Any]
    stopping: threading.Event

    def read(self) -> tuple[dict[str, Any], int]:
        """Return the place to go on from, and how much is done. Raises as `job`."""
        self.check()
        return self.mail.read(lambda account: (self.job(account).place, self.job(account).done))

    def job(self, account: Account) -> Job:
        """Return the job inside a unit of work. Raises Cancelled, and then the work is not committed."""
        job: Job | None = personal(account).jobs.get(self.number)
        if job is None or job.stage != RUNNING:
            raise Cancelled
        return job

    def check(self) -> None:
        """Raise Draining when the service is stopping; to be called between steps."""
        if self.stopping.is_set():
            raise Draining("This storage server is stopping; the job goes on when it is back.")


# Does a job from its place on, step by step, until it is done.
Kind = Callable[[Working], None]


@dataclass
class Jobs:
    """Everybody's jobs. `kinds` gives what does each kind; `forgotten` is told the job that is let go.

    `ending` is told of each job that ends, however it does, in that very unit of work.
    """

    store: Store
    notes: Intents
    kinds: Mapping[str, Kind]
    threads: int = 2
    forgotten: Callable[[str, int], None] = lambda user, number: None
    ending: Callable[[Account, Job], None] = lambda account, job: None
    now: Callable[[], float] = time.time
    _turns: threading.Condition = field(default_factory=threading.Condition)
    _busy: set[str] = field(default_factory=set)
    _again: set[str] = field(default_factory=set)
    _stopping: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._workers = Workers("jobs", self.threads)

    # Asking -------------------------------------------------------------------------------------

    def begin(self, user: str, kind: str, order: dict[str, Any]) -> int:
        """Promise a job and return its number; it begins soon. Commits.

        Raises OverQuota where many are unfinished already.
        """
        now = int(self.now())

        def work(account: Account) -> tuple[int, list[int]]:
            jobs = own(account).jobs
            gone = _expired(account, now)
            for number in gone:
                del jobs[number]
            if sum(job.unfinished for job in jobs.values()) >= AT_ONCE:
                raise OverQuota(f"{AT_ONCE} jobs wait already; wait until some are done, or cancel them.")
            number = jobs.maxKey() + 1 if jobs else 1
            jobs[number] = Job(kind, order, now)
            return number, gone

        with self.notes.promising(user):
            number, gone = self.store.open_account(user).write(work)
        for old in gone:
            self.forgotten(user, old)
        self._turn(user)
        return number

    def cancel(self, user: str, number: int) -> None:
        """Call a job off; what it has done stays done. Commits. Raises NotFound."""

        def work(account: Account) -> None:
            self._end(account, found(account, number), CANCELLED)

        self.store.open_account(user).write(work)

    def wait(self, user: str, seconds: float) -> bool:
        """Wait until nothing runs for the user; return whether that came in time."""
        with self._turns:
            return self._turns.wait_for(lambda: user not in self._busy, seconds)

    # Running ------------------------------------------------------------------------------------

    def start(self) -> None:
        """Go on with what a former process left."""
        for user in self.notes.users():
            self._turn(user)

    def stop(self) -> None:
        """Stop between two steps; the jobs go on at the next start. Blocks for so long."""
        self._stopping.set()
        with self._turns:
            self._turns.wait_for(lambda: not self._busy, STOP_SECONDS)

    def _turn(self, user: str) -> None:
        with self._turns:
            if self._stopping.is_set():
                return
            if user in self._busy:
                self._again.add(user)
                return
            self._busy.add(user)
        self._workers.give(lambda: self._serve(user))

    def _serve(self, user: str) -> None:
        try:
            mail = self.store.open_account(user)
            while not self._stopping.is_set():
                number = mail.read(_next)
                if number:
                    self._run(mail, number)
                elif self.notes.settle(user, lambda: bool(mail.read(_next))):
                    break
        except Exception as error:
            _LOG.error("jobs.failed", user=user, cause=error)
        with self._turns:
            self._busy.discard(user)
            again = user in self._again
            self._again.discard(user)
            self._turns.notify_all()
        if again:
            self._turn(user)

    def _run(self, mail: UserStore, number: int) -> None:
        """Run one job to its end, or until the service stops."""
        kind, order = mail.write(lambda account: _begun(account, number))
        about = {"user": mail.user, "kind": kind, "item": number}
        try:
            self._persistently(Working(mail, number, order, self._stopping), kind)
        except Draining:
            return
        except Cancelled:
            _LOG.info("job.cancelled", **about)
            self.forgotten(mail.user, number)
        except RestanteError as error:
            _LOG.warning("job.failed", cause=error, **about)
            self._finish(mail, number, FAILED, _told(error))
        except Exception as broken:
            ref = log.new_request_id()
            _LOG.error("job.broke", ref=ref, cause=broken, **about)
            self._finish(mail, number, FAILED, (InternalError.kind, _BROKE.format(ref=ref), ""))
        else:
            self._finish(mail, number, DONE)
            _LOG.info("job.finished", **about)

    def _persistently(self, working: Working, kind: str) -> None:
        """Try again where that can help; each time it goes on from its place."""
        if kind not in self.kinds:
            raise NotFound("This storage server does not know how to do that job any more.", about=kind)
        for tried in range(1, TRIES + 1):
            try:
                self.kinds[kind](working)
                return
            except Draining:
                raise
            except RestanteError as error:
                if not error.retryable or tried == TRIES:
                    raise
                _LOG.info("job.waits", user=working.mail.user, attempt=tried, cause=error)
                told = _told(error)
                working.mail.write(lambda account, told=told: setattr(working.job(account), "error", told))  # type: ignore[misc]
                self._stopping.wait(RETRY_SECONDS)
                working.check()

    def _finish(
        self, mail: UserStore, number: int, stage: str, error: tuple[str, str, str] = NO_ERROR
    ) -> None:
        def work(account: Account) -> None:
            job = own(account).jobs.get(number)
            if job is not None:
                self._end(account, job, stage, error)

        mail.write(work)

    def _end(self, account: Account, job: Job, stage: str, error: tuple[str, str, str] = NO_ERROR) -> None:
        if job.unfinished:
            self.ending(account, job)
            job.finish(stage, int(self.now()), error)


def _told(error: RestanteError) -> tuple[str, str, str]:
    return error.kind, error.message, error.about or ""


def found(account: Account, number: int) -> Job:
    """Return a job inside a unit of work. Raises NotFound."""
    job = personal(account).jobs.get(number)
    if job is None:
        raise NotFound("There is no such job; it may have ended long ago.", about=f"j{number}")
    return job  # type: ignore[no-any-return]


def _next(account: Account) -> int:
    """Return the number of the oldest job that is not finished, 0 where there is none."""
    return next((number for number, job in personal(account).jobs.items() if job.unfinished), 0)


def _begun(account: Account, number: int) -> tuple[str, dict[str, Any]]:
    job = found(account, number)
    if job.stage == WAITING:
        job.stage = RUNNING
    return job.kind, job.order


def _expired(account: Account, now: int) -> list[int]:
    """Return the finished jobs that are too old or too many."""
    ended = [(number, job) for number, job in personal(account).jobs.items() if not job.unfinished]
    old = [number for number, job in ended if now - job.finished_at > KEPT_SECONDS]
    return sorted({*old, *(number for number, _ in ended[: max(len(ended) - KEPT, 0)])})


_BROKE = (
    "Something failed on our side during this job; what was done stays done. "
    "Start it again; if it stays so, tell the operator the reference {ref}."
)
