"""Writing a zip file of any number of letters: what stands at its end waits in a file, not in memory.

With each letter its flags are noted, as the comment that a zip file may have for every file in it.
"""

import struct
import tempfile
import zlib
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from stored.model.word import FLAG_NAMES

_LOCAL = struct.Struct("<4s5H3I2H")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_END64 = struct.Struct("<4sQ2H2I4Q")
_LOCATOR = struct.Struct("<4sIQI")
_UTF8 = 0x800
_FULL = 0xFFFFFFFF
_NOTE = "restante:"


def note(flags: int) -> bytes:
    """Return the comment of a letter with these flags. Pure."""
    return " ".join([_NOTE, *(name for bit, name in enumerate(FLAG_NAMES) if flags >> bit & 1)]).encode()


def noted(comment: bytes) -> int | None:
    """Return the flags that the comment of a letter tells, None where it is none of ours. Pure."""
    mark, *told = comment.decode("ascii", "replace").split(" ")
    return sum(1 << bit for bit, name in enumerate(FLAG_NAMES) if name in told) if mark == _NOTE else None


class ZipWriter:
    """Writes letters one after the other into `file`, which is seekable; `close` writes the end."""

    def __init__(self, file: BinaryIO, spool: Path | None = None) -> None:
        self._file = file
        self._central = tempfile.TemporaryFile(dir=spool)  # noqa: SIM115 - closed in `close`
        self._count = 0

    def add(self, name: str, pieces: Iterable[bytes], at: datetime, comment: bytes = b"") -> None:
        """Add a file, deflated. It may have up to 4 GB."""
        start = self._file.tell()
        encoded = name.encode("utf-8", "replace")
        day, second = _dos(at.astimezone(UTC))
        self._file.write(b"\0" * _LOCAL.size + encoded)
        crc, octets, packed = 0, 0, 0
        deflate = zlib.compressobj(6, zlib.DEFLATED, -15)
        for piece in pieces:
            crc, octets = zlib.crc32(piece, crc), octets + len(piece)
            packed += self._file.write(deflate.compress(piece))
        packed += self._file.write(deflate.flush())
        end = self._file.tell()
        self._file.seek(start)
        sizes = (crc, packed, octets)
        self._file.write(_LOCAL.pack(b"PK\3\4", 20, _UTF8, 8, second, day, *sizes, len(encoded), 0))
        self._file.seek(end)
        extra = struct.pack("<2HQ", 1, 8, start) if start >= _FULL else b""
        lengths = (len(encoded), len(extra), len(comment), 0, 0)
        self._central.write(
            _CENTRAL.pack(b"PK\1\2", 45, 45, _UTF8, 8, second, day, *sizes, *lengths, 0, min(start, _FULL))
            + encoded
            + extra
            + comment
        )
        self._count += 1

    def close(self) -> None:
        """Write the list of all files and the end; the file itself is the caller's to close."""
        start = self._file.tell()
        self._central.seek(0)
        while piece := self._central.read(1 << 20):
            self._file.write(piece)
        self._central.close()
        octets, count = self._file.tell() - start, self._count
        if count >= 0xFFFF or start + octets >= _FULL:
            end64 = self._file.tell()
            counts = (count, count, octets, start)
            self._file.write(_END64.pack(b"PK\6\6", _END64.size - 12, 45, 45, 0, 0, *counts))
            self._file.write(_LOCATOR.pack(b"PK\6\7", 0, end64, 1))
        few = min(count, 0xFFFF)
        self._file.write(_END.pack(b"PK\5\6", 0, 0, few, few, min(octets, _FULL), min(start, _FULL), 0))


def _dos(at: datetime) -> tuple[int, int]:
    """Return a time as these files say it, two seconds being the least."""
    year = min(max(at.year, 1980), 2107)
    day = (year - 1980) << 9 | at.month << 5 | at.day
    return day, at.hour << 11 | at.minute << 5 | at.second // 2
