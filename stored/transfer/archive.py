"""The files of a zip or a tar one by one, and what gzip, bzip2 or xz have packed alone.

Nothing is unpacked beyond what is asked for and allowed; what is broken is an error of the library's, which
`BROKEN` are. Knows nothing of letters.
"""

import bz2
import errno
import gzip
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from io import BufferedIOBase
from typing import IO, BinaryIO

from restante.errors import InvalidArgument, TooLarge
from stored.transfer import names, zips

CENTRAL_OCTETS = 64 << 20
PIECE_OCTETS = 1 << 18

ZIPPED = (b"PK\3\4", b"PK\5\6")
_PACKERS: dict[bytes, Callable[[BinaryIO], BufferedIOBase]] = {
    b"\x1f\x8b": lambda file: gzip.GzipFile(fileobj=file),
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ": lzma.LZMAFile,
}
PACKED = tuple(_PACKERS)

BROKEN = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    UnicodeDecodeError,
    NotImplementedError,
    RuntimeError,
    OSError,
)


@dataclass(frozen=True)
class Entry:
    """One file of an archive. `own` are the flags that our own export has noted of it."""

    number: int
    name: str
    octets: int
    reached: int
    open: Callable[[], AbstractContextManager[IO[bytes]]]
    root: names.Root
    own: int | None = None


def zip_entries(file: BinaryIO) -> Iterator[Entry]:
    if _central_octets(file) > CENTRAL_OCTETS:
        raise TooLarge("The zip file holds too many files; divide it.")
    with zipfile.ZipFile(file) as archive:
        root = names.root_of(info.filename for info in archive.infolist())
        for number, info in enumerate(archive.infolist()):
            if info.flag_bits & 1:
                raise InvalidArgument(
                    "The zip file has a password; pack it without.", about=info.filename[:80]
                )
            if not info.filename.endswith("/"):
                yield Entry(
                    number,
                    info.filename,
                    info.file_size,
                    info.header_offset,
                    lambda i=info: archive.open(i),  # type: ignore[misc]
                    root,
                    zips.noted(info.comment),
                )


def _central_octets(file: BinaryIO) -> int:
    """Return how long the list at the end of a zip file says it is."""
    file.seek(0, 2)
    length = file.tell()
    file.seek(max(length - 66_000, 0))
    tail = file.read()
    file.seek(0)
    end = tail.rfind(b"PK\5\6")
    octets = int.from_bytes(tail[end + 12 : end + 16], "little") if end >= 0 else 0
    if octets == 0xFFFFFFFF:
        at = tail.rfind(b"PK\6\6")
        octets = int.from_bytes(tail[at + 40 : at + 48], "little") if at >= 0 else length
    return octets


def tar_entries(file: BinaryIO, budget: int) -> Iterator[Entry]:
    root = names.root_of(_tar_names(file, budget))
    for number, info, archive in _tar_files(file, budget):
        taken = lambda i=info, a=archive: a.extractfile(i)  # noqa: E731
        yield Entry(number, info.name, info.size, file.tell(), taken, root)


def _tar_names(file: BinaryIO, budget: int) -> Iterator[str]:
    """Give the names in an archive, as far as it can be read."""
    try:
        for _, info, _ in _tar_files(file, budget):
            yield info.name
    except BROKEN:
        return


def _tar_files(file: BinaryIO, budget: int) -> Iterator[tuple[int, tarfile.TarInfo, tarfile.TarFile]]:
    file.seek(0)
    with tarfile.open(fileobj=file, mode="r:*") as archive:
        for number, info in enumerate(archive):
            # The library remembers every member; of a million letters nobody wants that.
            archive.members = []  # type: ignore[attr-defined]
            # What is passed over is unpacked all the same.
            budget -= info.size
            if budget < 0:
                raise too_much()
            if info.isreg():
                yield number, info, archive


def unpacking(file: BinaryIO, head: bytes) -> BufferedIOBase:
    """Return what is packed in a file that begins with `head`, to be read and closed."""
    packer = next(packer for mark, packer in _PACKERS.items() if head.startswith(mark))
    file.seek(0)
    return packer(file)


def pieces(inside: BufferedIOBase, budget: int, ended: list[Exception]) -> Iterator[bytes]:
    """Give what is packed as far as it can be unpacked; into `ended` goes what ended it early."""
    try:
        while piece := inside.read1(PIECE_OCTETS):
            budget -= len(piece)
            if budget < 0:
                raise too_much()
            yield piece
    except (*BROKEN, TooLarge) as error:
        raise_ours(error)
        ended.append(error)


def beginning(coming: Iterator[bytes], octets: int) -> bytes:
    """Return at least so many octets of what comes, as long as it does."""
    head = bytearray()
    while len(head) < octets and (piece := next(coming, b"")):
        head += piece
    return bytes(head)


def raise_ours(error: BaseException) -> None:
    """Raise again what is the disk's fault; a place before the beginning is where a broken file points to."""
    if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
        raise error


def too_much() -> TooLarge:
    return TooLarge("The file unpacks to far too much, so the rest of it was left.")
