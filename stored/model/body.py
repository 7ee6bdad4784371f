"""The raw octets of a message: compressed with a checksum, and under a SHA-256 of the whole.

Up to 256 KB they are in the Body itself; above, in chunks that are objects of their own, each compressed by
itself, so that a part is read without the rest.
"""

import hashlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass

import zstandard
from BTrees.LOBTree import LOBTree
from persistent import Persistent

from restante.db import savepoint
from restante.errors import Damaged

CHUNK_OCTETS = 256 * 1024
SAVEPOINT_CHUNKS = 16
LEVEL = 3

#: `Body.form`: how the octets are kept. Later forms (a dictionary, decoded attachments) take later numbers.
PLAIN_ZSTD = 1

_local = threading.local()


def _compressor() -> zstandard.ZstdCompressor:
    if not hasattr(_local, "compressor"):
        _local.compressor = zstandard.ZstdCompressor(level=LEVEL, write_checksum=True)
    return _local.compressor  # type: ignore[no-any-return]


def _decompressor() -> zstandard.ZstdDecompressor:
    if not hasattr(_local, "decompressor"):
        _local.decompressor = zstandard.ZstdDecompressor()
    return _local.decompressor  # type: ignore[no-any-return]


@dataclass(frozen=True)
class Packed:
    """Octets made ready to be kept, outside any transaction."""

    octets: int
    sha256: bytes
    chunks: list[bytes]
    form: int = PLAIN_ZSTD


def pack(raw: bytes) -> Packed:
    """Compress and hash `raw`. Pure; takes time in proportion to its length."""
    view = memoryview(raw)
    starts = range(0, max(len(raw), 1), CHUNK_OCTETS)
    chunks = [_compressor().compress(view[start : start + CHUNK_OCTETS]) for start in starts]
    return Packed(len(raw), hashlib.sha256(raw).digest(), chunks)


class BodyChunk(Persistent):  # type: ignore[misc]
    """256 KB of a large message, compressed."""

    version = 1

    def __init__(self, packed: bytes) -> None:
        self.packed = packed


class Body(Persistent):  # type: ignore[misc]
    """One message's octets and what is known of where they came from."""

    version = 1
    letter = b""  # hash of the text alone: two arrivals of one letter agree in it
    fingerprint = b""  # of the message on the server it was collected from
    uidl = ""

    def __init__(self, packed: Packed) -> None:
        self.form = packed.form
        self.octets = packed.octets
        self.sha256 = packed.sha256
        self.packed = packed.chunks[0] if len(packed.chunks) == 1 else b""
        self.chunks: list[BodyChunk] = []

    def pieces(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """Give the octets from `start` to `stop` in pieces of at most 256 KB.

        Each piece has passed zstd's own checksum; only `raw` and `verified` check the whole.
        Raises Damaged.
        """
        stop = self.octets if stop is None else min(stop, self.octets)
        for at in range(start // CHUNK_OCTETS * CHUNK_OCTETS, stop, CHUNK_OCTETS):
            piece = self._piece(at // CHUNK_OCTETS)
            first = max(start - at, 0)
            yield piece[first : stop - at] if first or stop - at < len(piece) else piece

    def _piece(self, number: int) -> bytes:
        if self.form != PLAIN_ZSTD:
            raise Damaged("A message is kept in a form this version cannot read.", cause=f"form {self.form}")
        try:
            chunk = self.chunks[number] if self.chunks else None
            packed = self.packed if chunk is None else chunk.packed
            if chunk is not None:
                # A chunk is read once in a while and is large: keeping it would empty the cache of the rest.
                chunk._p_deactivate()
            piece: bytes = _decompressor().decompress(packed, max_output_size=CHUNK_OCTETS)
        except (zstandard.ZstdError, KeyError, IndexError) as trouble:
            raise damaged(repr(trouble)) from trouble
        if len(piece) != min(CHUNK_OCTETS, self.octets - number * CHUNK_OCTETS):
            raise damaged("a piece has the wrong length")
        return piece

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


def damaged(cause: str) -> Damaged:
    return Damaged(
        "This message is damaged where it is kept; the other messages are not touched.", cause=cause
    )


class Bodies(LOBTree):  # type: ignore[misc]
    """uid → Body."""

    max_leaf_size = 60
    max_internal_size = 100

    def put(self, uid: int, body: Body, packed: Packed) -> None:
        """Keep `body`, giving the chunks of a large one to the database sixteen at a time.

        Savepoints bound the memory a large message takes; it still commits with everything else.
        """
        self[uid] = body
        if len(packed.chunks) == 1:
            return
        for number, octets in enumerate(packed.chunks, 1):
            chunk = BodyChunk(octets)
            body.chunks.append(chunk)
            body._p_changed = True
            if self._p_jar is not None and number % SAVEPOINT_CHUNKS == 0:
                savepoint(self)
