"""A maildrop of a demonstration provider: a directory with one file for each letter."""

import hashlib
import itertools
import os
import threading
from pathlib import Path


class Maildrop:
    """Keep the letters of one address, oldest first.

    A letter is a file `NNNNNN.eml` with its octets as they came; its UIDL is made from its name and octets.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._lock = threading.Lock()
        directory.mkdir(parents=True, exist_ok=True)
        self._numbers = itertools.count(len(self.letters()) + 1)

    def letters(self) -> list[Path]:
        """Return the files of the letters, oldest first. Reads only."""
        return sorted(self._directory.glob("*.eml"))

    def deliver(self, octets: bytes) -> None:
        """Keep one letter. It is on disk, flushed, when this returns."""
        with self._lock:
            name = f"{next(self._numbers):06d}.eml"
            unfinished = self._directory / f"{name}.new"
            with unfinished.open("wb") as file:
                file.write(octets)
                file.flush()
                os.fsync(file.fileno())
            unfinished.rename(self._directory / name)


def uidl_of(letter: Path) -> str:
    """Return the unique-id of `letter`: stable between sessions (RFC 1939 section 7)."""
    return hashlib.sha256(letter.name.encode()).hexdigest()[:16] + "." + letter.stem
