"""Deleting at the server what is safe here: decided, written down, carried out in a later session, checked.

    due      collected, old enough by the user's choice, counted from our receipt
    safe     the octets kept here were read again and agree with their hash;
             or the user has let it go for good here, and its hash is known to tell it by
    intended due and safe, written down: from here on a crash loses nothing but time
    deleted  listed again in another session, known by name and fingerprint, or by its body and writer where
             its header block is another each time, DELE and QUIT agreed to
    settled  that QUIT, or a list without it, takes the intent away

Anything unclear leaves the message where it is, and the intent for the next session.
"""

from collections.abc import Iterable
from itertools import islice

from restante import log
from stored.clock import Clock
from stored.collecting.arrivals import fingerprint
from stored.collecting.lease import DAY_SECONDS, LeasedAccount, Policy
from stored.collecting.listing import Listing, put_origins, remember, remember_places
from stored.collecting.proof import KnownBy, erased, kept_as, kept_octets, known_by, safe_of, told_in
from stored.model.account import Account
from stored.model.maildrop import Origin
from stored.pop3 import Entry, Session
from stored.store import UserStore

_LOG = log.get("deletion")


class Deletion:
    """What one visit deletes at the server. For one thread; its methods in this order, session by session."""

    def __init__(self, mail: UserStore, account: LeasedAccount, clock: Clock, at_most: int) -> None:
        self._mail = mail
        self._account = account
        self._clock = clock
        self._at_most = at_most
        self._intended: set[int] = set()
        self._deleted: set[int] = set()
        #: The numbers of what is marked as deleted in this session.
        self.marked: set[int] = set()
        #: Something was decided in this visit, for a later session.
        self.decided = False
        #: Something would be deleted if the clock could be believed.
        self.held = False
        #: So many would be deleted if it were sure what they are.
        self.unproved = 0
        #: So many would be, and are damaged or gone here, so that nothing tells them; as far as was looked.
        self.unsafe = 0
        #: So many were to be deleted in this session, and the server did not agree.
        self.refused = 0

    def begin(self, listing: Listing) -> None:
        """Take up what earlier sessions decided. What is not listed any more is settled."""
        self._correct(listing)
        self.decided = False
        self._deleted, self.marked, self.refused = set(), set(), 0
        self._intended = intended(self._mail, self._account.id)
        if gone := self._intended - {uid for uid, _ in listing.known.values()}:
            settle(self._mail, self._account.id, gone)
            self._intended -= gone

    def carry_out(self, session: Session, listing: Listing) -> set[str]:
        """Mark as deleted what was decided and is, beyond doubt, what was decided about.

        Returns the names that turned out to be those of other messages. Network.
        """
        if not self._intended:
            return set()
        due = set(self._due(listing))
        if unwanted := self._intended.difference(due):
            settle(self._mail, self._account.id, unwanted)
        safe = set(safe_of(self._mail, self._account.id, self._intended & due))
        targets = [(entry, uid, origin) for entry, uid, origin in listing.settled() if uid in safe]
        same, others = self._told_apart(session, targets)
        self.marked = {entry.msgno for entry in session.delete(entry for entry, _ in same)}
        self._deleted = {uid for entry, uid in same if entry.msgno in self.marked}
        self.refused = len(same) - len(self.marked)
        if others:
            settle(self._mail, self._account.id, [uid for _, uid in others], others=True)
        return {listing.name(entry) for entry, _ in others}

    def decide(self, listing: Listing) -> None:
        """Write down what is to be deleted in a later session: due, and safe here. Commits."""
        # Two of them may be one message here, which is read once.
        due = [uid for uid in dict.fromkeys(self._due(listing)) if uid not in self._intended]
        safe = list(islice(safe_of(self._mail, self._account.id, due), self._at_most))
        looked = due if len(safe) < self._at_most else due[: due.index(safe[-1]) + 1]
        self.unsafe = len(looked) - len(safe)
        if safe:
            intend(self._mail, self._account.id, safe, self._clock())
            self.decided = True

    def end(self, listing: Listing, agreed: bool) -> None:
        """The session is over; `agreed` whether the server said that it did what it was told (F32)."""
        if not agreed:
            self.refused += len(self.marked)
        elif self._deleted:
            settle(self._mail, self._account.id, self._deleted)
            remember_places(listing, self.marked, self._mail, self._account.id)
            about = {"user": self._mail.user, "account": self._account.id}
            _LOG.info("collect.deleted", messages=len(self._deleted), **about)

    def _correct(self, listing: Listing) -> None:
        """Have what was received in a time to come, by a clock that was ahead, be received now."""
        now = self._clock()
        ahead = {
            uid: origin._replace(received_at=int(now))
            for _, uid, origin in listing.settled()
            if origin.received_at > now + DAY_SECONDS
        }
        if ahead and self._clock.trusted():
            put_origins(ahead, self._mail, self._account.id)
            remember(listing, self._mail, self._account.id)

    def _due(self, listing: Listing) -> list[int]:
        """Return what the user wants deleted of what is listed; nothing while the clock is not believed."""
        found, unproved = due_of(self._mail, listing, self._account.policy, self._clock())
        self.unproved = len(unproved)
        self.held = bool(found) and not self._clock.trusted()
        return [] if self.held else [uid for _, uid in found]

    def _told_apart(
        self, session: Session, targets: list[tuple[Entry, int, Origin]]
    ) -> tuple[list[tuple[Entry, int]], list[tuple[Entry, int]]]:
        """Return which of `targets` are still the messages they were, and which are others. Network.

        The header block tells where it is the same and the size is that of the octets kept here. Else the
        server has to show the whole message, as one without TOP has to: another body may stand under the same
        header block. So it has to where nothing is kept here any more, and where the header block is another
        but tells the same: a server that shows one message by TOP and another by RETR is not believed.
        """
        known = {entry.msgno: (uid, origin) for entry, uid, origin in targets}
        sizes = kept_octets(self._mail, [uid for uid, _ in known.values()])
        same: list[tuple[Entry, int]] = []
        others: list[tuple[Entry, int]] = []
        untold: list[Entry] = []
        claimed: dict[int, tuple[str, ...]] = {}
        for entry, head in session.heads([entry for entry, _, _ in targets]):
            uid, origin = known[entry.msgno]
            if head is not None and fingerprint(head) != origin.fingerprint:
                if not (told := told_in(head)):
                    others.append((entry, uid))
                    continue
                claimed[entry.msgno] = told
            elif head is not None and entry.octets == sizes.get(uid):
                same.append((entry, uid))
                continue
            untold.append(entry)
        for arriving in session.retrieve(untold):
            if not arriving.refused:
                uid, origin = known[arriving.entry.msgno]
                there = known_by(arriving.chunks())
                one = claimed.get(arriving.entry.msgno, there.told) == there.told
                (same if one and self._is(uid, origin, there) else others).append((arriving.entry, uid))
        return same, others

    def _is(self, uid: int, origin: Origin, there: KnownBy) -> bool:
        """Return whether what the server showed is the message that it was. Reads all of what is kept here.

        That of a letter that came by two accounts has another header block than the one kept, and a scanner
        may write another one each time: then From, Date and Message-ID have to be the same. One erased here
        has to be the same octet for octet.
        """
        if whole := erased(self._mail, self._account.id, [uid]).get(uid):
            return there.whole == whole
        here = kept_as(self._mail, uid)
        if here is None or there.body != here.body:
            return False
        return there.head == origin.fingerprint or (bool(there.told) and there.told == here.told)


def due_of(
    mail: UserStore, listing: Listing, policy: Policy, now: float
) -> tuple[list[tuple[Entry, int]], list[tuple[Entry, int]]]:
    """Return what `policy` wants deleted by now of what is listed: what can be, and what is not sure. Reads.

    Where a message is known by its place alone, and nothing but its octets can be compared, their number has
    to be the one that is listed: some proof that what the server gave was the message.
    """
    due = [
        (entry, uid)
        for entry, uid, origin in listing.settled()
        if policy.due(listing.name(entry), origin.received_at, now)
    ]
    placed = {entry.msgno: uid for entry, uid in due if listing.name(entry) in listing.by_place}
    kept = kept_octets(mail, placed.values())
    sure: list[tuple[Entry, int]] = []
    unsure: list[tuple[Entry, int]] = []
    for entry, uid in due:
        proved = entry.msgno not in placed or kept.get(uid) == entry.octets
        (sure if proved else unsure).append((entry, uid))
    return sure, unsure


def intended(mail: UserStore, account: str) -> set[int]:
    """Return the uids of what was decided to be deleted in the maildrop of this account. Reads only."""

    def work(root: Account) -> set[int]:
        drop = root.maildrops.get(account)
        return set() if drop is None else set(drop.intents)

    return mail.read(work)


def intend(mail: UserStore, account: str, uids: Iterable[int], now: float) -> None:
    """Write down that these are to be deleted; durable when this returns."""

    def work(root: Account) -> None:
        intents = root.maildrop(account).intents
        for uid in uids:
            intents[uid] = int(now)

    mail.write(work)


def settle(mail: UserStore, account: str, uids: Iterable[int], *, others: bool = False) -> None:
    """Take intents away: done, gone, or not wanted any more.

    `others`: something else has their names, so what was erased of them is not looked for again.
    """

    def work(root: Account) -> None:
        drop = root.maildrop(account)
        for uid in uids:
            drop.intents.pop(uid, None)
            if others and drop.erased is not None:
                drop.erased.pop(uid, None)

    mail.write(work)
