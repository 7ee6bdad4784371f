"""HTML to plain text, fetching nothing.

One function, so that it can be moved where it may be killed. It takes linear time whatever the octets:
the parser (lexbor) is quadratic in a tag's attributes and in the depth of blocks (22 s for 100,000 nested
`div`), so no attribute reaches it, and what is nested deeper than any letter is left out.
"""

import re
from collections import Counter

from selectolax.lexbor import LexborHTMLParser

HTML_LIMIT = 1_000_000
DEPTH_LIMIT = 250

# A tag with its attributes; a quoted value may hold ">" if it is not too long. Possessive: no going back.
_TAG = re.compile(r"""<(/?)([a-zA-Z][^\s/><]*+)((?:[^>"']++|"[^"]{0,2000}+"|'[^']{0,2000}+'|["'])*+)>?""")
_ALT = re.compile(r"""\balt\s*=\s*(?:"([^"<>]{1,200})"|'([^'<>]{1,200})')""", re.I)


def _words(text: str) -> list[str]:
    return text.split()


# Elements that need no end tag, so that counting their beginnings says nothing of depth.
_UNNESTED = frozenset(
    _words("""
    p li td th tr dt dd option br hr img input meta link col wbr base source area embed param
    """)
)
_SILENT = frozenset(
    _words("""
    head style script title template noscript svg math object iframe textarea select
    """)
)
_BREAK = frozenset(
    _words("""
    address article aside blockquote body caption center dd dir div dl dt fieldset footer form header hr html
    li main menu nav ol pre section table tr ul
    """)
)
# Elements that only change how letters look. They are left out, since a parser must open each of them anew
# in every paragraph: forty open ones and 300,000 paragraphs are twelve million elements.
_LOOKS = frozenset(
    _words("""
    a b big code em font i nobr s small strike strong tt u
    """)
)
_GAP = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6"})
_BLANKS = re.compile(r"[ \t\r\n\f]+")


def html_text(html: str) -> str:
    """Return what `html` says as plain text: blocks on lines of their own, quotes with "> ". Pure."""
    tree = LexborHTMLParser(_plain_tags(html[:HTML_LIMIT]))
    root = tree.root
    writer = _Writer()
    # A walk without recursion: (node, leaving?) pairs still to visit.
    todo = [(root, False)] if root is not None else []
    while todo:
        node, leaving = todo.pop()
        tag = node.tag or ""
        if tag == "-text":
            writer.text(node.text_content or "")
        elif leaving:
            writer.leave(tag)
        elif tag not in _SILENT and tag != "-comment":
            writer.enter(tag)
            todo.append((node, True))
            children = []
            child = node.first_child
            while child is not None:
                children.append((child, False))
                child = child.next
            todo.extend(reversed(children))
    return writer.finished()


def _plain_tags(html: str) -> str:
    """Return `html` with every attribute gone (a picture's alt stays as text) and its depth bounded."""
    depth: Counter[str] = Counter()
    total = 0

    def plain(match: re.Match[str]) -> str:
        nonlocal total
        slash, name, attributes = match[1], match[2].lower(), match[3]
        if name == "img":
            alt = _ALT.search(attributes[:4000])
            return alt[1] or alt[2] if alt else ""
        if name in _LOOKS:
            return ""
        if name in _UNNESTED:
            return f"<{slash}{name}>"
        if slash:
            if depth[name] > 0:
                depth[name] -= 1
                total -= 1
        elif total >= DEPTH_LIMIT:
            return " "
        else:
            depth[name] += 1
            total += 1
        return f"<{slash}{name}>"

    return _TAG.sub(plain, html)


class _Writer:
    """Lines of text while a tree is walked."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._line: list[str] = []
        self._blank = True  # whether a space now would stand at the beginning of a line
        self._quotes = 0
        self._pre = 0

    def text(self, text: str) -> None:
        if self._pre:
            head, *rest = text.split("\n")
            self._line.append(head)
            for line in rest:
                self._end_line(keep=True)
                self._line.append(line)
            self._blank = not self._line[-1]
            return
        text = _BLANKS.sub(" ", text)
        text = text[1:] if self._blank and text.startswith(" ") else text
        if text:
            self._line.append(text)
            self._blank = text.endswith(" ")

    def enter(self, tag: str) -> None:
        if tag == "br":
            self._end_line(keep=True)
        elif tag in _BREAK or tag in _GAP:
            self._end_line()
        elif tag in ("td", "th"):
            self.text(" ")
        if tag == "blockquote":
            self._quotes += 1
        elif tag == "pre":
            self._pre += 1
        elif tag == "li":
            self.text("• ")
            self._blank = True
        elif tag == "hr":
            self._lines.append(self._mark() + "-" * 20)

    def leave(self, tag: str) -> None:
        if tag in _BREAK or tag in _GAP:
            self._end_line()
        if tag in _GAP:
            self._gap()
        elif tag == "blockquote":
            self._quotes -= 1
        elif tag == "pre":
            self._pre -= 1

    def _mark(self) -> str:
        return ">" * min(self._quotes, 20) + " " if self._quotes else ""

    def _end_line(self, keep: bool = False) -> None:
        line = "".join(self._line).rstrip()
        self._line.clear()
        self._blank = True
        if line:
            self._lines.append(self._mark() + line)
        elif keep:
            self._gap()

    def _gap(self) -> None:
        """Leave one empty line, never two."""
        if self._lines and self._lines[-1].strip("> "):
            self._lines.append(self._mark().rstrip())

    def finished(self) -> str:
        self._end_line()
        return "\n".join(self._lines).strip()
