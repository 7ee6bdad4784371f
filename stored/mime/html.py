"""HTML to passages of text with its looks, fetching nothing.

It takes linear time whatever the octets: the parser (lexbor) is quadratic in a tag's attributes and in the
depth of blocks (22 s for 100,000 nested `div`), so no attribute reaches it, what is nested deeper than any
letter is left out, and elements that only change how letters look never become elements: they travel through
the parser as single characters that no text contains (see `tags`). What it gives is made one text (see
`flow`), in which a step is taken only where looks change.
"""

import re
from collections.abc import Callable
from functools import partial

from stored.mime.flow import LINE_ENDS, stream_of
from stored.mime.found import AREA_END, END, LINK, LINK_END, PICTURE, Found
from stored.mime.links import host_of
from stored.mime.runs import CELL, PLAIN, Look, Passage, Writer, text_of_passages
from stored.mime.styles import HIDE, OPENING, closing
from stored.mime.tags import NUMBER, simplified

HTML_LIMIT = 1_000_000

# It begins with one class of characters, so that text is passed over fast.
_TOKEN = re.compile(
    rf"([<\ufdd0-\ufddd\ufddf-\ufde1\ufde4-\ufdef]"
    rf"(?:(?<=<)[^>]*+>|(?<=[{LINK}{PICTURE}{NUMBER}])[0-9]{{1,5}}{END})?)"
)


def html_text(html: str) -> str:
    """Return what `html` says as plain text: blocks on lines of their own, quotes with "> ". Pure."""
    return text_of_passages(html_passages(html))


def html_passages(html: str) -> list[Passage]:
    """Return what `html` says with its looks, links and the places of its pictures. Pure."""
    page, found = simplified(html[:HTML_LIMIT])
    reader = _Reader(found)
    first, *rest = _TOKEN.split(stream_of(page))
    reader.text(first)
    for token, text in zip(rest[::2], rest[1::2], strict=True):
        act = _ACTS.get(token)
        act(reader) if act else reader.mark(token)
        if text:
            reader.text(text)
    return reader.writer.finished()


class _Reader:
    """What is open while a stream is read; tells a Writer."""

    def __init__(self, found: Found) -> None:
        self.writer = Writer()
        self._found = found
        self._open = dict.fromkeys(OPENING, 0)
        self._link = self._around = ""  # the one that is open, and the one that it broke off
        self._pictured = False  # whether the link that is open has a picture in it and nothing to read
        self._heading = 0
        self._look: Look | None = PLAIN  # None: to be made of what is open
        self._outside: list[tuple[dict[str, int], str]] = []  # the looks and the link around each open cell
        self._counts: list[int] = []  # of each list that is open: the number of its last item, -1: bullets

    def text(self, text: str) -> None:
        """Add a piece of the stream in which no token stands."""
        while text and text[0] in LINE_ENDS:
            _ENDS[text[0]](self.writer)
            text = text[1:]
        if not text or self._open[HIDE]:
            return
        if "&" in text:
            text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
        self.writer.write(text.replace("\r", "\n").replace("\v", "\n\n"), self._look or self._now())
        self._pictured = self._pictured and text.isspace()

    def _now(self) -> Look:
        if self._look is None:
            bold, italic, underline, strike, code, _ = self._open.values()
            look = Look(bold > 0, italic > 0, underline > 0, strike > 0, code > 0, self._heading, self._link)
            self._look = PLAIN if look == PLAIN else look
        return self._look

    def mark(self, token: str) -> None:
        """Do what a token says that differs each time; one that says nothing is passed over."""
        if token[0] == LINK:
            self.enter_link(token)
        elif token[0] == PICTURE:
            self.picture(token)
        elif token[0] == NUMBER:
            self.count(token)

    def begin(self, look: str) -> None:
        self._open[look] += 1
        self._look = None

    def end(self, look: str) -> None:
        if self._open[look]:
            self._open[look] -= 1
            self._look = None

    def enter_link(self, mark: str) -> None:
        around = self._link
        self.leave_link()
        self._link, self._around = self._found.links.get(mark, ""), around

    def leave_link(self) -> None:
        if self._pictured and self._link and not self._open[HIDE]:
            # A picture that says nothing, and is not fetched: where it leads is all there is to say.
            for text, look in ((" ", PLAIN), (host_of(self._link), self._now()), (" ", PLAIN)):
                self.writer.write(text or " ", look)
        self._link = self._around = ""
        self._look, self._pictured = None, False

    def leave_area(self) -> None:
        around = self._around
        self.leave_link()
        self._link = around

    def picture(self, mark: str) -> None:
        picture = self._found.pictures.get(mark)
        if picture is not None and not self._open[HIDE]:
            self.writer.picture(picture.alt, self._now()._replace(image=picture.source))
            self._pictured = bool(self._link) and not picture.source and not picture.alt.strip()

    def enter_heading(self, rank: int) -> None:
        self.writer.end_line()
        self._heading, self._look = rank, None

    def leave_heading(self) -> None:
        self.writer.gap()
        self._heading, self._look = 0, None

    def cell(self) -> None:
        self._outside.append((self._open.copy(), self._link))
        self.writer.write(CELL, PLAIN)

    def leave_cell(self) -> None:
        if self._outside:
            self._open, self._link = self._outside.pop()
            self._look = None

    def item(self) -> None:
        if self._counts and self._counts[-1] >= 0:
            self._counts[-1] += 1
            self.writer.item(f"{self._counts[-1]}.")
        else:
            self.writer.item("•")

    def count(self, token: str) -> None:
        if self._counts and self._counts[-1] >= 0:
            self._counts[-1] = int(token[1:-1] or 0)

    def enter_list(self, count: int) -> None:
        self.writer.deeper(lists=1)
        self._counts.append(count)

    def leave_list(self) -> None:
        self.writer.deeper(lists=-1)
        self._counts.pop()

    def rule(self) -> None:
        self.writer.end_line()
        self.writer.write("-" * 20 + "\n", PLAIN)


#: What to do at each token that is always the same.
_ACTS: dict[str, Callable[[_Reader], None]] = {
    **dict.fromkeys(("<td>", "<th>"), _Reader.cell),
    **dict.fromkeys(("</td>", "</th>"), _Reader.leave_cell),
    "<li>": _Reader.item,
    "</li>": lambda reader: reader.writer.end_line(),
    "<hr>": _Reader.rule,
    "<ul>": lambda reader: reader.enter_list(-1),
    "<ol>": lambda reader: reader.enter_list(0),
    **dict.fromkeys(("</ul>", "</ol>"), _Reader.leave_list),
    "<blockquote>": lambda reader: reader.writer.deeper(quotes=1),
    "</blockquote>": lambda reader: reader.writer.deeper(quotes=-1),
    LINK_END: _Reader.leave_link,
    AREA_END: _Reader.leave_area,
    **{f"<h{rank}>": partial(_Reader.enter_heading, rank=rank) for rank in range(1, 7)},
    **dict.fromkeys((f"</h{rank}>" for rank in range(1, 7)), _Reader.leave_heading),
    **{look: partial(_Reader.begin, look=look) for look in OPENING},
    **{closing(look): partial(_Reader.end, look=look) for look in OPENING},
}
_ENDS = dict(zip(LINE_ENDS, (Writer.end_line, Writer.keep_line, Writer.gap), strict=True))
