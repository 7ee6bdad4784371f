"""How far collecting has come, per user and account: kept in memory, the last result until the next begins.

After a restart there is nothing to show until somebody collects; what was collected is in the store.
"""

from collections import OrderedDict
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import islice
from threading import Lock

from restante.errors import RestanteError
from stored.collecting.types import NoticeKind, Stage

USERS_REMEMBERED = 10_000


@dataclass(frozen=True)
class Notice:
    """Something to know about a maildrop, which is no fault of the visit."""

    kind: NoticeKind
    message: str
    about: str = ""


@dataclass(frozen=True)
class AccountState:
    """`done` of `total` new messages are dealt with, `collected` of them kept, of so many `octets`.

    An `error` beside the stage "done" tells of messages that were left where they are. `next_at` is when a
    periodic visit comes at the earliest, where one has to wait.
    """

    account: str
    address: str
    stage: Stage = "waiting"
    done: int = 0
    total: int = 0
    octets: int = 0
    collected: int = 0
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    finished_at: datetime | None = None
    error: RestanteError | None = None
    notices: tuple[Notice, ...] = ()
    next_at: datetime | None = None

    @property
    def running(self) -> bool:
        return self.finished_at is None


class Progress:
    """What is known of every account. Safe to use from any thread."""

    def __init__(self) -> None:
        self._guard = Lock()
        self._users: OrderedDict[str, dict[str, AccountState]] = OrderedDict()

    def begin(self, user: str, account: str, address: str) -> "Report":
        """Start anew for an account that is about to be collected; return what to report with."""
        with self._guard:
            accounts = self._users.setdefault(user, {})
            self._users.move_to_end(user)
            accounts[account] = AccountState(account, address)
            self._forget_oldest()
        return Report(self, user, account)

    def of(self, user: str) -> list[AccountState]:
        """Return every account's state, in the order they were first collected."""
        with self._guard:
            return list(self._users.get(user, {}).values())

    def keep_only(self, user: str, accounts: set[str]) -> None:
        """Forget accounts the user no longer has, unless they are being collected."""
        with self._guard:
            states = self._users.get(user, {})
            for account in [a for a, state in states.items() if a not in accounts and not state.running]:
                del states[account]

    def change(self, user: str, account: str, **changed: object) -> None:
        with self._guard:
            accounts = self._users[user]
            accounts[account] = replace(accounts[account], **changed)  # type: ignore[arg-type]

    def count(self, user: str, account: str, done: int, collected: int, octets: int) -> None:
        with self._guard:
            state = self._users[user][account]
            self._users[user][account] = replace(
                state,
                done=state.done + done,
                collected=state.collected + collected,
                octets=state.octets + octets,
            )

    def notice(self, user: str, account: str, notice: Notice) -> None:
        with self._guard:
            state = self._users[user][account]
            others = tuple(one for one in state.notices if one.kind != notice.kind)
            self._users[user][account] = replace(state, notices=(*others, notice))

    def _forget_oldest(self) -> None:
        excess = len(self._users) - USERS_REMEMBERED
        for user in list(islice(self._users, max(excess, 0))):
            if not any(state.running for state in self._users[user].values()):
                del self._users[user]


class Report:
    """One account's line to the progress, for whoever collects it."""

    def __init__(self, progress: Progress, user: str, account: str) -> None:
        self._progress = progress
        self._place = (user, account)

    def stage(self, stage: Stage) -> None:
        self._progress.change(*self._place, stage=stage)

    def fetching(self, total: int) -> None:
        """Say how many new messages there are, those already dealt with included."""
        self._progress.change(*self._place, stage="fetching", total=total)

    def count(self, *, done: int = 0, collected: int = 0, octets: int = 0) -> None:
        """Add to what is dealt with, kept, and its octets."""
        self._progress.count(*self._place, done, collected, octets)

    def notice(self, notice: Notice) -> None:
        """Add something to know, once a kind."""
        self._progress.notice(*self._place, notice)

    def finished(self, stage: Stage, error: RestanteError | None = None, next_at: float = 0) -> None:
        """Say that it is over; an `error` with the stage "done" means it went well but for something."""
        told = datetime.fromtimestamp(next_at, UTC) if next_at else None
        finished_at = datetime.now(UTC)
        self._progress.change(*self._place, stage=stage, error=error, finished_at=finished_at, next_at=told)
