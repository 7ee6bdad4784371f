"""Base64 as it stands in messages: found, proved to be the one way to write its octets, and written again.

A run of base64 is taken out of a message only where writing its decoded octets again gives exactly what stood
there: lines of one length, all full but the last, one kind of line end, canonical padding. All else stays as
it came. What is found need not be an attachment and may be anything: only the proof counts.

Pure functions; they know nothing of MIME and nothing of the database.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from mmap import mmap

import pybase64

from stored.model.octets import CHUNK_OCTETS

Octets = bytes | mmap

LONGEST_LINE = 1_000
SHORTEST_RUN = 256
MOST_RUNS = 1_000
HEADER_OCTETS = 65_536
LINES_AT_ONCE = 4_096


@dataclass(frozen=True)
class Run:
    """Base64 in `raw[start:end]`: lines of `width` characters, ending in CR LF or in LF, the last without."""

    start: int
    end: int
    width: int
    crlf: bool


class NotCanonical(ValueError):
    """Writing the decoded octets again would not give what stood there."""


def runs_in(raw: Octets) -> Iterator[Run]:
    """Give what looks like base64 of some length, in order; each is still to be proved by `decoded`.

    Every search is bounded, so that no message takes more than a time that follows its length.
    """
    budget = 4 * len(raw) + (1 << 26)
    at, tried = 0, 0
    while tried < MOST_RUNS and budget > 0 and (at := raw.find(b"ase64", at)) >= 0:
        tried += 1
        at += 5
        start = _after_blank_line(raw, at)
        run = _run_from(raw, start) if start else None
        budget -= (run.end if run else at + HEADER_OCTETS) - at
        if run is not None:
            at = run.end
            yield run


def _after_blank_line(raw: Octets, at: int) -> int:
    """Return where the body begins whose header holds `at`, or 0."""
    limit = min(at + HEADER_OCTETS, len(raw))
    with_return = raw.find(b"\n\r\n", at, limit)
    without = raw.find(b"\n\n", at, limit if with_return < 0 else with_return)
    return without + 2 if without >= 0 else with_return + 3 if with_return >= 0 else 0


def _run_from(raw: Octets, start: int) -> Run | None:
    """Return the run whose first line begins at `start`, or None where none of some length does."""
    line_end = raw.find(b"\n", start, start + LONGEST_LINE)
    crlf = line_end > start and raw[line_end - 1 : line_end] == b"\r"
    width = line_end - crlf - start
    if line_end < 0 or width <= 0 or width % 4:
        return None
    # Base64 has no "-", and the delimiter behind it begins with one.
    delimiter = raw.find(b"-", line_end)
    end = _without_line_ends(raw, start, len(raw) if delimiter < 0 else delimiter)
    if not _regular(raw, line_end, end, width + 1 + crlf):
        blank = raw.find(b"\n\r\n" if crlf else b"\n\n", line_end, end)
        end = _without_line_ends(raw, start, end if blank < 0 else blank)
    return Run(start, end, width, crlf) if end - start >= SHORTEST_RUN else None


def _without_line_ends(raw: Octets, start: int, end: int) -> int:
    while end > start and raw[end - 1 : end] in (b"\r", b"\n"):
        end -= 1
    return end


def _regular(raw: Octets, line_end: int, end: int, line: int) -> bool:
    """Tell whether lines end where they would if all up to `end` were as long as the first, none blank.

    Only every so manieth octet is looked at, which is quick; the proof is for `decoded`.
    """
    last = line_end
    for at in range(line_end, end, line * LINES_AT_ONCE):
        ends = raw[at : min(at + line * LINES_AT_ONCE, end) : line]
        if ends.count(b"\n") != len(ends):
            return False
        last = at + (len(ends) - 1) * line
    return raw.find(b"\n", last + 1, end) < 0


def decoded(raw: Octets, run: Run) -> Iterator[bytes]:
    """Give the decoded octets of a run in blocks of at most 256 KB, each proved before it is given.

    Raises NotCanonical where the proof fails, which may be after some blocks.
    """
    line = run.width + 1 + run.crlf
    lines = max(CHUNK_OCTETS // (run.width // 4 * 3), 1)
    at = run.start
    while run.end - at > lines * line:
        block = _proved(raw[at : at + lines * line], lines, run)
        if len(block) != lines * run.width // 4 * 3:
            raise NotCanonical("padding before the end")
        yield block
        at += lines * line
    full, rest = divmod(run.end - at, line)
    if rest > run.width:
        raise NotCanonical("a last line that is too long")
    before = raw[at : at + full * line]
    last = raw[at + full * line : run.end]
    yield _proved(before, full, run, last)


def _proved(block: bytes, lines: int, run: Run, last: bytes = b"") -> bytes:
    """Return what `lines` full lines and a last one without its end are the base64 of.

    Decoding passes over what is no letter of base64. Where line ends stand where they must, and as many
    octets come as the rest can hold, all of the rest is letters; and those are written in one way only.
    """
    line = run.width + 1 + run.crlf
    if len(block) != lines * line or block[line - 1 :: line] != b"\n" * lines:
        raise NotCanonical("lines of different lengths")
    if run.crlf and block[line - 2 :: line] != b"\r" * lines:
        raise NotCanonical("line ends of two kinds")
    try:
        octets = pybase64.b64decode(block)
        end = pybase64.b64decode(last, validate=True)
    except ValueError as trouble:
        raise NotCanonical(str(trouble)) from None
    if len(octets) != lines * run.width // 4 * 3 or pybase64.b64encode(end) != last:
        raise NotCanonical("another way to write the same")
    return octets + end if last else octets


def coded_octets(octets: int, width: int, crlf: bool) -> int:
    """Return how long the base64 of so many octets is, the last line without its end."""
    letters = (octets + 2) // 3 * 4
    return letters + max((letters - 1) // width, 0) * (1 + crlf)


def encoded(
    read: Callable[[int, int], bytes], octets: int, width: int, crlf: bool, start: int, stop: int
) -> Iterator[bytes]:
    """Give `start` to `stop` of the base64 of `octets` octets, which `read(start, stop)` gives in part.

    In pieces of about 256 KB.
    """
    end = b"\r\n" if crlf else b"\n"
    line, line_octets = width + len(end), width // 4 * 3
    at_once = max(CHUNK_OCTETS // line_octets, 1)
    for first in range(start // line, (stop + line - 1) // line, at_once):
        last = min(first + at_once, (stop + line - 1) // line)
        letters = pybase64.b64encode(read(first * line_octets, min(last * line_octets, octets)))
        lines = [letters[at : at + width] for at in range(0, len(letters), width)]
        piece = end.join(lines) + (end if last * line_octets < octets else b"")
        base = first * line
        yield piece[max(start - base, 0) : max(stop - base, 0)]
