"""Text made safe for a widget (measured: a 1 MB line takes Tk 31 s, a NUL truncates, a surrogate raises).

Pure functions.
"""

from __future__ import annotations

import re

LINE_LIMIT = 2000
TEXT_LIMIT = 262_144

_UNSHOWABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufeff\ufffe\uffff]")
_TURNS_TEXT_ROUND = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_BEYOND_BMP = re.compile("[\U00010000-\U0010ffff]")


def clean_text(text: str, *, beyond_bmp: bool = True) -> str:
    """Return `text` ready for a Text widget: nothing Tk chokes on, no line over LINE_LIMIT characters.

    With `beyond_bmp` false, characters that an old Tk cannot draw without falling over become U+25A1.
    """
    text = text[:TEXT_LIMIT].replace("\r\n", "\n").replace("\r", "\n")
    text = _UNSHOWABLE.sub("", text)
    if not beyond_bmp:
        text = _BEYOND_BMP.sub("\u25a1", text)
    return "\n".join(_wrapped(line) for line in text.split("\n"))


def _wrapped(line: str) -> str:
    if len(line) <= LINE_LIMIT:
        return line
    return "\n".join(line[start : start + LINE_LIMIT] for start in range(0, len(line), LINE_LIMIT))


def clean_line(text: str, *, limit: int = 500, beyond_bmp: bool = True) -> str:
    """Return `text` as one line for a label: white space joined, no direction tricks, `limit` characters."""
    text = _TURNS_TEXT_ROUND.sub("", _UNSHOWABLE.sub(" ", text[: 4 * limit]))
    if not beyond_bmp:
        text = _BEYOND_BMP.sub("\u25a1", text)
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1] + "\u2026"
