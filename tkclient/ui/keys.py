"""The page that shows the keys."""

from __future__ import annotations

import tkinter as tk
from typing import Callable

from tkclient.ui import theme as look
from tkclient.ui.parts import Prose, button, label
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
    ("F1", "foot.keys"),
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
        head = tk.Frame(page, bg=look.PAPER)
        head.pack(fill="x", pady=(0, px(14)))
        self._back = button(head, words("accounts.back"), on_leave, "Link", "Esc", theme)
        self._back.pack(side="right")
        label(head, theme, words("keys.title"), "title").pack(side="left")
        table = tk.Frame(page, bg=look.PAPER)
        table.pack(fill="x")
        table.columnconfigure(1, weight=1)
        for number, (key, what) in enumerate(KEYS):
            shown = label(table, theme, key, "aside_strong", look.ACCENT)
            shown.grid(row=number, column=0, sticky="nw", padx=(0, px(24)), pady=(0, px(3)))
            said = Prose(table, theme, words(what).rstrip("\u2026"))
            said.grid(row=number, column=1, sticky="ew", pady=(0, px(3)))

    def focus_first(self) -> None:
        self._back.focus_set()
