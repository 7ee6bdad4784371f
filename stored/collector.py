"""Who is collected when: a user's accounts all at once, a maildrop by one session, a run under way joined."""

import threading
from collections import deque
from collections.abc import Callable, Collection, Iterable
from time import monotonic

from restante import log
from restante.errors import Draining, InternalError, NotFound, RestanteError
from stored.lease import Lease, Leased, LeasedAccount
from stored.pop3 import PopClient
from stored.progress import AccountState, Progress, Report
from stored.settings import CollectSettings, PopSettings
from stored.store import Store
from stored.visit import Visit
from stored.workers import Workers

_LOG = log.get("collector")


class Collector:
    """Collects for every user of this process. Safe to use from any thread."""

    def __init__(
        self, store: Store, lease: Lease, pop: PopClient, settings: CollectSettings, limits: PopSettings
    ) -> None:
        self._store = store
        self._lease = lease
        self._pop = pop
        self._settings = settings
        self._limits = limits
        self._progress = Progress()
        self._visitors = Workers("collect", settings.parallel)
        self._starters = Workers("collect-start", settings.leases)
        self._guard = threading.Condition()
        self._due: set[str] = set()
        self._collecting: dict[str, dict[str, Visit]] = {}
        # A maildrop with a session, and who waits for it to be free.
        self._maildrops: dict[tuple[str, int, str], deque[Callable[[], None]]] = {}
        self._stopping = False

    def start(self, user: str, accounts: Collection[str] = ()) -> None:
        """Begin to collect these accounts, or all that are enabled; those under way are left to it.

        Returns as soon as all is begun. Raises NotFound for an account the user does not have, Draining,
        and what the lease raises (Unavailable while profiled is away). One call over the network.
        """
        leased = self._lease(user)
        if missing := set(accounts) - {account.id for account in leased.accounts}:
            raise NotFound(
                f"There is no account {min(missing)}. Look at the list of accounts again.", about=min(missing)
            )
        self._progress.keep_only(user, {account.id for account in leased.accounts})
        for account in leased.accounts:
            if account.id in accounts or (not accounts and account.enabled):
                self._begin(user, account, leased)

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

    def stop(self, seconds: float) -> None:
        """Begin nothing more and end every visit, keeping what it has whole; blocks `seconds` at most."""
        with self._guard:
            self._stopping = True
            visits = [visit for visits in self._collecting.values() for visit in visits.values()]
        for visit in visits:
            visit.abort()
        with self._guard:
            self._guard.wait_for(lambda: not self._collecting, seconds)

    def _busy(self, user: str) -> bool:
        return user in self._due or user in self._collecting

    def _start_due(self, user: str) -> None:
        try:
            self.start(user)
        except RestanteError as error:
            _LOG.warning("collect.not_started", user=user, cause=error)
        finally:
            with self._guard:
                self._due.discard(user)
                self._guard.notify_all()

    def _begin(self, user: str, account: LeasedAccount, leased: Leased) -> None:
        """Queue one account, behind whoever is in its maildrop, unless it is under way."""
        with self._guard:
            if self._stopping:
                raise Draining("This storage server is stopping. Collect again in a moment.")
            if account.id in self._collecting.get(user, ()):
                return
            report = self._progress.begin(user, account.id, account.address)
            mail = self._store.open_account(user)
            visit = Visit(self._pop, self._limits, self._settings, mail, account, leased.rules, report)
            self._collecting.setdefault(user, {})[account.id] = visit
            waiting = self._maildrops.get(account.maildrop)
            if waiting is not None:
                waiting.append(lambda: self._visit(user, account, visit, report))
                return
            self._maildrops[account.maildrop] = deque()
        self._visitors.give(lambda: self._visit(user, account, visit, report))

    def _visit(self, user: str, account: LeasedAccount, visit: Visit, report: Report) -> None:
        """Run a visit to its end and let the next one into the maildrop. Never raises."""
        began = monotonic()
        about = {"user": user, "account": account.id, "host": account.server.host}
        failed = True
        try:
            result = visit.run()
            failed = False
        except RestanteError as error:
            result = error
        except Exception as error:
            ref = log.new_request_id()
            _LOG.error("collect.broke", ref=ref, cause=error, **about)
            result = InternalError(_BROKE.format(ref=ref), ref=ref)
        with self._guard:
            # Together, so that whoever sees the end and starts again is not taken to join what has ended.
            report.finished(result, failed=failed)
            del self._collecting[user][account.id]
            if not self._collecting[user]:
                del self._collecting[user]
            self._next(account)
            self._guard.notify_all()
        told = {"elapsed_seconds": round(monotonic() - began, 3)} | about
        if result is None:
            _LOG.info("collect.finished", **told)
        else:
            _LOG.warning("collect.failed" if failed else "collect.left_some", cause=result, **told)

    def _next(self, account: LeasedAccount) -> None:
        """Let whoever waits for the maildrop have it."""
        waiting = self._maildrops[account.maildrop]
        if waiting:
            self._visitors.give(waiting.popleft())
        else:
            del self._maildrops[account.maildrop]


_BROKE = (
    "Something failed on our side while collecting; what had come is kept. "
    "Try again; if it stays so, tell the operator the reference {ref}."
)
