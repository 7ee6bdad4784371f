"""Tags before the parser sees them: attributes off, depth bounded, looks and links made single characters.

The characters are ones that Unicode keeps out of all text (U+FDD0 to U+FDEF). A letter may hold them all the
same, written as references: then it gets looks of its own, which it could have had by tags, and nothing else.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import NamedTuple

from stored.mime.found import END, LEADING, STRANGE, Found, attribute, attributes
from stored.mime.styles import (
    BOLD,
    CODE,
    HIDE,
    ITALIC,
    STRIKE,
    UNDERLINE,
    closing,
    hides,
    is_light,
    looks_of,
    may_tell,
    style_in,
)

DEPTH_LIMIT = 250
#: So few need not be counted: a parser that is quadratic in them takes 20 ms at most.
FEW_TAGS = 3_000
_SPAN_LIMIT = 2_000
# So many tags are known from one letter to the next, none of them long: two megabytes at most.
_KNOWN_TAGS = 2_000
_KNOWN_CHARACTERS = 250

HIDDEN_ELEMENT = "\ufddc"
NUMBER = "\ufde5"  # with how many items a list has before its next one


def _words(text: str) -> list[str]:
    return text.split()


def _raw(name: str) -> str:
    """Return the pattern of an element that holds no tags: it goes on to its own end tag, or for ever."""
    name = "".join(f"[{letter}{letter.upper()}]" for letter in name)
    end = f"</{name}(?=[\\s/>])"
    return f"{name}(?=[\\s/>])(?:[^<]++|(?!{end})<)*(?:{end}[^>]*+>?)?"


# Elements whose text nobody sees, and in which a "<" begins nothing.
_RAW = "|".join(map(_raw, _words("style script title textarea iframe noembed")))
_COMMENT = "!--(?:-?>|(?:[^-]++|-(?!-!?>))*(?:--!?>)?)|[!?][^>]*+>?|/[^a-zA-Z>][^>]*+>?"
# A tag with its attributes; a quoted value may hold ">" if it is not too long. Possessive: no going back.
_ANY_TAG = r"""/?[a-zA-Z][^>=]*+(?:=\s*+(?:"[^"]{0,2000}+"|'[^']{0,2000}+'|)[^>=]*+)*>?"""
# Nearly half of all end something and have no attributes: these are tried first.
_TAGS = re.compile(f"(<(?:/[a-zA-Z][^>=]*+>|{_COMMENT}|{_RAW}|{_ANY_TAG}))")
_NO_TAG = re.compile("<(?=<)")
_TAG = re.compile(r"<(/?)([a-zA-Z][^\s/><]*+)([^\x00]*)")
_WHOLE = re.compile(r"\s*+\+?0*([1-9]\d{0,4})\s*+", re.ASCII)


# Elements that stay, by what they become; all others are nothing but what is in them.
_BLOCKS = dict.fromkeys(
    _words("""
    div address article aside center details dir dl fieldset figcaption figure footer form header hgroup
    legend main menu nav search section summary
    """),
    "div",
)
_ELEMENTS = {
    **_BLOCKS,
    **dict.fromkeys(_words("pre xmp listing plaintext"), "pre"),
    **{name: name for name in _words("p blockquote ul ol li dd dt table caption tr td th br hr")},
    **{name: name for name in _words("h1 h2 h3 h4 h5 h6")},
    **{name: name for name in _words("template noscript svg math object select audio video canvas")},
}
# Elements that need no end tag, so that counting their beginnings says nothing of depth.
_UNNESTED = frozenset(_words("p li td th tr dt dd br hr"))
# Elements that only change how letters look, and which look. They never become elements, since a parser must
# open each of them anew in every paragraph: forty open ones and 300,000 paragraphs are twelve million.
_LOOKS = {
    **dict.fromkeys(_words("b strong"), BOLD),
    **dict.fromkeys(_words("i em"), ITALIC),
    **dict.fromkeys(_words("u ins"), UNDERLINE),
    **dict.fromkeys(_words("s strike del"), STRIKE),
    **dict.fromkeys(_words("code tt samp kbd"), CODE),
}
# In these looks end, so that their own need no mark that ends them.
_CELLS = frozenset({"td", "th"})
# Around which newsletters have no size of letters, so that no gap is between blocks: those in it have one.
_FRAMES = _CELLS | {"div"}
# Elements that may say a number, and in which attribute.
_NUMBERED = {"ol": "start", "li": "value"}
_STYLED_INLINE = frozenset({"span", "font"})
# Those that hold text themselves: a mark between the rows of a table would land in front of it.
_HIDEABLE = frozenset(_words("div p td th li blockquote pre h1 h2 h3 h4 h5 h6"))


class _Nested(NamedTuple):
    """A tag that opens (+1) or closes (-1) a paragraph, or what counts by its depth; it begins `looks`."""

    said: str
    looks: str
    element: str
    step: int


class _Styled(NamedTuple):
    """A tag that opens an element with `looks` of its own (+1), or closes the last of them (-1)."""

    looks: str
    closing: str
    step: int


_Said = str | _Nested | _Styled


def simplified(html: str) -> tuple[str, Found]:
    """Return `html` with bare tags and marks in it, and what the marks lead to. Pure."""
    found = Found()
    # In octets those characters are looked for several times as fast.
    strange = b"\xef\xb7" in html.encode("utf-8", "replace")
    html = STRANGE.sub("", html) if strange else html
    if "<<" in html:
        # The first begins no tag, and shall not with what comes to stand behind it.
        html = _NO_TAG.sub("&lt;", html)
    pieces = _TAGS.split(html)
    tags = pieces[1::2]
    # Equal tags say the same, and a letter has few different ones.
    said = {tag: _said_by(tag, found) for tag in dict.fromkeys(tags)}
    pieces[1::2] = _placed(tags, said)
    return "".join(pieces), found


def _placed(tags: list[str], said: dict[str, _Said]) -> Iterable[str]:
    """Return what stands for each tag in its place, where that may depend on the tags before."""
    looks = any(one.looks for one in said.values() if not isinstance(one, str))
    if len(tags) <= FEW_TAGS and not looks:
        bare = {tag: one if isinstance(one, str) else one[0] for tag, one in said.items()}
        return map(bare.__getitem__, tags)
    nested, styled = _Depth().say, _styles()
    return [
        one if isinstance(one, str) else nested(one) if isinstance(one, _Nested) else styled(one)
        for one in map(said.__getitem__, tags)
    ]


def _said_by(tag: str, found: Found) -> _Said:
    """Return what stands for a tag, and take down in `found` where it leads."""
    leading = LEADING.match(tag)
    if leading is not None:
        return found.taken_down(leading[1].lower(), tag[leading.end() :])
    return _bare(tag) if len(tag) <= _KNOWN_CHARACTERS else _bare.__wrapped__(tag)


@lru_cache(maxsize=_KNOWN_TAGS)
def _bare(tag: str) -> _Said:
    """Return what stands for a tag that leads nowhere."""
    match = _TAG.match(tag)
    if match is None:
        return ""  # a comment
    slash, name, rest = match[1], match[2].lower(), match[3]
    if name in _STYLED_INLINE:
        return _Styled("", "", -1) if slash else _styled(_style(rest))
    look = _LOOKS.get(name)
    if look is not None:
        light = look == BOLD and not slash and len(rest) > 1 and is_light(_style(rest))
        return closing(look) if slash else "" if light else look
    element = _ELEMENTS.get(name)
    if element is None:
        return ""
    said, looks = f"<{slash}{element}>", ""
    if len(rest) > 1 and not slash:
        sized = element not in _FRAMES
        style = _style(rest, sized=sized) if element in _HIDEABLE else ""
        if style and hides(style, sized=sized):
            said += f"{HIDDEN_ELEMENT}{element}{END}"
        looks = looks_of(style)
        if element in _NUMBERED:
            said = _numbered(said, element, attribute(rest, _NUMBERED[element]))
    if element in _CELLS:
        return said + looks
    if element == "pre" and not slash and CODE not in looks:
        looks += CODE
    if element in _UNNESTED and element != "p":
        return said
    return _Nested(said, looks, element, -1 if slash else 1)


class _Depth:
    """Says what stands for one tag after the other, those too deep left out, looks ended where they end."""

    def __init__(self) -> None:
        self._ends: defaultdict[str, list[str]] = defaultdict(list)  # of each kind that is open
        self._total = 0
        self._paragraph = ""  # what ends the looks of the one that is open

    def say(self, tag: _Nested) -> str:
        said, looks, element, step = tag
        # A paragraph ends where any other block begins or ends.
        before, self._paragraph = self._paragraph, ""
        if element == "p":
            self._paragraph = closing(looks)
            return before + said + looks
        ends = self._ends[element]
        if step > 0:
            if self._total >= DEPTH_LIMIT:
                return before + " "
            self._total += 1
            ends.append(closing(looks))
            return before + said + looks
        if not ends:
            return before + said
        self._total -= 1
        return before + ends.pop() + said


def _styles() -> Callable[[_Styled], str]:
    """Return who says what looks begin and end with one tag after the other."""
    ends: list[str] = []

    def styled(tag: _Styled) -> str:
        if tag.step < 0:
            return ends.pop() if ends else ""
        if len(ends) >= _SPAN_LIMIT:
            return ""
        ends.append(tag.closing)
        return tag.looks

    return styled


def _numbered(said: str, element: str, number: str) -> str:
    """Return the tag of a list or an item with the number that it says it begins with, where it does."""
    whole = _WHOLE.fullmatch(number)
    if whole is None:
        return said
    mark = f"{NUMBER}{int(whole[1]) - 1}{END}"
    return f"{said}{mark}" if element == "ol" else f"{mark}{said}"


def _styled(style: str) -> _Styled:
    """Return what opens an element of no meaning but its style."""
    looks = looks_of(style) + (HIDE if hides(style) else "")
    return _Styled(looks, closing(looks), 1)


def _style(rest: str, *, sized: bool = True) -> str:
    """Return the style of a tag, "" for one that tells nothing: then its attributes are not looked at."""
    return style_in(attributes(rest)) if may_tell(rest, sized=sized) else ""
