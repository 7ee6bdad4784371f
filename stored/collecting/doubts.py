"""Whether what a server has under a name is still what was collected under it: names are its word (F23)."""

import random
from collections.abc import Collection

from stored.collecting.arrivals import fingerprint
from stored.collecting.listing import Listing, put_origins
from stored.collecting.proof import kept_as, known_by
from stored.model.maildrop import Origin
from stored.pop3 import Entry, Session
from stored.store import UserStore


class Doubts:
    """The `names` in one maildrop of what is to be fetched although it was before. For one thread."""

    def __init__(self, mail: UserStore, account: str) -> None:
        self._mail = mail
        self._account = account
        self.names: set[str] = set()

    def compare(self, session: Session, listing: Listing) -> None:
        """Look at what had another size before. Network; commits a size that alone is another."""
        self._compare(session, listing, listing.resized())

    def compare_places(self, session: Session, listing: Listing) -> None:
        """Look whole at the last message that is known by its place; where it is another, doubt all such.

        Network.
        """
        last = listing.last_placed()
        if last is None:
            return
        entry, uid, origin = last
        here = kept_as(self._mail, uid)
        for arriving in session.retrieve([entry]):
            if arriving.refused:
                continue
            there = known_by(arriving.chunks())
            if there.head != origin.fingerprint or (here and there.body != here.body):
                self.names |= listing.by_place

    def look_again(self, session: Session, listing: Listing, most: int, deleted: Collection[int]) -> None:
        """Look at `most` that are known, others each time: a server may give its names to other messages.

        The last that is asked for in a session. `deleted` are numbers of what is marked so. Network.
        """
        known = [
            one
            for one in listing.settled()
            if one[0].msgno not in deleted and listing.name(one[0]) not in listing.by_place
        ]
        few = min(len(known), most)
        if few:
            self._compare(session, listing, random.sample(known, few), leaving=True)

    def _compare(
        self,
        session: Session,
        listing: Listing,
        known: list[tuple[Entry, int, Origin]],
        *,
        leaving: bool = False,
    ) -> None:
        origins = {entry.msgno: (uid, origin) for entry, uid, origin in known}
        resized: dict[int, Origin] = {}
        for entry, head in session.heads([entry for entry, _, _ in known], leaving=leaving):
            uid, origin = origins[entry.msgno]
            other_size = entry.octets >= 0 and entry.octets != origin.octets
            if (head is None and other_size) or (
                head is not None and fingerprint(head) != origin.fingerprint
            ):
                self.names.add(listing.name(entry))
            elif other_size:
                resized[uid] = origin._replace(octets=entry.octets)
        if resized:
            put_origins(resized, self._mail, self._account)
