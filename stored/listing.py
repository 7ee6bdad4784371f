"""What a maildrop holds, compared with what is remembered of it. Knows sessions and units of work, decides
nothing.
"""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field

from stored.arrivals import fingerprint, unnamed
from stored.model.account import Account
from stored.model.maildrop import Origin
from stored.pop3 import Entry, Session
from stored.store import UserStore

Known = dict[str, tuple[int, Origin | None]]


@dataclass
class Listing:
    """The list of one session. `names` by number: a unique-id, a name of our own (it begins with a blank) or
    nothing; `shared` are names that several messages have, `known` those that were collected before.
    """

    entries: list[Entry]
    names: dict[int, str]
    shared: set[str]
    known: Known = field(default_factory=dict)
    #: Nothing was ever collected from this maildrop.
    first: bool = False

    def name(self, entry: Entry) -> str:
        return self.names[entry.msgno]

    def wanted(self, doubtful: Collection[str]) -> list[Entry]:
        """Return what is to be fetched: what has no name for itself, a new one, or a `doubtful` one."""
        found = []
        for entry in self.entries:
            name = self.name(entry)
            if name not in self.known or name in self.shared or name in doubtful:
                found.append(entry)
        return found

    def settled(self) -> list[tuple[Entry, int, Origin]]:
        """Return what was collected and has a name for itself: entry, uid, what it is known by."""
        found = []
        for entry in self.entries:
            name = self.name(entry)
            uid, origin = self.known.get(name, (0, None))
            if origin is not None and name not in self.shared:
                found.append((entry, uid, origin))
        return found

    def resized(self) -> list[tuple[Entry, int, Origin]]:
        """Return what was collected under this name, but had another size then (F23)."""
        return [
            (entry, uid, origin)
            for entry, uid, origin in self.settled()
            if entry.octets >= 0 and origin.octets >= 0 and entry.octets != origin.octets
        ]


def take(session: Session, mail: UserStore, account: str) -> Listing:
    """Return the list of a session that has just begun. Network; reads."""
    entries = session.entries()
    names = {entry.msgno: entry.uidl for entry in entries}
    _name_the_rest(session, [entry for entry in entries if not entry.uidl], names)
    counted = Counter(names.values())
    listing = Listing(entries, names, {name for name, count in counted.items() if name and count > 1})
    remember(listing, mail, account)
    return listing


def remember(listing: Listing, mail: UserStore, account: str) -> None:
    """Look up what of the list was collected; again after fetching. Reads only."""

    def work(root: Account) -> tuple[Known, bool]:
        drop = root.maildrops.get(account)
        if drop is None:
            return {}, True
        names = {name for name in listing.names.values() if name}
        return drop.named(root.salt, names), not drop.uidl

    listing.known, listing.first = mail.read(work)


def _name_the_rest(session: Session, entries: list[Entry], names: dict[int, str]) -> None:
    """Name by the hash of its header block what the server has no name for, where it offers TOP (F21)."""
    for some in (entries[:1], entries[1:]):
        for entry, head in session.heads(some):
            if head is not None:
                names[entry.msgno] = unnamed(fingerprint(head), entry.octets)
        if entries and not names[entries[0].msgno]:
            return
