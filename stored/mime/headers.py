"""Header fields: unfolding, encoded words, addresses, parameters, dates.

Works on a header block already found and bounded by the scanner; knows nothing of parts or bodies.
Everything here takes linear time and accepts anything: a field that makes no sense gives an empty value.
"""

import binascii
import re
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from stored.mime.charsets import clean, decode, decode_raw

FIELD_LIMIT = 1_000
RECIPIENT_LIMIT = 1_000
PARAMETER_OCTETS = 16_384
USUAL_VALUE = 80  # characters


class Address(NamedTuple):
    """Somebody as a header names them. Either part may be empty; `address` may be no valid address."""

    name: str
    address: str


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
    return [(name.rstrip(), value.strip()) for name, colon, value in lines if colon]


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
    return (name.rstrip(), value.strip()) if colon else None


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
        label = match[1].partition("*")[0].lower()
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

# --- addresses ---------------------------------------------------------------------------------------------

_PIECE = re.compile(
    r'(?P<local>"(?:[^"\\]++|\\.)*"@[^\s",;<>()]++)'
    r'|"(?P<quoted>(?:[^"\\]++|\\.)*)"?'
    r"|(?P<word>=\?[^?\s]{1,75}\?[bBqQ]\?[^?]*\?=)"
    r"|<(?P<angle>[^<>]*+)>*+"
    r"|(?P<open>\()"
    r"|(?P<literal>\[[^\]]*+\]?)"
    r"|(?P<mark>[,;:])"
    r'|(?P<text>(?:[^",;:<(\[=]++|=(?!\?))+)'
    r"|(?P<other>.)",
    re.S,
)
COMMENT = re.compile(r"\([^()]*+\)")
_PAREN = re.compile(r"[()]|\\.", re.S)
_QUOTED_PAIR = re.compile(r"\\(.)", re.S)
_BLANK_DOT = re.compile(r"(?<=\S)\s++\.\s*+(?=[\w-])")  # obs-domain: test . example

_BLANK_AT = re.compile(r"(?<=[\w-])\s++@\s++(?=[\w\[])")  # obs-addr-spec: somebody @ test


_NAME_AND_ADDRESS = re.compile(r"([^<>]*+)<([^<>@]++@[^<>@]++)>")

# One address as nearly every field has it, with or without a name: nothing that could mean something else.
_ONE_ADDRESS = re.compile(
    r'\s*+(?:"([^"\\]*)"|([^",;:<>()\[\]\\@]*+))\s*+<([!#-\'*+./\w^`{|}~-]++@[\w.-]++)>\s*+', re.ASCII
)


def addresses_of(value: str, limit: int = RECIPIENT_LIMIT) -> list[Address]:
    """Return the addresses of a From or To field in order, at most `limit`, groups opened (RFC 5322 3.4)."""
    if (one := _ONE_ADDRESS.fullmatch(value)) is not None and limit > 0:
        name = one[2] if one[1] is None else one[1]
        return [Address(decode_words(name.strip()).strip("'\" ")[:998] if name else "", one[3][:998])]
    return _all_addresses(value, limit)


def _all_addresses(value: str, limit: int) -> list[Address]:
    found: list[Address] = []
    reading = _Reading()
    at, end = 0, len(value)
    while at < end and len(found) < limit:
        match = _PIECE.match(value, at)
        if match is None:  # cannot be: the last alternative takes anything
            break
        kind = match.lastgroup
        if kind == "quoted" and (len(match[0]) < 2 or not match[0].endswith('"')):
            # A quote that never ends quotes nothing; without quotes the rest is read once more, at most once.
            value = value[:at] + value[at + 1 :].replace('"', " ")
            end = len(value)
            continue
        at = match.end()
        if kind == "open":
            at, comment = _comment(value, at)
            reading.comments.append(comment)
        elif kind == "mark" and (match[0] != ":" or not reading.addressed()):
            if match[0] == ":":
                reading = _Reading()
            elif address := reading.address():
                found.append(address)
                reading = _Reading()
        else:
            if kind == "angle" and reading.complete() and "@" in match["angle"]:
                # Two addresses with nothing between them: somebody forgot the comma.
                reading, before = reading.split()
                found += [before] if before else []
            reading.take(kind or "", match)
    if len(found) < limit and (address := reading.address()):
        found.append(address)
    return found


def _comment(value: str, at: int) -> tuple[int, str]:
    """Return where the comment that opened before `at` ends, and what it says."""
    depth, start = 1, at
    for match in _PAREN.finditer(value, at):
        depth += {"(": 1, ")": -1}.get(match[0], 0)
        if depth == 0:
            return match.end(), value[start : match.start()]
    return len(value), value[start:]


class _Reading:
    """One address while its pieces come in."""

    def __init__(self) -> None:
        self.words: list[str] = []
        self.after: list[str] = []  # words behind the address in angle brackets
        self.comments: list[str] = []
        self.angle: str | None = None
        self.quoted = False

    def addressed(self) -> bool:
        return self.angle is not None or any("@" in word for word in self.words)

    def take(self, kind: str, match: re.Match[str]) -> None:
        if kind in ("angle", "local") and (self.angle is None or "@" not in self.angle):
            self.angle = match[kind]
        elif kind != "angle":
            self.quoted = self.quoted or kind == "quoted"
            said = _QUOTED_PAIR.sub(r"\1", match["quoted"]) if kind == "quoted" else match[0]
            (self.after if self.complete() else self.words).append(said)

    def complete(self) -> bool:
        """Tell whether an address in angle brackets has come."""
        return self.angle is not None and "@" in self.angle

    def split(self) -> tuple["_Reading", Address | None]:
        """Return what was read up to the address in angle brackets, and a new reading of what came behind."""
        following = _Reading()
        following.words, self.after = self.after, []
        return following, self.address()

    def address(self) -> Address | None:
        """Return what was read, None when it was nothing."""
        words = "".join((*self.words, *self.after)).strip()
        if self.angle is not None:
            name = words or (self.comments[0] if self.comments else "")
            return self._made(name, self.angle)
        if not words:
            return None
        if "@" in words and not self.quoted:
            words = _BLANK_AT.sub("@", _BLANK_DOT.sub(".", words))
            address = next(word for word in words.split() if "@" in word) if " " in words else words
            name = words.replace(address, "", 1).strip()
            return self._made(name or (self.comments[0] if self.comments else ""), address)
        name = self.comments[0] if self.comments else ""
        return self._made(words, "") if " " in words and "@" not in words else self._made(name, words)

    @staticmethod
    def _made(name: str, address: str) -> Address | None:
        if address.startswith("@") and ":" in address:  # an RFC 822 source route
            address = address.rpartition(":")[2]
        if "(" in address:
            address = COMMENT.sub("", address)
        address = decode_words(address)
        if whole := _NAME_AND_ADDRESS.fullmatch(address):
            # Some writers encode all of the field together.
            name, address = name or whole[1], whole[2]
        local, at, domain = address.rpartition("@") if address.startswith('"') else ("", "", address)
        bare = local + at + "".join(domain.split())
        bare = bare[7:] if bare[:7].lower() == "mailto:" else bare
        said = decode_words(name).strip("'\" ") if name else ""
        return Address(said[:998], bare[:998]) if said or bare else None


# --- parameters --------------------------------------------------------------------------------------------

_PARAMETER = re.compile(r';\s*+([^\s=;"]++)\s*+=\s*+("(?:[^"\\]++|\\.)*"?|[^;]*+)[^;]*+', re.S)
# A main value with nothing but blanks between it and its first parameter.
_UNSEPARATED = re.compile(r"^(\s*+(?![^\s=;]*+=)[^\s;]*+)\s*+(?=[\w*.-]++\s*+=)")
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
        return _QUOTED_PAIR.sub(r"\1", text[1:-1] if text.endswith('"') and len(text) > 1 else text[1:])
    return text.strip()


def _joined(sections: dict[int, tuple[str, bool]]) -> str:
    """Return the value that RFC 2231 sections give together, in the character set the first names."""
    charset, octets = "", b""
    for index in sorted(sections):
        text, extended = sections[index]
        if extended and index == 0 and text.count("'") >= 2:
            charset, _, text = text.split("'", 2)
        octets += unquote_to_bytes(text) if extended else text.encode("utf-8", "replace")
    return " ".join(decode(octets, charset).split())


# --- the rest ----------------------------------------------------------------------------------------------

_MESSAGE_ID = re.compile(r"<([^<>]{1,998})>")


def message_ids(value: str) -> list[str]:
    """Return the message ids in a References or Message-ID field, without their angle brackets, in order."""
    found = ["".join(match.split()) for match in _MESSAGE_ID.findall(value)]
    if not found and value.strip():
        found = [word.strip("<>") for word in value.split() if "@" in word][:1]
    return [clean(item) for item in found if item][:FIELD_LIMIT]
