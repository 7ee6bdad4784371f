"""What is remembered of one remote account: what came from it, what shall go from it, when to try it again.

Maildrop ─ uidl      hash of a unique-id → uid     what was collected, whatever became of it here
         ─ origins   uid → Origin                  when it came, and what it is known by over there
         ─ intents   uid → second                  deletions decided and not yet seen to be done
         ─ erased    uid → SHA-256                 what went for good here may go over there, if it is that
         ─ trouble   Trouble or None               why the last visit failed, and how often in a row
"""

from collections.abc import Iterable
from dataclasses import dataclass
from struct import Struct
from typing import NamedTuple

from BTrees.LLBTree import LLBTree
from BTrees.LOBTree import LOBTree
from persistent import Persistent

from stored.model.hashes import Hashes

_ORIGIN = Struct(">QQ16s")


class Origin(NamedTuple):
    """What a message is known by in its maildrop.

    `received_at` is the second it was received here, `octets` its size as the server listed it (-1 where it
    did not), `fingerprint` the hash of its header block.
    """

    received_at: int
    octets: int
    fingerprint: bytes


@dataclass(frozen=True)
class Trouble:
    """The last visit failed, as did `failures` in a row, `refusals` of them by refusing the password.

    `not_before` is the second of the next periodic visit. `login` tells with which settings it was tried:
    with others everything begins anew.
    """

    kind: str
    message: str
    about: str
    failures: int
    refusals: int
    not_before: int
    login: bytes


class Origins(LOBTree):  # type: ignore[misc]
    """uid → Origin, packed. It stays when the message is destroyed here."""

    max_leaf_size = 30
    max_internal_size = 100

    def put(self, uid: int, origin: Origin) -> None:
        self[uid] = _ORIGIN.pack(origin.received_at, origin.octets + 1, origin.fingerprint)

    def of(self, uid: int) -> Origin | None:
        packed = self.get(uid)
        if packed is None:
            return None
        received_at, octets, fingerprint = _ORIGIN.unpack(packed)
        return Origin(received_at, octets - 1, fingerprint)


class Intents(LLBTree):  # type: ignore[misc]
    """uid → the second at which it was decided to delete the message over there."""

    max_leaf_size = 60
    max_internal_size = 100


class Erased(LOBTree):  # type: ignore[misc]
    """uid → the SHA-256 of all its octets: the user let the message go for good, and it was whole."""

    max_leaf_size = 30
    max_internal_size = 100


class Maildrop(Persistent):  # type: ignore[misc]
    """What is remembered of one remote account."""

    version = 1
    trouble: Trouble | None = None
    #: The server wants no login before this second (LOGIN-DELAY).
    not_before = 0
    #: Made when there is something to keep.
    erased: Erased | None = None

    def __init__(self) -> None:
        self.uidl = Hashes()
        self.origins = Origins()
        self.intents = Intents()

    def remember(self, salt: bytes, uidl: str, uid: int, origin: Origin) -> None:
        """Let `uidl` name the message `uid` from now on, and no other."""
        self.uidl.replace(salt, uidl, uid)
        self.origins.put(uid, origin)

    def erase(self, uid: int, sha256: bytes) -> None:
        """Keep of a message that goes for good what it can be told by over there."""
        if self.erased is None:
            self.erased = Erased()
        self.erased[uid] = sha256

    def erased_as(self, uid: int) -> bytes:
        """Return the SHA-256 of a message that went for good, empty where that is not known."""
        return b"" if self.erased is None else self.erased.get(uid, b"")

    def named(self, salt: bytes, uidls: Iterable[str]) -> dict[str, tuple[int, Origin | None]]:
        """Return those of `uidls` that were collected: the uid, and what it is known by."""
        if not self.uidl:
            return {}
        found = {}
        for uidl in uidls:
            uid = next(self.uidl.find(salt, uidl), 0)
            if uid:
                found[uidl] = (uid, self.origins.of(uid))
        return found
