"""Things side by side, on as many lines as their width needs; and beside a sentence, or under it."""

from __future__ import annotations

import tkinter as tk
from typing import Any, List

from tkclient.ui.theme import Theme


class Flow(tk.Frame):
    """Make widgets in it and `add` them, in the order of reading. It asks for one line of all of them."""

    def __init__(self, parent: tk.Misc, theme: Theme, gap: int = 2) -> None:
        super().__init__(parent, bg=parent["bg"])
        self._theme, self._gap = theme, gap
        self._parts: List[tk.Widget] = []
        self.bind("<Configure>", self._arrange)
        theme.on_change(self, self._arrange)

    def add(self, part: tk.Widget) -> None:
        self._parts.append(part)
        # A word that changes takes another room.
        part.bind("<Configure>", self._arrange, add="+")
        self._arrange()

    @property
    def whole_width(self) -> int:
        """How wide it is on one line."""
        return sum(part.winfo_reqwidth() + self._theme.px(self._gap) for part in self._parts)

    def _arrange(self, _: Any = None) -> None:
        gap, room = self._theme.px(self._gap), self.winfo_width()
        y = 0
        for line in self._lines(room if room > 1 else self.whole_width):
            x, high = 0, max(part.winfo_reqheight() for part in line)
            for part in line:
                wide = min(part.winfo_reqwidth(), room) if room > 1 else part.winfo_reqwidth()
                middle = y + (high - part.winfo_reqheight()) // 2
                part.place(x=x, y=middle, width=wide, height=part.winfo_reqheight())
                x += wide + gap
            y += high + gap
        self.configure(width=self.whole_width, height=max(1, y - gap))

    def _lines(self, room: int) -> List[List[tk.Widget]]:
        """Part the things into lines that fit into `room`; one that is wider stands alone."""
        lines: List[List[tk.Widget]] = []
        used = room + 1
        for part in self._parts:
            wide = part.winfo_reqwidth()
            if not lines or used + wide > room:
                lines.append([])
                used = 0
            lines[-1].append(part)
            used += wide + self._theme.px(self._gap)
        return lines


def beside(frame: tk.Frame, row: Flow, theme: Theme, share: float = 0.45) -> None:
    """Keep `row` beside what stands in column 1 of `frame`, row 0; in row 1 where it takes over `share`."""

    def place(_: Any = None) -> None:
        px = theme.px
        if row.whole_width > share * max(frame.winfo_width(), px(200)):
            row.grid(row=1, column=1, columnspan=2, sticky="ew", padx=(0, px(6)), pady=(0, px(4)))
        else:
            row.grid(row=0, column=2, columnspan=1, sticky="e", padx=px(6), pady=px(4))

    frame.bind("<Configure>", place)
    theme.on_change(row, place)
    place()
