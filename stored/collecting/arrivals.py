"""What becomes of a message that was fetched: new, known by its name, or a letter that is here already.

Names (UIDLs) are the server's word and not to be trusted alone: they are shared by several messages, given to
others, or all changed over night. So a name that is shared or missing is completed by the message's hash, and
a message under a new name is compared with what came before.

    in the same maildrop    the same octets are the same message, under whatever name
    under the same name     Message-ID, body, From and Date agree: the same, with another header block
    in another account      body, From and Date agree: the same letter (a Message-ID alone can be forged)
"""

import hashlib
from dataclasses import replace
from datetime import datetime, timedelta
from enum import Enum

from stored.append import Prepared, append
from stored.mime import Octets, Summary, date_of
from stored.mime.headers import first
from stored.mime.scanner import WHOLE_HEADER_OCTETS
from stored.model.account import Account
from stored.model.hashes import PROBES
from stored.model.maildrop import Maildrop, Origin
from stored.model.rows import UNREADABLE
from stored.space import UNLIMITED

FINGERPRINT_OCTETS = 16
#: Of a header block longer than this, only the beginning counts: it alone makes no two messages one.
HEAD_OCTETS = WHOLE_HEADER_OCTETS
#: New mail in a maildrop that is visited regularly did not arrive longer ago than this.
RECENT = timedelta(days=2)

# What servers write into header blocks of messages that are there already.
_OF_THE_SERVER = frozenset(
    (b"status", b"x-status", b"x-uidl", b"x-imap", b"x-imapbase", b"x-keywords", b"content-length", b"lines")
)
_BEGINNINGS = [b"\n" + name for name in _OF_THE_SERVER]


class Kept(Enum):
    """What became of a message."""

    NEW = "new"
    #: It was collected before, under this name.
    KNOWN = "known"
    #: It was, too, and its header block has become another: scanners stamp what passes them (F23).
    ALTERED = "altered"
    #: It was collected before from this maildrop, under another name (F24).
    RENAMED = "renamed"
    #: The letter came from another account before; the arrival is remembered.
    AGAIN = "again"
    #: It is new and there is no room for it: nothing of it is kept.
    LEFT = "left"


def fingerprint(head: Octets) -> bytes:
    """Return what a message can be known by without fetching it whole: the hash of its header block.

    `TOP n 0` brings that block, and a whole message begins with it, so either gives the same. Fields that
    servers add to what they keep are left out. Pure.
    """
    block = head[:HEAD_OCTETS].partition(b"\r\n\r\n")[0].rstrip(b"\r\n")
    low = b"\n" + block.lower()
    if b"\r\r" not in low and not any(name in low for name in _BEGINNINGS):
        return hashlib.sha256(block.replace(b"\r\n", b"\n")).digest()[:FINGERPRINT_OCTETS]
    kept = []
    theirs = False
    for line in block.split(b"\n"):
        if line[:1] not in (b" ", b"\t"):
            theirs = line.partition(b":")[0].lower() in _OF_THE_SERVER
        if not theirs:
            kept.append(line.rstrip(b"\r"))
    return hashlib.sha256(b"\n".join(kept)).digest()[:FINGERPRINT_OCTETS]


def unnamed(print_: bytes, octets: int) -> str:
    """Return a name for a message that its server gives none; no server can send one with a blank. Pure."""
    return f" {print_.hex()} {octets}"


def arrived_at(summary: Summary, now: datetime, *, bulk: bool) -> datetime:
    """Return when a message came into its maildrop, as far as it can be known; never later than `now`. Pure.

    That is what its topmost Received field says, which is the word of the user's own provider. In `bulk`,
    when the mail of years comes, the writer's Date is the next best; else it was just now.
    """
    stamp = first(summary.fields, "received")
    received = date_of(stamp.rpartition(";")[2]) if stamp else None
    if received is not None and (bulk or now - RECENT <= received <= now):
        return min(received, now)
    return min(summary.sent_at, now) if bulk and summary.sent_at is not None else now


def arrive(
    account: Account, prepared: Prepared, origin: Origin, *, shared: bool = False, room: int = UNLIMITED
) -> Kept:
    """Keep a message unless it is here, inside a unit of work; remember its name either way.

    `prepared.uidl` is its name in the maildrop, empty where it has none; `shared`: several messages of one
    list have this name (F22). What is new and larger than `room` octets is left, as if it had not come.
    Raises OverQuota where it cannot be counted any more.
    """
    drop = account.maildrop(prepared.account)
    exact = f"{prepared.uidl} {prepared.packed.sha256.hex()}"
    name = exact if shared or not prepared.uidl else prepared.uidl
    uid, kept = _known(account, drop, prepared, origin, exact, shared=shared)
    if not uid and prepared.packed.octets > room:
        return Kept.LEFT
    if not uid:
        uid = append(account, prepared if name == prepared.uidl else replace(prepared, uidl=name))
    elif kept is Kept.AGAIN:
        account.arrived_again(uid, prepared.account, origin.received_at)
    # Days are counted from the first time.
    before = drop.origins.of(uid)
    drop.remember(
        account.salt, name, uid, origin._replace(received_at=before.received_at) if before else origin
    )
    return kept


def _known(
    account: Account, drop: Maildrop, prepared: Prepared, origin: Origin, exact: str, *, shared: bool
) -> tuple[int, Kept]:
    """Return the uid of what is the same message, and in which way; 0 where there is none."""
    for uid in drop.uidl.find(account.salt, exact):
        return uid, Kept.KNOWN
    for uid in drop.uidl.find(account.salt, prepared.uidl) if prepared.uidl else ():
        # Where it does not say both From and Date, a name of the server's and the header block have to do.
        named = not prepared.letter and not prepared.uidl.startswith(" ")
        if _same_message(account, drop, uid, prepared, origin, named=named):
            return uid, Kept.KNOWN
        if not shared and _altered(account, drop, uid, prepared, origin):
            return uid, Kept.ALTERED
    for uid in _alike(account, prepared):
        if uid not in drop.origins:
            if _same_letter(account, uid, prepared):
                return uid, Kept.AGAIN
            continue
        if _same_message(account, drop, uid, prepared, origin):
            return uid, Kept.RENAMED
    return 0, Kept.NEW


def _alike(account: Account, prepared: Prepared) -> list[int]:
    """Return the uids of what may be the same; each is to be compared."""
    found: list[int] = []
    for name in prepared.names:
        some = list(account.message_ids.find(account.salt, name))
        found += some
        if len(some) < PROBES:
            break
    return found


def _same_message(
    account: Account, drop: Maildrop, uid: int, prepared: Prepared, origin: Origin, *, named: bool = False
) -> bool:
    """Return whether a message of this maildrop is the one that came, but for what servers write into it.

    One header block may stand over two bodies: it alone tells only where the message is `named` well enough,
    or gone here, when nothing else is known of it.
    """
    if _same_octets(account, uid, prepared):
        return True
    enough = named or uid not in account.state
    return _same_head(drop, uid, origin) and (enough or _same_letter(account, uid, prepared))


def _altered(account: Account, drop: Maildrop, uid: int, prepared: Prepared, origin: Origin) -> bool:
    """Return whether the message that has this name is the letter that came, under another header block.

    Where it is gone here, the octets that the server lists have to do for its body.
    """
    if not prepared.letter or uid not in _alike(account, prepared):
        return False
    if uid in account.state:
        return _same_letter(account, uid, prepared)
    before = drop.origins.of(uid)
    return before is not None and before.octets == origin.octets >= 0


def _same_head(drop: Maildrop, uid: int, origin: Origin) -> bool:
    """Return whether a message of this maildrop had the header block of the one that came."""
    before = drop.origins.of(uid)
    return before is not None and before.fingerprint == origin.fingerprint


def _same_octets(account: Account, uid: int, prepared: Prepared) -> bool:
    """Return whether a message that is here is the one that came, octet for octet."""
    try:
        return uid in account.state and bool(account.bodies[uid].sha256 == prepared.packed.sha256)
    except UNREADABLE:
        return False


def _same_letter(account: Account, uid: int, prepared: Prepared) -> bool:
    """Return whether a message collected before is the same letter. What was written here never is."""
    if not prepared.letter or uid not in account.state:
        return False
    try:
        body = account.bodies[uid]
        return bool(body.uidl and body.letter == prepared.letter)
    except UNREADABLE:
        return False
