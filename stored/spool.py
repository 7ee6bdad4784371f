"""Large messages on their way through: on disk, in files without a name, so that memory does not follow them.

What is small stays in memory. A file without a name is gone with its process, whatever happens.
"""

import mmap
import tempfile
from collections.abc import Iterable
from pathlib import Path

MEMORY_OCTETS = 4 * 1024 * 1024
#: After touching so many octets of a mapped file, its pages are let go of.
WINDOW_OCTETS = 4 * 1024 * 1024


class Mapped(mmap.mmap):
    """A file as octets, of which only a window is in memory at a time, however much of it is read."""

    _touched = 0

    def find(self, sub: bytes, start: int = 0, end: int | None = None) -> int:  # type: ignore[override]
        """Return as `bytes.find` does, a window at a time."""
        end = len(self) if end is None else min(end, len(self))
        at = start
        while at < end:
            until = min(at + WINDOW_OCTETS, end)
            found = super().find(sub, at, min(until + len(sub) - 1, end))
            self._let_go(until - at)
            if found >= 0:
                return found
            at = until
        return -1

    def __getitem__(self, key: int | slice) -> bytes:  # type: ignore[override]
        octets = super().__getitem__(key)
        # What lies between octets that are some way apart is touched, too.
        apart = key.step or 1 if isinstance(key, slice) else 1
        self._let_go(len(octets) * apart if isinstance(octets, bytes) else 1)
        return octets  # type: ignore[return-value]

    def _let_go(self, octets: int) -> None:
        self._touched += octets
        if self._touched >= WINDOW_OCTETS:
            self._touched = 0
            self.madvise(mmap.MADV_DONTNEED)


def gathered(chunks: Iterable[bytes], directory: Path | None) -> bytes | Mapped:
    """Return what `chunks` bring as octets: in memory if they are few, else in a nameless file. Blocks."""
    pieces: list[bytes] = []
    octets = 0
    arriving = iter(chunks)
    for chunk in arriving:
        pieces.append(chunk)
        octets += len(chunk)
        if octets > MEMORY_OCTETS:
            return _on_disk(pieces, arriving, directory)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def _on_disk(pieces: list[bytes], rest: Iterable[bytes], directory: Path | None) -> Mapped:
    with tempfile.TemporaryFile(dir=directory) as file:
        file.writelines(pieces)
        pieces.clear()
        file.writelines(rest)
        file.flush()
        return Mapped(file.fileno(), 0, access=mmap.ACCESS_READ)
