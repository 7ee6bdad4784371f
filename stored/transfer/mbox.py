"""The mbox format, both ways: one file, each letter behind a line that begins with "From ".

Written as mboxrd: lines of a letter that begin with "From ", whatever number of ">" stand before, get one
more, so reading takes one away and nothing is lost. Lines end with LF in the file and with CRLF here (RFC
4155). Works on octets of any size in pieces; knows nothing of the store.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple

from stored.mime import Octets
from stored.model.word import ANSWERED, FLAGGED, SEEN

PIECE_OCTETS = 1 << 20

_QUOTED = re.compile(rb"^>*From ", re.MULTILINE)
_UNQUOTED = re.compile(rb"^>(>*From )", re.MULTILINE)
#: What programs write behind "From ": an address, perhaps, and a date with its time and year.
_SEPARATOR = re.compile(rb"From [^\r\n]{0,400}?\d\d?:\d\d[^\r\n]{0,40}?\d{4}[^\r\n]{0,40}\r?\n")
_FIRST = re.compile(rb"^(?:\xef\xbb\xbf)?(" + _SEPARATOR.pattern + rb")", re.MULTILINE)
#: Some programs write a line or two before the first letter.
_BEFORE_OCTETS = 2_000
_STATUS = re.compile(rb"^(?:X-)?Status:[ \t]*([A-Za-z]{0,10})", re.MULTILINE | re.IGNORECASE)
_STATUS_FLAGS = {"R": SEEN, "A": ANSWERED, "F": FLAGGED}
_LONGEST_LINE = 1000


class Found(NamedTuple):
    """One letter of a file: its octets there from `start` to `stop`, and where the next one's line begins."""

    start: int
    stop: int
    following: int


def separator(sender: str, at: datetime) -> bytes:
    """Return the line before a letter. Pure."""
    who = sender if sender.isascii() and sender and not any(one <= " " for one in sender) else "MAILER-DAEMON"
    return f"From {who} {at.astimezone(UTC).strftime('%a %b %d %H:%M:%S %Y')}\n".encode()


def written(raw: Octets) -> Iterator[bytes]:
    """Give a letter as it stands in the file, the empty line behind it included. Pure."""
    at, end, fresh, last = 0, len(raw), True, b""
    while at < end:
        piece = bytes(raw[at : at + PIECE_OCTETS])
        if at + len(piece) < end:
            cut = piece.rfind(b"\n") + 1 or len(piece) - piece.endswith(b"\r")
            piece = piece[:cut]
        at += len(piece)
        lines = piece.replace(b"\r\n", b"\n")
        quoted = _QUOTED.sub(lambda found: b">" + found[0], lines)
        if not fresh and quoted[:1] == b">" and lines[:1] != b">" and _QUOTED.match(lines):
            quoted = quoted[1:]
        fresh, last = piece.endswith(b"\n"), quoted
        yield quoted
    yield b"\n" if last.endswith(b"\n") or not last else b"\n\n"


def read(octets: Octets) -> bytes:
    """Return a letter as it was before it was written into the file. Pure."""
    lines = bytes(octets).replace(b"\r\n", b"\n")
    return _UNQUOTED.sub(rb"\1", lines).replace(b"\n", b"\r\n")


def is_mbox(octets: Octets) -> bool:
    """Return whether the file begins as one of these does. Pure."""
    return _SEPARATOR.match(bytes(octets[:_LONGEST_LINE])) is not None


def first_separator(head: bytes) -> int | None:
    """Return where the first separator begins, as long as little stands before it. Pure."""
    found = _FIRST.search(head[: _BEFORE_OCTETS + _LONGEST_LINE])
    return found.start(1) if found is not None and found.start() <= _BEFORE_OCTETS else None


def letters(octets: Octets, at: int = 0) -> Iterator[Found]:
    """Give the letters of a file from the one whose line begins at `at` on. Pure."""
    length = len(octets)
    while at < length:
        line_end = octets.find(b"\n", at, length) + 1
        if not line_end:
            return
        following = _next_separator(octets, line_end)
        stop = following
        for blank in (b"\r\n", b"\n"):
            if stop - len(blank) >= line_end and bytes(octets[stop - len(blank) : stop]) == blank:
                # The empty line before the next separator is the file's; what ends the letter stays.
                stop -= len(blank) if following < length or _ends_twice(octets, stop, line_end) else 0
                break
        yield Found(line_end, stop, following)
        at = following


def _next_separator(octets: Octets, at: int) -> int:
    """Return where the next separator begins: behind an empty line; the length where there is none."""
    length = len(octets)
    search = at - 1
    while True:
        found = octets.find(b"\nFrom ", search, length)
        if found < 0:
            return length
        start = found + 1
        before = bytes(octets[max(start - 4, at) : start])
        empty = before.endswith((b"\n\n", b"\n\r\n")) or start == at or before in (b"\n", b"\r\n")
        if empty and _SEPARATOR.match(bytes(octets[start : start + _LONGEST_LINE])):
            return start
        search = start


def _ends_twice(octets: Octets, stop: int, start: int) -> bool:
    return bytes(octets[max(stop - 4, start) : stop]).endswith((b"\n\n", b"\n\r\n"))


def status_flags(raw: bytes) -> int | None:
    """Return the flags that Status and X-Status say, None where neither is there. Pure."""
    head = raw[: 64 * 1024].partition(b"\r\n\r\n")[0]
    said = [found[1].decode() for found in _STATUS.finditer(head)]
    if not said:
        return None
    return sum(bit for letter, bit in _STATUS_FLAGS.items() if letter in "".join(said).upper())
