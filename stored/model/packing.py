"""Octets made ready to be kept, outside any transaction: hashed, taken apart, compressed.

    Packed ─ chunks     the message without what was taken out, compressed
           ─ segments   where something was taken out, and how to write it again
           ─ parts      attachments taken out, decoded; equal ones are kept once within a user

Small runs of base64 (a text, mostly) are decoded in their place, larger ones become parts.
"""

import hashlib
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import overload

from stored.model.coding import NotCanonical, Octets, Run, decoded, runs_in
from stored.model.octets import CHUNK_OCTETS, compress

SHARED_OCTETS = 2048
#: What is compressed of a larger message waits in a file, so that memory does not follow its length.
IN_MEMORY_OCTETS = 4 << 20

#: `Body.form`: octets as they are, in pieces of 256 KB; or with segments, parts and a dictionary.
PLAIN, WOVEN = 1, 2

#: (plain octets before it, decoded octets, characters a line, CR LF?, a part of its own?)
Segment = tuple[int, int, int, bool, bool]


@dataclass(frozen=True)
class Words:
    """A dictionary of the user's database, by its number there."""

    number: int
    octets: bytes


@dataclass(frozen=True)
class PackedPart:
    """The decoded octets of one attachment, compressed."""

    sha256: bytes
    octets: int
    chunks: Sequence[bytes]


@dataclass(frozen=True)
class Packed:
    """A message ready to be kept; `dictionary` is the number of the one its octets need, or 0."""

    octets: int
    sha256: bytes
    chunks: Sequence[bytes]
    form: int = PLAIN
    segments: tuple[Segment, ...] = ()
    parts: tuple[PackedPart, ...] = ()
    dictionary: int = 0


def pack(raw: Octets, words: Words | None = None, spool: Path | None = None) -> Packed:
    """Take `raw` apart, compress and hash it. Takes time in proportion to its length.

    `raw` may be a mapped file. What comes of more than 4 MB waits in a nameless file in `spool`.
    """
    file = _SpoolFile(spool) if len(raw) > IN_MEMORY_OCTETS else None
    plain, parts, segments = _Stream(file), [], []
    at = 0
    for run in runs_in(raw):
        taken = _taken(raw, run, file)
        if taken is None:
            continue
        _feed(plain, raw, at, run.start)
        shared = isinstance(taken, PackedPart)
        if isinstance(taken, PackedPart):
            parts.append(taken)
        else:
            plain.feed(taken)
        octets = taken.octets if isinstance(taken, PackedPart) else len(taken)
        segments.append((run.start - at, octets, run.width, run.crlf, shared))
        at = run.end
    _feed(plain, raw, at, len(raw))
    small = plain.octets <= CHUNK_OCTETS and words is not None
    chunks = plain.finish(words.octets if small and words else b"")
    woven = bool(segments) or small
    return Packed(
        len(raw),
        _sha256(raw),
        chunks,
        WOVEN if woven else PLAIN,
        tuple(segments),
        tuple(parts),
        words.number if small and words else 0,
    )


def _taken(raw: Octets, run: Run, file: "_SpoolFile | None") -> PackedPart | bytes | None:
    """Return what a run decodes to: a part, or its few octets, or None where the proof fails."""
    stream, running = _Stream(file), hashlib.sha256()
    try:
        for octets in decoded(raw, run):
            if not stream.octets and len(octets) < SHARED_OCTETS:
                return octets
            running.update(octets)
            stream.feed(octets)
    except NotCanonical:
        return None
    return PackedPart(running.digest(), stream.octets, stream.finish())


def _sha256(raw: Octets) -> bytes:
    running = hashlib.sha256()
    for at in range(0, len(raw), CHUNK_OCTETS * 16):
        running.update(raw[at : at + CHUNK_OCTETS * 16])
    return running.digest()


def _feed(stream: "_Stream", raw: Octets, start: int, stop: int) -> None:
    for at in range(start, stop, CHUNK_OCTETS):
        stream.feed(raw[at : min(at + CHUNK_OCTETS, stop)])


class _Stream:
    """Octets on their way into chunks of 256 KB."""

    def __init__(self, file: "_SpoolFile | None") -> None:
        self._chunks: list[bytes] | SpooledChunks = [] if file is None else SpooledChunks(file)
        self._waiting = bytearray()
        self.octets = 0

    def feed(self, octets: bytes) -> None:
        self._waiting += octets
        self.octets += len(octets)
        while len(self._waiting) > CHUNK_OCTETS:
            self._chunks.append(compress(bytes(self._waiting[:CHUNK_OCTETS])))
            del self._waiting[:CHUNK_OCTETS]

    def finish(self, dictionary: bytes = b"") -> Sequence[bytes]:
        """Return the chunks; the dictionary serves what fits into one."""
        if self._waiting or not self._chunks:
            self._chunks.append(compress(bytes(self._waiting), dictionary))
            self._waiting.clear()
        return self._chunks


class _SpoolFile:
    """A nameless file: nothing of it is left behind, whatever ends this process."""

    def __init__(self, directory: Path | None) -> None:
        if directory is not None:
            directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._file = tempfile.TemporaryFile(dir=directory)  # noqa: SIM115 - closed with the last chunk
        self._end = 0

    def append(self, octets: bytes) -> tuple[int, int]:
        self._file.write(octets)
        self._file.flush()
        place = (self._end, len(octets))
        self._end += len(octets)
        return place

    def read(self, place: tuple[int, int]) -> bytes:
        return os.pread(self._file.fileno(), place[1], place[0])


class SpooledChunks(Sequence[bytes]):
    """Chunks that wait in a file."""

    def __init__(self, file: _SpoolFile) -> None:
        self._file = file
        self._places: list[tuple[int, int]] = []

    def append(self, octets: bytes) -> None:
        self._places.append(self._file.append(octets))

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, number: int) -> bytes: ...
    @overload
    def __getitem__(self, number: slice) -> Sequence[bytes]: ...
    def __getitem__(self, number: int | slice) -> bytes | Sequence[bytes]:
        if isinstance(number, slice):
            return [self._file.read(place) for place in self._places[number]]
        return self._file.read(self._places[number])
