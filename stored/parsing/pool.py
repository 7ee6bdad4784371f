"""The reading processes as the daemon sees them.

Each is asked one thing at a time. When that takes two seconds of work, or six on the clock of a busy machine,
the process is killed; the next request makes a new one. Processes that nobody has asked for some time end, so
that a daemon at rest holds little. A request waits for a free process, but not for ever: so that letters
which keep every process busy cannot keep every thread of the daemon busy, only a few may wait long.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from restante import log
from restante.errors import Busy, Draining, TooComplex
from stored.deadlines import DEADLINES
from stored.mime.scanner import Octets
from stored.processes import Process, ProcessDied, frames

WORKER = "stored.parsing.worker"
PROCESSES = 2
DEADLINE_SECONDS = 2.0  # of processor time; on the clock a busy machine may take longer
SLOWER = 3
PATIENT = 4  # how many may wait long
PATIENCE_SECONDS = 8.0
HURRY_SECONDS = 0.3
REST_SECONDS = 30.0
#: Octets that are added to a second of deadline: what only takes long because it is large may.
OCTETS_A_SECOND = 50_000_000

_LOG = log.get("parsing")


class Parsers:
    """A few processes that read letters. Safe to use from any thread."""

    def __init__(
        self,
        processes: int = PROCESSES,
        *,
        deadline_seconds: float = DEADLINE_SECONDS,
        rest_seconds: float = REST_SECONDS,
        patient: int = PATIENT,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        """Processes end after `rest_seconds` without work. So many as are `patient` may wait long for one."""
        self._patient = patient
        self._patience_seconds = patience_seconds
        self._deadline_seconds = deadline_seconds
        self._rest_seconds = rest_seconds
        self._used_at = 0.0
        self._watched = False
        self._free: list[Process] = [Process(WORKER) for _ in range(processes)]
        self._all = list(self._free)
        self._changed = threading.Condition()
        self._waiting = 0
        self._stopped = False

    def start(self) -> None:
        """Have one process running, so that a letter need not wait for it. Where that fails, it may later.

        Others start as they are needed.
        """
        self._used_at = time.monotonic()
        if any(process.pid for process in self._all):
            return
        with self._changed, suppress(ProcessDied, OSError):
            self._all[-1].start()
        self._rest_later()

    def _rest_later(self) -> None:
        """Have `_rest` called in time. Not to be called under the lock, which `_rest` takes under another."""
        with self._changed:
            watched, self._watched = self._watched, True
        if not watched:
            DEADLINES.watch(self._rest, self._used_at + self._rest_seconds - time.monotonic())

    def _rest(self) -> None:
        """End the processes that are free where nobody has asked for one since long."""
        with self._changed:
            self._watched = False
            long_since = time.monotonic() >= self._used_at + self._rest_seconds
            for process in self._free if long_since else ():
                process.rest()
        if not long_since:
            self._rest_later()

    def stop(self) -> None:
        """End the processes; who waits for an answer learns that the daemon is stopping."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        for process in self._all:
            process.end()

    def do(self, task: str, raw: Octets, **how: Any) -> bytes:
        """Have `task` done on the octets `raw` and return what it answers; see `tasks`.

        Raises TooComplex when it takes too long or too much memory, or cannot be done (permanent),
        Busy when every process is taken, Draining when the daemon stops. Blocks some seconds at most.
        """
        process = self._taken()
        try:
            seconds = self._deadline_seconds + len(raw) / OCTETS_A_SECOND
            told, answer = process.ask(
                {"do": task, "how": how},
                _pieces(raw),
                len(raw),
                seconds=seconds,
                clock_seconds=SLOWER * seconds,
            )
        except ProcessDied as died:
            if self._stopped:
                raise Draining("The server is stopping; ask again in a moment.") from None
            _LOG.warning("parsing.killed", kind=task, octets=len(raw), reason=str(died))
            raise too_complex() from None
        finally:
            self._used_at = time.monotonic()
            with self._changed:
                self._free.append(process)
                self._changed.notify()
            self._rest_later()
        if "too_complex" in told:
            _LOG.warning("parsing.refused", kind=task, octets=len(raw), reason=told["too_complex"])
            raise too_complex()
        return answer

    def _taken(self) -> Process:
        """Take a process that is free. Raises Busy after some patience, Draining."""
        with self._changed:
            patience = self._patience_seconds if self._waiting < self._patient else HURRY_SECONDS
            self._waiting += 1
            try:
                self._changed.wait_for(lambda: self._free or self._stopped, patience)
            finally:
                self._waiting -= 1
            if self._stopped:
                raise Draining("The server is stopping; ask again in a moment.")
            if not self._free:
                raise Busy(
                    "Other letters are being read just now; try again in a moment.", retry_after_seconds=1
                )
            # The one used last is warm; those beyond what is needed sleep on.
            return self._free.pop()


def too_complex() -> TooComplex:
    return TooComplex("This is too intricate to be shown; it can still be saved exactly as it came.")


def _pieces(raw: Octets) -> Iterator[bytes]:
    for at in range(0, len(raw), frames.SLICE_OCTETS):
        yield raw[at : at + frames.SLICE_OCTETS]
