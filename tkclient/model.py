"""What the client knows of the mail: folders, windows of rows by position, letters it has opened.

Only what was fetched is held, and only in memory. `apply` brings in what `message.changes` tells. Knows
nothing of the network or of windows.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, Dict, Iterable, List, Mapping, Optional, Tuple

Row = Dict[str, Any]
LETTERS_KEPT = 60
LISTINGS_KEPT = 8
WINDOW = 50
# What a mail server adds to its report on a delivery, for other programs to read.
REPORT_TYPES = ("message/delivery-status", "message/rfc822-headers", "text/rfc822-headers")
ROLES = ("inbox", "drafts", "sent", "archive", "junk", "trash")


class Listing:
    """One folder's rows as far as they are known, newest first, by position."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.total = 0
        self.known = False
        self._rows: Dict[int, Row] = {}
        self._positions: Dict[str, int] = {}

    def put(self, page: Mapping[str, Any]) -> None:
        """Take over an answer of message.page."""
        total = int(page["total"])
        if total != self.total:
            self.forget()
        self.total, self.known = total, True
        first = int(page["position"])
        for offset, row in enumerate(page["rows"]):
            self._place(first + offset, row)

    def _place(self, position: int, row: Row) -> None:
        old, was = self._rows.get(position), self._positions.get(row["id"])
        if old is not None:
            self._positions.pop(old["id"], None)
        if was is not None and was != position:
            # It was known elsewhere before: it stands in one place.
            self._rows.pop(was, None)
        self._rows[position] = row
        self._positions[row["id"]] = position

    def forget(self) -> None:
        """Know no rows any more; the visible ones are asked for again."""
        self._rows.clear()
        self._positions.clear()

    def row(self, position: int) -> Optional[Row]:
        return self._rows.get(position)

    def position(self, id_: str) -> Optional[int]:
        return self._positions.get(id_)

    def find(self, id_: str) -> Optional[Row]:
        position = self._positions.get(id_)
        return None if position is None else self._rows[position]

    def missing(self, first: int, count: int) -> Optional[Tuple[int, int]]:
        """Return the (position, limit) to fetch so that rows first..first+count are known, or None."""
        last = min(first + count, self.total)
        holes = [position for position in range(max(0, first), last) if position not in self._rows]
        if not holes:
            return None
        start = (
            holes[0] - holes[0] % WINDOW if holes[-1] < holes[0] - holes[0] % WINDOW + WINDOW else holes[0]
        )
        return start, min(200, max(WINDOW, holes[-1] - start + 1))

    def insert(self, row: Row) -> None:
        """Make room for a new row where its time belongs; forget all where that is not known."""
        self.total += 1
        position = 0
        while position in self._rows and _age_order(self._rows[position]) > _age_order(row):
            position += 1
        if position not in self._rows and position < self.total - 1:
            self.forget()
            return
        self._shift(position, +1)
        self._place(position, row)

    def remove(self, id_: str) -> Optional[Row]:
        """Close the gap a row leaves; return it, or None when it was not known here."""
        position = self._positions.get(id_)
        if position is None:
            return None
        row = self._rows.pop(position)
        del self._positions[id_]
        self.total -= 1
        self._shift(position + 1, -1)
        return row

    def _shift(self, first: int, by: int) -> None:
        rows = {(at + by if at >= first else at): row for at, row in self._rows.items()}
        self._rows = rows
        self._positions = {row["id"]: at for at, row in rows.items()}


class Mailbox:
    """All that is known of one person's mail."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self.state = ""
        self.folders: List[Dict[str, Any]] = []
        self.listings: "OrderedDict[str, Listing]" = OrderedDict()
        self.letters: "OrderedDict[str, Dict[str, Any]]" = OrderedDict()

    def listing(self, folder: str) -> Listing:
        """Return what is known of `folder`; the least recently looked at are let go."""
        if folder not in self.listings:
            self.listings[folder] = Listing(folder)
        self.listings.move_to_end(folder)
        while len(self.listings) > LISTINGS_KEPT:
            self.listings.popitem(last=False)
        return self.listings[folder]

    def put_folders(self, folders: Iterable[Dict[str, Any]]) -> None:
        """Take over folder.list: roles in their usual order, then the person's own by name.

        A listing whose folder counts otherwise has missed something and is forgotten.
        """
        self.folders = sorted(folders, key=_folder_order)
        totals = {folder["id"]: int(folder["total"]) for folder in self.folders}
        for listing in self.listings.values():
            total = totals.get(listing.folder, 0)
            if listing.known and listing.total != total:
                listing.forget()
                listing.total = total

    def folder(self, id_: str) -> Optional[Dict[str, Any]]:
        return next((folder for folder in self.folders if folder["id"] == id_), None)

    def put_letter(self, letter: Dict[str, Any]) -> None:
        self.letters[letter["id"]] = letter
        self.letters.move_to_end(letter["id"])
        while len(self.letters) > LETTERS_KEPT:
            self.letters.popitem(last=False)

    def find(self, id_: str) -> Optional[Row]:
        """Return the row of `id_` wherever it is known."""
        found = (listing.find(id_) for listing in self.listings.values())
        return next((row for row in found if row is not None), None)

    def apply(self, changes: Mapping[str, Any]) -> bool:
        """Bring in message.changes. Return True when anything changed (counts must be asked for again)."""
        self.state = str(changes["state"])
        if changes.get("start_again"):
            for listing in self.listings.values():
                listing.forget()
            return True
        for row in changes.get("created", []):
            if row["folder"] in self.listings and self.find(row["id"]) is None:
                self.listings[row["folder"]].insert(row)
        for change in changes.get("updated", []):
            self.set_state(change["id"], change["folder"], change["flags"])
        for id_ in changes.get("destroyed", []):
            self.letters.pop(id_, None)
            for listing in self.listings.values():
                listing.remove(id_)
        return bool(
            changes.get("created")
            or changes.get("updated")
            or changes.get("destroyed")
            or changes.get("folders")
        )

    def set_state(self, id_: str, folder: str, flags: List[str]) -> None:
        """Give a message its folder and flags wherever it is shown."""
        for known in (self.find(id_), self.letters.get(id_)):
            if known is not None:
                known["flags"] = flags
        if id_ in self.letters:
            self.letters[id_]["folder"] = folder
        for listing in list(self.listings.values()):
            row = listing.find(id_)
            if row is not None and listing.folder != folder:
                listing.remove(id_)
                row["folder"] = folder
                if folder in self.listings:
                    self.listings[folder].insert(row)

    def count(self, folder: str, total: int = 0, unread: int = 0) -> None:
        """Correct a folder's counts at once, before the server's own arrive."""
        found = self.folder(folder)
        if found is not None:
            found["total"] = max(0, found["total"] + total)
            found["unread"] = max(0, found["unread"] + unread)


def _age_order(row: Row) -> Tuple[str, int]:
    """Return what the server sorts a folder by: when it came, and then the number of its id."""
    digits = row["id"].lstrip("abcdefghijklmnopqrstuvwxyz")
    return row["received_at"], int(digits) if digits.isdigit() else 0


def _folder_order(folder: Mapping[str, Any]) -> Tuple[int, str]:
    role = folder.get("role", "")
    if role == "junk":
        return (1000, "")
    if role == "trash":
        return (1001, "")
    return (ROLES.index(role), "") if role in ROLES else (100, folder["name"].casefold())


def goes_out(row: Row) -> bool:
    """Say whether a letter is one's own, on its way to others: a draft, wherever it lies, or one sent."""
    return "draft" in row["flags"] or row["folder"] in ("drafts", "sent")


def attachments_of(letter: Mapping[str, Any]) -> List[Dict[str, Any]]:
    """Return the parts of a letter that a person may want to save."""
    return [
        part
        for part in letter.get("parts", [])
        if not part.get("inline") and (part.get("name") or part.get("type") not in REPORT_TYPES)
    ]
