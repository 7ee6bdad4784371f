"""Links: where they may lead, and those that stand in plain text."""

import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import urlsplit

LINK_CHARACTERS = 4_000
_SCHEMES = ("https://", "http://", "mailto:", "ftp://", "tel:")
# As browsers read a link (https://url.spec.whatwg.org/): blanks around it and line ends in it are nothing,
# a blank in it is a blank.
_AROUND = "".join(map(chr, range(33)))
_DOT = "。"  # is one of a host, too; NFKC makes the narrow one it
_UNFIT = re.compile(r"[\x00-\x1f\x7f\ufdd0-\ufdef]+")
# A word is begun only where none is going on, and its first half is short: linear on any text.
_FOUND = re.compile(
    r"(?P<url>(?<![\w.])(?:https?://|ftp://|www\.(?=\w))[^\s<>\"\ufdd0-\ufdef]++)"
    r"|(?P<address>(?<![\w.+%-])[\w.+%-]{1,64}+@[\w-]{1,63}+(?:\.[\w-]{1,63}+){1,10})",
    re.I,
)
_TRAILING = ".,;:!?'*_~|"
_CLOSING = {")": "(", "]": "[", "}": "{", "»": "«", "”": "“", "’": "‘"}


class Link(NamedTuple):
    """Where in a text a link stands, and where it leads."""

    start: int
    end: int
    target: str


def target_of(href: str) -> str:
    """Return where a link leads as it is to be shown; "" where it leads nowhere a letter may. Pure."""
    target = href[: 2 * LINK_CHARACTERS].strip(_AROUND).replace(" ", "%20")
    if not target.isprintable():
        target = _UNFIT.sub("", target)
    if target.startswith("//"):
        target = f"https:{target}"
    allowed = target.lower().startswith(_SCHEMES) and len(target) <= LINK_CHARACTERS
    return target if allowed else ""


def host_of(target: str) -> str:
    """Return the host a link leads to, or the domain a mailto: link writes to; lower case. Pure."""
    if target.lower().startswith("mailto:"):
        return domain_of(target[7:].partition("?")[0].partition(",")[0])
    try:
        host = urlsplit(target).hostname or ""
    except ValueError:
        return ""
    if not host.isascii():
        host = unicodedata.normalize("NFKC", host).replace(_DOT, ".").lower()
    return host.rstrip(".")


def domain_of(address: str) -> str:
    """Return the domain of an address, lower case; "" where it has none. Pure."""
    return address.rpartition("@")[2].strip("<> .").casefold() if "@" in address else ""


def may_link(text: str) -> bool:
    """Tell whether there may be a link in plain text; most lines have none. Pure."""
    # The end of "www.", however it is written: small letters of a whole line take longer than all of this.
    return "://" in text or "@" in text or "w." in text or "W." in text


def links_in(text: str) -> Iterator[Link]:
    """Yield the links that stand in plain text as people write them, in order. Pure."""
    at = 0
    # Most lines hold none, which is told in a tenth of the time.
    for line in text.split("\n"):
        if may_link(line):
            yield from _links_in_line(text, at, at + len(line))
        at += len(line) + 1


def _links_in_line(text: str, start: int, end: int) -> Iterator[Link]:
    for match in _FOUND.finditer(text, start, end):
        if match["address"]:
            yield Link(match.start(), match.end(), f"mailto:{match['address'].lstrip('.')}")
            continue
        said = _trimmed(match["url"][:LINK_CHARACTERS])
        target = target_of(said if "://" in said[:8] else f"http://{said}")
        if target and len(said) > 8:
            yield Link(match.start(), match.start() + len(said), target)


def _trimmed(said: str) -> str:
    """Return a link without the punctuation of the sentence around it. Pure."""
    while said:
        last = said[-1]
        opening = _CLOSING.get(last)
        if last in _TRAILING or (opening and said.count(last) > said.count(opening)):
            said = said[:-1]
        else:
            break
    return said
