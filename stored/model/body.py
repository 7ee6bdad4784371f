"""The raw octets of a message, exactly as they came, under a SHA-256 of the whole.

They are kept taken apart (see `packing`): attachments decoded, equal ones once, the rest compressed with the
user's dictionary. Reading puts them together again, from anywhere, and `raw` and `verified` check the hash.
"""

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any

from BTrees.LLBTree import LLBTree
from BTrees.LOBTree import LOBTree
from persistent import Persistent

from restante.db import UNREADABLE, savepoint
from restante.errors import Damaged
from stored.model.coding import coded_octets, encoded
from stored.model.octets import CHUNK_OCTETS, BodyChunk, Dictionaries, Reader, damaged
from stored.model.packing import PLAIN, WOVEN, Packed, PackedPart, Segment, Words, pack

__all__ = [
    "CHUNK_OCTETS",
    "UNREADABLE",
    "Bodies",
    "Body",
    "BodyChunk",
    "Dictionaries",
    "Packed",
    "PartBody",
    "Parts",
    "Words",
    "damaged",
    "pack",
]

SAVEPOINT_CHUNKS = 16


class PartBody(Persistent):  # type: ignore[misc]
    """The decoded octets of an attachment, whichever messages it came with. It never changes."""

    version = 1

    def __init__(self, packed: PackedPart) -> None:
        self.sha256 = packed.sha256
        self.octets = packed.octets
        self.packed = packed.chunks[0] if len(packed.chunks) == 1 else b""
        self.chunks: list[BodyChunk] = []
        self.chunk_octets = 0

    def reader(self) -> Reader:
        return Reader(self.octets, self.packed, self.chunks)

    def kept_octets(self) -> int:
        return int(len(self.packed) + self.chunk_octets)


class Body(Persistent):  # type: ignore[misc]
    """One message's octets and what is known of where they came from."""

    version = 1
    letter = b""  # what all copies of one letter agree in
    fingerprint = b""  # of the message on the server it was collected from
    uidl = ""

    def __init__(
        self, packed: Packed, parts: Sequence[PartBody] = (), dictionaries: Dictionaries | None = None
    ) -> None:
        self.form = packed.form
        self.octets = packed.octets
        self.sha256 = packed.sha256
        self.packed = packed.chunks[0] if len(packed.chunks) == 1 else b""
        self.chunks: list[BodyChunk] = []
        self.chunk_octets = 0
        self.segments: tuple[Segment, ...] = packed.segments
        self.parts = tuple(parts)
        self.dictionaries = dictionaries
        self.dictionary = packed.dictionary

    def __getstate__(self) -> Any:
        # There is one of these for every message: without names it is a hundred octets shorter.
        known = (self.form, self.octets, self.sha256, self.letter, self.fingerprint, self.uidl, self.packed)
        kept = (self.chunks, self.chunk_octets, self.segments, self.parts, self.dictionaries, self.dictionary)
        return known + kept

    def __setstate__(self, state: Any) -> None:
        known, kept = state[:7], state[7:]
        self.form, self.octets, self.sha256, self.letter, self.fingerprint, self.uidl, self.packed = known
        self.chunks, self.chunk_octets, self.segments, self.parts, self.dictionaries, self.dictionary = kept

    def pieces(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """Give the octets from `start` to `stop` in pieces of at most about 350 KB.

        Each piece has passed zstd's own checksum; only `raw` and `verified` check the whole.
        Raises Damaged.
        """
        if self.form not in (PLAIN, WOVEN):
            raise Damaged("A message is kept in a form this version cannot read.", cause=f"form {self.form}")
        stop = self.octets if stop is None else min(stop, self.octets)
        stream = self._stream_reader(self._stream_octets())
        at, seat, parts = 0, 0, iter(self.parts)  # at: in the message, seat: in what is compressed of it
        for gap, octets, width, crlf, shared in self.segments:
            yield from stream.slices(*_within(start, stop, at, gap, seat))
            at, seat = at + gap, seat + gap
            coded = coded_octets(octets, width, crlf)
            part = next(parts) if shared else None
            if start < at + coded and stop > at:
                reader, base = (stream, seat) if part is None else (_reader(part), 0)

                def read(low: int, high: int, reader: Reader = reader, base: int = base) -> bytes:
                    return reader.read(base + low, base + high)

                yield from encoded(read, octets, width, crlf, max(start - at, 0), min(stop - at, coded))
            at, seat = at + coded, seat + (0 if shared else octets)
        yield from stream.slices(*_within(start, stop, at, self.octets - at, seat))

    def stream(self, octets: int) -> bytes:
        """Return the beginning of what is compressed together. Raises Damaged."""
        total = self._stream_octets()
        return self._stream_reader(total).read(0, min(octets, total))

    def _stream_reader(self, octets: int) -> Reader:
        return Reader(octets, self.packed, self.chunks, self.dictionaries, self.dictionary)

    def _stream_octets(self) -> int:
        """Return the length of what is compressed together."""
        octets = self.octets
        for _, inside, width, crlf, shared in self.segments:
            octets += (0 if shared else inside) - coded_octets(inside, width, crlf)
        return octets

    def verified(self) -> Iterator[bytes]:
        """Give every octet in pieces; raise Damaged after the last if their hash is not the one kept."""
        running = hashlib.sha256()
        for piece in self.pieces():
            running.update(piece)
            yield piece
        if running.digest() != self.sha256:
            raise damaged("SHA-256 differs")

    def raw(self) -> bytes:
        """Return exactly the octets that were appended. Raises Damaged."""
        return b"".join(self.verified())

    def kept_octets(self) -> int:
        """Return how many octets its own records take, about; what it shares is not counted."""
        return len(self.packed) + self.chunk_octets


def _within(start: int, stop: int, at: int, octets: int, seat: int) -> tuple[int, int]:
    """Return what of `octets` at `at` lies between `start` and `stop`, as places from `seat` on."""
    first = min(max(start - at, 0), octets)
    return seat + first, seat + max(min(stop - at, octets), first)


def _reader(part: PartBody) -> Reader:
    try:
        return part.reader()
    except UNREADABLE as missing:
        raise damaged(repr(missing)) from missing


class _Tree(LOBTree):  # type: ignore[misc]
    max_leaf_size = 16
    max_internal_size = 100


class _Counts(LLBTree):  # type: ignore[misc]
    max_leaf_size = 30
    max_internal_size = 100


class Parts(Persistent):  # type: ignore[misc]
    """Attachments by their hash, so that equal ones are kept once. `repeats` counts uses beyond the first."""

    version = 1

    def __init__(self) -> None:
        self.members = _Tree()
        self.repeats = _Counts()

    def take(self, packed: PackedPart) -> PartBody:
        """Return the part with these octets, which is used once more; it is kept anew where it is damaged."""
        key = _key(packed.sha256)
        part: PartBody | None = self.members.get(key)
        if part is not None and _sound(part):
            if part.sha256 != packed.sha256:
                # Another part has the place; this one is kept for itself.
                return self._keep(packed, None)
            self.repeats[key] = self.repeats.get(key, 0) + 1
            return part
        return self._keep(packed, key)

    def _keep(self, packed: PackedPart, key: int | None) -> PartBody:
        part = PartBody(packed)
        if self._p_jar is not None:
            self._p_jar.add(part)
        if key is not None:
            self.members[key] = part
        _fill(part, packed.chunks, self)
        return part

    def again(self, part: PartBody) -> None:
        """Count one more use of a part that is here."""
        key = _key(part.sha256)
        if self.members.get(key) is part:
            self.repeats[key] = self.repeats.get(key, 0) + 1

    def release(self, part: PartBody) -> int:
        """Count one use less; return how many octets that lets go."""
        key, octets = _key(part.sha256), part.kept_octets()
        uses = self.repeats.get(key, 0)
        if self.members.get(key) is not part:
            return octets
        if not uses:
            del self.members[key]
            return octets
        if uses == 1:
            del self.repeats[key]
        else:
            self.repeats[key] = uses - 1
        return 0


def _key(sha256: bytes) -> int:
    return int.from_bytes(sha256[:8], "big") >> 2


def _sound(part: PartBody) -> bool:
    """Tell whether every record of a part can be read."""
    try:
        return all(part.reader().slices(0, part.octets))
    except UNREADABLE:
        return False


class Bodies(LOBTree):  # type: ignore[misc]
    """uid → Body."""

    max_leaf_size = 60
    max_internal_size = 100

    def put(self, uid: int, body: Body, packed: Packed) -> None:
        """Keep `body`, giving the chunks of a large one to the database sixteen at a time.

        Savepoints bound the memory a large message takes; it still commits with everything else.
        """
        self[uid] = body
        _fill(body, packed.chunks, self)


def _fill(owner: Body | PartBody, chunks: Sequence[bytes], place: Any) -> None:
    if len(chunks) == 1:
        return
    for number, octets in enumerate(chunks, 1):
        owner.chunks.append(BodyChunk(octets))
        owner.chunk_octets += len(octets)
        owner._p_changed = True
        if place._p_jar is not None and number % SAVEPOINT_CHUNKS == 0:
            savepoint(place)
