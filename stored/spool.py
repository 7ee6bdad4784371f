"""Large messages on their way through: on disk, in files without a name, so that memory does not follow them.

What is small stays in memory. A file without a name is gone with its process, whatever happens. Where there
is no space for one, that is told as such; what is not too large goes on in memory.
"""

import errno
import mmap
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from restante.errors import NoSpace

MEMORY_OCTETS = 8_000_000
#: What the system says where nothing can be written.
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES)
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
    with spooling(), tempfile.TemporaryFile(dir=directory) as file:
        file.writelines(pieces)
        pieces.clear()
        file.writelines(rest)
        file.flush()
        return Mapped(file.fileno(), 0, access=mmap.ACCESS_READ)


def filed(pieces: Iterable[bytes], octets: int, directory: Path) -> BinaryIO:
    """Return a nameless file with these `octets`, at its beginning, which the caller closes. Blocks.

    Where none can be written, up to MEMORY_OCTETS are held in memory instead. Raises NoSpace.
    """
    held = list(pieces) if octets <= MEMORY_OCTETS else None
    try:
        return _written(pieces if held is None else held, directory)
    except NoSpace:
        if held is None:
            raise
        return BytesIO(b"".join(held))


def _written(pieces: Iterable[bytes], directory: Path) -> BinaryIO:
    with spooling():
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = tempfile.TemporaryFile(dir=directory)  # noqa: SIM115 - the caller closes it
        try:
            file.writelines(pieces)
            file.seek(0)
        except BaseException:
            file.close()
            raise
        return file


@contextmanager
def spooling() -> Iterator[None]:
    """Surround the writing of a file: where there is no space for it, NoSpace is raised (temporary)."""
    try:
        yield
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise NoSpace(
            "The server's disk is full, so what is large cannot be handled there, and nothing was changed. "
            "Try again later, and tell whoever runs the service.",
            cause=str(error),
        ) from error
