"""Plain text to passages with quotes and links; `format=flowed` joined again (RFC 3676)."""

import re
from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter

from stored.mime.links import links_in, may_link
from stored.mime.runs import DEPTH_SHOWN, PLAIN, Look, Passage

_QUOTED = re.compile(r"^((?:>(?!>*From )[^\n]*+\n?)+)", re.M)
_QUOTE_AND_LINE = re.compile(r"^((?:>[ \t]?)+)([^\n]*+)", re.M)
_SIGNATURE = "-- "
#: A paragraph is joined up to this length; Tk takes seconds to show one very long line.
_PARAGRAPH_CHARACTERS = 20_000


def plain_passages(text: str, *, flowed: bool = False, delsp: bool = False) -> list[Passage]:
    """Return a plain text with its quotes taken off and counted, and its links found. Pure."""
    said = _flowed(text, delsp) if flowed else _passages(text)
    depths = [
        (depth, "\n".join([line for _, line in lines])) for depth, lines in groupby(said, itemgetter(0))
    ]
    while depths and not depths[-1][1]:
        depths.pop()
    linked, last = may_link(text), len(depths) - 1
    return [
        Passage(depth, 0, _pieces(lines if place == last else f"{lines}\n", linked))
        for place, (depth, lines) in enumerate(depths)
    ]


def _passages(text: str) -> Iterator[tuple[int, str]]:
    """Yield what is quoted equally deeply (depth, text), line by line or more lines at once."""
    if "\n>" not in text and not text.startswith(">"):
        yield 0, text.rstrip()
        return
    if " \n" in text or "\t\n" in text:
        *lines, last = text.split("\n")
        text = "\n".join([*(line.rstrip(" \t") for line in lines), last])
    for place, piece in enumerate(_QUOTED.split(text)):
        if place % 2:
            for quote, quoted in groupby(_QUOTE_AND_LINE.findall(piece), itemgetter(0)):
                yield min(quote.count(">"), DEPTH_SHOWN), "\n".join([line for _, line in quoted])
        elif piece:
            yield 0, piece.removesuffix("\n")


def _flowed(text: str, delsp: bool) -> Iterator[tuple[int, str]]:
    """Yield paragraphs (depth, text): lines that end in a space go on in the next of the same depth."""
    depth, length = 0, 0
    pieces: list[str] = []
    for line in text.split("\n"):
        said = line.lstrip(">")
        quote = min(len(line) - len(said), DEPTH_SHOWN)
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


def _pieces(said: str, linked: bool) -> list[tuple[str, Look]]:
    """Return text in pieces, links by themselves; unless `linked` there is none in it."""
    if not linked:
        return [(said, PLAIN)]
    pieces, at = [], 0
    for link in links_in(said):
        if link.start > at:
            pieces.append((said[at : link.start], PLAIN))
        pieces.append((said[link.start : link.end], PLAIN._replace(link=link.target)))
        at = link.end
    if at < len(said):
        pieces.append((said[at:], PLAIN))
    return pieces
