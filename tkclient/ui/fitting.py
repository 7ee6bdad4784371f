"""Cutting text to a width, with an ellipsis; measured once for each text, font and width."""

from __future__ import annotations

from typing import Dict, Tuple

from tkclient.ui.theme import Theme

REMEMBERED = 4000


class Fitter:
    """Call it: `fit(text, "strong", 210)`."""

    def __init__(self, theme: Theme) -> None:
        self._theme = theme
        self._cut: Dict[Tuple[str, str, int, int], str] = {}

    def width(self, text: str, font: str) -> int:
        return int(self._theme.fonts[font].measure(text))

    def __call__(self, text: str, font: str, room: int) -> str:
        """Return `text`, or as much of it as fits into `room` pixels followed by an ellipsis."""
        key = (text, font, room, self._theme.percent)
        cut = self._cut.get(key)
        if cut is None:
            if len(self._cut) > REMEMBERED:
                self._cut.clear()
            cut = self._cut[key] = self._fitted(text, font, room)
        return cut

    def _fitted(self, text: str, font: str, room: int) -> str:
        measure = self._theme.fonts[font].measure
        if measure(text) <= room:
            return text
        low, high = 0, len(text)
        while low < high:
            middle = (low + high + 1) // 2
            if measure(text[:middle].rstrip() + "\u2026") <= room:
                low = middle
            else:
                high = middle - 1
        return text[:low].rstrip() + "\u2026" if low else ""
