"""One visit to one maildrop: what is new is listed, fetched and filed, and the visit ends in one report."""

from collections import Counter
from collections.abc import Sequence
from threading import Event, Lock

from restante.errors import Draining, RestanteError, TooLarge
from stored.append import known_uidl
from stored.filing import Fetched, Filing
from stored.lease import LeasedAccount
from stored.pop3 import Entry, MessageTooLarge, PopClient, Session
from stored.progress import Report
from stored.rules import Rule
from stored.settings import CollectSettings, PopSettings
from stored.store import UserStore

# A message that turns out too large ends its session. So many are passed over in one visit; the next goes on.
SESSIONS_A_VISIT = 5


class Visit:
    """Collects one account once. `run` is for one thread; `abort` for any other."""

    def __init__(
        self,
        pop: PopClient,
        limits: PopSettings,
        settings: CollectSettings,
        mail: UserStore,
        account: LeasedAccount,
        rules: Sequence[Rule],
        report: Report,
    ) -> None:
        self._pop = pop
        self._limits = limits
        self._mail = mail
        self._account = account
        self._report = report
        self._filing = Filing(mail, account, rules, settings, report)
        self._left: list[RestanteError] = []
        self._past: set[tuple[int, str]] = set()
        self._total = 0
        self._aborted = Event()
        self._guard = Lock()
        self._session: Session | None = None

    def run(self) -> RestanteError | None:
        """Collect everything new; return what is to be told of messages that were left, if any.

        What came whole is kept even when this raises: every RemoteError, InvalidArgument (the account's name
        or secret cannot be sent), Busy, NoSpace, Draining. Network; blocks up to `session_seconds`.
        """
        for _ in range(SESSIONS_A_VISIT):
            if self._collected():
                break
        return self._left[0] if self._left else None

    def abort(self) -> None:
        """End the visit soon, wherever it is; what came whole is kept."""
        self._aborted.set()
        with self._guard:
            if self._session is not None:
                self._session.abort()

    def _collected(self) -> bool:
        """Hold one session; return whether everything was dealt with in it."""
        self._stop_if_aborted()
        self._report.stage("connecting")
        with self._pop.open(self._account.server) as session:
            with self._guard:
                self._session = session
            try:
                self._stop_if_aborted()
                self._report.stage("listing")
                finished = self._fetch(session)
                if finished:
                    session.quit()
                return finished
            except RestanteError:
                self._stop_if_aborted()
                raise
            finally:
                with self._guard:
                    self._session = None

    def _fetch(self, session: Session) -> bool:
        """Fetch and file what is new; return whether all of it came."""
        entries = session.entries()
        names = Counter(entry.uidl for entry in entries)
        wanted = self._wanted(entries, names)
        self._report.fetching(self._total)
        entry: Entry | None = None
        try:
            for arriving in session.retrieve(wanted):
                entry = arriving.entry
                self._stop_if_aborted()
                if arriving.refused:
                    self._leave(entry, arriving.refused)
                else:
                    self._filing.add(Fetched(arriving.read(), entry.uidl, names[entry.uidl] > 1))
                    self._past.add((entry.msgno, entry.uidl))
        except MessageTooLarge:
            if entry is not None:
                self._leave(entry, self._too_large(entry))
            return False
        finally:
            self._filing.flush()
        return True

    def _wanted(self, entries: list[Entry], names: Counter[str]) -> list[Entry]:
        """Return the entries that were not collected before; a shared unique-id says nothing of that."""
        known = self._mail.read(lambda account: known_uidl(account, self._account.id, names))
        new = [entry for entry in entries if entry.uidl not in known or names[entry.uidl] > 1]
        if not self._total:
            self._total = len(new)
        new = [entry for entry in new if (entry.msgno, entry.uidl) not in self._past]
        for entry in new:
            if entry.octets > self._limits.message_octets:
                self._leave(entry, self._too_large(entry))
        return [entry for entry in new if entry.octets <= self._limits.message_octets]

    def _leave(self, entry: Entry, why: RestanteError) -> None:
        """Pass over a message, which stays in the maildrop and is tried again in the next visit."""
        self._left.append(why)
        self._past.add((entry.msgno, entry.uidl))
        self._report.count(done=1)

    def _too_large(self, entry: Entry) -> RestanteError:
        host = self._account.server.host
        return TooLarge(
            f"A message on {host} is larger than {self._limits.message_octets} octets and was left there. "
            "The others were collected.",
            about=host,
        )

    def _stop_if_aborted(self) -> None:
        if self._aborted.is_set():
            raise Draining("Collecting was interrupted because the service is stopping. Collect again.")
