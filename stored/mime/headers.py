"""Header fields: unfolding, encoded words, parameters, message ids.

Works on a header block already found and bounded by the scanner; knows nothing of parts or bodies.
Everything here takes linear time and accepts anything: a field that makes no sense gives an empty value.
"""

import binascii
import re
from functools import lru_cache
from urllib.parse import unquote_to_bytes

from stored.mime.charsets import clean, decode, decode_raw

FIELD_LIMIT = 1_000
PARAMETER_OCTETS = 16_384
USUAL_VALUE = 80  # characters

COMMENT = re.compile(r"\([^()]*+\)")
QUOTED_PAIR = re.compile(r"\\(.)", re.S)


Fields = list[tuple[str, str]]


def fields_of(block: bytes) -> Fields:
    """Return the fields of a header block in order as (name, unfolded value, encoded words as they are).

    What is no ASCII is read as UTF-8, or in the character set that the block names for its body: who writes
    raw octets writes the same ones in both.
    """
    text = block.decode("ascii") if block.isascii() and b"\x1b" not in block else ""
    if not text:
        label = _LABEL.search(block)
        charset = label[1].decode("ascii") if label else ""
        return [field for line in _lines(block) if (field := _field(decode_raw(line, charset)))]
    text = text.replace("\r\n", "\n").replace("\n ", " ").replace("\n\t", " ")
    lines = (line.partition(":") for line in text.split("\n")[:FIELD_LIMIT])
    return [(name.strip(), value.strip()) for name, colon, value in lines if colon]


# Where a header names the character set of its body.
_LABEL = re.compile(
    rb"^content-type:(?:[^\r\n]|\r?\n[ \t])*?(?<=[; \t])charset[ \t]*=[ \t]*[\"']?([A-Za-z0-9_.:-]{1,60})",
    re.I | re.M,
)


def _lines(block: bytes) -> list[bytes]:
    """Return the unfolded lines of a block that is not ASCII, so that each can have its own character set."""
    return (
        block.replace(b"\r\n", b"\n").replace(b"\n ", b" ").replace(b"\n\t", b" ").split(b"\n")[:FIELD_LIMIT]
    )


def _field(line: str) -> tuple[str, str] | None:
    name, colon, value = line.partition(":")
    return (name.strip(), value.strip()) if colon else None


def first(fields: Fields, name: str) -> str:
    """Return the first value under `name` (lower case), "" when there is none."""
    for field, value in fields:
        if len(field) == len(name) and field.lower() == name:
            return value
    return ""


# --- encoded words -----------------------------------------------------------------------------------------

_WORD = re.compile(r"=\?([^?\s]{1,75})\?([bBqQ])\?([^?]*)\?=")


def decode_words(value: str) -> str:
    """Return `value` with its encoded words decoded and runs of white space made single (RFC 2047).

    Neighbouring words in one character set are joined before decoding: some writers split a character.
    """
    if "=?" not in value:
        return " ".join(clean(value).split())
    out: list[str] = []
    octets, charset, at = b"", "", 0
    for match in _WORD.finditer(value):
        between = value[at : match.start()]
        # Who leaves octets bare within a word has already said them: in UTF-8, as the field was read.
        label = match[1].partition("*")[0].lower() if match[3].isascii() else ""
        if between.strip() or not octets or label != charset:
            out += (decode(octets, charset), "" if octets and between.isspace() else between)
            octets, charset = b"", label
        octets += _word_octets(match[2], match[3])
        at = match.end()
    out += (decode(octets, charset), value[at:])
    return " ".join(clean("".join(out)).split())


def _word_octets(encoding: str, text: str) -> bytes:
    octets = text.encode("utf-8", "replace")
    if encoding in "qQ":
        if octets.endswith(b"="):  # which joins lines in a body (RFC 2045 section 6.7), and here is itself
            octets = octets[:-1] + b"=3D"
        return binascii.a2b_qp(octets.replace(b" ", b"_"), header=True)
    return base64_octets(octets)


def base64_octets(octets: bytes) -> bytes:
    """Return what base64 `octets` say, whatever is missing at their end or strewn between them."""
    try:
        return binascii.a2b_base64(octets)
    except (binascii.Error, ValueError):
        kept = _NOT_BASE64.sub(b"", octets)
        kept = kept[: len(kept) - 1] if len(kept) % 4 == 1 else kept
        return binascii.a2b_base64(kept + b"=" * (-len(kept) % 4))


_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]+")

# --- parameters --------------------------------------------------------------------------------------------

_PARAMETER = re.compile(r';\s*+([^\s=;"]++)\s*+=\s*+("(?:[^"\\]++|\\.)*"?|[^;]*+)[^;]*+', re.S)
# A main value with nothing but blanks between it and its first parameter.
_UNSEPARATED = re.compile(r"^(\s*+(?![^\s=;]*+=)[^\s;]*+)\s*+(?=[\w*.-]++\s*+=)")
_COMMENT_BEHIND = re.compile(r"(?<=\S)[ \t]+\([^()]*\)$")
_SECTION = re.compile(r"([^*]+)(?:\*(\d{1,3}))?(\*)?$")


def parameters_of(value: str) -> tuple[str, dict[str, str]]:
    """Return the lower-case main value of a Content-Type or -Disposition field and its decoded parameters.

    Sections and character sets by RFC 2231, and encoded words where people put them.
    """
    if len(value) <= USUAL_VALUE and "boundary" not in value:
        return _usual_parameters(value)
    return _parameters(value[:PARAMETER_OCTETS])


def _parameters(value: str) -> tuple[str, dict[str, str]]:
    value = _UNSEPARATED.sub(r"\1;", value, count=1)
    main = value.partition(";")[0].partition("(")[0].strip().lower()
    if ";" not in value:
        return main, {}
    plain: dict[str, str] = {}
    sections: dict[str, dict[int, tuple[str, bool]]] = {}
    for match in _PARAMETER.finditer(value):
        section = _SECTION.match(match[1].lower())
        text = _unquoted(match[2])
        if section and (section[2] or section[3]):
            sections.setdefault(section[1], {}).setdefault(int(section[2] or 0), (text, bool(section[3])))
        else:
            plain.setdefault(match[1].lower(), decode_words(text) if "=?" in text else clean(text))
    plain.update({name: _joined(found) for name, found in sections.items()})
    return main, plain


#: Most letters say the same few things of themselves.
_usual_parameters = lru_cache(maxsize=512)(_parameters)


def _unquoted(text: str) -> str:
    if text.startswith('"'):
        return QUOTED_PAIR.sub(r"\1", text[1:-1] if text.endswith('"') and len(text) > 1 else text[1:])
    return _COMMENT_BEHIND.sub("", text.strip()) if text.endswith(")") else text.strip()


def _joined(sections: dict[int, tuple[str, bool]]) -> str:
    """Return the value that RFC 2231 sections give together, in the character set the first names.

    Some writers fold encoded words into sections; who names a character set has encoded by it.
    """
    charset, octets = "", b""
    for index in sorted(sections):
        text, extended = sections[index]
        if extended and index == 0 and text.count("'") >= 2:
            charset, _, text = text.split("'", 2)
        octets += unquote_to_bytes(text) if extended else text.encode("utf-8", "replace")
    said = decode(octets, charset)
    return " ".join(said.split()) if charset else decode_words(said)


# --- the rest ----------------------------------------------------------------------------------------------

_MESSAGE_ID = re.compile(r"<([^<>]{1,998})>")


def message_ids(value: str) -> list[str]:
    """Return the message ids in a References or Message-ID field, without their angle brackets, in order."""
    found = ["".join(match.split()) for match in _MESSAGE_ID.findall(value)]
    if not found and value.strip():
        found = [word.strip("<>") for word in value.split() if "@" in word][:1]
    return [clean(item) for item in found if item][:FIELD_LIMIT]
