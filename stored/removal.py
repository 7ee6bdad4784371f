"""Folders that go, and come back when that is taken back. Units of work on an Account."""

from collections.abc import Iterator
from itertools import chain, count

from restante.errors import OverQuota
from stored.model.account import Account
from stored.model.folder import DEEPEST, MOST_FOLDERS, NAME_CHARACTERS, Folder
from stored.model.roles import TRASH
from stored.model.undo import Move
from stored.model.word import uid_of

_AT_ONCE = 1_000
_STEM = NAME_CHARACTERS - len(" (9999)")


def emptied(account: Account, folder: Folder) -> Iterator[list[Move]]:
    """Move all mail of a folder to the trash; give what moved, slice by slice."""
    trash = account.folders.members[TRASH]
    while keys := folder.order.window(0, _AT_ONCE):
        words = [(uid, account.state[uid]) for uid in map(uid_of, keys)]
        for uid, _ in words:
            account.change(uid, folder=trash)
        yield [Move(uid, before, account.state[uid]) for uid, before in words]


def bring_back(account: Account, undo: int) -> None:
    """Have the folders again that went with the change of this number, empty: the same ids, names and places.

    One whose place is gone by now, or too deep, comes to the top; one whose name a neighbour has by now gets
    a number behind it. Raises OverQuota.
    """
    folders = account.folders
    back = [one for one in reversed(folders.removed) if one.undo == undo]
    if not back:
        return
    if len(folders) + len(back) > MOST_FOLDERS:
        raise OverQuota(f"There can be {MOST_FOLDERS} folders; remove some before taking this back.")
    for one in back:
        parent = one.parent if 0 < folders.depth(one.parent) < DEEPEST else 0
        numbered = (f"{one.name[:_STEM]} ({number})" for number in count(2))
        name = next(name for name in chain([one.name], numbered) if not folders.named(name, parent))
        folders.restore(one.number, name, parent)
    folders.forget_removed([undo])
    account.journal().folders = True
