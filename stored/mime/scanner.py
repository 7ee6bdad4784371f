"""Find the parts of a message by their offsets, copying nothing but headers.

`raw` is anything with `find`, slices of octets and a length (bytes, or a mapped file), so memory does not
follow the message's size, and time is bounded whatever the octets: headers of 64 kB, 1,000 parts, depth 50,
and a budget for looking at the same octets again. What lies behind a limit is left unread and said so.
"""

import re
from dataclasses import dataclass, field
from mmap import mmap

from stored.mime.headers import Fields, fields_of, first, parameters_of

Octets = bytes | mmap

HEADER_OCTETS = 65_536  # of a part
WHOLE_HEADER_OCTETS = 262_144  # of the message itself: letters to a thousand people are that long
PART_LIMIT = 1_000
DEPTH_LIMIT = 50
DELIMITER_LIMIT = 20_000  # lines that begin like a delimiter, over the whole message
AGAIN_OCTETS = 1 << 26  # of parts within parts, which are looked at once for each

# Lines of blanks alone go on only where a continued line follows them (RFC 5322 section 4.2, obs-FWS).
_HEADER_LINES = re.compile(
    rb"(?:(?:[!-9;-~]++[ \t]*+:|[ \t]+[^\s]|(?:[ \t]+\r?\n)+(?=[ \t]+[^\s])|>?From )[^\n]*+(?:\n|\Z))*"
)
_LEADING = re.compile(rb"\s+(?=[A-Za-z][\w-]*:)")
# The delimiter of the first part is no stray line, though no empty line may stand before it.
_STRAY_LINE = re.compile(
    rb"(?!--(?![ \t\r-]*\n)[^\n]*\nContent-)[^\s][^\n]*+\n"
    rb"(?=(?:[ \t]++[^\s][^\n]*+\n){0,20}[A-Za-z][\w-]*+[ \t]*+:)",
    re.I,
)
_STRAY_IN_PART = re.compile(
    rb"(?!--\S)[^\s][^\n]*+\n(?=(?:[ \t]++[^\s][^\n]*+\n){0,20}Content-[A-Za-z-]+:)", re.I
)
STRAY_LIMIT = 20
_LINE_END = (b"\r", b"\n")
_BLANKS_BEFORE_FIELD = re.compile(rb"(?:[ \t]+\r*\n)+(?=[A-Za-z][\w-]*+[ \t]*+:(?!//)[ \t]*+[^\s])")
_BLANK = re.compile(rb"[ \t]*\r*\n")
_AFTER_DELIMITER = re.compile(rb"(--)?[ \t]*(?:\r*\n|\Z)|(--)")

_TYPE = re.compile(r"[^\s/,]++/[^\s/,]++")
_TYPE_BEGINS = re.compile(r"([^\s/,]*+)\s*+(?:/\s*+([^\s/,]*+))?")
# What people write in place of a type; whatever else is none is read as text (RFC 2045 section 5.2), but for
# what says that it is to be kept rather than read (RFC 2049 section 2).
_TYPES = {
    "html": "text/html",
    **dict.fromkeys(("application", "audio", "image", "video"), "application/octet-stream"),
}


@dataclass(frozen=True)
class Bounds:
    """How much of a message is read."""

    parts: int = PART_LIMIT
    delimiters: int = DELIMITER_LIMIT
    again_octets: int = AGAIN_OCTETS


#: More than nearly every letter asks for, and read in little time by anybody.
ORDINARY = Bounds(parts=100, delimiters=1_000, again_octets=1 << 20)
_MOST = Bounds()


@dataclass(slots=True)
class Node:
    """One part as it lies in the message: `start` its headers, `body` its octets up to `end`."""

    number: str
    type: str
    parameters: dict[str, str]
    fields: Fields
    start: int
    body: int
    end: int
    parent: str = ""  # the parent's type
    children: list["Node"] = field(default_factory=list)

    def leaves(self) -> list["Node"]:
        """Return the parts that hold no parts, in the order they stand."""
        return [leaf for child in self.children for leaf in child.leaves()] if self.children else [self]


def _type(kind: str, parent: str, parameters: dict[str, str]) -> str:
    """Return what a type that is missing or malformed is read as."""
    begins = _TYPE_BEGINS.match(kind)
    main, sub = (begins[1], begins[2]) if begins else ("", "")
    if main and sub:
        return f"{main}/{sub}"
    if main == "multipart" and "boundary" in parameters:
        return "multipart/mixed"
    if not kind and parent == "multipart/digest":
        return "message/rfc822"
    return _TYPES.get("application" if main.startswith("x-") else main, "text/plain")


class Scan:
    """The parts of one message. `too_complex` says that a limit cut the reading short."""

    def __init__(self, raw: Octets, bounds: Bounds = _MOST) -> None:
        self._raw = raw
        self._left = 4 * len(raw) + bounds.again_octets  # that may be looked at, all depths together
        self._delimiters = bounds.delimiters
        self._most = bounds.parts
        self.parts = 0
        self.too_complex = False
        self.root = self._part(0, len(raw), "", "", 0)

    def _part(self, start: int, end: int, number: str, parent: str, depth: int) -> Node:
        block_end, body = header_bounds(self._raw, start, end, whole=not depth)
        if body - start > (HEADER_OCTETS if depth else WHOLE_HEADER_OCTETS):
            self.too_complex = True  # there is more header than is read
        fields = fields_of(self._raw[start:block_end])
        kind, parameters = parameters_of(first(fields, "content-type"))
        if not _TYPE.fullmatch(kind):
            kind = _type(kind, parent, parameters)
        node = Node(number or "1", kind, parameters, fields, start, min(body, end), end, parent)
        self.parts += 1
        boundary = parameters.get("boundary")
        if kind.startswith("multipart/") and boundary is not None:
            self._divide(node, boundary.rstrip(), number, depth)
        return node

    def _divide(self, node: Node, boundary: str, number: str, depth: int) -> None:
        """Give `node` its children; none where its boundary never appears."""
        if depth >= DEPTH_LIMIT:
            self.too_complex = True
            return
        prefix = f"{number}." if number else ""
        for start, end in self._pieces(node.body, node.end, boundary):
            if self.parts >= self._most:
                self.too_complex = True
                return
            child = self._part(start, end, f"{prefix}{len(node.children) + 1}", node.type, depth + 1)
            node.children.append(child)

    def _pieces(self, start: int, end: int, boundary: str) -> list[tuple[int, int]]:
        """Return the bounds of what stands between the delimiter lines of `boundary`."""
        delimiter = b"--" + boundary.encode("utf-8", "replace")[:998]
        pieces: list[tuple[int, int]] = []
        opened = -1
        for line, after, closing in self._delimiter_lines(start, end, delimiter):
            # Two delimiters with no line end of their own between them enclose nothing (RFC 2046 5.1.1).
            if opened >= 0 and line >= opened:
                pieces.append((opened, line))
            opened = -1 if closing else after
            if closing or len(pieces) >= self._most:
                return pieces
        if opened >= 0 and (opened < end or not pieces):
            pieces.append((opened, end))
        return pieces

    def _delimiter_lines(self, start: int, end: int, delimiter: bytes) -> list[tuple[int, int, bool]]:
        """Return (end of the part before, start of the part after, closing?) for each delimiter line."""
        self._left -= end - start
        if self._left < 0:
            self.too_complex = True
            return []
        raw = self._raw
        found: list[tuple[int, int, bool]] = []
        at = raw.find(delimiter, start, end)
        while at >= 0:
            self._delimiters -= 1
            if self._delimiters < 0 or len(found) > self._most:
                self.too_complex = True
                break
            after = at + len(delimiter)
            if at == start or raw[at - 1 : at] == b"\n":
                match = _AFTER_DELIMITER.match(raw, after, end)
                if match:
                    closing = match[1] is not None or match[2] is not None
                    found.append((self._line_end(at, start), match.end(), closing))
                    if closing:
                        break
                    after = match.end()
            at = raw.find(delimiter, after, end)
        return found

    def _line_end(self, at: int, start: int) -> int:
        """Return where the line before the delimiter line at `at` ends, its own line end left out."""
        if at > start and self._raw[at - 1 : at] == b"\n":
            at -= 1
            if at > start and self._raw[at - 1 : at] == b"\r":
                at -= 1
        return at


def header_bounds(raw: Octets, start: int, end: int, *, whole: bool = False) -> tuple[int, int]:
    """Return where the header block that begins at `start` ends, and where the body begins.

    At the head of a whole message empty lines before the first field, and a stray line between fields, are
    passed over: a letter whose header is half unreadable is better read than shown as one long text. So is a
    stray line in the header of a part, where another Content- field follows: a parameter not indented.
    """
    limit = min(end, start + (WHOLE_HEADER_OCTETS if whole else HEADER_OCTETS))
    leading = _LEADING.match(raw, start, limit) if whole else None
    block_end = _fields_end(raw, leading.end() if leading else start, limit)
    if raw[block_end : block_end + 1] not in _LINE_END:
        block_end = _behind_strays(raw, block_end, limit, _STRAY_LINE if whole else _STRAY_IN_PART)
    at_line = block_end == start or raw[block_end - 1 : block_end] == b"\n"
    blank = _BLANK.match(raw, block_end, end) if at_line else None
    if blank:
        return block_end, blank.end()
    if limit < end and raw.find(b"\n", block_end, limit) < 0:
        # There is more header than is read; the body is behind it all the same.
        return block_end, _blank_line_end(raw, max(start, block_end - 2), end)
    return block_end, block_end


def _blank_line_end(raw: Octets, start: int, end: int) -> int:
    """Return where the first empty line ends, `end` where there is none; of a mapped file, by windows."""
    for blank in (b"\n\n", b"\n\r\n"):
        found = raw.find(blank, start, end)
        if found >= 0:
            end = found + len(blank)
    return end


def _behind_strays(raw: Octets, at: int, limit: int, stray_line: re.Pattern[bytes]) -> int:
    """Return where the fields end that go on behind stray lines and lines of blanks, `at` where none do."""
    for _ in range(STRAY_LIMIT):
        stray = stray_line.match(raw, at, limit)
        further = _fields_end(raw, stray.end(), limit) if stray else _behind_blanks(raw, at, limit)
        if further == at:
            break
        at = further
    return at


def _behind_blanks(raw: Octets, at: int, limit: int) -> int:
    """Return where the fields behind a line of blanks at `at` end, `at` where there is none such.

    A line of blanks is folding and parts no header from its body (RFC 5322 section 4.2, obs-FWS), though some
    writers mean it so: what stands behind is header where it is fields and nothing else, up to an empty line
    or the very end.
    """
    blanks = _BLANKS_BEFORE_FIELD.match(raw, at, limit)
    if not blanks:
        return at
    fields_end = _fields_end(raw, blanks.end(), limit)
    return fields_end if fields_end == limit or _BLANK.match(raw, fields_end, limit) else at


def _fields_end(raw: Octets, start: int, limit: int) -> int:
    match = _HEADER_LINES.match(raw, start, limit)
    return match.end() if match else start
