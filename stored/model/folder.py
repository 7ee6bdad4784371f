"""Folders: a name, a place in the tree, the order of what is inside, and two counts."""

import re
from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

from BTrees.Length import Length
from BTrees.LLBTree import LLBTree
from persistent import Persistent

from stored.model.order import Order
from stored.model.roles import EMPTIED, FIRST_OWN, ROLES
from stored.model.word import MAX_FOLDER

MOST_FOLDERS = 1_000
DEEPEST = 8
NAME_CHARACTERS = 100

_OWN_ID = re.compile(r"f([1-9][0-9]{0,4})")
_NUMBERS = {role: number for number, role in ROLES.items()}


class Entered(LLBTree):  # type: ignore[misc]
    """uid → the second at which the message came into the folder."""

    max_leaf_size = 60
    max_internal_size = 100


class Folder(Persistent):  # type: ignore[misc]
    """One folder. What it counts is counted as messages come and go, never by looking.

    `thread_order` holds of each thread the newest of its messages here; `unread_threads` have an unread one.
    """

    version = 1
    #: After so many days here a message goes for good; 0: never.
    keep_days = 0

    def __init__(self, number: int, name: str, role: str = "", parent: int = 0) -> None:
        self.number = number
        self.name = name
        self.role = role
        self.parent = parent
        self.order = Order()
        self.stand_anew()
        self.total = Length()
        self.unread = Length()
        self.entered = Entered() if number in EMPTIED else None

    def stand_anew(self) -> None:
        """Begin the order of threads, with none."""
        self.thread_order = Order()
        self.unread_threads = Length()

    @property
    def id(self) -> str:
        """The id on the wire: the word of its role, or "f1", "f2"."""
        return self.role or f"f{self.number - FIRST_OWN + 1}"


class Removed(NamedTuple):
    """What a folder was that is gone, and the number of the undo that brings it back."""

    number: int
    name: str
    parent: int
    undo: int


class Folders(Persistent):  # type: ignore[misc]
    """All folders of a user, by number. A number is never used again but for the same folder."""

    version = 1
    #: The innermost first.
    removed: tuple[Removed, ...] = ()

    def __init__(self) -> None:
        self.members = {number: Folder(number, role.capitalize(), role) for number, role in ROLES.items()}
        self.last_number = FIRST_OWN - 1

    def __iter__(self) -> Iterator[Folder]:
        return iter(self.members.values())

    def __len__(self) -> int:
        return len(self.members)

    def get(self, number: int) -> Folder | None:
        return self.members.get(number)

    def find(self, id: str) -> Folder | None:
        """Return the folder with this id, or None. Reads no other."""
        if id in _NUMBERS:
            return self.members.get(_NUMBERS[id])
        own = _OWN_ID.fullmatch(id)
        return self.members.get(int(own[1]) + FIRST_OWN - 1) if own else None

    def create(self, name: str, parent: int) -> Folder | None:
        """Add a folder; None when this user's numbers are used up."""
        if self.last_number >= MAX_FOLDER:
            return None
        self.last_number += 1
        folder = self.members[self.last_number] = Folder(self.last_number, name, "", parent)
        self._p_changed = True
        return folder

    def discard(self, number: int) -> None:
        del self.members[number]
        self._p_changed = True

    def remember_removed(self, folders: Iterable[Folder], undo: int) -> None:
        """Note what folders were that are gone, the innermost first."""
        self.removed += tuple(Removed(one.number, one.name, one.parent, undo) for one in folders)

    def forget_removed(self, undos: Collection[int]) -> None:
        """Forget folders that these undos would have brought back."""
        self.removed = tuple(one for one in self.removed if one.undo not in undos)

    def restore(self, number: int, name: str, parent: int) -> None:
        """Have a folder that was removed again, with nothing in it."""
        self.members[number] = Folder(number, name, "", parent)
        self._p_changed = True

    def depth(self, number: int) -> int:
        """Return how many folders deep this one is: 1 at the top, 0 for no folder."""
        depth = 0
        while folder := self.get(number):
            depth, number = depth + 1, folder.parent
        return depth

    def subtree(self, folder: Folder) -> list[Folder]:
        """Return the folder and all inside it, outer before inner."""
        found = [folder]
        for one in found:
            found += [inner for inner in self if inner.parent == one.number]
        return found

    def named(self, name: str, parent: int) -> list[Folder]:
        """Return the folders in `parent` that have this name, whatever the case of its letters."""
        wanted = name.casefold()
        return [one for one in self if one.parent == parent and one.name.casefold() == wanted]
