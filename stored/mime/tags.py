"""Tags before the parser sees them: attributes off, depth bounded, looks and links made single characters.

The characters are ones that Unicode keeps out of all text (U+FDD0 to U+FDEF). A letter may hold them all the
same, written as references: then it gets looks of its own, which it could have had by tags, and nothing else.
"""

import re
from collections import Counter
from dataclasses import dataclass, field
from html import unescape
from typing import NamedTuple

from stored.mime.links import target_of
from stored.mime.runs import PLAIN, Look

DEPTH_LIMIT = 250
FOUND_LIMIT = 20_000  # links and pictures; more than these are text
_ATTRIBUTE_CHARACTERS = 8_000
_SPAN_LIMIT = 2_000

BOLD, ITALIC, UNDERLINE, STRIKE, CODE, HIDE = "\ufdd0", "\ufdd2", "\ufdd4", "\ufdd6", "\ufdd8", "\ufdda"
HIDDEN_ELEMENT, LINK, LINK_END, PICTURE, END = "\ufddc", "\ufddd", "\ufddf", "\ufde0", "\ufde1"
_OPENING = (BOLD, ITALIC, UNDERLINE, STRIKE, CODE, HIDE)
MARK = re.compile(
    rf"[{LINK}{PICTURE}]([0-9]{{1,5}}){END}|{HIDDEN_ELEMENT}([a-z0-9]{{1,10}}){END}|[\ufdd0-\ufdef]"
)
_STRANGE = re.compile("[\ufdd0-\ufdef]")

# A tag with its attributes; a quoted value may hold ">" if it is not too long. Possessive: no going back.
_TAG = re.compile(r"""<(/?)([a-zA-Z][^\s/><]*+)((?:[^>"']++|"[^"]{0,2000}+"|'[^']{0,2000}+'|["'])*+)>?""")
_ATTRIBUTE = re.compile(r"""([^\s"'>/=]++)(?:\s*+=\s*+(?:"([^"]*+)"?|'([^']*+)'?|([^\s>]*+)))?|["'=]""")
_STYLED = re.compile(r"style\s*=|\bhidden\b", re.I)
_HIDDEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all|font-size\s*:\s*0(?![.\d])"
    r"|opacity\s*:\s*0(?![.\d])|max-height\s*:\s*0(?![.\d])|^\s*hidden\b|\shidden(?:\s|=|$)",
    re.I,
)
_STYLES = (
    (re.compile(r"font-weight\s*:\s*(?:bold|[6-9]00)", re.I), BOLD),
    (re.compile(r"font-style\s*:\s*(?:italic|oblique)", re.I), ITALIC),
    (re.compile(r"text-decoration[a-z-]*\s*:[^;\"']{0,40}underline", re.I), UNDERLINE),
    (re.compile(r"text-decoration[a-z-]*\s*:[^;\"']{0,40}line-through", re.I), STRIKE),
)


def _words(text: str) -> list[str]:
    return text.split()


# Elements that need no end tag, so that counting their beginnings says nothing of depth.
_UNNESTED = frozenset(
    _words("p li td th tr dt dd option br hr img input meta link col wbr base source area embed param")
)
# Elements that only change how letters look, and which look. They never become elements, since a parser must
# open each of them anew in every paragraph: forty open ones and 300,000 paragraphs are twelve million.
_LOOKS = {
    **dict.fromkeys(_words("b strong"), BOLD),
    **dict.fromkeys(_words("i em"), ITALIC),
    "u": UNDERLINE,
    **dict.fromkeys(_words("s strike del"), STRIKE),
    **dict.fromkeys(_words("code tt samp kbd"), CODE),
    **dict.fromkeys(_words("big small nobr"), ""),
}
_STYLED_INLINE = frozenset({"span", "font"})
# Those that hold text themselves: a mark between the rows of a table would land in front of it.
_HIDEABLE = frozenset(
    _words("div p td th li center blockquote section article header footer pre h1 h2 h3 h4 h5 h6")
)


class Picture(NamedTuple):
    """A picture in its place: what is said instead of it, and where it would come from."""

    alt: str
    source: str


@dataclass
class Found:
    """The links and pictures of a page in order; marks name them by their places here."""

    links: list[str] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)


def simplified(html: str) -> tuple[str, Found]:
    """Return `html` with bare tags and marks in it, and what the marks lead to. Pure."""
    tags = _Tags()
    return _TAG.sub(tags.plain, _STRANGE.sub("", html)), tags.found


class _Tags:
    """The tags of one page as they come by."""

    def __init__(self) -> None:
        self.found = Found()
        self._depth: Counter[str] = Counter()
        self._total = 0
        self._spans: list[str] = []

    def plain(self, match: re.Match[str]) -> str:
        """Return what stands for one tag."""
        slash, name, attributes = match[1], match[2].lower(), match[3][:_ATTRIBUTE_CHARACTERS]
        if name == "img":
            return self._picture(attributes)
        if name == "a":
            return LINK_END if slash else self._link(attributes)
        if name in _STYLED_INLINE:
            return self._span(slash, attributes)
        look = _LOOKS.get(name)
        if look is not None:
            return _closing(look) if slash else look
        hidden = not slash and name in _HIDEABLE and self._hides(attributes)
        if name in _UNNESTED:
            return f"<{slash}{name}>{_hiding(name) if hidden else ''}"
        if slash:
            if self._depth[name] > 0:
                self._depth[name] -= 1
                self._total -= 1
        elif self._total >= DEPTH_LIMIT:
            return " "
        else:
            self._depth[name] += 1
            self._total += 1
        return f"<{slash}{name}>{_hiding(name) if hidden else ''}"

    @staticmethod
    def _hides(attributes: str) -> bool:
        return bool(_STYLED.search(attributes) and _HIDDEN.search(attributes))

    def _picture(self, attributes: str) -> str:
        said = _attribute("alt", attributes)[:200]
        source = _attribute("src", attributes)
        cid = source[4:].strip() if source[:4].lower() == "cid:" else ""
        if (not cid and not said) or len(self.found.pictures) >= FOUND_LIMIT or self._hides(attributes):
            return ""
        self.found.pictures.append(Picture(_STRANGE.sub("", " ".join(said.split())), cid[:998]))
        return f"{PICTURE}{len(self.found.pictures) - 1}{END}"

    def _link(self, attributes: str) -> str:
        target = target_of(_attribute("href", attributes))
        if not target or len(self.found.links) >= FOUND_LIMIT:
            return LINK_END
        self.found.links.append(target)
        return f"{LINK}{len(self.found.links) - 1}{END}"

    def _span(self, slash: str, attributes: str) -> str:
        if slash:
            return self._spans.pop() if self._spans else ""
        looks = ""
        if _STYLED.search(attributes):
            looks = "".join(look for pattern, look in _STYLES if pattern.search(attributes))
            looks += HIDE if _HIDDEN.search(attributes) else ""
        if len(self._spans) >= _SPAN_LIMIT:
            return ""
        self._spans.append("".join(map(_closing, looks)))
        return looks


def _closing(look: str) -> str:
    """Return the mark that ends what `look` begins. Pure."""
    return chr(ord(look) + 1) if look else ""


def _hiding(name: str) -> str:
    """Return the mark that hides the element it stands in, if that really is of this name."""
    return f"{HIDDEN_ELEMENT}{name}{END}"


def _attribute(name: str, attributes: str) -> str:
    """Return the value of the first attribute called `name`, "" without one. Pure."""
    for found in _ATTRIBUTE.finditer(attributes):
        if found[1] and found[1].lower() == name:
            return unescape(found[2] or found[3] or found[4] or "")
    return ""


class Marks:
    """The looks that are open at one place of a page."""

    def __init__(self, found: Found) -> None:
        self._found = found
        self._open = dict.fromkeys(_OPENING, 0)
        self._link = ""
        self._look: Look | None = None

    def copy(self) -> "Marks":
        copied = Marks(self._found)
        copied._open, copied._link = self._open.copy(), self._link
        return copied

    def take(self, mark: re.Match[str]) -> Picture | None:
        """Open or close what `mark` says; return the picture when it is one."""
        sign = mark[0][0]
        self._look = None
        if mark[1] is not None:
            number = int(mark[1])
            if sign == PICTURE:
                return self._found.pictures[number] if number < len(self._found.pictures) else None
            self._link = self._found.links[number] if number < len(self._found.links) else ""
        elif sign == LINK_END:
            self._link = ""
        elif sign in _OPENING:
            self._open[sign] += 1
        elif self._open.get(opened := chr(ord(sign) - 1)):
            self._open[opened] -= 1
        return None

    def hidden(self) -> bool:
        return self._open[HIDE] > 0

    def look(self) -> Look:
        if self._look is None:
            bold, italic, underline, strike, code, _ = map(bool, self._open.values())
            plain = not (bold or italic or underline or strike or code or self._link)
            self._look = PLAIN if plain else Look(bold, italic, underline, strike, code, 0, self._link)
        return self._look
