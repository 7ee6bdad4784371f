"""What the tags of a page lead to: its links and its pictures, and the attributes that name them.

In their places a page has marks, characters that Unicode keeps out of all text (see `tags`).
"""

import re
from html import unescape
from typing import NamedTuple
from urllib.parse import unquote, urljoin

from stored.mime.links import target_of
from stored.mime.styles import hides, style_in

FOUND_LIMIT = 20_000  # links and pictures; more than these are text
_ATTRIBUTE_CHARACTERS = 8_000
_BASE_CHARACTERS = 300  # joining takes a time that follows this, for each link

LINK, LINK_END, PICTURE, END = "\ufddd", "\ufddf", "\ufde0", "\ufde1"
AREA_END = "\ufdea"  # behind it the link goes on that the area stands in
STRANGE = re.compile("[\ufdd0-\ufdef]")

#: The beginnings of tags that `Found.taken_down` is told of.
LEADING = re.compile(r"<(/?a|area|img|base)(?![^\s/><])", re.I)
# A group with `?+` around it is forgotten by Python 3.11.2, which Debian has.
_ATTRIBUTE = re.compile(r"""([^\s"'>/=]++)(?:\s*+=\s*+(?:"([^"]*+)"?|'([^']*+)'?|([^\s"'>][^\s>]*+)?))?""")
_SCHEME = re.compile(r"[\x00-\x20]*+(?:[a-z][a-z0-9+.-]*+:|#)", re.I)


def attributes(tag: str) -> dict[str, str]:
    """Return the attributes of a tag by their names in lower case; of equal ones the first. Pure."""
    found = _ATTRIBUTE.findall(tag[:_ATTRIBUTE_CHARACTERS])
    return {name.lower(): double or single or bare for name, double, single, bare in reversed(found)}


def attribute(tag: str, name: str) -> str:
    """Return one attribute of a tag, "" where it has none of this name. Pure."""
    for match in _ATTRIBUTE.finditer(tag[:_ATTRIBUTE_CHARACTERS]):
        if match[1].lower() == name:
            return match[2] or match[3] or match[4] or ""
    return ""


class Picture(NamedTuple):
    """A picture in its place: what is said instead of it, and which part it is; of others neither."""

    alt: str
    source: str


class Found:
    """Where the links of a page lead, and its pictures, by the marks that stand for them."""

    def __init__(self) -> None:
        self.links: dict[str, str] = {}
        self.pictures: dict[str, Picture] = {}
        self._base = ""  # from where links lead that do not say it
        self._taken = {
            "a": self._link,
            "/a": lambda rest: LINK_END,
            "area": self._area,
            "img": self._picture,
            "base": self._from,
        }

    def taken_down(self, name: str, rest: str) -> str:
        """Take down where a tag leads; return its mark. `rest` is what is behind its name."""
        return self._taken[name](rest)

    def _link(self, rest: str) -> str:
        href = unescape(attribute(rest, "href"))
        target = target_of(href) or self._relative(href)
        if not target or len(self.links) >= FOUND_LIMIT:
            return LINK_END
        mark = f"{LINK}{len(self.links)}{END}"
        self.links[mark] = target
        return mark

    def _relative(self, href: str) -> str:
        """Return where a relative link leads from the place that the page named; "" where it named none."""
        if not self._base or not href or _SCHEME.match(href):
            return ""
        try:
            return target_of(urljoin(self._base, href))
        except ValueError:
            return ""

    def _from(self, rest: str) -> str:
        base = target_of(unescape(attribute(rest, "href")))
        self._base = self._base or (base if len(base) <= _BASE_CHARACTERS else "")
        return ""

    def _area(self, rest: str) -> str:
        """Take down a place in a picture: a link by itself, of its words or else of where it leads."""
        link = self._link(rest)
        if link == LINK_END:
            return ""
        told = attributes(rest)
        return f" {link}{self._said(told.get('alt') or told.get('title', ''))}{AREA_END} "

    def _picture(self, rest: str) -> str:
        told = attributes(rest)
        said = told.get("alt", "")
        source = unescape(told.get("src", ""))
        cid = unquote(source[4:].strip()) if source[:4].lower() == "cid:" else ""
        # One that only counts who reads is of one pixel or none.
        nothing = told.get("width", "").strip() in ("0", "1") or not source
        nothing = nothing and not cid and not said
        if nothing or len(self.pictures) >= FOUND_LIMIT or hides(style_in(told)):
            return ""
        return self._said(said, cid)

    def _said(self, said: str, cid: str = "") -> str:
        words = " ".join(unescape(said)[:200].split())
        mark = f"{PICTURE}{len(self.pictures)}{END}"
        self.pictures[mark] = Picture(STRANGE.sub("", words), cid[:998])
        return mark
