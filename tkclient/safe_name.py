"""A file name that a stranger chose, made safe to offer in a save dialogue (FAULTS F53). Pure."""

from __future__ import annotations

import re
import unicodedata

LIMIT = 120

_FORBIDDEN = re.compile(
    '[\x00-\x1f\x7f-\x9f/\\\\:*?"<>|\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]'
)
_DEVICES = re.compile(
    r"^(con|prn|aux|nul|conin\$|conout\$|com[0-9\u00b9\u00b2\u00b3]|lpt[0-9\u00b9\u00b2\u00b3])$", re.I
)


def safe_name(name: str, otherwise: str = "adjunto") -> str:
    """Return `name` as a single plain file name: no folders, devices, hidden or direction characters.

    At most LIMIT characters and 240 octets, its ending kept; `otherwise` when nothing is left.
    """
    name = unicodedata.normalize("NFC", name)
    name = re.split(r"[/\\]", name)[-1]
    name = " ".join(_FORBIDDEN.sub("_", name).split()).strip(" .")
    stem, dot, ending = name.rpartition(".")
    if not dot:
        stem, ending = name, ""
    if _DEVICES.match(name.split(".", 1)[0].strip()):
        stem = "_" + stem
    ending = ending[:16]
    keep = LIMIT - len(ending) - 1
    stem = stem[:keep]
    while len((stem + "." + ending).encode("utf-8")) > 240:
        stem = stem[:-1]
    stem = stem.strip(" .") or otherwise
    return stem + "." + ending if ending else stem
