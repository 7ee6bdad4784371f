"""Plain text to lines with quotes and links; `format=flowed` joined again (RFC 3676)."""

import re
from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter

from stored.mime.links import links_in
from stored.mime.runs import PLAIN, Line

_QUOTE = re.compile(r"(?:>[ \t]?)+")
_FROM = re.compile(r">+From ")
_BEGIN = re.compile(r"[ \t]*")
_SIGNATURE = "-- "
#: A paragraph is joined up to this length; Tk takes seconds to show one very long line.
_PARAGRAPH_CHARACTERS = 20_000


def plain_lines(text: str, *, flowed: bool = False, delsp: bool = False) -> list[Line]:
    """Return a plain text with its quotes taken off and counted, and its links found. Pure.

    A Line is as many lines as are quoted equally deeply.
    """
    lines = [_line(depth, said) for depth, said in (_flowed(text, delsp) if flowed else _passages(text))]
    while lines and not lines[-1].pieces:
        lines.pop()
    return lines


def _passages(text: str) -> Iterator[tuple[int, str]]:
    """Yield what is quoted equally deeply as one piece with its line ends (depth, text)."""
    if "\n>" not in text and not text.startswith(">"):
        yield 0, text.rstrip()
        return
    for depth, lines in groupby(map(_quoted, text.split("\n")), key=itemgetter(0)):
        yield depth, "\n".join(said for _, said in lines)


def _quoted(line: str) -> tuple[int, str]:
    """Return how deeply a line is quoted, and the rest of it. ">From " is an mbox's doing, no quote. Pure."""
    if not line.startswith(">") or _FROM.match(line):
        return 0, line.rstrip()
    match = _QUOTE.match(line)
    if match is None:
        return 0, line.rstrip()
    return min(match[0].count(">"), 20), line[match.end() :].rstrip()


def _flowed(text: str, delsp: bool) -> Iterator[tuple[int, str]]:
    """Yield paragraphs (depth, text): lines that end in a space go on in the next of the same depth."""
    depth, length = 0, 0
    pieces: list[str] = []
    for line in text.split("\n"):
        said = line.lstrip(">")
        quote = min(len(line) - len(said), 20)
        said = said[1:] if said.startswith(" ") else said
        if pieces and (quote != depth or said == _SIGNATURE or length > _PARAGRAPH_CHARACTERS):
            yield depth, "".join(pieces).rstrip()
            pieces, length = [], 0
        depth = quote
        goes_on = said.endswith(" ") and said != _SIGNATURE
        pieces.append(said[:-1] if goes_on and delsp else said)
        length += len(said)
        if not goes_on:
            yield depth, "".join(pieces).rstrip()
            pieces, length = [], 0
    if pieces:
        yield depth, "".join(pieces).rstrip()


def _line(quote: int, said: str) -> Line:
    line, at = Line(quote), 0
    for link in links_in(said):
        if link.start > at:
            line.pieces.append((said[at : link.start], PLAIN))
        line.pieces.append((said[link.start : link.end], PLAIN._replace(link=link.target)))
        at = link.end
    if at < len(said):
        line.pieces.append((said[at:], PLAIN))
    return line
