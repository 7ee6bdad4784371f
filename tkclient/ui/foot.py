"""The foot of the window: what kind of terminal this is, when the session ends, what the visit has cost."""

from __future__ import annotations

import tkinter as tk
from typing import Any, Callable, Iterable, Optional, Tuple

from tkclient.ui import theme as look
from tkclient.ui.parts import button, label
from tkclient.ui.theme import Theme
from tkclient.words import Words

EDGE, GAP = 20, 8


class Foot(tk.Frame):
    """Says less where the width or the text size leaves no room; never half a word."""

    def __init__(self, parent: tk.Misc, theme: Theme, words: Words, keys: Callable[[], None]) -> None:
        super().__init__(parent, bg=look.PAPER)
        self._words, self._theme = words, theme
        px = theme.px
        self._visit = label(self, theme, "", "aside", look.SOFT)
        self._visit.pack(side="left", padx=(px(EDGE), 0), pady=px(5))
        self._cost = label(self, theme, "", "aside", look.SOFT)
        self._cost.pack(side="right", padx=(px(GAP), px(EDGE)))
        self._keys = button(self, words("foot.keys"), keys, "SmallLink", "F1", theme)
        self._keys.pack(side="right")
        self._waiting = label(self, theme, "", "aside", look.ACCENT)
        self._waiting.pack(side="right", padx=px(GAP))
        self._told: Tuple[Optional[float], int, bool] = (None, 0, False)
        self.bind("<Configure>", self._arrange)
        theme.on_change(self, self._arrange)

    def show(self, seconds_left: Optional[float], octets: int, waiting_seconds: float) -> None:
        self._told = (seconds_left, octets, waiting_seconds > 1.5)
        self._arrange()

    def _arrange(self, _: Any = None) -> None:
        """Say as much as there is room for."""
        measure = self._theme.fonts["aside"].measure
        room = self.winfo_width() - self._keys.winfo_reqwidth() - self._theme.px(2 * EDGE + 4 * GAP)
        for said in self._ways_to_say():
            if sum(map(measure, said)) <= room:
                break
        visit, waiting, cost = said
        self._visit.configure(text=visit)
        self._waiting.configure(text=waiting)
        self._cost.configure(text=cost)

    def _ways_to_say(self) -> Iterable[Tuple[str, str, str]]:
        """Give what to say of the visit, of waiting and of the cost: at length, then shorter and shorter."""
        words = self._words
        seconds_left, octets, is_waiting = self._told
        size = words.octets(octets)
        cost = words("foot.cost", octets=size)
        waiting = words("foot.waiting") if is_waiting else ""
        ends, soon = self._say_end(seconds_left, "foot.ends"), self._say_end(seconds_left, "foot.ends_short")
        yield " \u00b7 ".join(part for part in (words("foot.terminal"), ends) if part), waiting, cost
        yield ends, waiting, cost
        yield soon, waiting, cost
        yield soon, waiting, size
        yield "" if is_waiting else soon, waiting, size

    def _say_end(self, seconds_left: Optional[float], key: str) -> str:
        if seconds_left is None:
            return ""
        minutes = int(seconds_left + 30) // 60
        return self._words(key, count=minutes) if minutes >= 1 else self._words(key + ".soon")
