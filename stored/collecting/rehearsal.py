"""What deleting at a server would take away, told beforehand: listed there, checked here, nothing changed."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from stored.clock import Clock
from stored.collecting.collector import Collector
from stored.collecting.deletion import due_of
from stored.collecting.lease import Policy
from stored.collecting.listing import take
from stored.collecting.notices import stays
from stored.collecting.progress import Notice
from stored.collecting.proof import erased, known_by, safe_of
from stored.pop3 import Entry, PopClient, Session
from stored.store import Store

# So many of those erased here are compared with what is there, of so many octets: deleting looks at each.
LOOKED_AT = 100
LOOKED_AT_OCTETS = 4 * 1024 * 1024


@dataclass(frozen=True)
class Rehearsed:
    """So many messages of so many octets would be deleted; `unsafe` are due, but gone from here, damaged,
    or it is not sure that they are the ones.

    `erased` of the messages were let go for good here by their user, and would be nowhere afterwards. The
    first hundred of them were looked at there, octet for octet, and the others are believed to be the same.
    `held`: nothing of it is deleted until the operator confirms that the clock is right. `notices` tell why
    messages stay, as collecting does.
    """

    messages: int
    octets: int
    unsafe: int
    erased: int = 0
    held: bool = False
    notices: tuple[Notice, ...] = ()


class Rehearsal:
    """Rehearses deletions. Safe to use from any thread."""

    def __init__(
        self, store: Store, collector: Collector, pop: PopClient, clock: Clock, seconds: float
    ) -> None:
        """`seconds` is for the session with the server."""
        self._store = store
        self._collector = collector
        self._pop = pop
        self._clock = clock
        self._seconds = seconds

    def rehearse(
        self, user: str, account: str, changed: Callable[[Policy], Policy] = lambda policy: policy
    ) -> Rehearsed:
        """Return what would be deleted at the server by now, were the account's policy `changed`.

        Every message counted was read here and agrees with its hash, unless it is `erased`. Raises NotFound,
        Busy while the account is being collected, and what a session raises. Network.
        """
        leased = self._collector.leased(user, [account])
        one = next(one for one in leased.accounts if one.id == account)
        policy = changed(one.policy)
        mail = self._store.open_account(user)
        with (
            self._collector.maildrops.held(one.maildrop),
            self._pop.open(one.server, listing=True, session_seconds=self._seconds) as session,
        ):
            listing = take(session, mail, one.id)
            due, unsure = due_of(mail, listing, policy, self._clock())
            gone = erased(mail, one.id, [uid for _, uid in due])
            others = _others(session, [(entry, gone[uid]) for entry, uid in due if uid in gone])
            session.quit()
        held = not self._clock.trusted()
        same = [(entry, uid) for entry, uid in due if entry.msgno not in others]
        safe = set(safe_of(mail, one.id, {uid for _, uid in same}))
        # Two of them may be one message here.
        going = [(entry, uid) for entry, uid in same if uid in safe]
        unsafe = len(due) - len(going)
        return Rehearsed(
            len(going),
            octets=sum(max(entry.octets, 0) for entry, _ in going),
            unsafe=unsafe + len(unsure),
            erased=sum(uid in gone for _, uid in going),
            held=held,
            notices=tuple(
                stays(one.server.host, listing, policy, unproved=len(unsure), unsafe=unsafe, held=held)
            ),
        )


def _others(session: Session, gone: list[tuple[Entry, bytes]]) -> set[int]:
    """Return the numbers of those that are not what was erased here, or are not shown. Network."""
    hashes = {entry.msgno: sha256 for entry, sha256 in gone}
    found = set()
    for arriving in session.retrieve(_few(entry for entry, _ in gone)):
        number = arriving.entry.msgno
        if arriving.refused or known_by(arriving.chunks()).whole != hashes[number]:
            found.add(number)
    return found


def _few(entries: Iterable[Entry]) -> Iterator[Entry]:
    room = LOOKED_AT_OCTETS
    for entry in islice(entries, LOOKED_AT):
        room -= max(entry.octets, 0)
        if room < 0:
            return
        yield entry
