"""Octets kept compressed: in one piece up to 256 KB, above in chunks that are objects of their own.

Each piece carries zstd's own checksum and can be read without the others.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any

import zstandard
from persistent import Persistent

from restante.errors import Damaged

CHUNK_OCTETS = 256 * 1024
LEVEL = 1

_local = threading.local()


def damaged(cause: str, about: str = "") -> Damaged:
    return Damaged(
        "This message is damaged where it is kept; the other messages are not touched.",
        about=about,
        cause=cause,
    )


class Dictionary(Persistent):  # type: ignore[misc]
    """What small mail of one user has in common. Once mail is kept with it, it never changes."""

    version = 1

    def __init__(self, octets: bytes) -> None:
        self.octets = octets


class Dictionaries(Persistent):  # type: ignore[misc]
    """A user's dictionaries by number, from 1 on. Each is kept twice: much mail hangs on one record."""

    version = 1

    def __init__(self) -> None:
        self.members: tuple[tuple[Dictionary, Dictionary], ...] = ()

    def __getnewargs__(self) -> tuple[()]:
        # A reference to an object with these is its number alone: eight octets instead of fifty, in every
        # body. It is read as soon as a body is, which is right for something so small.
        return ()

    def __len__(self) -> int:
        return len(self.members)

    def __bool__(self) -> bool:
        return True

    def add(self, octets: bytes) -> int:
        self.members = (*self.members, (Dictionary(octets), Dictionary(octets)))
        return len(self.members)

    def octets(self, number: int) -> bytes:
        """Return a dictionary, of whichever copy can be read. Raises Damaged."""
        for copy in self.members[number - 1]:
            try:
                return copy.octets
            except (Damaged, KeyError):
                continue
        raise damaged(f"dictionary {number}")


@lru_cache(maxsize=64)
def loaded(dictionary: bytes) -> zstandard.ZstdCompressionDict:
    """Return a dictionary as zstd wants it, made ready once; safe for any thread."""
    ready = zstandard.ZstdCompressionDict(dictionary)
    ready.precompute_compress(level=LEVEL)
    return ready


def compress(octets: bytes, dictionary: bytes = b"") -> bytes:
    """Return `octets` compressed, with a checksum. Pure."""
    return _tool("compressor", dictionary, _compressor).compress(octets)  # type: ignore[no-any-return]


def decompress(packed: bytes, dictionary: bytes = b"") -> bytes:
    """Return what was compressed, at most 256 KB of it. Raises Damaged."""
    try:
        tool = _tool("decompressor", dictionary, _decompressor)
        return tool.decompress(packed, max_output_size=CHUNK_OCTETS)  # type: ignore[no-any-return]
    except zstandard.ZstdError as trouble:
        raise damaged(repr(trouble)) from trouble


def _compressor(dictionary: bytes) -> Any:
    if not dictionary:
        return zstandard.ZstdCompressor(level=LEVEL, write_checksum=True)
    return zstandard.ZstdCompressor(
        level=LEVEL, write_checksum=True, write_dict_id=False, dict_data=loaded(dictionary)
    )


def _decompressor(dictionary: bytes) -> Any:
    return zstandard.ZstdDecompressor(dict_data=loaded(dictionary) if dictionary else None)


def _tool(kind: str, dictionary: bytes, make: Callable[[bytes], Any]) -> Any:
    """Return this thread's own, made once: none may be used by two threads, and making one takes long.

    One is kept without a dictionary and one with the dictionary used last.
    """
    name = f"{kind} with a dictionary" if dictionary else kind
    known, tool = _local.__dict__.get(name, (None, None))
    if tool is None or known is not dictionary:
        tool = make(dictionary)
        setattr(_local, name, (dictionary, tool))
    return tool


class BodyChunk(Persistent):  # type: ignore[misc]
    """256 KB of something large, compressed."""

    version = 1

    def __init__(self, packed: bytes) -> None:
        self.packed = packed


class Reader:
    """Reads `octets` octets that are kept in `packed`, or in `chunks`, from anywhere. Raises Damaged."""

    def __init__(
        self,
        octets: int,
        packed: bytes,
        chunks: Sequence[BodyChunk],
        dictionaries: Dictionaries | None = None,
        dictionary: int = 0,
    ) -> None:
        self._octets = octets
        self._packed = packed
        self._chunks = chunks
        self._dictionaries = dictionaries
        self._dictionary = dictionary
        self._latest: tuple[int, bytes] = (-1, b"")

    def slices(self, start: int, stop: int) -> Iterator[bytes]:
        """Give the octets from `start` to `stop` in pieces of at most 256 KB."""
        for at in range(start // CHUNK_OCTETS * CHUNK_OCTETS, stop, CHUNK_OCTETS):
            piece = self._piece(at // CHUNK_OCTETS)
            first = max(start - at, 0)
            yield piece[first : stop - at] if first or stop - at < len(piece) else piece

    def read(self, start: int, stop: int) -> bytes:
        return b"".join(self.slices(start, stop))

    def _piece(self, number: int) -> bytes:
        if self._latest[0] == number:
            return self._latest[1]
        try:
            piece = self._unpacked(number)
        except (KeyError, IndexError) as trouble:
            raise damaged(repr(trouble)) from trouble
        if len(piece) != min(CHUNK_OCTETS, self._octets - number * CHUNK_OCTETS):
            raise damaged("a piece has the wrong length")
        self._latest = (number, piece)
        return piece

    def _unpacked(self, number: int) -> bytes:
        if not self._chunks:
            known = self._dictionaries
            return decompress(self._packed, b"" if known is None else known.octets(self._dictionary))
        chunk = self._chunks[number]
        packed = chunk.packed
        # A chunk is read once in a while and is large: keeping it would empty the cache of the rest.
        chunk._p_deactivate()
        return decompress(packed)
