"""Keeping a new message: made ready outside the lock, appended in a unit of work.

    prepared = prepare(Incoming(raw, summarize(raw), account="a1", uidl="…", …))    # slow, no lock
    uid = mail.write(lambda account: append(account, prepared))                     # quick, durable

Used for what is collected, sent and drafted alike. Knows nothing of servers or of the wire's methods.
"""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from restante.errors import OverQuota
from restante.wire import dumps, to_time
from stored.clues import clues_of
from stored.mime import Address, Octets, Summary
from stored.mime.scanner import WHOLE_HEADER_OCTETS
from stored.mime.summary import RECIPIENTS_SHOWN
from stored.model.account import Account
from stored.model.body import Body, Packed, Words, pack
from stored.model.folder import Folder
from stored.model.roles import INBOX
from stored.model.threads import Clues
from stored.model.word import MAX_TIME, MAX_UID

NAME_CHARACTERS = 200
ADDRESS_CHARACTERS = 254
SUBJECT_CHARACTERS = 500
SNIPPET_CHARACTERS = 200
LETTER_OCTETS = 16


@dataclass(slots=True)
class Incoming:
    """A message on its way in. `account` and `uidl` are empty for what was written here.

    `flags` are those of `stored.model.word`. An unknown `folder` becomes the inbox.
    """

    raw: Octets
    summary: Summary
    account: str
    uidl: str
    fingerprint: bytes
    received_at: datetime
    folder: str = "inbox"
    flags: int = 0


@dataclass(slots=True)
class Prepared:
    """An Incoming with everything slow done.

    `letter` is what all copies of one letter agree in, empty where it cannot be said. `names` are what it
    can be found by again: its Message-ID, and something of its own. `clues` tell its thread.
    """

    row: bytes
    packed: Packed
    names: tuple[str, ...]
    clues: Clues
    letter: bytes
    account: str
    uidl: str
    fingerprint: bytes
    time: int
    folder: str
    flags: int


def prepare(incoming: Incoming, spool: Path | None = None, words: Words | None = None) -> Prepared:
    """Compress, hash and write the row; to be done before the account is locked.

    `words`: what `UserStore.words` gives. What comes of a large message waits in a nameless file in `spool`.
    """
    summary = incoming.summary
    received_at = incoming.received_at.astimezone(UTC).replace(microsecond=0)
    packed = pack(incoming.raw, words, spool, summary.body)
    letter = _letter(summary, packed)
    own = f"letter {letter.hex()}" if letter else f"octets {packed.sha256.hex()}"
    return Prepared(
        row=_row(incoming, received_at),
        packed=packed,
        names=tuple(filter(None, (summary.message_id, own))),
        clues=clues_of(summary),
        letter=letter,
        account=incoming.account,
        uidl=incoming.uidl,
        fingerprint=incoming.fingerprint,
        time=min(max(int(received_at.timestamp()), 0), MAX_TIME),
        folder=incoming.folder,
        flags=incoming.flags,
    )


def append(account: Account, prepared: Prepared) -> int:
    """Keep the message and return its uid; inside a unit of work.

    Raises OverQuota when a user has had 268 million messages.
    """
    if account.rows.last_uid() >= MAX_UID:
        raise OverQuota("This user has had as many messages as can be counted; start a new profile.")
    uid = account.add(
        prepared.row,
        _body(prepared),
        prepared.packed,
        time=prepared.time,
        folder=_folder(account, prepared.folder),
        flags=prepared.flags,
        clues=prepared.clues,
    )
    for name in prepared.names:
        if account.message_ids.remember(account.salt, name, uid):
            break
    return uid


def _folder(account: Account, id: str) -> Folder:
    """Return the folder asked for; the inbox when it is gone, since mail must land somewhere."""
    folder = account.folders.find(id)
    return account.folders.members[INBOX] if folder is None else folder


def _body(prepared: Prepared) -> Body:
    body = Body(prepared.packed)
    body.letter, body.fingerprint, body.uidl = prepared.letter, prepared.fingerprint, prepared.uidl
    return body


def _letter(summary: Summary, packed: Packed) -> bytes:
    """Return what all copies of a letter agree in: body, From and Date. Empty where it does not say both.

    A Message-ID alone can be forged, to have the true letter taken for one that is here already. Nor does a
    letter say both whose header is longer than what is read of it.
    """
    if summary.sent_at is None or not summary.from_ or summary.body > WHOLE_HEADER_OCTETS:
        return b""
    senders = ",".join(sorted(one.address.casefold() for one in summary.from_))
    told = f"{to_time(summary.sent_at)} {senders}".encode("utf-8", "surrogatepass")
    return hashlib.sha256(packed.body_hash + told).digest()[:LETTER_OCTETS]


def _row(incoming: Incoming, received_at: datetime) -> bytes:
    """Return the unchanging part of the row as JSON without its opening brace: see `messages.served`."""
    summary = incoming.summary
    row = {
        "from": _address(summary.writer),
        "to": [_address(one) for one in summary.to[:RECIPIENTS_SHOWN]],
        "subject": summary.subject[:SUBJECT_CHARACTERS],
        "snippet": summary.snippet[:SNIPPET_CHARACTERS],
        "received_at": to_time(received_at),
        "octets": str(len(incoming.raw)),
        "account": incoming.account,
        "attachments": summary.attachments,
    }
    if summary.sent_at is not None:
        row["sent_at"] = to_time(summary.sent_at)
    return dumps(row)[1:]


def _address(address: Address) -> dict[str, str]:
    return {"name": address.name[:NAME_CHARACTERS], "address": address.address[:ADDRESS_CHARACTERS]}
