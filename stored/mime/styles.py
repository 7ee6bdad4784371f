"""What the style of a tag says of the text in it: how it looks, and whether it is seen at all. Pure.

Each look is a mark that begins it and another that ends it: single characters that no text contains (see
`tags`). White space that is kept has such marks, too.
"""

import re

BOLD, ITALIC, UNDERLINE, STRIKE, CODE, HIDE = "\ufdd0", "\ufdd2", "\ufdd4", "\ufdd6", "\ufdd8", "\ufdda"
OPENING = (BOLD, ITALIC, UNDERLINE, STRIKE, CODE, HIDE)
KEEP, COLLAPSE = "\ufde6", "\ufde8"  # white space

# A tag that says none of these neither hides its element nor gives it looks: most speak of sizes and colours.
_TELLING = (
    *("hidden", "display:none", "mso-hide:all", "opacity:0", "max-height:0"),
    *("font-weight:", "italic", "oblique", "font:", "underline", "line-through", "white-space:"),
)
_SIZE = "font-size:0"
_ZERO = re.compile(r"(?:opacity|max-height):0(?![.\d])")
_NO_SIZE = re.compile(r"font-size:0(?![.\d])")
# Word says beside it how letters of other scripts look (`mso-bidi-font-weight`), which is not meant here.
_FONT = "font(?<![a-z-]font)"
_LIGHT = re.compile(f"{_FONT}-weight:(?:normal|lighter|[1-5]00)")
# What says all of the letters at once, which has a size or takes it from around, says their weight, too.
_ALL = re.compile(
    f"{_FONT}:(?:normal|italic|oblique|small-caps|lighter)*"
    r"(?:\.?\d|x{0,2}-?(?:small|large)|medium|inherit|initial|unset)"
)
# What may stand before the style and the weight of letters where `font` says all at once. Behind them is the
# size, so that "700 12px" is 70012px here.
_BOLD = "(?:-weight:|:(?:normal|italic|oblique|small-caps)*)(?:bold|[6-9]00(?![.%p]))"
_ITALIC = "(?:-style:|:(?:normal|small-caps|bold(?:er)?|lighter|[1-9]00)*)(?:italic|oblique)"
# What a style of each look has in it, and how it says so: nearly all have none.
_STYLES = (
    ("font", re.compile(_FONT + _BOLD), BOLD),
    ("font", re.compile(_FONT + _ITALIC), ITALIC),
    ("underline", re.compile(r"text-decoration[a-z-]*:[^;\"']{0,40}underline"), UNDERLINE),
    ("line-through", re.compile(r"text-decoration[a-z-]*:[^;\"']{0,40}line-through"), STRIKE),
)
# Of `pre-line` only the ends of lines are meant, which count most; `nowrap` makes white space single.
_WHITE = re.compile("white-space:(pre|normal|nowrap)")


def may_tell(attributes: str, *, sized: bool = True) -> bool:
    """Tell whether what is written in a tag may say anything of this; else nobody needs to take it apart.

    Unless `sized`, no size of letters says nothing.
    """
    squeezed = "".join(attributes.lower().split())
    for word in _TELLING:  # not any(), which takes twice as long, and nearly every tag is asked
        if word in squeezed:
            return True
    return sized and _SIZE in squeezed


def style_in(attributes: dict[str, str]) -> str:
    """Return the style in lower case and without white space, in which `hidden` is a style, too."""
    style = attributes.get("style", "")
    if style:
        style = "".join(style.lower().split())
    return f"display:none;{style}" if "hidden" in attributes else style


def looks_of(style: str) -> str:
    """Return the marks that begin the looks of a style, and what it keeps."""
    looks = "".join([look for word, pattern, look in _STYLES if word in style and pattern.search(style)])
    white = _WHITE.findall(style) if "white-space" in style else ()
    if white:
        looks += KEEP if white[-1] == "pre" else COLLAPSE
    return looks


def is_light(style: str) -> bool:
    """Tell whether a style takes back that its element makes letters bold."""
    return _LIGHT.search(style) is not None or (
        _ALL.search(style) is not None and BOLD not in looks_of(style)
    )


def hides(style: str, *, sized: bool = True) -> bool:
    """Tell whether a style hides its element. Unless `sized`, no size of letters hides nothing."""
    if "display:none" in style or "visibility:hidden" in style or "mso-hide:all" in style:
        return True
    if ":0" not in style:
        return False
    return _ZERO.search(style) is not None or (sized and _NO_SIZE.search(style) is not None)


def closing(looks: str) -> str:
    """Return the marks that end what `looks` begin."""
    return "".join([chr(ord(look) + 1) for look in looks])
