"""Something long that runs for a user: what is to be done, how far it is, how it ended.

    waiting ──its turn──► running ──► done
       │                     ├──────► failed       (the sentence says why)
       └──cancelled──────────┴──────► cancelled

A crash in `running` leaves it running: at start it goes on from `place`, which is committed together with
what was done up to there, so nothing is done twice.
"""

from typing import Any

from persistent import Persistent

WAITING, RUNNING, DONE, FAILED, CANCELLED = "waiting", "running", "done", "failed", "cancelled"
UNFINISHED = (WAITING, RUNNING)


NO_ERROR = ("", "", "")


class Job(Persistent):  # type: ignore[misc]
    """One job. `order`, `place` and `made` are plain data whose meaning is the kind's own.

    `done` of `total` is how far it is (`total` 0: not known yet); `counts` what became of things by the way.
    An `error` while it runs is what it waits for the end of.
    Times are whole seconds since 1970, UTC.
    """

    version = 1

    def __init__(self, kind: str, order: dict[str, Any], at: int) -> None:
        self.kind = kind
        self.order = order
        self.stage = WAITING
        self.place: dict[str, Any] = {}
        self.made: dict[str, str] = {}
        self.done = 0
        self.total = 0
        self.counts: dict[str, int] = {}
        self.error = NO_ERROR
        self.created_at = at
        self.finished_at = 0

    @property
    def unfinished(self) -> bool:
        return self.stage in UNFINISHED

    def step(self, place: dict[str, Any], *, done: int = 0, **counts: int) -> None:
        """Note how far it is: `place` to go on from, so many more done, and what became of them.

        It goes on, so what it waited for is over.
        """
        self.place, self.error = place, NO_ERROR
        self.done += done
        self.counts = {
            name: self.counts.get(name, 0) + counts.get(name, 0) for name in {**self.counts, **counts}
        }

    def finish(self, stage: str, at: int, error: tuple[str, str, str] = NO_ERROR) -> None:
        """End it; `error` is kind, sentence and what it is about. What is only needed to go on is let go."""
        self.stage, self.finished_at, self.error = stage, at, error
        self.place, self.order = {}, {"about": self.order.get("about", "")}
