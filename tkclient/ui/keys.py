"""The page that shows the keys."""

from __future__ import annotations

import tkinter as tk
from typing import Any, Callable

from tkclient.ui import theme as look
from tkclient.ui.page_head import PageHead
from tkclient.ui.parts import Prose, label
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

WORDS_AT_LEAST = 160


class KeysPage(tk.Frame):
    """`on_leave()` goes back to the mail."""

    def __init__(self, parent: tk.Misc, theme: Theme, words: Words, on_leave: Callable[[], None]) -> None:
        super().__init__(parent, bg=look.PAPER)
        self._theme, px = theme, theme.px
        scrolled = Scrolled(self, theme)
        scrolled.pack(fill="both", expand=True)
        page = tk.Frame(scrolled.inside, bg=look.PAPER)
        page.pack(fill="x", padx=px(30), pady=px(18))
        head = PageHead(page, theme, words("keys.title"), words("accounts.back"), on_leave)
        head.pack(fill="x", pady=(0, px(14)))
        self._back = head.back
        self._table = table = tk.Frame(page, bg=look.PAPER)
        table.pack(fill="x")
        table.columnconfigure(1, weight=1)
        self._rows = [
            (
                label(table, theme, key, "aside_strong", look.ACCENT),
                Prose(table, theme, words(what).rstrip("\u2026")),
            )
            for key, what in KEYS
        ]
        table.bind("<Configure>", self._arrange)
        theme.on_change(table, self._arrange)
        self._arrange()

    def _arrange(self, _: Any = None) -> None:
        """Put what each key does beside it; under it where it would have no room."""
        px = self._theme.px
        widest = max(key.winfo_reqwidth() for key, _ in self._rows)
        narrow = 1 < self._table.winfo_width() < widest + px(24) + px(WORDS_AT_LEAST)
        for number, (key, what) in enumerate(self._rows):
            key.grid(
                row=2 * number, column=0, sticky="nw", padx=(0, px(24)), pady=(0, 0 if narrow else px(3))
            )
            if narrow:
                what.grid(row=2 * number + 1, column=0, columnspan=2, sticky="ew", pady=(0, px(6)))
            else:
                what.grid(row=2 * number, column=1, columnspan=1, sticky="ew", pady=(0, px(3)))

    def focus_first(self) -> None:
        self._back.focus_set()
