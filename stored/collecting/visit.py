"""One visit to one maildrop: what is new is listed, fetched and filed; what may go from there is deleted.

A session lists, fetches, decides what may be deleted later, deletes what an earlier session decided, and
looks again at a few messages it knows. A visit is one session; several where a message turned out too large,
a name turned out to be another message's, or something is to be deleted at once.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import Enum
from pathlib import Path

from restante import log
from restante.errors import RestanteError, TooLarge
from stored.clock import Clock
from stored.collecting.deletion import Deletion
from stored.collecting.doubts import Doubts
from stored.collecting.filing import Fetched, Filing
from stored.collecting.lanes import Turn
from stored.collecting.lease import LeasedAccount
from stored.collecting.leaving import Leaving
from stored.collecting.listing import Listing, remember, take
from stored.collecting.notices import Notices
from stored.collecting.progress import Report
from stored.mime import Octets, Summary, summarize
from stored.pop3 import Breaker, Entry, MessageTooLarge, PopClient, Session
from stored.rules.decision import Rule
from stored.sending.forwarding import Forwarder
from stored.settings import CollectSettings, PopSettings
from stored.spool import gathered
from stored.store import UserStore

_LOG = log.get("visit")

# A message that turns out too large ends its session. So many are passed over in one visit; the next goes on.
SESSIONS_A_VISIT = 5


class Cancelled(Exception):
    """The visit was called off by its user."""


class Ended(Enum):
    """How a session ended: all is done, there is more to do, it was to let others go first."""

    DONE = 1
    MORE = 2
    LATER = 3


class Visit:
    """Collects one account once. `run` is for one thread at a time; `abort` for any other."""

    def __init__(
        self,
        pop: PopClient,
        limits: PopSettings,
        settings: CollectSettings,
        mail: UserStore,
        account: LeasedAccount,
        rules: Sequence[Rule],
        report: Report,
        clock: Clock,
        spool: Path | None = None,
        forwarder: Forwarder | None = None,
        summarize: Callable[[Octets], Summary] = summarize,
    ) -> None:
        self._pop = pop
        self._limits = limits
        self._settings = settings
        self._mail = mail
        self._account = account
        self._report = report
        self._spool = spool
        self._leaving = Leaving(mail, account.server.host)
        self._filing = Filing(
            mail, account, rules, settings, report, self._leaving, spool, forwarder, summarize
        )
        self._notices = Notices(mail.user, account, report)
        self._deletion = Deletion(mail, account, clock, settings.deletions)
        self._doubts = Doubts(mail, account.id)
        self._breaker = Breaker(account.server.host)
        self._past: set[tuple[int, str]] = set()
        self._total = 0
        self._sessions = 0
        self._first: bool | None = None
        self._bulk = False
        self._why: Exception = Cancelled()
        self.login_delay_seconds = 0

    def run(self, turn: Turn) -> Ended:
        """Collect everything new; return LATER when `turn` is over and it is to be run again.

        What came whole is kept even when this raises: every RemoteError, InvalidArgument (the account's name
        or secret cannot be sent), Busy, NoSpace, Draining, Cancelled. Network; blocks up to
        `session_seconds` a session.
        """
        while self._sessions < SESSIONS_A_VISIT:
            self._sessions += 1
            ended = self._session(turn)
            if ended is Ended.LATER:
                self._sessions -= 1
                return ended
            if ended is Ended.DONE:
                break
        self._delete_now(turn)
        return Ended.DONE

    @property
    def left(self) -> RestanteError | None:
        """What is to be told of messages that were left, if any."""
        return self._leaving.error

    def abort(self, why: Exception) -> None:
        """End the visit soon, wherever it is, by raising `why`; what came whole is kept."""
        self._why = why
        self._breaker.abort()

    def _delete_now(self, turn: Turn) -> None:
        """Carry out in a session of its own what was decided in this one; it may as well wait."""
        if not self._deletion.decided or self.login_delay_seconds:
            return
        try:
            if self._session(turn) is Ended.MORE:
                # Something there is not what is kept here: it is fetched.
                self._session(turn)
        except RestanteError as error:
            self._stop_if_aborted()
            _LOG.info("collect.deletion_waits", user=self._mail.user, account=self._account.id, cause=error)

    def _session(self, turn: Turn) -> Ended:
        self._stop_if_aborted()
        self._report.stage("connecting")
        try:
            with self._pop.open(self._account.server, listing=True, breaker=self._breaker) as session:
                self._report.stage("listing")
                self.login_delay_seconds = session.capabilities.login_delay_seconds
                self._notices.announced(session)
                return self._converse(session, turn)
        except RestanteError:
            self._stop_if_aborted()
            raise

    def _converse(self, session: Session, turn: Turn) -> Ended:
        listing = take(session, self._mail, self._account.id)
        if self._first is None:
            self._first = listing.first
            self._doubts.compare_places(session, listing)
        listing.first = self._first
        self._deletion.begin(listing)
        self._doubts.compare(session, listing)
        ended = self._fetch(session, listing, turn)
        if ended is Ended.MORE:
            return ended
        if ended is Ended.DONE:
            remember(listing, self._mail, self._account.id)
            self._doubts.names |= self._deletion.carry_out(session, listing)
            if self._sessions == 1:
                look_again = self._settings.look_again_messages
                self._doubts.look_again(session, listing, look_again, self._deletion.marked)
            self._deletion.decide(listing)
            self._notices.listed(listing, self._filing.counts)
            self._notices.deleting(listing, self._deletion)
        self._deletion.end(listing, session.quit())
        self._notices.ended(session, self._deletion)
        return Ended.MORE if ended is Ended.DONE and self._doubts.names else ended

    def _fetch(self, session: Session, listing: Listing, turn: Turn) -> Ended:
        """Fetch and file what is new and fits, until all of it came or the turn is over.

        What does not fit beside the rest gets another chance, since not all that comes takes room: it may be
        here already.
        """
        wanted = deque(self._wanted(listing))
        self._report.fetching(self._total)
        while wanted:
            self._leaving.look()
            unfit: list[Entry] = []
            before = len(wanted)
            try:
                if not self._fetch_some(session, listing, self._in_turn(turn, wanted, unfit)):
                    return Ended.MORE
            finally:
                self._filing.flush()
            if wanted:
                return Ended.LATER
            if len(unfit) == before:
                self._leave_for_room(listing, unfit)
                break
            wanted.extend(unfit)
        return Ended.DONE

    def _in_turn(self, turn: Turn, wanted: deque[Entry], unfit: list[Entry]) -> Iterator[Entry]:
        """Take from `wanted` as long as the turn lasts, a window at least: what was asked for comes.

        What there is no room for goes to `unfit`.
        """
        taken = 0
        while wanted and (taken < self._limits.window_messages or turn.may_go_on()):
            entry = wanted.popleft()
            if self._leaving.has_room_for(entry.octets):
                taken += 1
                yield entry
            else:
                unfit.append(entry)

    def _fetch_some(self, session: Session, listing: Listing, entries: Iterable[Entry]) -> bool:
        """Fetch these; return whether the session can go on."""
        entry: Entry | None = None
        try:
            for arriving in session.retrieve(entries):
                entry = arriving.entry
                self._stop_if_aborted()
                name = listing.name(entry)
                if arriving.refused:
                    self._leave(entry, name, arriving.refused)
                    continue
                raw = gathered(arriving.chunks(), self._spool)
                shared = name in listing.shared
                self._filing.add(Fetched(raw, entry.msgno, name, entry.octets, shared), bulk=self._bulk)
                self._past.add((entry.msgno, name))
                self._doubts.names.discard(name)
        except MessageTooLarge:
            if entry is not None:
                self._leave(entry, listing.name(entry), self._too_large())
            return False
        return True

    def _wanted(self, listing: Listing) -> list[Entry]:
        """Return what to fetch in this session; what is announced too large is left."""
        new = listing.wanted(self._doubts.names)
        if not self._total:
            self._total = len(new)
            self._bulk = bool(self._first) or len(new) > self._settings.batch_messages
        if self._bulk:
            # Years of mail begin with what matters.
            new.reverse()
        found = []
        for entry in new:
            name = listing.name(entry)
            if (entry.msgno, name) in self._past and name not in self._doubts.names:
                continue
            if entry.octets > self._limits.message_octets:
                self._leave(entry, name, self._too_large())
            else:
                found.append(entry)
        return found

    def _leave(self, entry: Entry, name: str, why: RestanteError) -> None:
        """Pass over a message, which stays in the maildrop and is tried again in the next visit."""
        self._leaving.because(why)
        self._pass_over(entry, name)

    def _leave_for_room(self, listing: Listing, entries: Iterable[Entry]) -> None:
        """Pass over what there is no room for, without having asked for it."""
        for entry in entries:
            self._leaving.for_room(entry.octets)
            self._pass_over(entry, listing.name(entry))

    def _pass_over(self, entry: Entry, name: str) -> None:
        self._past.add((entry.msgno, name))
        self._doubts.names.discard(name)
        self._report.count(done=1)

    def _too_large(self) -> RestanteError:
        host = self._account.server.host
        return TooLarge(
            f"A message on {host} is larger than {self._limits.message_octets} octets and was left there. "
            "The others were collected.",
            about=host,
        )

    def _stop_if_aborted(self) -> None:
        if self._breaker.broken:
            raise self._why
