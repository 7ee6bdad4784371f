"""Text with its looks: what a reader inserts piece by piece, and the plain text of the same passages.

A `Writer` is told of text and of where lines end, by whoever reads HTML, and gives passages. Knows neither
HTML nor the wire.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

#: What separates two cells of a row until it is known whether runs or plain text are wanted.
CELL = "\ufdde"
#: White space of preformatted text, until nothing is made single any more.
KEPT_BLANK, KEPT_TAB = "\ufde2", "\ufde3"
_BLANK = f" \xa0{CELL}{KEPT_BLANK}{KEPT_TAB}"  # what is nothing at the end of a line
_BEGINNING = f" {CELL}"  # and at its beginning

RUN_LIMIT = 20_000
DEPTH_SHOWN = 20  # quotes and lists deeper than this look the same
RUN_OCTETS = 40  # about what one run takes on the wire beside its text and its link


class Look(NamedTuple):
    """How letters look. `link` is where they lead, `image` the Content-ID or part of a picture."""

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
class Passage:
    """Whole lines that are quoted and listed equally deeply, as pieces (text, look) with their line ends."""

    quote: int = 0
    listed: int = 0
    pieces: list[tuple[str, Look]] = field(default_factory=list)

    def text(self) -> str:
        """Return the passage as plain text with its quote marks. Pure."""
        said = _shown("".join([text for text, _ in self.pieces]), " ")
        if not self.quote:
            return said
        mark = ">" * self.quote
        lines = said.removesuffix("\n").split("\n")
        quoted = "\n".join(f"{mark} {line}" if line else mark for line in lines)
        return f"{quoted}\n" if said.endswith("\n") else quoted


class Writer:
    """Passages while somebody reads; never two empty lines together."""

    def __init__(self) -> None:
        self._passages: list[Passage] = []
        self._pieces: list[tuple[str, Look]] = []  # of the last passage
        self._quotes = self._lists = 0
        self._closed = True  # whether the last passage is complete: the depth has changed
        self._ended = 2  # line ends that what was written ends with: 2 behind an empty line, or before all
        self._spaced = True  # whether a space now would stand at the beginning of a line or behind another
        self._marked = False  # whether the mark of an item stands in its line alone

    def write(self, text: str, look: Look) -> None:
        """Add text, in which white space is single and line ends are meant, to the line."""
        if self._ended and text[0] in _BLANK:
            text = text.lstrip(_BEGINNING)
        elif self._spaced and text[0] == " ":
            text = text[1:]
        if text:
            self._open().append((text, look))
            last = text[-1]
            self._marked, self._spaced = False, last in " \n"
            self._ended = 0 if last != "\n" else 2 if text.endswith("\n\n") else 1

    def end_line(self) -> None:
        """End the line; an empty one is no line."""
        if not self._ended:
            self._end(1)

    def keep_line(self) -> None:
        """End the line, though it be empty."""
        self._end(1 if not self._ended else 2)

    def gap(self) -> None:
        """Leave one empty line, never two."""
        self._end(2)

    def _end(self, wanted: int) -> None:
        if self._ended >= wanted:
            return
        pieces, ends = self._open(), "\n" * (wanted - self._ended)
        while pieces and not pieces[-1][1].image:
            text, look = pieces.pop()
            if bare := text if self._ended else text.rstrip(_BLANK):
                pieces.append((bare + ends, look))
                break
        else:
            pieces.append((ends, PLAIN))
        self._ended, self._spaced = wanted, True

    def item(self, mark: str) -> None:
        """Begin an item of a list with its mark; line ends directly behind it are none."""
        self.end_line()
        self._end_mark()
        self._open().append((f"{mark} ", PLAIN))
        self._ended, self._spaced, self._marked = 2, True, True

    def _end_mark(self) -> None:
        """End a line in which the mark of an item stands alone."""
        if self._marked:
            mark, look = self._pieces.pop()
            self._pieces.append((f"{mark.rstrip()}\n", look))
            self._marked = False

    def picture(self, alt: str, look: Look) -> None:
        """Put a picture where it stands; `alt` is what is said in its place."""
        if look.image or alt.strip():
            self._open().append((alt, look))
            self._ended, self._spaced, self._marked = 0, False, False

    def deeper(self, *, quotes: int = 0, lists: int = 0) -> None:
        """Change how deeply what follows is quoted and listed, on a line of its own."""
        self.end_line()
        self._end_mark()
        self._quotes += quotes
        self._lists += lists
        self._closed = True

    def _open(self) -> list[tuple[str, Look]]:
        """Return the pieces of the passage that is being written."""
        if self._closed:
            quote, listed = min(self._quotes, DEPTH_SHOWN), min(self._lists, DEPTH_SHOWN)
            self._passages.append(Passage(quote, listed))
            self._pieces, self._closed = self._passages[-1].pieces, False
        return self._pieces

    def finished(self) -> list[Passage]:
        """Return all passages, the last without its line ends."""
        self._end_of_all()
        return self._passages

    def _end_of_all(self) -> None:
        passages = self._passages
        while passages:
            pieces = passages[-1].pieces
            while pieces and not pieces[-1][1].image:
                text, look = pieces.pop()
                if bare := text.rstrip("\n" + _BLANK):
                    pieces.append((bare, look))
                    return
            if pieces:
                return
            passages.pop()


def _shown(text: str, cell: str) -> str:
    """Return text with what separates cells, and the white space that was kept. Pure."""
    if text.isascii():
        return text
    return text.replace(CELL, cell).replace(KEPT_BLANK, " ").replace(KEPT_TAB, "\t")


def text_of_passages(passages: Iterable[Passage]) -> str:
    """Return passages as plain text. Pure."""
    return "".join([passage.text() for passage in passages]).strip()


def runs_of_passages(passages: Iterable[Passage], limit: int) -> tuple[list[Run], bool]:
    """Return passages as runs that cost at most `limit` octets or so, and whether some were left out. Pure.

    Neighbours that look the same are one run.
    """
    found: list[Run] = []
    for look, quote, listed, text in _joined(passages):
        said = _shown(text, "\t")
        if not said and not look.image:
            continue
        limit -= RUN_OCTETS + len(look.link) + len(look.image)
        octets = len(said) if said.isascii() else len(said.encode("utf-8", "replace"))
        if octets > limit or len(found) >= RUN_LIMIT:
            said = said.encode("utf-8", "replace")[: max(limit, 0)].decode("utf-8", "ignore")
            return _ended([*found, Run(said, look, quote, listed)]), True
        limit -= octets
        found.append(Run(said, look, quote, listed))
    return _ended(found), False


def _joined(passages: Iterable[Passage]) -> Iterator[tuple[Look, int, int, str]]:
    """Yield (look, quote, listed, text) of neighbours that look the same; a picture is alone."""
    pieces: list[str] = []
    now, quote, listed = PLAIN, 0, 0
    for passage in passages:
        deeper = passage.quote != quote or passage.listed != listed
        for text, look in passage.pieces:
            if deeper or (look is not now and look != now) or look.image:
                if pieces:
                    yield now, quote, listed, "".join(pieces)
                pieces, now, quote, listed, deeper = [], look, passage.quote, passage.listed, False
            pieces.append(text)
    if pieces:
        yield now, quote, listed, "".join(pieces)


def _ended(runs: list[Run]) -> list[Run]:
    """Return runs without the line ends behind the last line."""
    while runs and not runs[-1].look.image:
        text = runs[-1].text.rstrip("\n")
        if text:
            runs[-1] = runs[-1]._replace(text=text)
            break
        runs.pop()
    return runs
