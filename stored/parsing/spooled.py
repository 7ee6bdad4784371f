"""Octets in memory when they are few, else mapped from a file without a name, so that memory stays small."""

import tempfile
from collections.abc import Iterable
from mmap import ACCESS_READ, mmap
from pathlib import Path

from stored.mime.scanner import Octets

MEMORY_OCTETS = 4 << 20


def held(pieces: Iterable[bytes], octets: int, directory: Path | None = None) -> Octets:
    """Return `pieces`, which have so many `octets` together, as one; many lie in a file in `directory`.

    The file is gone once nothing refers to the octets any more, whatever ends this process.
    """
    if octets <= MEMORY_OCTETS:
        return b"".join(pieces)
    with tempfile.TemporaryFile(dir=directory) as file:
        file.writelines(pieces)
        file.flush()
        return mmap(file.fileno(), 0, access=ACCESS_READ)
