"""Which messages have a flag that few have: the unread, the starred, kept beside the store while it is asked.

A flag is one bit in each message's integer, so finding the five unread of a hundred thousand is a look at all
of them. They are looked at once; afterwards the change log says what became of them, at each question, inside
its unit of work: the sets are always those of the moment.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field

from stored.model.account import Account
from stored.model.word import ANSWERED, DRAFT, FLAGGED, FORWARDED, SEEN, flags_of

#: (bit, whether it is raised) → few have it, as a rule.
KINDS = ((SEEN, False), (FLAGGED, True), (ANSWERED, True), (FORWARDED, True), (DRAFT, True))
MOST = 5_000  # a set with more is not kept: such messages are met soon enough
USERS = 64


@dataclass
class _Sets:
    state: str
    kept: dict[tuple[int, bool], set[int] | None] = field(default_factory=dict)


class Flagged:
    """The sets of the users who asked last. Safe to use from any thread."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._users: OrderedDict[str, _Sets] = OrderedDict()

    def uids(self, account: Account, bit: int, raised: bool) -> set[int] | None:
        """Return the uids with this flag raised or lowered, None when they are many. Reads."""
        with self._guard:
            known = self._users.pop(account.user, None)
        sets = self._followed(account, known) or _looked_up(account)
        with self._guard:
            self._users[account.user] = sets
            if len(self._users) > USERS:
                self._users.popitem(last=False)
        return sets.kept.get((bit, raised))

    def _followed(self, account: Account, sets: _Sets | None) -> _Sets | None:
        """Return the sets with what happened since, None where that is not known."""
        found = account.changes(sets.state) if sets else None
        if sets is None or found is None:
            return None
        words = [(uid, account.state.get(uid)) for uid in (*found.created, *found.updated, *found.destroyed)]
        kept = {kind: _changed(uids, kind, words) for kind, uids in sets.kept.items()}
        return _Sets(account.state_text(), kept)


def _changed(
    uids: set[int] | None, kind: tuple[int, bool], words: Iterable[tuple[int, int | None]]
) -> set[int] | None:
    if uids is None:
        return None
    bit, raised = kind
    uids = set(uids)
    for uid, word in words:
        if word is not None and bool(flags_of(word) & bit) == raised:
            uids.add(uid)
        else:
            uids.discard(uid)
    return uids if len(uids) <= MOST else None


def _looked_up(account: Account) -> _Sets:
    words = list(account.state.items())
    kept: dict[tuple[int, bool], set[int] | None] = {}
    for bit, raised in KINDS:
        wanted = bit if raised else 0
        uids = {uid for uid, word in words if word & bit == wanted}
        kept[bit, raised] = uids if len(uids) <= MOST else None
    return _Sets(account.state_text(), kept)
