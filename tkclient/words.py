"""Every text of the window, in the person's language; and the sentence for every kind of trouble.

Texts stand in `locale/LANGUAGE.json`. `words("list.empty")`, `words("foot.cost", octets="11 KB")`.
"""

from __future__ import annotations

import json
import pkgutil
from typing import Any, Dict

from tkclient.trouble import ServerTrouble, Trouble

LANGUAGES = ("es", "en")


class Words:
    """The texts of one language."""

    def __init__(self, language: str) -> None:
        self.language = language if language in LANGUAGES else "es"
        self._texts = load(self.language)

    def __call__(self, key: str, **fill: Any) -> str:
        """Return the text of `key` with its places filled. With `count`, KEY.one or KEY.other is chosen."""
        if "count" in fill:
            key += ".one" if fill["count"] == 1 else ".other"
            fill["count"] = self.number(fill["count"])
        text = self._texts[key]
        return text.format(**fill) if fill else text

    def has(self, key: str) -> bool:
        return key in self._texts

    def error(self, trouble: Trouble) -> str:
        """Return what happened and what to do, as one or two sentences."""
        kind = trouble.kind if self.has("error." + trouble.kind) else "internal"
        about = " ".join(trouble.about.split())[:120]
        key = "error." + kind
        text = self(key + ".about", about=about) if about and self.has(key + ".about") else self(key)
        ref = trouble.ref if isinstance(trouble, ServerTrouble) else ""
        return text + " " + self("error.ref", ref=ref) if ref else text

    def short_error(self, kind: str) -> str:
        """Return a few words for a narrow place: "pide otra clave"."""
        return self("short." + kind) if self.has("short." + kind) else self("short.other")

    def number(self, value: int) -> str:
        """Write a whole number: 1.204 in Spanish, 1,204 in English."""
        grouped = "{:,}".format(value)
        return grouped.replace(",", ".") if self.language == "es" else grouped

    def octets(self, value: float) -> str:
        """Write a size for people: "840 B", "11,2 KB", "1,4 MB"."""
        if value < 1000:
            return "%d B" % value
        for unit in ("KB", "MB", "GB"):
            value /= 1000.0
            if value < 999.5 or unit == "GB":
                break
        text = "%.1f" % value if value < 99.5 else "%.0f" % value
        text = text[:-2] if text.endswith(".0") else text
        return (text.replace(".", ",") if self.language == "es" else text) + " " + unit


def load(language: str) -> Dict[str, str]:
    """Return the texts of `language` (works inside a zip)."""
    octets = pkgutil.get_data("tkclient", "locale/%s.json" % language)
    assert octets is not None, "the locale files belong to the program"
    texts: Dict[str, str] = json.loads(octets.decode("utf-8"))
    return texts
