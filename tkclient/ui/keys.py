"""The page that shows the keys."""

from __future__ import annotations

import tkinter as tk
from typing import Callable

from tkclient.ui import theme as look
from tkclient.ui.parts import button, label
from tkclient.ui.scrolled import Scrolled
from tkclient.ui.theme import Theme
from tkclient.words import Words

KEYS = (
    ("Ctrl-N", "do.write"),
    ("Ctrl-R", "do.answer"),
    ("Ctrl-Shift-R", "do.answer_all"),
    ("Ctrl-Shift-F", "do.forward"),
    ("Ctrl-Enter", "writer.send"),
    ("Del", "do.delete"),
    ("Ctrl-M", "do.move"),
    ("Ctrl-U", "do.unread"),
    ("F5", "do.collect"),
    ("F6", "keys.panes"),
    ("Tab, Shift-Tab", "keys.tab"),
    ("\u2191 \u2193 PgUp PgDn", "keys.arrows"),
    ("Enter", "keys.enter"),
    ("Esc", "keys.back"),
    ("Ctrl +, Ctrl \u2212, Ctrl 0", "keys.size"),
    ("Ctrl-Q", "do.leave"),
)


class KeysPage(tk.Frame):
    """`on_leave()` goes back to the mail."""

    def __init__(self, parent: tk.Misc, theme: Theme, words: Words, on_leave: Callable[[], None]) -> None:
        super().__init__(parent, bg=look.PAPER)
        px = theme.px
        scrolled = Scrolled(self, theme)
        scrolled.pack(fill="both", expand=True)
        page = tk.Frame(scrolled.inside, bg=look.PAPER)
        page.pack(fill="x", padx=px(30), pady=px(18))
        page.columnconfigure(1, weight=1)
        label(page, theme, words("keys.title"), "title").grid(row=0, column=0, columnspan=2, sticky="w")
        self._back = button(page, words("accounts.back"), on_leave, "Link", "Esc", theme)
        self._back.grid(row=0, column=2, sticky="e")
        for number, (key, what) in enumerate(KEYS, 1):
            top = px(14) if number == 1 else 0
            shown = label(page, theme, key, "aside_strong", look.ACCENT)
            shown.grid(row=number, column=0, sticky="w", padx=(0, px(24)), pady=(top, px(3)))
            label(page, theme, words(what).rstrip("\u2026")).grid(
                row=number, column=1, sticky="w", pady=(top, px(3))
            )

    def focus_first(self) -> None:
        self._back.focus_set()
