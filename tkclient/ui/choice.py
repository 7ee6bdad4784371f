"""Which letter of a list is chosen: by its id, wherever it may move to, and whether the person can know."""

from __future__ import annotations

from typing import Optional

from tkclient.model import Listing, Row
from tkclient.ui.sight import Sight


class Choice:
    """`position` is where it was chosen; `id` which letter that is, "" until that is known."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self.position, self.id = -1, ""
        self._wished = ""
        self._sight = Sight()

    @property
    def seen(self) -> bool:
        """Say whether the person can have seen which letter is chosen, if it became so by itself."""
        return self._sight.seen

    def row(self, listing: Listing) -> Optional[Row]:
        return listing.find(self.id) if self.id else None

    def by_hand(self, listing: Listing, position: int) -> None:
        """The person chooses: they know what, and nothing is chosen for them any more."""
        self._put(listing, position)
        self._sight.by_hand()
        self._wished = ""

    def by_itself(self, listing: Listing, position: int) -> None:
        """Another letter is chosen than the person chose."""
        self._put(listing, position)
        self._sight.changed()

    def _put(self, listing: Listing, position: int) -> None:
        row = listing.row(position)
        self.position, self.id = position, row["id"] if row else ""

    def wish(self, id_: str) -> None:
        """Choose a letter as soon as it is known, unless the person chooses another before."""
        self._wished = id_

    def grant_wish(self, listing: Listing) -> bool:
        """Choose the letter that was wished for, if it is there; say whether it was."""
        position = listing.position(self._wished)
        if position is None:
            return False
        self._wished = ""
        self.by_itself(listing, position)
        return True

    def follow(self, listing: Listing) -> None:
        """Stay on the letter when others come or go above it, or when it becomes known which it is."""
        if not self.id:
            # The person may have gone to this place before it was known what lies there.
            self._put(listing, self.position)
            return
        position = listing.position(self.id)
        if position is not None:
            self.position = position
