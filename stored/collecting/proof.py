"""What proves that a message at a server is the one kept here, and that it is kept here whole."""

import hashlib
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from typing import NamedTuple

from restante.errors import Damaged
from stored.collecting.arrivals import HEAD_OCTETS, fingerprint
from stored.mime.headers import fields_of, first
from stored.model.account import Account
from stored.model.rows import UNREADABLE
from stored.store import UserStore


class KnownBy(NamedTuple):
    """The hashes of a message's header block, but for what servers write into it, of its body, and of all.

    `told` is what `told_in` finds in the header block.
    """

    head: bytes
    body: bytes
    whole: bytes
    told: tuple[str, ...]


def known_by(chunks: Iterable[bytes]) -> KnownBy:
    """Return what a message is, with and without what servers write into it."""
    head, body, running, whole = b"", False, hashlib.sha256(), hashlib.sha256()
    for chunk in chunks:
        whole.update(chunk)
        if body:
            running.update(chunk)
            continue
        head += chunk
        end = head.find(b"\r\n\r\n")
        if end >= 0 or len(head) > HEAD_OCTETS:
            body = True
            end = end if end >= 0 else 0
            running.update(head[end:])
            head = head[:end]
    return KnownBy(fingerprint(head), running.digest(), whole.digest(), told_in(head))


def told_in(head: bytes) -> tuple[str, ...]:
    """Return what a header block says of From, Date and Message-ID; empty where it lacks From or Date."""
    fields = fields_of(head)
    from_, date = first(fields, "from"), first(fields, "date")
    return (from_, date, first(fields, "message-id")) if from_ and date else ()


def kept_as(mail: UserStore, uid: int) -> KnownBy | None:
    """Return what a message kept here is known by, None where it is not here whole. Reads all of it."""

    def work(account: Account) -> KnownBy | None:
        if uid not in account.state:
            return None
        try:
            body = account.bodies[uid]
            known = known_by(body.pieces())
        except (Damaged, *UNREADABLE):
            return None
        return known if known.whole == body.sha256 else None

    return mail.read(work)


def kept_octets(mail: UserStore, uids: Iterable[int]) -> dict[int, int]:
    """Return how many octets each of these messages has, where that can be read. Reads."""

    def work(account: Account) -> dict[int, int]:
        found = {}
        for uid in uids:
            with suppress(Damaged, *UNREADABLE):
                found[uid] = int(account.bodies[uid].octets)
        return found

    return mail.read(work)


def is_safe(mail: UserStore, uid: int) -> bool:
    """Return whether the message is kept here with every octet as it came. Reads all of it."""

    def work(account: Account) -> bool:
        if uid not in account.state:
            return False
        try:
            for _ in account.bodies[uid].verified():
                pass
        except (Damaged, *UNREADABLE):
            return False
        return True

    return mail.read(work)


def erased(mail: UserStore, account: str, uids: Iterable[int]) -> dict[int, bytes]:
    """Return the SHA-256 of those of `uids` that their user let go for good here, as far as known. Reads."""

    def work(root: Account) -> dict[int, bytes]:
        drop = root.maildrops.get(account)
        return {} if drop is None else {uid: sha256 for uid in uids if (sha256 := drop.erased_as(uid))}

    return mail.read(work)


def safe_of(mail: UserStore, account: str, uids: Collection[int]) -> Iterator[int]:
    """Give those of `uids` that may be deleted over there: kept whole here, or erased by the user."""
    gone = erased(mail, account, uids)
    return (uid for uid in uids if uid in gone or is_safe(mail, uid))
