"""A page as one stream of text: blocks become line ends, and what is not to be seen is gone.

The parser (lexbor) makes of any tags a tree, and writes it again with every element closed; from there it is
text that is worked on as a whole, since a step for each element would take several times as long. In a stream

    "\\n"  ends a line where there is one      "\\r"  ends a line though it be empty
    "\\v"  leaves an empty line                CELL  begins the next cell of a row

Between two pieces of text there is at most one of the first three. Marks (see `tags`) and the
tags of lists, quotes, headings and rules are left for who reads the stream; where there are looks, those of
cells too, in which looks end.
"""

import re
from functools import lru_cache

from selectolax.lexbor import LexborHTMLParser

from stored.mime.found import END, LINK
from stored.mime.runs import CELL, KEPT_BLANK, KEPT_TAB
from stored.mime.styles import COLLAPSE, KEEP, OPENING, closing
from stored.mime.tags import HIDDEN_ELEMENT

LINE_ENDS = "\n\r\v"

_COMMENT = re.compile("<!--.*?(?:-->|$)|<![^>]*+>", re.S)
_HIDDEN = re.compile(rf"<([a-z0-9]{{1,10}})>{HIDDEN_ELEMENT}\1{END}")
_SILENT = re.compile("<(template|noscript|svg|math|object|select|audio|video|canvas)>")
# Where white space begins to be kept or made single, and where that ends; in a cell both end with it.
_KEPT_IN = {"<pre>": True, KEEP: True, COLLAPSE: False}
_BEGUN_BY = {
    **{f"</{name}>": f"<{name}>" for name in ("pre", "td", "th")},
    **{closing(mark): mark for mark in (KEEP, COLLAPSE)},
}
_WHITE = re.compile(f"(</?(?:pre|td|th)>|[{KEEP}{COLLAPSE}{closing(KEEP + COLLAPSE)}])")
_OVERLAP = 8  # of marks that are open, so many are ended by the end of one in which they were begun
_KEPT_END = "\ufde4"
_KEPT = str.maketrans({" ": KEPT_BLANK, "\t": KEPT_TAB, "\n": _KEPT_END, "\r": None})
_FRAME = ("<html><head></head><body>", "</body></html>")
# What begins and ends lines; many stand together. A pattern that begins with one sign is looked for fast.
_BLOCK = "/?(?:div|p|table|tbody|tr|caption|dt|dd|pre|html|head|body)> ?"
_BLOCKS = re.compile(f"<{_BLOCK}(?:<{_BLOCK})*")

# Each of these begins with what is rare: so nearly all of the text is passed over fast.
_EMPTY_LINE = re.compile(r"\xa0(?<=[\n\r\v]\xa0)[ \xa0]*+(?=[\n\r\v])")
_CELLS_BEFORE = re.compile(rf"{CELL}(?<=[\n\r\v]{CELL})[{CELL} ]*+")
# What two ends of lines are together; in this order each is looked for once or twice, and none is left.
_TOGETHER = (
    ("\n\n", "\n"),
    ("\r\n", "\r"),
    ("\n\r", "\v"),
    ("\r\r", "\v"),
    ("\v\n", "\v"),
    ("\v\r", "\v"),
    ("\n\v", "\v"),
    ("\r\v", "\v"),
    ("\v\v", "\v"),
)
_BLANKS = f"\xa0{CELL}{KEPT_BLANK}{KEPT_TAB}"
_BLANK_BEHIND = re.compile(rf"[ {_BLANKS}](?<![ {_BLANKS}].)[ {_BLANKS}]*+(?=[\n\r\v])", re.S)


def stream_of(page: str) -> str:
    """Return a page of bare tags and marks as a stream. Pure; its time follows the page's size."""
    said = (LexborHTMLParser(page).html or "").replace("&nbsp;", "\xa0")
    if "<!" in said:
        said = _COMMENT.sub("", said)
    if HIDDEN_ELEMENT in said:
        said = _without(said, _HIDDEN, "<{0}></{0}>")
    if _SILENT.search(said):
        said = _without(said, _SILENT, "")
    if "<pre>" in said or KEEP in said:
        said = _kept(said)
    if COLLAPSE in said:
        said = said.replace(COLLAPSE, "").replace(closing(COLLAPSE), "")
    return _lines(_blocks(_spaced(said)).replace(_KEPT_END, "\r"))


def _kept(said: str) -> str:
    """Return the text with the white space that is to be kept as characters of its own."""
    kept = False
    around: list[tuple[str, bool]] = []  # what began each that is open, and whether it was kept before that
    pieces = _WHITE.split(said)
    for place, mark in enumerate(pieces[1::2]):
        begun = _BEGUN_BY.get(mark)
        if begun is None:
            around.append((mark, kept))
            kept = _KEPT_IN.get(mark, kept)
        elif "<" in mark or begun in [one for one, _ in around[-_OVERLAP:]]:
            one = ""
            while around and one != begun:
                one, kept = around.pop()
        if kept:
            pieces[2 * place + 2] = pieces[2 * place + 2].translate(_KEPT)
    return "".join(pieces).replace(KEEP, "").replace(closing(KEEP), "")


def _spaced(said: str) -> str:
    """Return the text with all white space single."""
    for white in "\t\r\n\v\f":
        said = said.replace(white, " ")
    while "  " in said:
        said = said.replace("  ", " ")
    return said


def _without(said: str, opening: re.Pattern[str], instead: str) -> str:
    """Return the text without the elements that begin so; an element's inner ones of its name are its own."""
    kept: list[str] = []
    at = 0
    while match := opening.search(said, at):
        kept += (said[at : match.start()], instead.format(match[1]))
        depth, at = 1, len(said)
        for tag in _tags_named(match[1]).finditer(said, match.end()):
            depth += -1 if tag[1] else 1
            if not depth:
                at = tag.end()
                break
    return "".join((*kept, said[at:]))


@lru_cache(maxsize=64)
def _tags_named(name: str) -> re.Pattern[str]:
    return re.compile(f"<(/?){name}>")


def _blocks(said: str) -> str:
    """Return the text with the ends of lines for the tags of blocks."""
    said = said.removeprefix(_FRAME[0]).removesuffix(_FRAME[1])
    said = said.replace("<br>", "\r").replace("</p>", "\v")
    said = _BLOCKS.sub("\n", said)
    if ("</td>" in said or "</th>" in said) and not any(mark in said for mark in (*OPENING, LINK)):
        for name in ("td", "th"):
            said = said.replace(f"<{name}>", CELL).replace(f"</{name}>", "")
    return said


def _lines(said: str) -> str:
    """Return the text with nothing at the ends of its lines, and one character for all between two."""
    # A single character is looked for ten times as fast as two.
    for mark in filter(said.__contains__, (*LINE_ENDS, CELL)):
        said = said.replace(f" {mark}", mark).replace(f"{mark} ", mark)
    if "\xa0" in said:
        said = _EMPTY_LINE.sub("\r", said)
    if CELL in said:
        said = _CELLS_BEFORE.sub("", said)
    # Few lines end in one: pairs are looked for much faster than by a pattern that begins with any blank.
    if any(blank + end in said for blank in filter(said.__contains__, _BLANKS) for end in LINE_ENDS):
        said = _BLANK_BEHIND.sub("", said)
    for ends, end in _TOGETHER:
        while ends[0] in said and ends[1] in said and ends in said:
            said = said.replace(ends, end)
    return said
