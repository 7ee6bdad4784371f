"""The bar at the top, with the few things a person does."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

from tkclient.model import Row
from tkclient.ui import theme as look
from tkclient.ui.chooser import Chooser
from tkclient.ui.parts import button, label
from tkclient.ui.theme import Theme
from tkclient.words import Words

# Verb, its key, what it needs: a letter that is chosen in the list, or one that is being read.
VERBS: Sequence[Tuple[str, str, str]] = (
    ("write", "Ctrl-N", ""),
    ("answer", "Ctrl-R", "read"),
    ("answer_all", "Ctrl-Shift-R", "read"),
    ("forward", "Ctrl-Shift-F", "read"),
    ("move", "Ctrl-M", "chosen"),
    ("unread", "Ctrl-U", "chosen"),
    ("delete", "Del", "chosen"),
)
# What goes behind "more" first where the width or the text size leaves no room.
LEAST_WANTED = ("unread", "answer_all", "move", "forward", "delete", "answer")


class TopBar(tk.Frame):
    """`verbs[name]()` is called for each button. Leaving is always in sight."""

    def __init__(
        self, parent: tk.Misc, theme: Theme, words: Words, verbs: Dict[str, Callable[[], Any]]
    ) -> None:
        super().__init__(parent, bg=look.PAPER)
        px = theme.px
        self._theme, self._words, self._verbs = theme, words, verbs
        self._brand = label(self, theme, "restante", "brand", look.ACCENT)
        self.buttons: Dict[str, ttk.Button] = {}
        for name, key, _ in VERBS:
            style = "Primary" if name == "write" else "Flat"
            self.buttons[name] = button(self, words("do." + name), verbs[name], style, key, theme)
        self.more = button(self, words("do.more"), self._show_more, "Flat")
        self._leave = button(self, words("do.leave"), verbs["leave"], "Flat", "Ctrl-Q", theme)
        self._leave.pack(side="right", padx=(px(2), px(14)), pady=px(6))
        self._folded: List[str] = []
        self._shown: Optional[Tuple[bool, Tuple[str, ...]]] = None
        self.bind("<Configure>", lambda _: self.arrange())
        theme.on_change(self, self._arrange_soon)

    def _arrange_soon(self) -> None:
        self.after_idle(self.arrange)

    def arrange(self) -> None:
        """Show as many verbs as fit; the least wanted go behind "more"."""
        px = self._theme.px
        room = self.winfo_width() - self._leave.winfo_reqwidth() - px(30)
        widths = {name: made.winfo_reqwidth() for name, made in self.buttons.items()}
        brand = self._brand.winfo_reqwidth() + px(38)
        folded: List[str] = []
        with_brand = sum(widths.values()) + brand + px(6) <= room
        needed = sum(widths.values()) + px(26)
        for name in LEAST_WANTED:
            if with_brand or needed + (self.more.winfo_reqwidth() if folded else 0) <= room:
                break
            folded.append(name)
            needed -= widths[name]
        if self._shown != (with_brand, tuple(folded)):
            self._shown, self._folded = (with_brand, tuple(folded)), folded
            self._pack(with_brand)

    def _pack(self, with_brand: bool) -> None:
        px = self._theme.px
        for part in (self._brand, self.more, *self.buttons.values()):
            part.pack_forget()
        if with_brand:
            self._brand.pack(side="left", padx=(px(20), px(18)))
        for name, made in self.buttons.items():
            if name not in self._folded:
                first = name == "write"
                made.pack(side="left", padx=(0 if with_brand or not first else px(20), px(6) if first else 0))
        if self._folded:
            self.more.pack(side="left")
        self._let_more()
        # Tab goes in the order of what is seen.
        for part in (*self.buttons.values(), self.more, self._leave):
            part.lift()

    def _show_more(self) -> None:
        names = self._possible_folded()
        choices = [(str(self.buttons[name]["text"]), self._verbs[name]) for name in names]
        Chooser(self.winfo_toplevel(), self._theme, self.more, choices)

    def place_of(self, name: str) -> ttk.Button:
        """Return the button that stands for a verb: its own, or "more"."""
        return self.more if name in self._folded else self.buttons[name]

    def _possible_folded(self) -> List[str]:
        """Return the verbs behind "more" that can be pressed, in their order."""
        folded = [name for name, _, _ in VERBS if name in self._folded]
        return [name for name in folded if not self.buttons[name].instate(["disabled"])]

    def _let_more(self) -> None:
        self.more.state(["!disabled" if self._possible_folded() else "disabled"])

    def letter_chosen(self, row: Optional[Row], read: bool) -> None:
        """Let the verbs be pressed that have the letter they need: `row` is chosen, one is `read`."""
        there = {"": True, "chosen": row is not None, "read": read}
        for name, _, needs in VERBS:
            self.buttons[name].state(["!disabled" if there[needs] else "disabled"])
        self._let_more()
        unread = row is not None and "seen" not in row["flags"]
        self.buttons["unread"].configure(text=self._words("do.read" if unread else "do.unread"))
