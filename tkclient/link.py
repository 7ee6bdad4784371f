"""How the nouns of the desk ask the servers: a lane, a server, calls; the answer comes in the window.

Each lane has connections of its own, so a long test of an account or a large attachment never holds up
the mail. The lane "mail" keeps its connection; the others close theirs when they are done.
"""

from __future__ import annotations

import time
from typing import Any, Callable, Dict, List, Sequence

from tkclient import blobs
from tkclient.line import Meter
from tkclient.rpc import Call, Outcome, Wire
from tkclient.session import Session
from tkclient.tasks import Task, Tasks
from tkclient.trouble import ServerTrouble, Trouble

Done = Callable[[Any], None]
Failed = Callable[[Trouble], None]
KEPT_LANE = "mail"


def nothing(_: Any = None) -> None:
    """Ignore an answer."""


class Link:
    """Asks; `ended` is called when the answer is that the session is over, `answered` at any of storage."""

    def __init__(self, tasks: Tasks, session: Session, ca_file: str = "", seconds: float = 35.0) -> None:
        self.tasks = tasks
        self.session = session
        self.meter = Meter()
        self.ended: Failed = nothing
        self.answered: Callable[[], None] = nothing
        self._ca_file = ca_file
        self._seconds = seconds
        self._wires: Dict[str, Wire] = {}

    def profile(
        self, method: str, params: Dict[str, Any], done: Done, failed: Failed, lane: str = "mail"
    ) -> Task:
        """Ask the profile server one thing."""
        return self._ask(lane, self.session.server, [Call(method, params)], _only(done, failed), failed)

    def storage(
        self, method: str, params: Dict[str, Any], done: Done, failed: Failed, lane: str = "mail"
    ) -> Task:
        """Ask the storage server one thing."""
        return self._ask(
            lane, self.session.storage, [Call(method, params)], self._heard(_only(done, failed)), failed
        )

    def storage_batch(
        self, calls: Sequence[Call], done: Callable[[List[Outcome]], None], failed: Failed
    ) -> Task:
        """Ask the storage server several things in one request; each may fail by itself."""
        return self._ask("mail", self.session.storage, calls, self._heard(done), failed)

    def _heard(self, done: Done) -> Done:
        """Make a receiver that tells first that there was an answer, be it a refusal."""

        def heard(outcomes: List[Outcome]) -> None:
            self.answered()
            done(outcomes)

        return heard

    def _ask(
        self,
        lane: str,
        url: str,
        calls: Sequence[Call],
        done: Callable[[List[Outcome]], None],
        failed: Failed,
    ) -> Task:
        token = self.session.token
        wire = self._wire(lane)

        def work(_: Task) -> List[Outcome]:
            try:
                return wire.batch(url, calls, token)
            finally:
                if lane != KEPT_LANE:
                    wire.close()

        return self.tasks.run(lane, work, self._unless_ended(done), self._watched(failed))

    def _unless_ended(self, done: Callable[[List[Outcome]], None]) -> Done:
        def checked(outcomes: List[Outcome]) -> None:
            for outcome in outcomes:
                if isinstance(outcome, ServerTrouble) and self._is_end(outcome):
                    self.ended(outcome)
                    return
            done(outcomes)

        return checked

    def _watched(self, failed: Failed) -> Failed:
        def checked(trouble: Trouble) -> None:
            if self._is_end(trouble):
                self.ended(trouble)
            else:
                failed(trouble)

        return checked

    def _is_end(self, trouble: Trouble) -> bool:
        return self.session.is_open and trouble.kind in ServerTrouble.ENDED

    def _wire(self, lane: str) -> Wire:
        if lane not in self._wires:
            self._wires[lane] = Wire(self.meter, self._ca_file, self._seconds)
        return self._wires[lane]

    def transfer(
        self,
        move: Callable[..., Any],
        path: str,
        file: Any,
        progress: blobs.Progress,
        done: Done,
        failed: Failed,
    ) -> Task:
        """Run `blobs.save` or `blobs.upload` of `file`; `progress` is called in the window."""
        token, url = self.session.token, self.session.storage + path
        wire = self._wire("blobs")

        def work(task: Task) -> Any:
            def tell(moved: int, total: int) -> None:
                self.tasks.tell(task, lambda: progress(moved, total))

            try:
                return move(wire, self.meter, url, token, file, _seldom(tell), task.cancelled)
            finally:
                wire.close()

        return self.tasks.run("blobs", work, done, self._watched(failed))

    def server_now(self) -> float:
        """Return the server's clock as its last answer told it."""
        return time.time() + self.meter.server_ahead_seconds


def _only(done: Done, failed: Failed) -> Callable[[List[Outcome]], None]:
    """Make a receiver of a batch of one out of a receiver of one."""

    def one(outcomes: List[Outcome]) -> None:
        (outcome,) = outcomes
        if isinstance(outcome, ServerTrouble):
            failed(outcome)
        else:
            done(outcome)

    return one


def _seldom(tell: blobs.Progress, every_seconds: float = 0.1) -> blobs.Progress:
    """Tell progress ten times a second at most, and always its end."""
    last = [0.0]

    def told(moved: int, total: int) -> None:
        now = time.monotonic()
        if moved >= total or now - last[0] >= every_seconds:
            last[0] = now
            tell(moved, total)

    return told
