"""Which messages belong to one thread, kept so that late mail joins and nothing has to be looked for.

A thread has the uid of the first of its messages to come, for ever; its members are under that uid, and under
every other member's uid stands the thread. A message of which nothing stands here is a thread by itself, so
most mail takes no room. When a late letter shows that two threads are one, the older id stays.

What joins: Message-IDs, which `message_ids` remembers anyway, those of letters that are only named among
them; and topics. Both are the same whoever comes first, so that the threads of a set of letters do not depend
on the order in which they came. The bounds are for letters that were made to join everything.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from struct import pack, unpack
from typing import TYPE_CHECKING

from BTrees.LOBTree import LOBTree

from stored.model.log import UPDATED
from stored.model.standing import restand, standings

if TYPE_CHECKING:
    from stored.model.account import Account

#: A thread takes no more; what comes later begins a new one.
MOST_MEMBERS = 1_000
#: One letter makes at most so many threads one.
MOST_JOINED = 8


@dataclass(frozen=True, slots=True)
class Clues:
    """What a letter says of the thread it belongs to.

    `own` is its Message-ID, `named` are those of the letters it follows. `topics` are its subject with each
    pair of writer and recipient; `answers` tells that it is an answer that does not name what it answers.
    """

    own: str = ""
    named: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    answers: bool = False


NO_CLUES = Clues()


class Threads(LOBTree):  # type: ignore[misc]
    """uid → the thread of that message; or, under a thread's own uid, its members, packed."""

    max_leaf_size = 40
    max_internal_size = 100

    def thread_of(self, uid: int) -> int:
        """Return the thread of a message; of one that is gone, too, and of a thread that was joined."""
        return self.threads_of((uid,))[0]

    def threads_of(self, uids: Iterable[int]) -> list[int]:
        """Return the threads of many messages, in their order."""
        entry_of = self.get
        threads = []
        for uid in uids:
            thread = uid
            while isinstance(entry := entry_of(thread), int):
                thread = entry
            threads.append(thread)
        return threads

    def members(self, thread: int, here: object) -> tuple[int, ...]:
        """Return the uids of a thread's messages, ascending; `here` holds what there is (`Account.state`)."""
        packed = self.get(thread)
        if isinstance(packed, bytes):
            return unpacked(packed)
        return (thread,) if thread in here else ()  # type: ignore[operator]

    def around(self, uid: int) -> tuple[int, tuple[int, ...]]:
        """Return the thread of a message that is here, and the uids of its members, ascending."""
        thread, entry = uid, self.get(uid)
        while isinstance(entry, int):
            thread, entry = entry, self.get(entry)
        return thread, (thread,) if entry is None else unpacked(entry)

    def keep(self, thread: int, members: Sequence[int]) -> None:
        """Note the members of a thread; of one that is its own only member, or has none, nothing is kept."""
        if any(uid != thread for uid in members):
            self[thread] = pack(f">{len(members)}I", *members)
        else:
            self.pop(thread, None)


def unpacked(members: bytes) -> tuple[int, ...]:
    return unpack(f">{len(members) // 4}I", members)


def join(account: "Account", uid: int, clues: Clues) -> None:
    """Put a message that has just come into the thread its clues lead to, or begin one."""
    known = _known(account, uid, clues)
    by_topic = _by_topic(account, uid, clues)
    if not known and not by_topic:
        restand(account, {}, standings(account.state, (uid,)))
        return
    found = dict.fromkeys(map(account.threads.thread_of, [*known.values(), *by_topic]))
    if not _joined(account, uid, sorted(list(found)[:MOST_JOINED])):
        # All of these are full. Whoever names the same letters shall join this one.
        for name in known:
            account.message_ids.refer(account.salt, name, uid)


def _known(account: "Account", uid: int, clues: Clues) -> dict[str, int]:
    """Return a uid for each Message-ID of the clues that was heard of, and remember the others."""
    names, salt = account.message_ids, account.salt
    known = {}
    if clues.own and (found := names.heard_of(salt, clues.own)):
        known[clues.own] = found
    for name in clues.named:
        if found := names.heard_of(salt, name):
            known[name] = found
        else:
            names.refer(salt, name, uid)
    return known


def _by_topic(account: "Account", uid: int, clues: Clues) -> list[int]:
    found: list[int] = []
    for topic in clues.topics:
        found += account.topics.meet(
            account.salt, topic, account.state[uid] >> 28, uid, answers=clues.answers
        )
    return found


def _joined(account: "Account", uid: int, found: list[int]) -> bool:
    """Make one thread of those `found` that have room, the oldest first, and of `uid`.

    Where none has, `uid` is one by itself; return whether it found company.
    """
    joined: list[tuple[int, tuple[int, ...]]] = []
    room = MOST_MEMBERS - 1
    for thread in found:
        members = account.threads.members(thread, account.state)
        if len(members) <= room:
            joined.append((thread, members))
            room -= len(members)
    if not joined:
        restand(account, {}, standings(account.state, (uid,)))
        return False
    (home, all_members), *younger = joined
    before = standings(account.state, all_members)
    for thread, members in younger:
        _relabel(account, thread, members, home)
        all_members += members
    account.threads[uid] = home
    all_members = (*sorted(all_members), uid) if younger else (*all_members, uid)
    account.threads.keep(home, all_members)
    restand(account, before, standings(account.state, all_members))
    return True


def _relabel(account: "Account", thread: int, members: tuple[int, ...], home: int) -> None:
    """Have a younger thread's messages belong to `home`; whoever shows them is told."""
    restand(account, standings(account.state, members), {})
    account.threads[thread] = home
    for uid in members:
        account.threads[uid] = home
        account.journal().note(uid, UPDATED)


def follow(account: "Account", uid: int, original: int) -> None:
    """Put a copy into the thread of what it was made of."""
    _joined(account, uid, [account.threads.thread_of(original)])


def of_message(account: "Account", uid: int) -> tuple[int, ...]:
    """Return the members of the thread that a message which is here belongs to."""
    return account.threads.around(uid)[1]


def leave(account: "Account", uid: int) -> None:
    """Take a message that is going out of its thread; letters that name it will find the thread still."""
    thread = account.threads.thread_of(uid)
    members = account.threads.members(thread, account.state)
    left = tuple(member for member in members if member != uid)
    restand(account, standings(account.state, members), standings(account.state, left))
    if members != (thread,):
        account.threads.keep(thread, left)


def rebuild(account: "Account") -> None:
    """Make threads and their orders anew from what can be read of them, after damage.

    Either half of an entry (under the thread, under the member) tells the other; a message of which both are
    lost is a thread by itself.
    """
    told = account.threads
    anew: dict[int, int] = {}
    for uid, entry in told.items():
        if isinstance(entry, bytes):
            anew.update((member, uid) for member in unpacked(entry) if member != uid)
        else:
            anew[uid] = told.thread_of(uid)
    groups: dict[int, list[int]] = {}
    for uid in account.state:
        groups.setdefault(anew.get(uid, uid), []).append(uid)
    threads = Threads()
    threads.update(anew)
    for thread, members in groups.items():
        threads.keep(thread, members)
    account.threads = threads
    _reorder(account, groups.values())


def _reorder(account: "Account", groups: Iterable[list[int]]) -> None:
    for folder in account.folders:
        folder.stand_anew()
    found = [standings(account.state, members) for members in groups]
    found.sort(key=lambda standing: max(standing.values()))
    for standing in found:
        restand(account, {}, standing)
