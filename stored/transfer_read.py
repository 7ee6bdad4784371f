"""Reading letters out of a file somebody has: mbox, a single eml, or a zip or tar of any of what follows.

In an archive eml, Maildir, MH, mbox and Apple Mail's files are known by their names, or by their octets where
the names say nothing. A letter comes with the place behind it, so that reading can go on from there after a
restart. What cannot be brought in is told with the reason; what unpacks to very much is refused.
"""

import errno
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import IO, BinaryIO, Literal

from restante.errors import InvalidArgument, TooLarge
from stored import transfer_mbox as mbox
from stored import transfer_names as names
from stored import transfer_zip
from stored.mime import Octets
from stored.spool import Mapped, gathered
from stored.transfer_letter import HEAD_OCTETS, in_emlx, is_letter, said, with_crlf

#: A larger letter is left out. One held in memory may have as many; larger ones go through the spool.
LETTER_OCTETS = 150_000_000
#: An archive may unpack to so many times its size, and this much whatever its size.
UNPACKED_TIMES = 100
UNPACKED_OCTETS = 256 << 20
CENTRAL_OCTETS = 64 << 20
PIECE_OCTETS = 1 << 18

_BROKEN = (
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

# Where to go on: the number of the entry in an archive, and the octet in an mbox.
Place = dict[str, int]

# Why something is left out: too large, damaged, no letter at all, or deleted where it comes from.
Left = Literal["left", "damaged", "other", "expunged"]


@dataclass(frozen=True)
class Letter:
    """One letter, or what is `left` out for a reason; then `raw` is None.

    `folder` is the path of its folder, empty where there is none. `flags` are None where the file does not
    say. `exact`: these are the very octets of the file, no line end made another. `reached` are octets of
    the file.
    """

    raw: Octets | None
    place: Place
    reached: int
    folder: names.Path = ()
    flags: int | None = None
    exact: bool = True
    left: Left | None = None


def letters(file: BinaryIO, place: Place, spool: Path | None) -> Iterator[Letter]:
    """Give the letters of a file from a place on. Raises InvalidArgument, TooLarge (permanent)."""
    head = file.read(HEAD_OCTETS)
    file.seek(0)
    try:
        if head.startswith((b"PK\3\4", b"PK\5\6")):
            yield from _archived(_zip_entries(file), place, spool, _budget(file))
        elif head.startswith((b"\x1f\x8b", b"BZh", b"\xfd7zXZ")) or head[257:262] == b"ustar":
            yield from _archived(_tar_entries(file, _budget(file)), place, spool, _budget(file))
        elif mbox.is_mbox(head):
            yield from _of_mbox(Mapped(file.fileno(), 0, access=1), place, (), 0)
        elif is_letter(head, surely=True) and not place:
            raw = _taken(file, spool)
            yield _checked(raw, Letter(None, {"entry": 1}, len(raw or b"")), own=False)
    except _BROKEN as error:
        _raise_ours(error)
        raise InvalidArgument(
            "The file is damaged, or of a kind that cannot be read; pack it anew."
        ) from error


def _budget(file: BinaryIO) -> int:
    file.seek(0, 2)
    octets = file.tell()
    file.seek(0)
    return octets * UNPACKED_TIMES + UNPACKED_OCTETS


def _checked(raw: Octets | None, at: Letter, *, own: bool, boxed: bool = False) -> Letter:
    """Return `at` with the octets of its letter, or why it is left out. Our `own` exports are as they are."""
    if raw is None:
        return replace(at, left="left")
    if own:
        return replace(at, raw=raw)
    told = said(raw)
    if told.expunged:
        return replace(at, left="expunged")
    raw, exact = with_crlf(raw)
    flags = at.flags if at.flags is not None else told.flags
    return replace(at, raw=raw, exact=exact, flags=flags, folder=told.lies(at.folder, boxed=boxed))


def _of_mbox(octets: Octets, place: Place, folder: names.Path, entry: int) -> Iterator[Letter]:
    for found in mbox.letters(octets, place.get("at", 0)):
        at = Letter(None, {"entry": entry, "at": found.following}, found.following, folder)
        if found.stop - found.start > LETTER_OCTETS:
            yield replace(at, left="left")
            continue
        raw = mbox.read(octets[found.start : found.stop])
        yield replace(_checked(raw, at, own=False, boxed=True), exact=False)


@dataclass(frozen=True)
class _Entry:
    """One file of an archive. `own` are the flags that our own export has noted of it."""

    number: int
    name: str
    octets: int
    reached: int
    open: Callable[[], AbstractContextManager[IO[bytes]]]
    root: names.Root
    own: int | None = None


def _zip_entries(file: BinaryIO) -> Iterator[_Entry]:
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
                yield _Entry(
                    number,
                    info.filename,
                    info.file_size,
                    info.header_offset,
                    lambda i=info: archive.open(i),  # type: ignore[misc]
                    root,
                    transfer_zip.noted(info.comment),
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


def _tar_entries(file: BinaryIO, budget: int) -> Iterator[_Entry]:
    root = names.root_of(_tar_names(file, budget))
    for number, info, archive in _tar_files(file, budget):
        taken = lambda i=info, a=archive: a.extractfile(i)  # noqa: E731
        yield _Entry(number, info.name, info.size, file.tell(), taken, root)


def _tar_names(file: BinaryIO, budget: int) -> Iterator[str]:
    """Give the names in an archive, as far as it can be read."""
    try:
        for _, info, _ in _tar_files(file, budget):
            yield info.name
    except _BROKEN:
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
                raise _too_much()
            if info.isreg():
                yield number, info, archive


def _archived(entries: Iterator[_Entry], place: Place, spool: Path | None, budget: int) -> Iterator[Letter]:
    for entry in entries:
        told = names.told(entry.name)
        if entry.number < place.get("entry", 0) or told is None:
            continue
        at = Letter(None, {"entry": entry.number + 1}, entry.reached)
        try:
            with entry.open() as inside:
                head = inside.read(HEAD_OCTETS)
                form = _form(entry, told, head)
                if form is None:
                    yield replace(at, left="other")
                    continue
                budget -= entry.octets
                if budget < 0:
                    raise _too_much()
                octets = _taken(inside, spool, None if form == "mbox" else LETTER_OCTETS, head)
            yield from _of_entry(entry, told, form, octets, replace(at, flags=told.flags), place)
        except _BROKEN as error:
            _raise_ours(error)
            yield replace(at, left="damaged")


def _form(entry: _Entry, told: names.Told, head: bytes) -> str | None:
    """Return as what a file is read: by its name as far as that tells, and by its octets; None: no mail."""
    if entry.own is not None:
        return "own"
    if told.form in ("", "mbox"):
        if mbox.is_mbox(head) or not head:
            return "mbox"
        return "letter" if is_letter(head, surely=True) else None
    if told.form == "emlx":
        return "emlx" if in_emlx(head) else None
    # A letter with the line ends of mail stays as it is, whatever its lines look like.
    several = told.form == "eml" and b"\r\n" not in head and mbox.is_mbox(head)
    if several and len(list(islice(mbox.letters(head), 2))) > 1:
        return "mbox"
    return "letter" if is_letter(head) else None


def _of_entry(
    entry: _Entry, told: names.Told, form: str, octets: Octets | None, at: Letter, place: Place
) -> Iterator[Letter]:
    if form == "mbox":
        begin = place if place.get("entry") == entry.number else {}
        folder = entry.root.within(told, told.folder if told.form == "eml" else told.box)
        for one in _of_mbox(octets or b"", begin, folder, entry.number):
            yield replace(one, reached=entry.reached)
    elif form == "own":
        yield _checked(octets, replace(at, folder=told.folder, flags=entry.own), own=True)
    elif form == "emlx":
        at = replace(at, folder=entry.root.within(told, told.folder))
        letter = in_emlx(octets) if octets is not None else None
        if letter is not None:
            octets, flags, deleted = letter
            at = replace(at, flags=flags)
            if deleted:
                yield replace(at, left="expunged")
                return
        yield _checked(octets, at, own=False)
    else:
        path = told.box if told.form == "mbox" else told.folder
        yield _checked(octets, replace(at, folder=entry.root.within(told, path)), own=False)


def _taken(
    file: IO[bytes], spool: Path | None, most: int | None = LETTER_OCTETS, head: bytes = b""
) -> Octets | None:
    """Return a file whose `head` was read, None where it is longer than it may be."""
    octets = len(head)

    def pieces() -> Iterator[bytes]:
        nonlocal octets
        yield head
        while piece := file.read(PIECE_OCTETS):
            octets += len(piece)
            if most is not None and octets > most:
                return
            yield piece

    taken = gathered(pieces(), spool)
    return None if most is not None and octets > most else taken


def _raise_ours(error: BaseException) -> None:
    """Raise again what is the disk's fault; a place before the beginning is where a broken file points to."""
    if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
        raise error


def _too_much() -> TooLarge:
    return TooLarge("The file unpacks to far too much, so the rest of it was left.")
