"""The list rows: for each message the JSON its line of a list is made of, written once and never changed.

Rows stand 32 to a chunk. Those of the newest chunk are objects of their own, folded in once it is full:
rewriting a chunk for every arrival would cost six thousand octets a message, folding writes each row twice.
On disk a full chunk is compressed, to a third; in memory its rows are ready to be sent.
"""

from collections.abc import Iterable
from typing import Any

from BTrees.LOBTree import LOBTree
from persistent import Persistent

from stored.model.body import UNREADABLE
from stored.model.octets import compress, decompress

CHUNK_ROWS = 32

__all__ = ["CHUNK_ROWS", "UNREADABLE", "Row", "RowChunk", "Rows"]


class Row(Persistent):  # type: ignore[misc]
    """One row that waits to be folded."""

    version = 1

    def __init__(self, json: bytes) -> None:
        self.json = json


class RowChunk(Persistent):  # type: ignore[misc]
    """Up to 32 rows: octets, or a Row of the newest; empty octets where the message is gone."""

    version = 1

    def __init__(self) -> None:
        self.entries: list[bytes | Row] = []

    def __getstate__(self) -> Any:
        if len(self.entries) == CHUNK_ROWS and all(isinstance(entry, bytes) for entry in self.entries):
            # JSON as we write it has no line ends.
            return compress(b"\n".join(self.entries))
        return {"entries": self.entries}

    def __setstate__(self, state: Any) -> None:
        self.entries = decompress(state).split(b"\n") if isinstance(state, bytes) else state["entries"]

    def add(self, json: bytes) -> None:
        self.entries.append(Row(json))
        if len(self.entries) == CHUNK_ROWS:
            self.entries = [_folded(entry) for entry in self.entries]
        self._p_changed = True

    def clear(self, slot: int) -> None:
        self.entries[slot] = b""
        self._p_changed = True


def _folded(entry: bytes | Row) -> bytes | Row:
    """Return the row's octets; a damaged one stays apart, so that it spoils no other."""
    if isinstance(entry, bytes):
        return entry
    try:
        return entry.json
    except UNREADABLE:
        return entry


class Rows(LOBTree):  # type: ignore[misc]
    """uid // 32 → RowChunk. The newest chunk always stays, since the next uid is counted from it."""

    max_leaf_size = 60
    max_internal_size = 100

    def append(self, json: bytes) -> int:
        """Add a row and return its uid, which was never used before."""
        uid = self.last_uid() + 1
        chunk = self.get(uid // CHUNK_ROWS)
        if chunk is None:
            chunk = self[uid // CHUNK_ROWS] = RowChunk()
            if uid == 1:
                chunk.entries = [b""]
        chunk.add(json)
        return uid

    def last_uid(self) -> int:
        """Return the uid of the latest row there has ever been, 0 when none.

        A newest chunk that cannot be read counts as full, so that mail can go on arriving behind it.
        """
        if not self:
            return 0
        newest: int = self.maxKey()
        try:
            rows = len(self[newest].entries)
        except UNREADABLE:
            rows = CHUNK_ROWS
        return newest * CHUNK_ROWS + rows - 1

    def begin_behind(self, uid: int) -> None:
        """Begin a new chunk behind `uid`, and behind all that are here."""
        newest = self.maxKey() if self else 0
        self[max(newest, uid // CHUNK_ROWS) + 1] = RowChunk()

    def row(self, uid: int) -> bytes:
        """Return the row's JSON, empty when the message is gone. Raises UNREADABLE when it is damaged."""
        chunk = self.get(uid // CHUNK_ROWS)
        if chunk is None or uid % CHUNK_ROWS >= len(chunk.entries):
            return b""
        entry: bytes | Row = chunk.entries[uid % CHUNK_ROWS]
        return entry if isinstance(entry, bytes) else entry.json

    def several(self, uids: Iterable[int]) -> list[bytes]:
        """Return the JSON of many rows in their order, empty where a message is gone or its row damaged.

        Neighbours in a list are neighbours here, so each chunk is looked for once.
        """
        chunks: dict[int, list[bytes | Row]] = {}
        found = []
        for uid in uids:
            number = uid // CHUNK_ROWS
            try:
                if number not in chunks:
                    chunks[number] = self[number].entries
                entry = chunks[number][uid % CHUNK_ROWS]
                found.append(entry if isinstance(entry, bytes) else entry.json)
            except (*UNREADABLE, IndexError):
                found.append(b"")
        return found

    def discard(self, uid: int) -> None:
        """Empty the row; one that cannot be read is left. A full chunk whose rows are all gone goes too."""
        number = uid // CHUNK_ROWS
        chunk = self.get(number)
        try:
            if chunk is None or uid % CHUNK_ROWS >= len(chunk.entries):
                return
        except UNREADABLE:
            return
        chunk.clear(uid % CHUNK_ROWS)
        if number != self.maxKey() and not any(chunk.entries):
            del self[number]
