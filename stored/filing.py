"""Messages on their way from a maildrop into the store: made ready outside the lock, kept in batches.

The unique-id is committed with its message, so that a kill at any moment leaves both or neither.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from time import monotonic

from stored.append import Incoming, Prepared, append, prepare
from stored.lease import LeasedAccount
from stored.mime import summarize
from stored.model.account import Account
from stored.progress import Report
from stored.rules import Rule, decide
from stored.settings import CollectSettings
from stored.store import UserStore

FINGERPRINT_OCTETS = 16


@dataclass(frozen=True)
class Fetched:
    """A message as it came. `shared`: another in the same list has the same unique-id (F22)."""

    raw: bytes
    uidl: str
    shared: bool


class Filing:
    """Takes the messages of one visit to one account. For one thread.

    Commits when a batch holds so many messages, so many octets, or has waited so long; see `[collect]`.
    """

    def __init__(
        self,
        mail: UserStore,
        account: LeasedAccount,
        rules: Sequence[Rule],
        settings: CollectSettings,
        report: Report,
    ) -> None:
        self._mail = mail
        self._account = account
        self._rules = rules
        self._settings = settings
        self._report = report
        self._batch: list[tuple[Prepared, bool]] = []
        self._octets = 0
        self._since = 0.0

    def add(self, fetched: Fetched) -> None:
        """Make a message ready and keep the batch if it is full. May raise what `flush` raises."""
        if not self._batch:
            self._since = monotonic()
        self._batch.append((self._prepared(fetched), fetched.shared))
        self._octets += len(fetched.raw)
        if (
            len(self._batch) >= self._settings.batch_messages
            or self._octets >= self._settings.batch_octets
            or (monotonic() - self._since) * 1000 >= self._settings.batch_milliseconds
        ):
            self.flush()

    def flush(self) -> None:
        """Keep what is ready: durable when this returns.

        Raises Busy, NoSpace (both temporary), OverQuota; then nothing of the batch was kept, and it is
        dropped: its messages are still in the maildrop.
        """
        batch, self._batch, self._octets = self._batch, [], 0
        if not batch:
            return
        kept = self._mail.write(lambda account: [_keep(account, *one) for one in batch])
        octets = sum(one.packed.octets for (one, _), new in zip(batch, kept, strict=True) if new)
        self._report.count(done=len(batch), collected=sum(kept), octets=octets)

    def _prepared(self, fetched: Fetched) -> Prepared:
        """Parse, decide, compress: everything slow."""
        summary = summarize(fetched.raw)
        decision = decide(self._rules, summary, self._account.id, self._account.address)
        return prepare(
            Incoming(
                raw=fetched.raw,
                summary=summary,
                account=self._account.id,
                uidl=fetched.uidl,
                fingerprint=fingerprint(fetched.raw),
                received_at=datetime.now(UTC),
                folder=decision.folder or "inbox",
                flags=decision.flags,
            )
        )


def fingerprint(raw: bytes) -> bytes:
    """Return what a message can be known by again without fetching it whole: the hash of its header block.

    `TOP n 0` brings that block, so a unique-id that was given to another message can be told (F23). Pure.
    """
    head = raw.partition(b"\r\n\r\n")[0].rstrip(b"\r\n")
    return hashlib.sha256(head).digest()[:FINGERPRINT_OCTETS]


def _keep(account: Account, prepared: Prepared, shared: bool) -> bool:
    """Append within a unit of work; return whether the message is new.

    A unique-id that several messages share names none of them. Such a message is remembered by unique-id and
    hash together, which no server can send, since a unique-id has no space. It may have been collected while
    it was the only one of that name, or may become so later: it stays one message through both.
    """
    collected = account.maildrop(prepared.account).uidl
    name = f"{prepared.uidl} {prepared.packed.sha256.hex()}"
    if (kept := next(collected.find(account.salt, name), None)) is not None:
        if not shared:
            collected.remember(account.salt, prepared.uidl, kept)
        return False
    if shared:
        for uid in collected.find(account.salt, prepared.uidl):
            body = account.bodies.get(uid)
            if body is not None and body.sha256 == prepared.packed.sha256:
                collected.remember(account.salt, name, uid)
                return False
        prepared = replace(prepared, uidl=name)
    newest = account.rows.last_uid()
    return append(account, prepared) > newest
