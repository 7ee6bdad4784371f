"""Tells the storage server what became of each recipient, until it has been told.

The list of what is to be told is part of the queue's own transactions (`unreported`), so nothing is
forgotten; telling twice is harmless, since an outcome carries its time.
"""

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from relayd.queue import MailQueue
from relayd.types import Unreported
from restante import log
from restante.errors import Forbidden, InvalidArgument, NotFound, RestanteError, Unavailable

_LOG = log.get("report")

FIRST_WAIT_SECONDS = 1.0
LONGEST_WAIT_SECONDS = 60.0
# An outcome this old interests nobody: the submission itself is remembered for seven days.
FORGOTTEN_AFTER_SECONDS = 7 * 24 * 3600
# What the storage server will never take: it knows neither the user nor the submission any more.
NEVER = (NotFound, InvalidArgument, Forbidden)

Tell = Callable[..., Any]


class Reporter:
    """One thread that tells outcomes in order. `tell` is the peer's `call`, or raises RestanteError."""

    def __init__(
        self, queue: MailQueue, tell: Tell, *, first_wait_seconds: float = FIRST_WAIT_SECONDS
    ) -> None:
        self._queue = queue
        self._tell = tell
        self._first_wait = first_wait_seconds
        self._wake = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="report", daemon=True)
        queue.on_outcome = self._wake.set

    def start(self) -> None:
        self._wake.set()
        self._thread.start()

    def stop(self) -> None:
        """Begin no other report; wait a few seconds for the one under way."""
        self._stopping = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(5)

    def _run(self) -> None:
        wait = self._first_wait
        pending = True
        while not self._stopping:
            self._wake.wait(wait if pending else None)
            if pending and not self._wake.is_set():
                wait = min(wait * 2, LONGEST_WAIT_SECONDS)
            self._wake.clear()
            try:
                pending = self.tell_all()
            except RestanteError as error:
                _LOG.warning("report.failed", cause=error)
                pending = True
            if not pending:
                wait = self._first_wait

    def tell_all(self) -> bool:
        """Tell what there is to tell, oldest first; return whether some must be tried again later."""
        while not self._stopping:
            batch = self._queue.unreported()
            told, left = self._batch(batch)
            if told:
                self._queue.reported(told)
            if left or not batch:
                return left
        return True

    def _batch(self, batch: list[Unreported]) -> tuple[list[int], bool]:
        """Return the numbers that need not be told any more, and whether one must be tried again."""
        told: list[int] = []
        left = False
        for one in batch:
            if self._stopping:
                return told, True
            try:
                self._one(one)
            except Unavailable:
                return told, True
            except RestanteError as error:
                if not isinstance(error, NEVER) and self._queue.now() - one.at < FORGOTTEN_AFTER_SECONDS:
                    # Trouble with this one alone; the others go on.
                    left = True
                    continue
                _LOG.error("report.dropped", submission=one.submission, user=one.user, cause=error)
            told.append(one.number)
        return told, left

    def _one(self, one: Unreported) -> None:
        self._tell(
            "outbox.outcome",
            user=one.user,
            submission=one.submission,
            recipient=one.recipient,
            outcome=one.outcome,
            detail=one.detail,
            at=datetime.fromtimestamp(one.at, UTC),
        )
