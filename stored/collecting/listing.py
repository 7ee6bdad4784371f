"""What a maildrop holds, compared with what is remembered of it. Knows sessions and units of work, decides
nothing.

Where the server gives a message no name (F21), or one that others have as well (F22), it gets one of ours:

    by its header block   the hash of that (TOP) and its octets; equal ones are numbered
    by its place          where there is no TOP: its number, and the octets of all up to it
"""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from stored.collecting.arrivals import fingerprint, unnamed
from stored.model.account import Account
from stored.model.maildrop import Origin
from stored.pop3 import Entry, Session
from stored.store import UserStore

Known = dict[str, tuple[int, Origin | None]]


@dataclass
class Listing:
    """The list of one session. `names` by number: a unique-id, a name of our own (it begins with a blank) or
    nothing; `shared` are names that several messages have even so, `known` those that were collected before.
    """

    entries: list[Entry]
    names: dict[int, str]
    shared: set[str]
    #: Names of the server's that it gave to several messages.
    repeated: set[str]
    #: Names of messages that are alike, as far as can be seen without fetching them.
    alike: set[str]
    #: Names that tell the place, and nothing of what stands there.
    by_place: set[str]
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

    def may_go(self, entry: Entry, *, unnamed: bool) -> bool:
        """Return whether a message is told from all others well enough to be deleted; `unnamed`: also one
        that the server gives no name of its own.
        """
        name = self.name(entry)
        if not name or name in self.shared or name in self.alike:
            return False
        return unnamed or not name.startswith(" ")

    def settled(self) -> list[tuple[Entry, int, Origin]]:
        """Return what was collected and has a name for itself: entry, uid, what it is known by."""
        found = []
        for entry in self.entries:
            name = self.name(entry)
            uid, origin = self.known.get(name, (0, None))
            if origin is not None and name not in self.shared and name not in self.alike:
                found.append((entry, uid, origin))
        return found

    def last_placed(self) -> tuple[Entry, int, Origin] | None:
        """Return the last of those that are known by their place: it stands for all of them."""
        placed = [one for one in self.settled() if self.name(one[0]) in self.by_place]
        return max(placed, key=lambda one: one[0].msgno, default=None)

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
    repeated = _several(names.values())
    rest = [entry for entry in entries if not entry.uidl or entry.uidl in repeated]
    alike = _name_by_head(session, rest, names)
    places = _places(entries) if any(names[entry.msgno] == entry.uidl for entry in rest) else {}
    for entry in rest:
        if names[entry.msgno] == entry.uidl:
            names[entry.msgno] = places.get(entry.msgno, entry.uidl)
    by_place = set(places.values()) & set(names.values())
    listing = Listing(entries, names, _several(names.values()), repeated, alike, by_place)
    remember(listing, mail, account)
    return listing


def _several(names: Iterable[str]) -> set[str]:
    """Return the names that there are more than once. Pure."""
    return {name for name, count in Counter(names).items() if name and count > 1}


def remember(listing: Listing, mail: UserStore, account: str) -> None:
    """Look up what of the list was collected; again after fetching. Reads only."""

    def work(root: Account) -> tuple[Known, bool]:
        drop = root.maildrops.get(account)
        if drop is None:
            return {}, True
        names = {name for name in listing.names.values() if name}
        return drop.named(root.salt, names), not drop.uidl

    listing.known, listing.first = mail.read(work)


def remember_places(listing: Listing, deleted: Collection[int], mail: UserStore, account: str) -> None:
    """Know those that are known by their place by the one they have once `deleted` are gone. Commits."""
    if not listing.by_place or not deleted:
        return
    places = _places([entry for entry in listing.entries if entry.msgno not in deleted])
    moved = {
        places[entry.msgno]: listing.known[name]
        for entry in listing.entries
        if entry.msgno in places and (name := listing.name(entry)) in listing.by_place & listing.known.keys()
    }

    def work(root: Account) -> None:
        drop = root.maildrop(account)
        for name, (uid, origin) in moved.items():
            if origin is not None:
                drop.remember(root.salt, name, uid, origin)

    mail.write(work)


def put_origins(origins: Mapping[int, Origin], mail: UserStore, account: str) -> None:
    """Write down what these are known by, by their uids. Commits."""

    def work(root: Account) -> None:
        drop = root.maildrop(account)
        for uid, origin in origins.items():
            drop.origins.put(uid, origin)

    mail.write(work)


def _name_by_head(session: Session, entries: list[Entry], names: dict[int, str]) -> set[str]:
    """Name these by their header blocks, where the server shows them; return the names of those alike."""
    seen: Counter[str] = Counter()
    alike = set()
    for some in (entries[:1], entries[1:]):
        for entry, head in session.heads(some):
            if head is None:
                continue
            name = unnamed(fingerprint(head), entry.octets)
            seen[name] += 1
            names[entry.msgno] = name if seen[name] == 1 else f"{name} {seen[name]}"
            if seen[name] > 1:
                alike |= {name, names[entry.msgno]}
        if not seen:
            break
    return alike


def _places(entries: list[Entry]) -> dict[int, str]:
    """Return a name by number for each, as far as their octets are told: they are new behind any that went.

    What comes into a maildrop comes behind what is there. So where one of them is another message than the
    one that was collected under its name, the last of them that has such a name is, too. Pure.
    """
    found: dict[int, str] = {}
    running = hashlib.sha256()
    for place, entry in enumerate(sorted(entries, key=lambda one: one.msgno), 1):
        if entry.octets < 0:
            break
        running.update(b"%d " % entry.octets)
        found[entry.msgno] = f" place {place} {running.hexdigest()[:32]}"
    return found
