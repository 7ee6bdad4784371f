"""The addresses of a header field, as people and programs write them (RFC 5322 section 3.4). Pure.

Everything here takes linear time and accepts anything: what makes no sense gives a name or an address that is
empty.
"""

import re
from typing import NamedTuple

from stored.mime.headers import COMMENT, QUOTED_PAIR, decode_words

RECIPIENT_LIMIT = 1_000


class Address(NamedTuple):
    """Somebody as a header names them. Either part may be empty; `address` may be no valid address."""

    name: str
    address: str


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
_PAREN = re.compile(r"[()]|\\.", re.S)
_BLANK_DOT = re.compile(r"(?<=\S)\s++\.\s*+(?=[\w-])")  # obs-domain: test . example
_BLANK_AT = re.compile(r"(?<=[\w-])\s*+@\s++(?=[\w\[])")  # obs-addr-spec: somebody @ test
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
            said = QUOTED_PAIR.sub(r"\1", match["quoted"]) if kind == "quoted" else match[0]
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
        if self.angle is not None and (self.angle.strip() or self.quoted or "@" not in words):
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
        elif "@" not in address and " " in address.strip():
            name, address = name or address, ""
        local, at, domain = address.rpartition("@") if address.startswith('"') else ("", "", address)
        bare = local + at + "".join(domain.split())
        bare = bare[7:] if bare[:7].lower() == "mailto:" else bare
        said = decode_words(name).strip("'\" ") if name else ""
        return Address(said[:998], bare[:998]) if said or bare else None
