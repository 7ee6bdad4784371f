"""Where threads stand in the folders: each has its place by the newest of its messages in that folder.

Pure, but for `restand`.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from stored.model.word import MAX_FOLDER, SEEN, make_word

if TYPE_CHECKING:
    from stored.model.account import Account

#: Folder number → (order key of the thread's newest message there, how many there are unread).
Standings = dict[int, tuple[int, int]]

#: What of a word it depends on.
STANDS_BY = make_word(0, MAX_FOLDER, SEEN)

_NOWHERE = (0, 0)


def standings(state: Mapping[int, int], uids: Iterable[int]) -> Standings:
    """Return where a thread of these messages stands; `state` is uid → word."""
    found: Standings = {}
    for uid in uids:
        word = state.get(uid)
        if word is None:
            continue
        number = word >> 12 & MAX_FOLDER
        newest, unread = found.get(number, _NOWHERE)
        found[number] = (max(newest, word >> 28 << 28 | uid), unread if word & SEEN else unread + 1)
    return found


def restand(account: "Account", before: Standings, after: Standings) -> None:
    """Let a thread stand where it does after a change, in the order of each folder and in its count."""
    for number in before.keys() | after.keys():
        folder = account.folders.get(number)
        old, old_unread = before.get(number, _NOWHERE)
        new, new_unread = after.get(number, _NOWHERE)
        if folder is None:
            continue
        if old != new:
            if old:
                folder.thread_order.remove(old)
            if new:
                folder.thread_order.insert(new)
        if bool(old_unread) != bool(new_unread):
            folder.unread_threads.change(1 if new_unread else -1)
