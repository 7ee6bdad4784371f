"""Who is collected when: a user's accounts all at once, a maildrop by one session, a run under way joined."""

import random
import threading
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from restante import log
from restante.errors import Damaged, Draining, InternalError, NotFound, RestanteError
from stored.clock import Clock
from stored.collecting import troubles
from stored.collecting.lanes import Lanes, Turn
from stored.collecting.lease import Lease, Leased, LeasedAccount
from stored.collecting.maildrops import Maildrops
from stored.collecting.notices import notice
from stored.collecting.progress import AccountState, Progress, Report
from stored.collecting.visit import Cancelled, Ended, Visit
from stored.mime import Octets, Summary, summarize
from stored.pop3 import PopClient
from stored.sending.forwarding import Forwarder
from stored.settings import CollectSettings, PopSettings
from stored.store import Store
from stored.workers import Workers

_LOG = log.get("collector")


@dataclass(eq=False)
class _Run:
    """One account being collected, from its beginning to its end, however many turns that takes."""

    user: str
    account: LeasedAccount
    visit: Visit
    report: Report
    began: float
    cancelled: bool = False


class Collector:
    """Collects for every user of this process. Safe to use from any thread."""

    def __init__(
        self,
        store: Store,
        lease: Lease,
        pop: PopClient,
        settings: CollectSettings,
        limits: PopSettings,
        clock: Clock | None = None,
        spool: Path | None = None,
        forwarder: Forwarder | None = None,
        summarize: Callable[[Octets], Summary] = summarize,
    ) -> None:
        """`spool` is where large messages pass through; the system's temporary directory by default.

        Without a `forwarder` no rule forwards anything.
        """
        self._store = store
        self._lease = lease
        self._pop = pop
        self._settings = settings
        self._limits = limits
        self._clock = clock or Clock()
        self._spool = spool
        self._forwarder = forwarder
        self._summarize = summarize
        self._progress = Progress()
        self._lanes = Lanes("collect", settings.parallel, settings.imports, settings.slice_seconds)
        self._starters = Workers("collect-start", settings.leases)
        self._guard = threading.Condition()
        self._due: set[str] = set()
        self._runs: dict[str, dict[str, _Run]] = {}
        self.maildrops = Maildrops()
        self._stopping = False

    def start(self, user: str, accounts: Collection[str] = ()) -> None:
        """Begin to collect these accounts, or all that are enabled; those under way are left to it.

        Returns as soon as all is begun. Raises NotFound for an account the user does not have, Draining,
        and what the lease raises (Unavailable while profiled is away). One call over the network.
        """
        leased = self.leased(user, accounts)
        self._begin_all(user, leased, accounts, asked=True)

    def leased(self, user: str, accounts: Collection[str]) -> Leased:
        """Return what is lent for a user, `accounts` among it. Raises as `start`. Network."""
        leased = self._lease(user)
        if missing := set(accounts) - {account.id for account in leased.accounts}:
            raise NotFound(
                f"There is no account {min(missing)}. Look at the list of accounts again.", about=min(missing)
            )
        return leased

    def due(self, users: Iterable[str]) -> tuple[list[str], list[str]]:
        """Have these users collected soon; return those accepted and those already under way.

        Never waits for the network. What goes wrong is in the log, and in the status of its account.
        """
        accepted: list[str] = []
        running: list[str] = []
        for user in users:
            with self._guard:
                if self._stopping:
                    raise Draining("This storage server is stopping. Ask again in a moment.")
                busy = self._busy(user)
                if not busy:
                    self._due.add(user)
            (running if busy else accepted).append(user)
            if not busy:
                self._starters.give(lambda user=user: self._start_due(user))  # type: ignore[misc]
        return accepted, running

    def status(self, user: str) -> tuple[bool, list[AccountState]]:
        """Return whether anything is being collected for the user, and every account's state."""
        with self._guard:
            return self._busy(user), self._progress.of(user)

    def wait(self, user: str, seconds: float) -> bool:
        """Wait until nothing is being collected for the user; return whether that came in time."""
        with self._guard:
            return self._guard.wait_for(lambda: not self._busy(user), seconds)

    def cancel(self, user: str, accounts: Collection[str] = ()) -> None:
        """Call off collecting these accounts, or all. What came whole is kept. Does not wait."""
        with self._guard:
            runs = [
                run for run in self._runs.get(user, {}).values() if not accounts or run.account.id in accounts
            ]
            for run in runs:
                run.cancelled = True
        for run in runs:
            run.visit.abort(Cancelled())

    def stop(self, seconds: float) -> None:
        """Begin nothing more and end every visit, keeping what it has whole; blocks `seconds` at most."""
        with self._guard:
            self._stopping = True
            runs = [run for runs in self._runs.values() for run in runs.values()]
        for run in runs:
            run.visit.abort(Draining(_STOPPING))
        with self._guard:
            self._guard.wait_for(lambda: not self._runs, seconds)

    def _busy(self, user: str) -> bool:
        return user in self._due or user in self._runs

    def _start_due(self, user: str) -> None:
        try:
            # Not long before its turn: secrets are borrowed for a moment, and a database opened meanwhile
            # would be closed again before the visit needs it.
            self._lanes.wait_for_room()
            self._begin_all(user, self._lease(user), (), asked=False)
        except RestanteError as error:
            _LOG.warning("collect.not_started", user=user, cause=error)
        finally:
            with self._guard:
                self._due.discard(user)
                self._guard.notify_all()

    def _begin_all(self, user: str, leased: Leased, accounts: Collection[str], *, asked: bool) -> None:
        self._progress.keep_only(user, {account.id for account in leased.accounts})
        for account in leased.accounts:
            if account.id in accounts or (not accounts and account.enabled):
                self._begin(user, account, leased, asked=asked, named=account.id in accounts)

    def _begin(self, user: str, account: LeasedAccount, leased: Leased, *, asked: bool, named: bool) -> None:
        """Queue one account, behind whoever is in its maildrop, unless it is under way or has to wait."""
        mail = self._store.open_account(user)
        try:
            wait = troubles.wait_for(mail, account, self._clock(), asked=asked, named=named)
        except Damaged as damage:
            # Told as the account's own error: nobody is there to be told when the clock asks.
            _LOG.error("collect.damaged", user=user, account=account.id, cause=damage)
            wait = troubles.Wait(0, damage)
        with self._guard:
            if self._stopping:
                raise Draining("This storage server is stopping. Collect again in a moment.")
            if account.id in self._runs.get(user, ()):
                return
            report = self._progress.begin(user, account.id, account.address)
            if wait is not None:
                _left_out(report, account, wait)
                return
            visit = Visit(
                self._pop,
                self._limits,
                self._settings,
                mail,
                account,
                leased.rules,
                report,
                self._clock,
                self._spool,
                self._forwarder,
                self._summarize,
            )
            run = _Run(user, account, visit, report, monotonic())
            self._runs.setdefault(user, {})[account.id] = run
        self.maildrops.when_free(
            account.maildrop, lambda: self._lanes.give(user, lambda turn: self._turn(run, turn))
        )

    def _turn(self, run: _Run, turn: Turn) -> bool:
        """Go on with a run until it ends or lets others go first; return whether it wants another turn."""
        error: RestanteError | None = None
        failed = True
        try:
            if run.cancelled:
                raise Cancelled
            if run.visit.run(turn) is Ended.LATER:
                return True
            error, failed = run.visit.left, False
        except Cancelled:
            run.cancelled = True
        except RestanteError as raised:
            error = raised
        except Exception as broken:
            ref = log.new_request_id()
            _LOG.error("collect.broke", ref=ref, cause=broken, **_about(run))
            error = InternalError(_BROKE.format(ref=ref), ref=ref)
        self._end(run, error, failed)
        return False

    def _end(self, run: _Run, error: RestanteError | None, failed: bool) -> None:
        """Report how a run ended and let the next one into the maildrop. Never raises."""
        next_at = 0 if run.cancelled else self._note(run, error if failed else None)
        with self._guard:
            # Together, so that whoever sees the end and starts again is not taken to join what has ended.
            if run.cancelled:
                run.report.finished("cancelled")
            else:
                run.report.finished("failed" if failed else "done", error, next_at)
            del self._runs[run.user][run.account.id]
            if not self._runs[run.user]:
                del self._runs[run.user]
            self._guard.notify_all()
        self.maildrops.leave(run.account.maildrop)
        told = {"elapsed_seconds": round(monotonic() - run.began, 3)} | _about(run)
        if run.cancelled:
            _LOG.info("collect.cancelled", **told)
        elif error is None:
            _LOG.info("collect.finished", **told)
        else:
            _LOG.warning("collect.failed" if failed else "collect.left_some", cause=error, **told)

    def _note(self, run: _Run, error: RestanteError | None) -> int:
        """Remember how the visit ended; when that cannot be written, it is only tried sooner."""
        try:
            mail = self._store.open_account(run.user)
            delay = run.visit.login_delay_seconds
            return troubles.note(mail, run.account, error, delay, self._clock(), random.uniform(-1, 1))
        except Exception as trouble:
            _LOG.warning("collect.not_noted", cause=trouble, **_about(run))
            return 0


def _about(run: _Run) -> dict[str, str]:
    return {"user": run.user, "account": run.account.id, "host": run.account.server.host}


def _left_out(report: Report, account: LeasedAccount, wait: troubles.Wait) -> None:
    """Report a visit that is not made: because of earlier trouble, or because it is too soon."""
    if wait.error is None:
        report.notice(notice("login_delay", account.server.host))
    report.finished("failed" if wait.error else "done", wait.error, wait.next_at)


_STOPPING = "Collecting was interrupted because the service is stopping. Collect again."
_BROKE = (
    "Something failed on our side while collecting; what had come is kept. "
    "Try again; if it stays so, tell the operator the reference {ref}."
)
