"""The bar at the top, with the few things a person does, and the foot, with how this visit stands."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk
from typing import Any, Callable, Dict, Optional, Sequence, Tuple

from tkclient.ui import theme as look
from tkclient.ui.parts import button, label
from tkclient.ui.theme import Theme
from tkclient.words import Words

# Verb, its key, whether it needs a letter to be chosen.
VERBS: Sequence[Tuple[str, str, bool]] = (
    ("write", "Ctrl-N", False),
    ("answer", "Ctrl-R", True),
    ("answer_all", "Ctrl-Shift-R", True),
    ("forward", "Ctrl-Shift-F", True),
    ("move", "Ctrl-M", True),
    ("unread", "Ctrl-U", True),
    ("delete", "Del", True),
)


class TopBar(tk.Frame):
    """`verbs[name]()` is called for each button."""

    def __init__(
        self, parent: tk.Misc, theme: Theme, words: Words, verbs: Dict[str, Callable[[], Any]]
    ) -> None:
        super().__init__(parent, bg=look.PAPER)
        px = theme.px
        label(self, theme, "restante", "brand", look.ACCENT).pack(
            side="left", padx=(px(20), px(18)), pady=px(10)
        )
        self.buttons: Dict[str, ttk.Button] = {}
        for name, key, needs in VERBS:
            style = "Primary" if name == "write" else "Flat"
            made = button(self, words("do." + name), verbs[name], style, key, theme)
            made.pack(side="left", padx=(0, px(6) if name == "write" else 0))
            if needs:
                self.buttons[name] = made
        leave = button(self, words("do.leave"), verbs["leave"], "Flat", "Ctrl-Q", theme)
        leave.pack(side="right", padx=(px(2), px(14)))

    def letter_chosen(self, chosen: bool, trash: bool, words: Words) -> None:
        """Let the verbs that need a letter be pressed only when there is one."""
        for made in self.buttons.values():
            made.state(["!disabled" if chosen else "disabled"])
        self.buttons["delete"].configure(text=words("do.delete_for_good" if trash else "do.delete"))


class Foot(tk.Frame):
    """What kind of terminal, when the session ends, what the visit has cost."""

    def __init__(self, parent: tk.Misc, theme: Theme, words: Words, keys: Callable[[], None]) -> None:
        super().__init__(parent, bg=look.PAPER)
        self._words = words
        px = theme.px
        self._left = label(self, theme, "", "aside", look.SOFT)
        self._left.pack(side="left", padx=(px(20), 0), pady=px(5))
        self._cost = label(self, theme, "", "aside", look.SOFT)
        self._cost.pack(side="right", padx=(px(8), px(20)))
        button(self, words("foot.keys"), keys, "SmallLink", "F1", theme).pack(side="right")
        self._waiting = label(self, theme, "", "aside", look.ACCENT)
        self._waiting.pack(side="right", padx=px(8))

    def show(self, seconds_left: Optional[float], octets: int, waiting_seconds: float) -> None:
        words = self._words
        parts = [words("foot.terminal")]
        if seconds_left is not None:
            minutes = int(seconds_left + 30) // 60
            ends = words("foot.ends", count=minutes) if minutes >= 1 else words("foot.ends_soon")
            parts.append(ends)
        self._left.configure(text=" \u00b7 ".join(parts))
        self._cost.configure(text=words("foot.cost", octets=words.octets(octets)))
        self._waiting.configure(text=words("foot.waiting") if waiting_seconds > 1.5 else "")
