"""Text with its looks: what a reader inserts piece by piece, and the plain text of the same lines.

A `Writer` is told of text and of where blocks begin and end, by whoever reads HTML or plain text, and gives
lines. Knows neither of those, nor the wire.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

#: What separates two cells of a row until it is known whether runs or plain text are wanted.
CELL = "\ufdde"

RUN_LIMIT = 20_000
DEPTH_SHOWN = 20  # quotes and lists deeper than this look the same
RUN_OCTETS = 40  # about what one run takes on the wire beside its text and its link


_BLANKS = re.compile(r"[ \t\r\n\f]+")


class Look(NamedTuple):
    """How letters look. `link` is where they lead, `image` the Content-ID or address of a picture."""

    bold: bool = False
    italic: bool = False
    underline: bool = False
    strike: bool = False
    code: bool = False
    heading: int = 0
    link: str = ""
    image: str = ""


PLAIN = Look()


class Run(NamedTuple):
    """Text that looks the same from end to end; `text` holds its line ends. Depths count from 1."""

    text: str
    look: Look = PLAIN
    quote: int = 0
    listed: int = 0


@dataclass(slots=True)
class Line:
    """One line: how deeply it is quoted and listed, and its pieces. A line without pieces is a gap."""

    quote: int = 0
    listed: int = 0
    pieces: list[tuple[str, Look]] = field(default_factory=list)

    def text(self) -> str:
        """Return the line as plain text with its quote marks. Pure."""
        said = "".join(text for text, _ in self.pieces).replace(CELL, " ").rstrip()
        mark = ">" * self.quote
        return f"{mark} {said}" if mark and said else mark or said


class Writer:
    """Lines while somebody reads. White space between words is made single, but in `preformatted` text."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.quotes = 0
        self.lists = 0
        self.preformatted = 0
        self._line: list[tuple[str, Look]] = []
        self._blank = True  # whether a space now would stand at the beginning of a line or behind another

    def text(self, text: str, look: Look = PLAIN) -> None:
        """Add text to the line; only in preformatted text do line ends end it."""
        if self.preformatted:
            head, *rest = text.split("\n")
            self._add(head, look)
            for line in rest:
                self.end_line(keep=True)
                self._add(line, look)
            self._blank = not text or text.endswith("\n")
            return
        words = _BLANKS.sub(" ", text)
        words = words[1:] if self._blank and words.startswith(" ") else words
        if words:
            self._add(words, look)
            self._blank = words.endswith(" ")

    def _add(self, text: str, look: Look) -> None:
        if text:
            self._line.append((text, look))

    def cell(self) -> None:
        """Begin the next cell of a row."""
        if self._line:
            self._add(CELL, PLAIN)
            self._blank = True

    def item(self, mark: str) -> None:
        """Begin an item of a list with its mark."""
        self._add(f"{mark} ", PLAIN)
        self._blank = True

    def picture(self, alt: str, look: Look) -> None:
        """Put a picture where it stands; `alt` is what is said in its place."""
        if look.image or alt.strip():
            self._add(alt, look)
            self._blank = False

    def end_line(self, *, keep: bool = False) -> None:
        """End the line; an empty one is no line, and a gap when it is to be kept."""
        pieces, self._line = self._line, []
        self._blank = True
        while pieces and not pieces[-1][1].image and not (last := pieces[-1][0].rstrip(" \t\r\f" + CELL)):
            pieces.pop()
        if pieces:
            text, look = pieces[-1]
            pieces[-1] = (text if look.image else last, look)
            self.lines.append(Line(self._quote(), self._list(), pieces))
        elif keep:
            self.gap()

    def rule(self) -> None:
        self.lines.append(Line(self._quote(), self._list(), [("-" * 20, PLAIN)]))

    def gap(self) -> None:
        """Leave one empty line, never two."""
        if self.lines and self.lines[-1].pieces:
            self.lines.append(Line(self._quote(), self._list()))

    def _quote(self) -> int:
        return min(self.quotes, DEPTH_SHOWN)

    def _list(self) -> int:
        return min(self.lists, DEPTH_SHOWN)

    def finished(self) -> list[Line]:
        """Return all lines, without gaps at either end."""
        self.end_line()
        first, last = 0, len(self.lines)
        while first < last and not self.lines[first].pieces:
            first += 1
        while last > first and not self.lines[last - 1].pieces:
            last -= 1
        return self.lines[first:last]


def text_of_lines(lines: Iterable[Line]) -> str:
    """Return lines as plain text. Pure."""
    return "\n".join(line.text() for line in lines).strip()


def runs_of_lines(lines: Iterable[Line], limit: int) -> tuple[list[Run], bool]:
    """Return lines as runs that cost at most `limit` octets or so, and whether some were left out. Pure."""
    runs = _Runs(limit)
    for line in lines:
        for text, look in line.pieces:
            if not runs.full:
                runs.add("\t" if text == CELL else text, look, line.quote, line.listed)
        if runs.full:
            break
        runs.end_line(line.quote, line.listed)
    return runs.finished(), runs.full


class _Runs:
    """Runs while lines come in: pieces that look the same are one run, their line ends included."""

    def __init__(self, limit: int) -> None:
        self.full = False
        self._left = limit
        self._done: list[Run] = []
        self._pieces: list[str] = []
        self._look, self._quote, self._listed = PLAIN, 0, 0

    def add(self, text: str, look: Look, quote: int, listed: int) -> None:
        if quote != self._quote or listed != self._listed or look != self._look or look.image:
            self._end_run()
            self._look, self._quote, self._listed = look, quote, listed
            self._left -= RUN_OCTETS + len(look.link) + len(look.image)
        self._take(text)

    def end_line(self, quote: int, listed: int) -> None:
        """Add a line end to the run before it, or to a plain one of its own."""
        joins = self._pieces and quote == self._quote and listed == self._listed and not self._look.image
        self.add("\n", self._look if joins else PLAIN, quote, listed)

    def _take(self, text: str) -> None:
        octets = len(text) if text.isascii() else len(text.encode("utf-8", "replace"))
        if octets > self._left or len(self._done) >= RUN_LIMIT:
            text = text.encode("utf-8", "replace")[: max(self._left, 0)].decode("utf-8", "ignore")
            self.full = True
        self._left -= octets
        if text:
            self._pieces.append(text)

    def _end_run(self) -> None:
        if self._pieces:
            self._done.append(Run("".join(self._pieces), self._look, self._quote, self._listed))
            self._pieces = []

    def finished(self) -> list[Run]:
        """Return the runs, without the line ends behind the last line."""
        self._end_run()
        while self._done and not self._done[-1].look.image:
            text = self._done[-1].text.rstrip("\n")
            if text:
                self._done[-1] = self._done[-1]._replace(text=text)
                break
            self._done.pop()
        return self._done
