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
from struct import Struct
from typing import overload

from stored.model.coding import NotCanonical, Octets, Run, decoded, runs_in
from stored.model.octets import CHUNK_OCTETS, compress
from stored.spool import spooling

SHARED_OCTETS = 2048
#: What is compressed of a larger message waits in a file, so that memory does not follow its length.
IN_MEMORY_OCTETS = 4 << 20

#: `Body.form`: octets as they are, in pieces of 256 KB; or with segments, parts and a dictionary.
PLAIN, WOVEN = 1, 2

#: Where something was taken out of a body, how it was written, and its hash.
_TAKEN = Struct(">qqIB32s")

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


@dataclass(slots=True)
class Packed:
    """A message ready to be kept; `dictionary` is the number of the one its octets need, or 0.

    `body_hash` is what all copies of a letter agree in, however their headers differ.
    """

    octets: int
    sha256: bytes
    chunks: Sequence[bytes]
    form: int = PLAIN
    segments: tuple[Segment, ...] = ()
    parts: tuple[PackedPart, ...] = ()
    dictionary: int = 0
    body_hash: bytes = b""


def pack(raw: Octets, words: Words | None = None, spool: Path | None = None, body: int = 0) -> Packed:
    """Take `raw` apart, compress and hash it. Takes time in proportion to its length.

    `raw` may be a mapped file. What comes of more than 4 MB waits in a nameless file in `spool`. `body` is
    where the message's body begins, for `body_hash`.
    """
    file = _SpoolFile(spool) if len(raw) > IN_MEMORY_OCTETS else None
    plain, parts, segments = _Stream(file), [], []
    told = _BodyHash(body)
    at = 0
    for run in runs_in(raw):
        taken = _taken(raw, run, file)
        if taken is None:
            continue
        plain.feed_from(raw, at, run.start, told)
        shared = isinstance(taken, PackedPart)
        if isinstance(taken, PackedPart):
            parts.append(taken)
        else:
            plain.feed(taken)
        told.taken(run, taken)
        octets = taken.octets if isinstance(taken, PackedPart) else len(taken)
        segments.append((run.start - at, octets, run.width, run.crlf, shared))
        at = run.end
    plain.feed_from(raw, at, len(raw), told)
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
        told.digest(),
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
    if isinstance(raw, bytes):
        return hashlib.sha256(raw).digest()
    running = hashlib.sha256()
    for at in range(0, len(raw), CHUNK_OCTETS * 16):
        running.update(raw[at : at + CHUNK_OCTETS * 16])
    return running.digest()


class _BodyHash:
    """What copies of a letter have in common: the hash of all behind the header.

    Of what is taken out the hash is known already, so nothing large is read once more. Where it stood and how
    it was written is told behind all that is plain; since that was proved to be the one way, and their number
    comes last, no two bodies agree.
    """

    def __init__(self, body: int) -> None:
        self._body = body
        self._plain = hashlib.sha256()
        self._taken: list[bytes] = []

    def plain(self, octets: bytes, at: int) -> None:
        """Add what stands at `at` of the message, as far as that is behind the header."""
        if at + len(octets) > self._body:
            self._plain.update(octets[max(self._body - at, 0) :])

    def taken(self, run: Run, taken: PackedPart | bytes) -> None:
        digest = taken.sha256 if isinstance(taken, PackedPart) else hashlib.sha256(taken).digest()
        told = _TAKEN.pack(run.start - self._body, run.end - self._body, run.width, run.crlf, digest)
        self._taken.append(told)

    def digest(self) -> bytes:
        self._plain.update(b"".join(self._taken) + len(self._taken).to_bytes(8, "big"))
        return self._plain.digest()


class _Stream:
    """Octets on their way into chunks of 256 KB."""

    def __init__(self, file: "_SpoolFile | None") -> None:
        self._chunks: list[bytes] | SpooledChunks = [] if file is None else SpooledChunks(file)
        self._pieces: list[bytes] = []
        self._waiting = 0
        self.octets = 0

    def feed(self, octets: bytes) -> None:
        self._pieces.append(octets)
        self._waiting += len(octets)
        self.octets += len(octets)
        if self._waiting > CHUNK_OCTETS:
            waiting = b"".join(self._pieces)
            full = (len(waiting) - 1) // CHUNK_OCTETS * CHUNK_OCTETS
            for at in range(0, full, CHUNK_OCTETS):
                self._chunks.append(compress(waiting[at : at + CHUNK_OCTETS]))
            self._pieces = [waiting[full:]]
            self._waiting -= full

    def feed_from(self, raw: Octets, start: int, stop: int, told: _BodyHash) -> None:
        for at in range(start, stop, CHUNK_OCTETS):
            octets = raw[at : min(at + CHUNK_OCTETS, stop)]
            told.plain(octets, at)
            self.feed(octets)

    def finish(self, dictionary: bytes = b"") -> Sequence[bytes]:
        """Return the chunks; the dictionary serves what fits into one."""
        if self._waiting or not self._chunks:
            self._chunks.append(compress(b"".join(self._pieces), dictionary))
            self._pieces, self._waiting = [], 0
        return self._chunks


class _SpoolFile:
    """A nameless file: nothing of it is left behind, whatever ends this process."""

    def __init__(self, directory: Path | None) -> None:
        with spooling():
            if directory is not None:
                directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._file = tempfile.TemporaryFile(dir=directory)  # noqa: SIM115 - closed with the last chunk
        self._end = 0

    def append(self, octets: bytes) -> tuple[int, int]:
        with spooling():
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
