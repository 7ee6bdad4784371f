"""HTML to lines of text with its looks, fetching nothing.

It takes linear time whatever the octets: the parser (lexbor) is quadratic in a tag's attributes and in the
depth of blocks (22 s for 100,000 nested `div`), so no attribute reaches it, what is nested deeper than any
letter is left out, and elements that only change how letters look never become elements: they travel through
the parser as single characters that no text contains (see `tags`).
"""

from selectolax.lexbor import LexborHTMLParser, LexborNode

from stored.mime.runs import Line, Look, Writer, text_of_lines
from stored.mime.tags import (
    MARK,
    Found,
    Marks,
    simplified,
)

HTML_LIMIT = 1_000_000


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_SILENT = _words("""
    head style script title template noscript svg math object iframe textarea select audio video canvas
    """)
_BREAK = _words("""
    address article aside blockquote body caption center dd dir div dl dt fieldset figcaption figure footer
    form header hr html li main menu nav ol pre section table tr ul
    """)
_HEADINGS = {f"h{rank}": rank for rank in range(1, 7)}
_GAP = frozenset({"p", *_HEADINGS})
_CELLS = frozenset({"td", "th"})


def html_text(html: str) -> str:
    """Return what `html` says as plain text: blocks on lines of their own, quotes with "> ". Pure."""
    return text_of_lines(html_lines(html))


def html_lines(html: str) -> list[Line]:
    """Return what `html` says, line by line, with its looks, links and the places of its pictures. Pure."""
    plain, found = simplified(html[:HTML_LIMIT])
    reader = _Reader(found)
    root = LexborHTMLParser(plain).root
    # A walk without recursion: (node, leaving?) pairs still to visit.
    todo: list[tuple[LexborNode, bool]] = [(root, False)] if root is not None else []
    while todo:
        node, leaving = todo.pop()
        tag = node.tag or ""
        if tag == "-text":
            around = node.parent.tag if node.parent is not None else ""
            if reader.text(node.text_content or "", around or ""):
                # The rest of the element that this stands in is not to be seen: go on where it is left.
                while todo and not todo[-1][1]:
                    todo.pop()
        elif leaving:
            reader.leave(tag)
        elif tag not in _SILENT and tag != "-comment":
            reader.enter(tag)
            todo.append((node, True))
            children = []
            child = node.first_child
            while child is not None:
                children.append((child, False))
                child = child.next
            todo.extend(reversed(children))
    return reader.writer.finished()


class _Reader:
    """What is open while a tree is walked; tells a Writer."""

    def __init__(self, found: Found) -> None:
        self.writer = Writer()
        self._marks = Marks(found)
        self._heading = 0
        self._outside: list[Marks] = []  # the looks around each cell that is open
        self._counts: list[int] = []  # of each list that is open: the number of its last item, -1: bullets

    def text(self, text: str, around: str) -> bool:
        """Add text; return True when a mark at its beginning says that the element `around` it is hidden."""
        at = 0
        for mark in MARK.finditer(text):
            self._say(text[at : mark.start()])
            at = mark.end()
            if mark[2] == around and not mark.start():
                return True
            picture = self._marks.take(mark)
            if picture is not None and not self._marks.hidden():
                self.writer.picture(picture.alt, self._look()._replace(image=picture.source))
        self._say(text[at:])
        return False

    def _say(self, text: str) -> None:
        if text and not self._marks.hidden():
            self.writer.text(text, self._look())

    def _look(self) -> Look:
        look = self._marks.look()
        return look._replace(heading=self._heading) if self._heading else look

    def enter(self, tag: str) -> None:
        writer = self.writer
        if tag == "br":
            writer.end_line(keep=True)
        elif tag in _BREAK or tag in _GAP:
            writer.end_line()
        if tag in _CELLS:
            writer.cell()
            self._outside.append(self._marks.copy())
        elif tag == "blockquote":
            writer.quotes += 1
        elif tag == "pre":
            writer.preformatted += 1
        elif tag in ("ul", "ol"):
            writer.lists += 1
            self._counts.append(0 if tag == "ol" else -1)
        elif tag == "li":
            self._item()
        elif tag == "hr":
            writer.rule()
        self._heading = _HEADINGS.get(tag, self._heading)

    def _item(self) -> None:
        if self._counts and self._counts[-1] >= 0:
            self._counts[-1] += 1
            self.writer.item(f"{self._counts[-1]}.")
        else:
            self.writer.item("•")

    def leave(self, tag: str) -> None:
        writer = self.writer
        if tag in _BREAK or tag in _GAP:
            writer.end_line()
        if tag in _GAP:
            writer.gap()
            self._heading = 0
        elif tag in _CELLS:
            self._marks = self._outside.pop()
        elif tag == "blockquote":
            writer.quotes -= 1
        elif tag == "pre":
            writer.preformatted -= 1
        elif tag in ("ul", "ol"):
            writer.lists -= 1
            self._counts.pop()
