"""Folders: a name, a place in the tree, the order of what is inside, and two counts."""

import re
from collections.abc import Iterator

from BTrees.Length import Length
from BTrees.LLBTree import LLBTree
from persistent import Persistent

from stored.model.order import Order
from stored.model.roles import EMPTIED, FIRST_OWN, ROLES
from stored.model.word import MAX_FOLDER

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


class Folders(Persistent):  # type: ignore[misc]
    """All folders of a user, by number. A number is never used again."""

    version = 1

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
