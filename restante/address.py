"""Mail addresses as people type them: read, shown again, taken apart, compared.

An address is kept as it was typed, its domain in small letters; `split` gives the domain as DNS and SMTP
want it (IDNA). Lists and groups of headers of received mail are the business of who parses those; here is
what a user writes in "To". Pure functions; every refusal is InvalidArgument with the offending text.
"""

import re
from dataclasses import dataclass

import idna

from restante.errors import InvalidArgument

LONGEST_OCTETS = 254
LONGEST_LOCAL_OCTETS = 64
LONGEST_DOMAIN_OCTETS = 253
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u00a0-\U0010ffff-]+"
_LOCAL = re.compile(rf'{_ATOM}(?:\.{_ATOM})*|"(?:[^"\\]|\\.)+"')
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
# The last label is no number, else it is an IPv4 address.
_DOMAIN = re.compile(rf"(?:{_LABEL}\.)+(?![0-9]+\Z){_LABEL}|localhost")
_NAMED = re.compile(r"(?P<name>.*?)\s*<\s*(?P<address>[^<>]*?)\s*>", re.DOTALL)
_PIECES = re.compile(r'"(?:[^"\\]|\\.)*"|<[^<>]*>|[,;\n]|[^",;<\n]+|.', re.DOTALL)
_NEEDS_QUOTES = re.compile(r'[()<>\[\]:;@\\,."]')


@dataclass(frozen=True, slots=True)
class Address:
    """A person's name ("" where none was given) and mail address."""

    name: str
    address: str

    def __str__(self) -> str:
        return format_address(self)


def parse(text: str) -> Address:
    """Return the one address in `text`: "ana@uno.example" or "Ana Pérez <ana@uno.example>"."""
    text = text.strip(" \t\r\n")
    if _CONTROL.search(text):
        raise InvalidArgument("An address contains a control character; type it again.", about=_shown(text))
    named = _NAMED.fullmatch(text)
    name, bare = (_unquoted(named["name"]), named["address"]) if named else ("", text)
    return Address(name, _checked(bare))


def parse_list(text: str) -> list[Address]:
    """Return the addresses in `text`, separated by commas, semicolons or ends of line; none is []."""
    items = [""]
    for piece in _PIECES.findall(text):
        if piece in (",", ";", "\n"):
            items.append("")
        else:
            items[-1] += piece
    return [parse(item) for item in items if item.strip(" \t\r\n")]


def format_address(address: Address) -> str:
    """Return the address for people to read and edit; `parse` gives the same Address again."""
    name = address.name
    if not name:
        return address.address
    if _NEEDS_QUOTES.search(name) or name != name.strip():
        name = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return f"{name} <{address.address}>"


def split(address: str) -> tuple[str, str]:
    """Return the local part as it is and the domain as DNS wants it: ("ana", "xn--nandu-qta.example")."""
    local, at, domain = address.rpartition("@")
    if not at or not local:
        raise InvalidArgument(
            f"“{_shown(address)}” is no mail address; one looks like name@example.org.", about=_shown(address)
        )
    return local, _ascii_domain(domain, address)


def same(one: str, other: str) -> bool:
    """Tell whether two addresses are one maildrop in practice: whatever the case of their letters."""
    try:
        (local, domain), (other_local, other_domain) = split(one), split(other)
    except InvalidArgument:
        return False
    return local.casefold() == other_local.casefold() and domain == other_domain


def valid_domain(domain: str) -> bool:
    """Tell whether mail could be sent to something at `domain`: a name with a dot, or "localhost"."""
    try:
        _ascii_domain(domain, domain)
    except InvalidArgument:
        return False
    return True


def _checked(bare: str) -> str:
    local, domain_ascii = split(bare)
    if not _LOCAL.fullmatch(local) or len(local.encode()) > LONGEST_LOCAL_OCTETS:
        raise InvalidArgument(
            f"“{_shown(bare)}” is no mail address; one looks like name@example.org.", about=_shown(bare)
        )
    if len(local.encode()) + 1 + len(domain_ascii) > LONGEST_OCTETS:
        raise InvalidArgument(
            "An address is longer than 254 octets, which no mail server takes.", about=_shown(bare)
        )
    return f"{local}@{bare.rpartition('@')[2].lower()}"


def _ascii_domain(domain: str, address: str) -> str:
    ascii_domain = domain.lower()
    if not domain.isascii():
        try:
            ascii_domain = idna.encode(ascii_domain, uts46=True).decode()
        except (idna.IDNAError, UnicodeError):
            ascii_domain = ""
    if not _DOMAIN.fullmatch(ascii_domain) or len(ascii_domain) > LONGEST_DOMAIN_OCTETS:
        raise InvalidArgument(
            f"“{_shown(address)}” lacks a domain such as example.org after the @.", about=_shown(address)
        )
    return ascii_domain


def _unquoted(name: str) -> str:
    name = name.strip()
    if len(name) >= 2 and name[0] == name[-1] == '"':
        return re.sub(r"\\(.)", r"\1", name[1:-1])
    return name


def _shown(text: str) -> str:
    """Return foreign text short and printable enough to stand in a sentence."""
    clean = "".join(letter if letter.isprintable() else "?" for letter in text)
    return clean if len(clean) <= 80 else clean[:80] + "…"
