"""The leaves of a message as people see them, and their octets decoded.

Leaves are every part that holds no parts; a message within a message is one leaf, not opened.
"""

import binascii
import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

from stored.mime.headers import base64_octets, decode_words, first, parameters_of
from stored.mime.scanner import Node, Octets, Scan

SLICE_OCTETS = 1 << 20
_LONG_LINE_OCTETS = 1 << 16
_NAME_LIMIT = 255


@dataclass(slots=True)
class Part:
    """One leaf: what it is called and is, and where its octets stand (`raw[start:end]`, in `encoding`).

    `octets` is its size decoded (reckoned from the encoded octets: exact where those are well formed).
    `inline` says that it is read within the letter: its text, or a picture its HTML shows. `body` says
    that it is text of the letter: plain or HTML, nameless, no attachment. `placed` says that it is a picture
    whose writer put it between texts. `flowed` and `delsp` say how its
    lines are to be joined (RFC 3676).
    """

    part: str
    name: str
    type: str
    octets: int
    inline: bool
    start: int
    end: int
    encoding: str
    charset: str = ""
    body: bool = False
    placed: bool = False
    content_id: str = ""
    parent: str = ""
    flowed: bool = False
    delsp: bool = False
    smime_type: str = ""


def part_of(raw: Octets, node: Node, *, sized: bool = True) -> Part:
    """Return the leaf `node` as a Part. Unless `sized`, its octets are not looked at and `octets` is 0."""
    disposition, given = parameters_of(first(node.fields, "content-disposition"))
    named = node.parameters
    name = given.get("filename") or given.get("name") or named.get("name") or named.get("filename") or ""
    encoding = _encoding(first(node.fields, "content-transfer-encoding"), node.type)
    content_id = first(node.fields, "content-id").strip("<> ")
    body = node.type in ("text/plain", "text/html") and not name and disposition != "attachment"
    shown = bool(content_id) and node.parent == "multipart/related" and disposition != "attachment"
    return Part(
        part=node.number,
        name=name[:_NAME_LIMIT],
        type=decode_words(node.type)[:127],
        octets=_decoded_octets(raw, node.body, node.end, encoding) if sized else 0,
        inline=body or (shown and node.type.startswith("image/")),
        start=node.body,
        end=node.end,
        encoding=encoding,
        charset=node.parameters.get("charset", "")[:64],
        body=body,
        placed=disposition == "inline" and node.type.startswith("image/") and not shown,
        content_id=content_id[:998],
        parent=node.parent,
        flowed=node.parameters.get("format", "").lower() == "flowed",
        delsp=node.parameters.get("delsp", "").lower() == "yes",
        smime_type=node.parameters.get("smime-type", "").lower()[:64],
    )


def parts_in(raw: Octets, scan: Scan, *, sized: bool = True) -> list[Part]:
    """Return the leaves of a scanned message in the order they stand."""
    return [part_of(raw, leaf, sized=sized) for leaf in scan.root.leaves()]


def _encoding(value: str, kind: str) -> str:
    """Return the encoding's name as we go by it; unknown ones are read as they are."""
    word = re.split(r"[\s;(]", value.strip().strip("\"'").lower(), maxsplit=1)[0]
    known = {
        "base64": "base64",
        "quoted-printable": "quoted-printable",
        "quotedprintable": "quoted-printable",
    }
    if kind.startswith(("multipart/", "message/")) and word not in ("base64", "quoted-printable"):
        return "8bit"
    return known.get(word, "uuencode" if word in ("x-uuencode", "uuencode", "x-uue", "uue") else "8bit")


def _decoded_octets(raw: Octets, start: int, end: int, encoding: str) -> int:
    """Reckon how many octets a part has decoded, without decoding it where that can be large."""
    if encoding == "8bit" or start >= end:
        return max(0, end - start)
    if encoding == "base64":
        breaks = sum(_count(raw, octet, start, end) for octet in (b"\r", b"\n", b" "))
        pads = raw[max(start, end - 8) : end].count(b"=")
        return max(0, (end - start - breaks) * 3 // 4 - pads)
    return sum(len(piece) for piece in decode_slices(raw, start, end, encoding))


# Blanks behind the "=" that joins two lines: added on the way, and to be left out (RFC 2045 section 6.7).
_BLANKS_BEHIND = re.compile(rb"=[ \t]++(?=\r?\n|\Z)")


def _without_blanks(octets: bytes) -> bytes:
    return _BLANKS_BEHIND.sub(b"=", octets) if b"= " in octets or b"=\t" in octets else octets


def _count(raw: Octets, octet: bytes, start: int, end: int) -> int:
    if isinstance(raw, bytes):
        return raw.count(octet, start, end)
    return sum(raw[at : min(at + SLICE_OCTETS, end)].count(octet) for at in range(start, end, SLICE_OCTETS))


def decode_slices(raw: Octets, start: int, end: int, encoding: str) -> Iterator[bytes]:
    """Yield the decoded octets of `raw[start:end]` in slices, so that memory stays small. Never raises."""
    if encoding == "base64":
        yield from _base64_slices(raw, start, end)
    elif encoding == "quoted-printable":
        for at, until in _line_slices(raw, start, end):
            yield binascii.a2b_qp(_without_blanks(raw[at:until]))
    elif encoding == "uuencode":
        yield from _uudecoded_slices(raw, start, end)
    else:
        for at in range(start, end, SLICE_OCTETS):
            yield raw[at : min(at + SLICE_OCTETS, end)]


def beginning(raw: Octets, part: Part, limit: int) -> bytes:
    """Return at most `limit` decoded octets of `part` from its beginning; reads little more than that."""
    whole = part.encoding == "uuencode"
    end = part.end if whole else min(part.end, part.start + limit * 3 + 1024)
    out, size = [], 0
    for piece in decode_slices(raw, part.start, end, part.encoding):
        out.append(piece)
        size += len(piece)
        if size >= limit:
            break
    return b"".join(out)[:limit]


def _base64_slices(raw: Octets, start: int, end: int) -> Iterator[bytes]:
    """Decode base64 up to its padding; what stands after that is not part of it."""
    kept = b""
    for at in range(start, end, SLICE_OCTETS):
        more = raw[at : min(at + SLICE_OCTETS, end)].translate(None, _BETWEEN)
        kept, padded = _up_to_padding(kept + more)
        if padded:
            yield base64_octets(kept)
            return
        whole = len(kept) - len(kept) % 4
        yield base64_octets(kept[:whole])
        kept = kept[whole:]
    yield base64_octets(kept)


def _up_to_padding(octets: bytes) -> tuple[bytes, bool]:
    """Return base64 up to its padding, and whether that has come; one "=" that fills up nothing is none."""
    if b"=" not in octets:
        return octets, False
    for strays, pads in enumerate(_PADS.finditer(octets)):
        at = pads.start()
        if len(pads[0]) > 1 or (at - strays) % 4 == 3:
            return octets[:at].replace(b"=", b""), True
    # Another one may stand at the beginning of the next slice.
    last = b"=" if octets.endswith(b"=") else b""
    return octets.replace(b"=", b"") + last, False


_PADS = re.compile(rb"=+")
_BETWEEN = bytes(octet for octet in range(256) if not re.match(rb"[A-Za-z0-9+/=]", bytes([octet])))


def _line_slices(raw: Octets, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield bounds of about a slice each that end where a line ends, or within a line that is very long."""
    at = start
    while at < end:
        until = min(at + SLICE_OCTETS, end)
        if until < end:
            limit = min(until + _LONG_LINE_OCTETS, end)
            beyond = end if limit == end else _between_codes(raw, until)
            until = raw.find(b"\n", until, limit) + 1 or beyond
        yield at, until
        at = until


def _between_codes(raw: Octets, at: int) -> int:
    """Return `at`, or a little before it where a quoted-printable code such as =3D would be cut."""
    code = raw[at - 2 : at].find(b"=")
    return at if code < 0 else at - 2 + code


def _uudecoded_slices(raw: Octets, start: int, end: int) -> Iterator[bytes]:
    """Decode the first uuencoded file; yield the octets as they are when there is none."""
    begin = _uuencoded_at(raw, start, end)
    if begin < 0:
        yield from decode_slices(raw, start, end, "8bit")
        return
    for at, until in _line_slices(raw, begin, end):
        lines = raw[at:until].splitlines()[at == begin :]
        last = next((number for number, line in enumerate(lines) if line.strip() in (b"end", b"`")), None)
        yield b"".join(map(_uudecoded_line, lines[:last]))
        if last is not None:
            return


def _uuencoded_at(raw: Octets, start: int, end: int) -> int:
    if raw[start : min(start + 6, end)] == b"begin ":
        return start
    found = [raw.find(before + b"begin ", start, end) for before in (b"\n", b"\r")]
    return min((at + 1 for at in found if at >= 0), default=-1)


def _uudecoded_line(line: bytes) -> bytes:
    """Return what a line holds; one that is longer than it says is cut, any other wrong one is nothing."""
    needed = ((line[0] - 32) & 63) * 4 // 3 + 4 if line else 0
    for attempt in (line, line[:needed]):
        with contextlib.suppress(binascii.Error):
            return binascii.a2b_uu(attempt)
    return b""
