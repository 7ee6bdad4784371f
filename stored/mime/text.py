"""The text of a letter: which part it is, and its beginning for the list."""

import re
from urllib.parse import unquote

from stored.mime.charsets import decode
from stored.mime.html import HTML_LIMIT, html_passages, html_text
from stored.mime.parts import Part, beginning
from stored.mime.plain import plain_passages
from stored.mime.runs import PLAIN, Passage, Run, runs_of_passages, text_of_passages
from stored.mime.scanner import Node, Octets, Scan

TEXT_LIMIT = 262_144  # characters; what one draft or one message shown may hold
SNIPPET_LIMIT = 120
_SNIPPET_FIRST_OCTETS = 700
_SNIPPET_PLAIN_OCTETS = 4_000
_SNIPPET_HTML_OCTETS = 4_000
_BLANK_OCTETS = 300  # a plain text that begins with so much white space says nothing

_SIGNATURE = re.compile(
    r"^-- ?$|^_{20,}$|^-{3,} ?(?:Original Message|Mensaje original|Forwarded message)", re.I
)
_ATTRIBUTION = re.compile(
    r".{0,200}(?:wrote|writes|escribió|escribi=F3|ha scritto|schrieb|a écrit)\W{0,6}$", re.I
)
#: So much of a page with pictures written into it is looked at, to read what stands around them.
INLINED_OCTETS = 12_000_000
_INLINED = re.compile(
    rb"(?<=[\"'])data:[^\"',<>]{0,200}+,[^\"'<>]*+|(?<=[(=])data:[^\"',<>()\s]{0,200}+,[^\"'<>()\s]*+"
)

_HTML_BODY = re.compile(rb"<body\b", re.I)
_META_CHARSET = re.compile(rb"<meta\s[^>]{0,200}?\bcharset\s{0,9}=\s{0,9}[\"']?([A-Za-z0-9_.:-]{1,60})", re.I)
_META_OCTETS = 4_000


def body_parts(raw: Octets, parts: list[Part]) -> list[Part]:
    """Return the parts that are the letter's text, in order; of alternatives the plain one.

    A letter with any plain text is read as that; only one without is read as HTML. Some programs send an
    empty plain text beside their page.
    """
    readable = _readable(parts)
    plain = [part for part in readable if part.type == "text/plain"]
    if len(plain) == len(readable) or any(beginning(raw, part, _BLANK_OCTETS).strip() for part in plain):
        return plain
    return [part for part in readable if part.type != "text/plain"]


def _readable(parts: list[Part]) -> list[Part]:
    """Return the parts that are text of the letter; without any, a multipart whose boundary was lost."""
    texts = [part for part in parts if part.body and part.end > part.start]
    return texts or [part for part in parts if part.type.startswith("multipart/") and part.end > part.start]


class Texts:
    """The text parts of one message, each decoded and each page read at most once."""

    def __init__(self, raw: Octets) -> None:
        self._raw = raw
        self._decoded: dict[str, tuple[str, bool]] = {}
        self._pages: dict[str, list[Passage]] = {}

    def decoded(self, part: Part) -> tuple[str, bool]:
        """Return the characters of a part with line ends of one newline, and whether there are more."""
        if part.part not in self._decoded:
            self._decoded[part.part] = _decoded(self._raw, part)
        return self._decoded[part.part]

    def page(self, part: Part) -> tuple[list[Passage], bool]:
        """Return the passages of an HTML part and whether there are more."""
        text, cut = self.decoded(part)
        if part.part not in self._pages:
            self._pages[part.part] = html_passages(text)
        return self._pages[part.part], cut


def text_in(raw: Octets, parts: list[Part], texts: Texts | None = None) -> tuple[str, bool]:
    """Return the letter's text with line ends of one newline, and whether it was cut.

    `texts` keeps what was read for `runs_in`, which so need not be read again.
    """
    texts = texts or Texts(raw)
    pieces, left, cut = [], TEXT_LIMIT, False
    for part in body_parts(raw, parts):
        if part.type == "text/html":
            passages, part_cut = texts.page(part)
            text = text_of_passages(passages)
        else:
            text, part_cut = texts.decoded(part)
        if text.strip():
            pieces.append(text[:left])
            cut = cut or part_cut or len(text) > left
            left -= min(left, len(text) + 1)
        if left <= 0:
            return "\n".join(pieces), True
    return "\n".join(pieces), cut


def runs_in(
    raw: Octets, scan: Scan, parts: list[Part], limit: int, texts: Texts | None = None
) -> tuple[list[Run], bool]:
    """Return the letter's text with its looks, from HTML where there is any, and whether it was cut."""
    texts = texts or Texts(raw)
    chosen = {leaf.number for leaf in _chosen(scan.root)}
    readable = [part for part in _readable(parts) if part.part in chosen]
    if all(part.type == "text/html" and not texts.page(part)[0] for part in readable):
        readable = body_parts(raw, parts)
    read = {part.part for part in readable}
    shown = [part for part in parts if part.part in read or (part.placed and part.part in chosen)]
    passages, cut = _passages(shown, texts)
    runs, more = runs_of_passages(passages, limit)
    return runs, cut or more


def _passages(parts: list[Part], texts: Texts) -> tuple[list[Passage], bool]:
    """Return what the parts say and show one after the other, and whether there is more."""
    passages: list[Passage] = []
    cut, shown = False, _shown_in(parts, texts) - {""}
    for part in parts:
        part_cut = False
        if part.placed:
            said = [] if unquote(part.content_id) in shown else [_picture(part)]
        elif part.type == "text/html":
            said, part_cut = texts.page(part)
        else:
            text, part_cut = texts.decoded(part)
            said = plain_passages(text, flowed=part.flowed, delsp=part.delsp)
        if passages and said:
            passages.append(Passage(pieces=[("\n\n", PLAIN)]))
        passages += said
        cut = cut or part_cut
    return passages, cut


def _picture(part: Part) -> Passage:
    """Return a picture that stands between texts; it is named by the number of its part."""
    return Passage(pieces=[(part.name, PLAIN._replace(image=part.part))])


def _shown_in(parts: list[Part], texts: Texts) -> set[str]:
    """Return the Content-IDs of the pictures to which the pages give places of their own."""
    if not any(part.placed for part in parts):
        return set()
    read = [texts.page(part)[0] for part in parts if part.type == "text/html"]
    return {look.image for passages in read for passage in passages for _, look in passage.pieces}


def _chosen(node: Node) -> list[Node]:
    """Return the leaves to be read; of alternatives the last that is a page, else the first that is plain."""
    if node.type != "multipart/alternative" or not node.children:
        return [leaf for child in node.children for leaf in _chosen(child)] if node.children else [node]
    choices = [_chosen(child) for child in node.children]
    pages = [leaves for leaves in choices if any(leaf.type == "text/html" for leaf in leaves)]
    texts = [leaves for leaves in choices if any(leaf.type == "text/plain" for leaf in leaves)]
    return (pages or texts or choices)[-1 if pages else 0]


def _decoded(raw: Octets, part: Part) -> tuple[str, bool]:
    """Return the characters of a text part with line ends of one newline, and whether there are more."""
    html = part.type == "text/html"
    limit = HTML_LIMIT * 2 if html else TEXT_LIMIT * 4
    octets = _without_inlined(raw, part, limit) if html else beginning(raw, part, limit)
    label = _label(raw, part, octets) if html else part.charset
    text = decode(octets, label).removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    return text, len(text) > HTML_LIMIT if html else len(octets) >= limit


def _without_inlined(raw: Octets, part: Part, limit: int) -> bytes:
    """Return the beginning of a page; pictures written into it as addresses (`data:`) count for nothing."""
    octets = beginning(raw, part, limit)
    if b"data:" in octets:
        if len(octets) >= limit:
            octets = beginning(raw, part, INLINED_OCTETS)
        octets = _INLINED.sub(b"data:,", octets)[:limit]
    return octets


def _label(raw: Octets, part: Part, octets: bytes) -> str:
    """Return the character set of a page as its header says, else as the page itself says."""
    if part.charset or octets.isascii():
        return part.charset
    try:
        octets.decode("utf-8")
    except UnicodeDecodeError:
        said = _META_CHARSET.search(beginning(raw, part, _META_OCTETS))
        return said[1].decode("ascii") if said else ""
    return ""


def snippet_in(raw: Octets, parts: list[Part]) -> str:
    """Return the beginning of the letter's own words, quotes and signature left out, on one line."""
    for part in body_parts(raw, parts)[:3]:
        if part.type == "text/html":
            octets = _html_beginning(raw, part)
            snippet = _own_words(html_text(decode(octets, _label(raw, part, octets))))
        else:
            # Nearly always a few lines are enough; of what has longer quotes, more is decoded.
            snippet = _own_words(decode(beginning(raw, part, _SNIPPET_FIRST_OCTETS), part.charset))
            if len(snippet) < SNIPPET_LIMIT:
                snippet = _own_words(decode(beginning(raw, part, _SNIPPET_PLAIN_OCTETS), part.charset))
        if snippet:
            return snippet
    return ""


def _html_beginning(raw: Octets, part: Part) -> bytes:
    """Return some of a page from where its body begins: newsletters open with much style."""
    for much in (30, 300):
        octets = beginning(raw, part, much * _SNIPPET_HTML_OCTETS)
        found = _HTML_BODY.search(octets)
        if found or len(octets) < much * _SNIPPET_HTML_OCTETS:
            break
    start = found.start() if found else 0
    return octets[start : start + _SNIPPET_HTML_OCTETS]


def _own_words(text: str) -> str:
    """Return at most SNIPPET_LIMIT characters of `text` without quotes, attributions and signature."""
    words: list[str] = []
    length = 0
    for line in text.split("\n"):
        line = line.strip()
        if _SIGNATURE.match(line):
            break
        if not line or line.startswith((">", "|")) or (line[-1] in ":>" and _ATTRIBUTION.match(line)):
            continue
        words.append(line)
        length += len(line) + 1
        if length > SNIPPET_LIMIT:
            break
    said = " ".join(" ".join(words).split())
    return said if len(said) <= SNIPPET_LIMIT else said[: SNIPPET_LIMIT - 1].rstrip() + "…"
