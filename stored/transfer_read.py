"""Reading letters out of a file somebody has: mbox, a single eml, or a zip or tar of eml, Maildir and mbox.

A letter comes with the place behind it, so that reading can go on from there after a restart, and a
directory is never trusted with more than the name of a folder. What unpacks to very much is refused.
"""

import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, BinaryIO

from restante.errors import InvalidArgument, TooLarge
from stored import transfer_mbox as mbox
from stored.mime import Octets
from stored.model.word import ANSWERED, DRAFT, FLAGGED, FORWARDED, SEEN
from stored.spool import Mapped, gathered

#: A larger letter is left out. One held in memory may have as many; larger ones go through the spool.
LETTER_OCTETS = 150_000_000
#: An archive may unpack to so many times its size, and this much whatever its size.
UNPACKED_TIMES = 100
UNPACKED_OCTETS = 256 << 20
CENTRAL_OCTETS = 64 << 20
PIECE_OCTETS = 1 << 18

_MAILDIR_FLAGS = {"S": SEEN, "R": ANSWERED, "F": FLAGGED, "D": DRAFT, "P": FORWARDED}
_TRASHED = "T"
_LETTER_ENDS = (".eml", ".mbox", ".mbx", ".mbs")

# Where to go on: the number of the entry in an archive, and the octet in an mbox.
Place = dict[str, int]


@dataclass(frozen=True)
class Letter:
    """One letter; `raw` is None where it is too large. `flags` are None where the file does not say.

    `folder` is what its directory is called, empty where there is none. `reached` are octets of the file.
    """

    raw: Octets | None
    place: Place
    reached: int
    folder: str = ""
    flags: int | None = None


def letters(file: BinaryIO, place: Place, spool: Path | None) -> Iterator[Letter]:
    """Give the letters of a file from a place on. Raises InvalidArgument, TooLarge (permanent)."""
    head = file.read(600)
    file.seek(0)
    try:
        if head.startswith((b"PK\3\4", b"PK\5\6")):
            yield from _archived(_zip_entries(file), place, spool, _budget(file))
        elif head.startswith((b"\x1f\x8b", b"BZh", b"\xfd7zXZ")) or head[257:262] == b"ustar":
            yield from _archived(_tar_entries(file), place, spool, _budget(file))
        elif mbox.is_mbox(head):
            yield from _of_mbox(Mapped(file.fileno(), 0, access=1), place, "", 0)
        elif head and not place:
            yield _single(file, spool)
    except (
        zipfile.BadZipFile,
        tarfile.TarError,
        EOFError,
        OSError,
        NotImplementedError,
        RuntimeError,
    ) as error:
        if isinstance(error, OSError) and error.errno:
            raise
        raise InvalidArgument(
            "The file is damaged, or of a kind that cannot be read; pack it anew."
        ) from error


def _budget(file: BinaryIO) -> int:
    file.seek(0, 2)
    octets = file.tell()
    file.seek(0)
    return octets * UNPACKED_TIMES + UNPACKED_OCTETS


def _single(file: BinaryIO, spool: Path | None) -> Letter:
    head = file.read(64 * 1024)
    file.seek(0)
    if b":" not in head.partition(b"\n")[0]:
        raise InvalidArgument(
            "The file is no letter (eml), no mbox and no zip or tar of letters; choose another.",
        )
    raw = _crlf(_taken(file, spool))
    return Letter(raw, {"entry": 1}, len(raw or b""), "", mbox.status_flags(head.replace(b"\n", b"\r\n")))


def _of_mbox(octets: Octets, place: Place, folder: str, entry: int) -> Iterator[Letter]:
    for found in mbox.letters(octets, place.get("at", 0)):
        following = {"entry": entry, "at": found.following}
        if found.stop - found.start > LETTER_OCTETS:
            yield Letter(None, following, found.following, folder)
            continue
        raw = mbox.read(octets[found.start : found.stop])
        yield Letter(raw, following, found.following, folder, mbox.status_flags(raw))


@dataclass(frozen=True)
class _Entry:
    number: int
    name: str
    octets: int
    reached: int
    open: Any


def _zip_entries(file: BinaryIO) -> Iterator[_Entry]:
    if _central_octets(file) > CENTRAL_OCTETS:
        raise TooLarge("The zip file holds too many files; divide it.")
    with zipfile.ZipFile(file) as archive:
        for number, info in enumerate(archive.infolist()):
            if not info.is_dir():
                yield _Entry(
                    number, info.filename, info.file_size, info.header_offset, lambda i=info: archive.open(i)
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


def _tar_entries(file: BinaryIO) -> Iterator[_Entry]:
    with tarfile.open(fileobj=file, mode="r:*") as archive:
        for number, info in enumerate(archive):
            # The library remembers every member; of a million letters nobody wants that.
            archive.members = []  # type: ignore[attr-defined]
            if info.isreg():
                yield _Entry(number, info.name, info.size, file.tell(), lambda i=info: archive.extractfile(i))


def _archived(entries: Iterator[_Entry], place: Place, spool: Path | None, budget: int) -> Iterator[Letter]:
    for entry in entries:
        if entry.number < place.get("entry", 0):
            continue
        told = _told(entry.name)
        if told is None:
            continue
        folder, flags = told
        budget -= entry.octets
        if budget < 0:
            raise TooLarge("The file unpacks to far too much, so the rest of it was left.")
        following = {"entry": entry.number + 1}
        is_mbox = entry.name.lower().endswith(_LETTER_ENDS[1:])
        if entry.octets > LETTER_OCTETS and not is_mbox:
            yield Letter(None, following, entry.reached, folder)
            continue
        with entry.open() as inside:
            raw = _taken(inside, spool, None if is_mbox else LETTER_OCTETS)
        if is_mbox or (raw is not None and mbox.is_mbox(raw[:600])):
            at = place if place.get("entry") == entry.number else {}
            for one in _of_mbox(raw or b"", at, folder, entry.number):
                yield Letter(one.raw, one.place, entry.reached, folder, one.flags)
            continue
        raw = _crlf(raw)
        known = flags if flags is not None or raw is None else mbox.status_flags(bytes(raw[: 64 * 1024]))
        yield Letter(raw, following, entry.reached, folder, known)


def _told(name: str) -> tuple[str, int | None] | None:
    """Return the folder and the flags that a file's name tells; None where it is no letter. Pure.

    In a Maildir letters lie in `cur` and `new`, their flags behind ":2,"; its folders begin with a dot.
    """
    steps = [step for step in name.replace("\\", "/").split("/") if step not in ("", ".", "..")]
    if not steps or (steps[-1].startswith(".") or "__MACOSX" in steps):
        return None
    last, above = steps[-1], steps[:-1]
    if above and above[-1] in ("cur", "new"):
        folder = above[-2].lstrip(".") if len(above) > 1 and above[-2].startswith(".") else ""
        # Where ":" may not stand in a name, programs write "!", ";" or "_" in its place.
        marks = next((last.rpartition(mark)[2] for mark in (":2,", "!2,", ";2,", "_2,") if mark in last), "")
        flags = sum(_MAILDIR_FLAGS.get(letter, 0) for letter in set(marks)) if above[-1] == "cur" else 0
        return ("trash" if _TRASHED in marks else folder), flags
    if above and above[-1] == "tmp":
        return None
    if not last.lower().endswith(_LETTER_ENDS):
        return None
    is_mbox = not last.lower().endswith(".eml")
    return (last.rpartition(".")[0] if is_mbox else above[-1] if above else ""), None


def _taken(file: IO[bytes], spool: Path | None, most: int | None = LETTER_OCTETS) -> Octets | None:
    """Return all of a file, None where it is longer than it may be, whatever its archive said."""
    octets = 0

    def pieces() -> Iterator[bytes]:
        nonlocal octets
        while piece := file.read(PIECE_OCTETS):
            octets += len(piece)
            if most is not None and octets > most:
                return
            yield piece

    taken = gathered(pieces(), spool)
    return None if most is not None and octets > most else taken


def _crlf(raw: Octets | None) -> Octets | None:
    """Return a letter with the line ends of mail; one that has them is left as it is."""
    if raw is None:
        return None
    head = bytes(raw[: 64 * 1024])
    if b"\n" not in head or head.count(b"\r\n") == head.count(b"\n"):
        return raw
    return bytes(raw).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
