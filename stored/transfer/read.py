"""Reading letters out of a file somebody has: mbox, a single eml, or a zip or tar of any of what follows.

An mbox or an eml may be packed alone, by gzip, bzip2 or xz.
In an archive eml, Maildir, MH, mbox and Apple Mail's files are known by their names, or by their octets where
the names say nothing. A letter comes with the place behind it, so that reading can go on from there after a
restart. What cannot be brought in is told with the reason; what unpacks to very much is refused.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path
from typing import IO, BinaryIO, Literal

from restante.errors import InvalidArgument
from stored.mime import Octets
from stored.spool import Mapped, gathered
from stored.transfer import archive, mbox, names
from stored.transfer.archive import BROKEN, Entry, raise_ours, too_much
from stored.transfer.letter import (
    HEAD_OCTETS,
    MARK,
    box_begins,
    in_emlx,
    is_blank,
    is_letter,
    said,
    with_crlf,
)

#: A larger letter is left out. One held in memory may have as many; larger ones go through the spool.
LETTER_OCTETS = 150_000_000
#: An archive may unpack to so many times its size, and this much whatever its size.
UNPACKED_TIMES = 100
UNPACKED_OCTETS = 256 << 20

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
        if head.startswith(archive.ZIPPED):
            yield from _archived(archive.zip_entries(file), place, spool, _budget(file))
        elif head.startswith(archive.PACKED):
            yield from _packed(file, head, place, spool)
        elif head[257:262] == b"ustar":
            yield from _tar(file, place, spool)
        elif box_begins(head) is not None:
            yield from _of_mbox(Mapped(file.fileno(), 0, access=1), place, (), 0)
        elif is_letter(bare := head.removeprefix(MARK), surely=True) and not place:
            file.seek(len(head) - len(bare))
            yield _alone(_taken(file, spool))
    except BROKEN as error:
        raise_ours(error)
        raise InvalidArgument(
            "The file is damaged, or of a kind that cannot be read; pack it anew."
        ) from error


def _tar(file: BinaryIO, place: Place, spool: Path | None) -> Iterator[Letter]:
    yield from _archived(archive.tar_entries(file, _budget(file)), place, spool, _budget(file))


def _packed(file: BinaryIO, head: bytes, place: Place, spool: Path | None) -> Iterator[Letter]:
    """Give the letters of a tar, an mbox or an eml that was packed by itself."""
    failure: list[Exception] = []
    with archive.unpacking(file, head) as inside:
        coming = archive.pieces(inside, _budget(file), failure)
        head = archive.beginning(coming, HEAD_OCTETS)
        bare = head.removeprefix(MARK)
        boxed = box_begins(head) is not None
        if b"\0" in head[:512] or not (boxed or is_letter(bare, surely=True)):
            yield from _tar(file, place, spool)
            return
        octets = gathered(chain((bare,), coming), spool)
    reached = file.seek(0, 2)
    if not (boxed or failure or place):
        yield replace(_alone(octets if len(octets) <= LETTER_OCTETS else None), reached=reached)
    for one in _of_mbox(octets, place, (), 0) if boxed else ():
        # The last one ended where the file did, and not where the letter does.
        if not failure or one.place["at"] < len(octets):
            yield replace(one, reached=reached * one.reached // len(octets))
    for error in failure:
        raise error


def _alone(raw: Octets | None) -> Letter:
    return _checked(raw, Letter(None, {"entry": 1}, len(raw or b"")), own=False)


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
    begin = box_begins(bytes(octets[:HEAD_OCTETS])) or 0
    if "at" not in place and not is_blank(octets[:begin]):
        yield Letter(None, {"entry": entry, "at": begin}, begin, left="other")
    for found in mbox.letters(octets, place.get("at", begin)):
        at = Letter(None, {"entry": entry, "at": found.following}, found.following, folder)
        if found.stop - found.start > LETTER_OCTETS:
            yield replace(at, left="left")
            continue
        raw = mbox.read(octets[found.start : found.stop])
        yield replace(_checked(raw, at, own=False, boxed=True), exact=False)


def _archived(entries: Iterator[Entry], place: Place, spool: Path | None, budget: int) -> Iterator[Letter]:
    for entry in entries:
        told = names.told(entry.name)
        if entry.number < place.get("entry", 0) or told is None:
            continue
        at = Letter(None, {"entry": entry.number + 1}, entry.reached)
        try:
            with entry.open() as inside:
                head = inside.read(HEAD_OCTETS)
                head = head if entry.own is not None else head.removeprefix(MARK)
                form = _form(entry, told, head)
                if form is None:
                    yield replace(at, left="other")
                    continue
                budget -= entry.octets
                if budget < 0:
                    raise too_much()
                octets = _taken(inside, spool, None if form == "mbox" else LETTER_OCTETS, head)
            yield from _of_entry(entry, told, form, octets, replace(at, flags=told.flags), place)
        except BROKEN as error:
            raise_ours(error)
            yield replace(at, left="damaged")


def _form(entry: Entry, told: names.Told, head: bytes) -> str | None:
    """Return as what a file is read: by its name as far as that tells, and by its octets; None: no mail."""
    if entry.own is not None:
        return "own"
    if told.form in ("", "mbox"):
        if box_begins(head) is not None or not head:
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
    entry: Entry, told: names.Told, form: str, octets: Octets | None, at: Letter, place: Place
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
        while piece := file.read(archive.PIECE_OCTETS):
            octets += len(piece)
            if most is not None and octets > most:
                return
            yield piece

    taken = gathered(pieces(), spool)
    return None if most is not None and octets > most else taken
