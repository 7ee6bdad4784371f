"""Messages on their way from a maildrop into the store: made ready outside the lock, kept in batches.

A message's name is committed with it, so that a kill at any moment leaves both or neither.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

from stored.append import Incoming, Prepared, prepare
from stored.collecting.arrivals import Kept, arrive, arrived_at, fingerprint
from stored.collecting.lease import LeasedAccount
from stored.collecting.leaving import Leaving
from stored.collecting.notices import notice
from stored.collecting.progress import Report
from stored.mime import Bounce, Octets, Summary, summarize
from stored.model.account import Account
from stored.model.body import Words
from stored.model.maildrop import Origin
from stored.rules.decision import Rule
from stored.rules.treatment import Treatment, Verdict, carry_out
from stored.sending.bounces import take_down
from stored.sending.forwarding import FORWARDS_A_DAY, Forwarder
from stored.settings import CollectSettings
from stored.store import UserStore


@dataclass(frozen=True)
class Fetched:
    """A message as it came, with its number in the session.

    `name` is empty where its server gives none; `octets` are those it listed. `shared`: another in the same
    list has the same name (F22).
    """

    raw: Octets
    msgno: int
    name: str
    octets: int
    shared: bool


@dataclass(frozen=True)
class _Ready:
    msgno: int
    prepared: Prepared
    origin: Origin
    shared: bool
    verdict: Verdict
    bounces: Sequence[Bounce]

    def keep(self, account: Account, room: int) -> tuple[Kept, bool]:
        """Keep it where it fits into `room` octets with all that its rules want.

        Return what became of it, and whether all was done that they want.
        """
        beside = self.verdict.octets_beside(self.prepared.packed.octets)
        kept = arrive(account, self.prepared, self.origin, shared=self.shared, room=room - beside)
        if kept is not Kept.NEW:
            return kept, True
        uid = account.rows.last_uid()
        take_down(account, uid, self.bounces, self.origin.received_at)
        return kept, carry_out(account, uid, self.verdict)


class Filing:
    """Takes the messages of one visit to one account. For one thread.

    Commits when a batch holds so many messages, so many octets, or has waited so long; see `[collect]`.
    `counts` tells what became of them.
    """

    def __init__(
        self,
        mail: UserStore,
        account: LeasedAccount,
        rules: Sequence[Rule],
        settings: CollectSettings,
        report: Report,
        leaving: Leaving,
        spool: Path | None = None,
        forwarder: Forwarder | None = None,
        summarize: Callable[[Octets], Summary] = summarize,
    ) -> None:
        """`leaving` is told what does not fit; `spool` is where large messages pass through; without a
        `forwarder` nothing is forwarded.
        """
        self._summarize = summarize
        self._mail = mail
        self._account = account
        self._host = account.server.host
        self._treatment = Treatment(mail, rules, account.id, account.address, forwarder)
        self._settings = settings
        self._report = report
        self._leaving = leaving
        self._spool = spool
        self._batch: list[_Ready] = []
        self._octets = 0
        self._since = 0.0
        self._words: Words | None = None
        self.counts: Counter[Kept] = Counter()

    def add(self, fetched: Fetched, *, bulk: bool) -> None:
        """Make a message ready and keep the batch if it is full. May raise what `flush` raises.

        `bulk`: mail of years comes, as in the first visit.
        """
        if not self._batch:
            self._since = monotonic()
            self._words = self._mail.words()
        self._batch.append(self._ready(fetched, bulk))
        self._octets += len(fetched.raw)
        if (
            len(self._batch) >= self._settings.batch_messages
            or self._octets >= self._settings.batch_octets
            or (monotonic() - self._since) * 1000 >= self._settings.batch_milliseconds
        ):
            self.flush()

    def flush(self) -> None:
        """Keep what is ready and fits: durable when this returns. The rest stays in the maildrop.

        Raises Busy, NoSpace (both temporary); then the batch is dropped.
        """
        batch, self._batch, self._octets = self._batch, [], 0
        # They came newest first, perhaps; those of one moment stand in the order of their maildrop.
        batch.sort(key=lambda one: one.msgno)
        if batch:
            self._keep(batch)

    def _keep(self, batch: Sequence[_Ready]) -> None:
        """Keep of these what the quota has room for, so that one large one holds up no other."""
        mail = self._mail

        def work(account: Account) -> list[tuple[Kept, bool]]:
            return [one.keep(account, mail.room_in(account).quota) for one in batch]

        with self._treatment.promising([one.verdict for one in batch]):
            done = mail.write(work)
        kept = [what for what, _ in done]
        self.counts.update(kept)
        for one, what in zip(batch, kept, strict=True):
            if what is Kept.LEFT:
                self._leaving.for_room(one.prepared.packed.octets)
        if not all(treated for _, treated in done):
            self._report.notice(notice("forwarded_enough", self._host, count=FORWARDS_A_DAY))
        new = [one for one, what in zip(batch, kept, strict=True) if what is Kept.NEW]
        if refused := next((one.verdict.refused for one in new if one.verdict.refused), ""):
            self._report.notice(notice("not_forwarded", self._host, why=refused))
        octets = sum(one.prepared.packed.octets for one in new)
        self._report.count(done=len(batch), collected=len(new), octets=octets)

    def _ready(self, fetched: Fetched, bulk: bool) -> _Ready:
        """Parse, decide, compress: everything slow."""
        summary = self._summarize(fetched.raw)
        verdict = self._treatment.decide(fetched.raw, summary)
        known_by = fingerprint(fetched.raw)
        now = datetime.now(UTC)
        prepared = prepare(
            Incoming(
                raw=fetched.raw,
                summary=summary,
                account=self._account.id,
                uidl=fetched.name,
                fingerprint=known_by,
                received_at=arrived_at(summary, now, bulk=bulk),
                folder=verdict.folder,
                flags=verdict.decision.flags,
            ),
            self._spool,
            self._words,
        )
        origin = Origin(int(now.timestamp()), fetched.octets, known_by)
        return _Ready(fetched.msgno, prepared, origin, fetched.shared, verdict, summary.bounces)
