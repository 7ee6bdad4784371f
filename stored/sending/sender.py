"""Keeping the promise of a submission: a few threads that hand letters to the relay until it has them.

What is promised stands in the users' databases; here is only whose turn it is. A crash forgets the turns
and nothing else: at start everybody with a note (`intents`) has one. A user has one thread at a time, so no
letter is on two connections at once.
"""

import heapq
import itertools
import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from restante import log
from restante.errors import Damaged, RestanteError, Unavailable
from stored.intents import Intents
from stored.model.account import Account
from stored.model.submission import FAILED, HANDED_OVER, Submission, Submissions
from stored.sending.smtp import Accepted
from stored.store import Store

_log = log.get("sender")
_DAMAGED = "The letter is damaged where it is kept and was not sent; write it again."
ATTEMPTS = 600  # about six days of a relay that is away at a quarter of an hour each
STOP_SECONDS = 20


class Taker(Protocol):
    """What takes letters: stored.sending.smtp.Relay."""

    def hand_over(
        self, sender: str, recipients: Sequence[str], octets: bytes, submission: str
    ) -> Accepted: ...


@dataclass(frozen=True)
class Job:
    """One letter to hand over, as plain data."""

    id: str
    sender: str
    recipients: list[str]
    octets: bytes | None  # None: damaged where they are kept
    attempts: int


def pause_seconds(attempts: int, first: float, limit: float, jitter: float) -> float:
    """Return how long to wait after the `attempts`-th failure: doubling from `first` to `limit`. Pure.

    `jitter` from -1 to 1 moves it by a fifth either way.
    """
    return float(min(first * 2 ** min(attempts - 1, 32), limit)) * (1 + jitter / 5)


class Sender:
    """The threads. `wake` may be called from any thread, before `start` too."""

    def __init__(
        self,
        store: Store,
        relay: Taker,
        intents: Intents,
        *,
        threads: int = 4,
        retry_seconds: float = 5,
        retry_limit_seconds: float = 900,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._relay = relay
        self._intents = intents
        self._retry = (retry_seconds, retry_limit_seconds)
        self._now = now
        self._turn = threading.Condition()
        self._due: list[tuple[float, int, str]] = []  # (monotonic moment, order, user)
        self._order = itertools.count()
        self._busy: set[str] = set()
        self._woken: set[str] = set()  # woken while busy: to be looked at again
        self._stopping = False
        # Daemon threads: a relay that holds a letter up does not hold up the end of the process. The letter
        # is a durable intent, and the relay knows its submission again.
        self._threads = [
            threading.Thread(target=self._run, name=f"sender-{n}", daemon=True) for n in range(threads)
        ]

    def start(self) -> None:
        """Start, with everybody whom a former process left with something to hand over."""
        for user in self._intents.users():
            self.wake(user)
        for thread in self._threads:
            thread.start()

    def stop(self, seconds: float = STOP_SECONDS) -> None:
        """Stop after the letters that are under way, or `seconds` at most. Blocks until then."""
        deadline = time.monotonic() + seconds
        with self._turn:
            self._stopping = True
            self._turn.notify_all()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(max(deadline - time.monotonic(), 0))

    def wake(self, user: str, after_seconds: float = 0) -> None:
        """Give `user` a turn. Does not block."""
        with self._turn:
            if user in self._busy and not after_seconds:
                self._woken.add(user)
                return
            heapq.heappush(self._due, (time.monotonic() + after_seconds, next(self._order), user))
            self._turn.notify()

    # Turns --------------------------------------------------------------------------------------

    def _run(self) -> None:
        while (user := self._next()) is not None:
            pause: float | None = self._retry[1]
            try:
                pause = self._serve(user)
            except RestanteError as exc:
                _log.warning("sender.postponed", user=user, cause=exc)
            except Exception as exc:
                _log.error("sender.failed", user=user, cause=exc)
            self._done(user, pause)

    def _next(self) -> str | None:
        """Return the next user whose turn has come; None when stopping. Blocks."""
        with self._turn:
            while not self._stopping:
                wait = self._due[0][0] - time.monotonic() if self._due else None
                if wait is None or wait > 0:
                    self._turn.wait(wait)
                    continue
                user = heapq.heappop(self._due)[2]
                if user in self._busy:
                    self._woken.add(user)
                    continue
                self._busy.add(user)
                return user
        return None

    def _done(self, user: str, pause: float | None) -> None:
        with self._turn:
            self._busy.discard(user)
            again = user in self._woken
            self._woken.discard(user)
        if again:
            self.wake(user)
        elif pause is not None:
            self.wake(user, pause)

    # One user -----------------------------------------------------------------------------------

    def _serve(self, user: str) -> float | None:
        """Hand over what is due; return the seconds until more is, None when nothing is left."""
        mail = self._store.open_account(user)
        while not self._stopping:
            job, wait = mail.read(lambda account: _next_job(account, self._now(), self._retry[1]))
            if job is not None:
                self._hand_over(user, job)
            elif wait is not None:
                return wait
            elif self._intents.settle(user, lambda: mail.read(_anything_waits)):
                return None
            else:
                return self._retry[0]
        return None

    def _hand_over(self, user: str, job: Job) -> None:
        mail = self._store.open_account(user)
        now = int(self._now())
        if job.octets is None:
            mail.write(lambda account: _give_up(account, job.id, now, _DAMAGED))
            return
        try:
            accepted = self._relay.hand_over(job.sender, job.recipients, job.octets, f"{user} {job.id}")
        except Unavailable as exc:
            said = exc.message
            pause = pause_seconds(job.attempts + 1, *self._retry, random.uniform(-1, 1))
            _log.info("submission.deferred", submission=job.id, attempt=job.attempts + 1, cause=exc.cause)
            mail.write(lambda account: _put_off(account, job.id, now, pause, said))
            return
        _log.info(
            "submission.handed_over", submission=job.id, reply=accepted.reply, refused=len(accepted.refused)
        )
        mail.write(lambda account: _finish(account, job.id, accepted, now))


def _anything_waits(account: Account) -> bool:
    return bool(Submissions(account.submissions).pending())


def _next_job(account: Account, now: float, longest: float) -> tuple[Job | None, float | None]:
    """Return a letter that is due, or else the seconds until one is (None: none is waiting)."""
    wait: float | None = None
    for submission in Submissions(account.submissions).pending():
        # A clock that was set back must not make a letter wait for longer than any pause is.
        pause = submission.next_attempt_at - now
        if 0 < pause <= longest * 2:
            wait = pause if wait is None else min(wait, pause)
            continue
        return _job(submission), None
    return None, wait


def _job(submission: Submission) -> Job:
    octets = None
    try:
        octets = submission.body.raw()[submission.skip :] if submission.body is not None else None
    except Damaged as exc:
        _log.error("submission.damaged", submission=submission.id, cause=exc)
    return Job(submission.id, submission.sender, submission.waiting(), octets, submission.attempts)


def _put_off(account: Account, id: str, now: int, pause: float, sentence: str) -> None:
    submission = _pending(account, id)
    if submission is None:
        return
    submission.attempts += 1
    submission.next_attempt_at = int(now + max(1, pause))
    if submission.attempts >= ATTEMPTS:
        _give_up(account, id, now, sentence)
        return
    for address in submission.waiting():
        account.tell(submission, address, "deferred", sentence, now)


def _give_up(account: Account, id: str, now: int, sentence: str) -> None:
    submission = _pending(account, id)
    if submission is None:
        return
    for address in submission.waiting():
        account.tell(submission, address, "failed", sentence, now)
    submission.finish(FAILED)
    Submissions(account.submissions).forget_pending(id)


def _finish(account: Account, id: str, accepted: Accepted, now: int) -> None:
    submission = _pending(account, id)
    if submission is None:
        return
    for address in submission.waiting():
        refusal = accepted.refused.get(address)
        account.tell(submission, address, "failed" if refusal else "queued", refusal or accepted.reply, now)
    submission.finish(HANDED_OVER if accepted.reply else FAILED)
    Submissions(account.submissions).forget_pending(id)


def _pending(account: Account, id: str) -> Submission | None:
    """Return a submission that is still to be handed over."""
    submission = Submissions(account.submissions).by_id(id)
    return submission if submission is not None and submission.body is not None else None
