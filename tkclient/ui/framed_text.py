"""A text that can be written in, framed as an entry is."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk
from typing import Any, Callable

from tkclient.ui import theme as look
from tkclient.ui.theme import Theme


class FramedText(tk.Frame):
    """`text` is the text; the frame shows when it has the focus."""

    def __init__(self, parent: tk.Misc, theme: Theme) -> None:
        super().__init__(parent, bg=look.EDGE)
        px, fonts = theme.px, theme.fonts
        ring = tk.Frame(self, bg=look.PAPER)
        ring.pack(fill="both", expand=True, padx=1, pady=1)
        body = tk.Frame(ring, bg=look.PAPER)
        body.pack(fill="both", expand=True, padx=1, pady=1)
        self.text = tk.Text(
            body,
            font=fonts["reading"],
            fg=look.INK,
            bg=look.PAPER,
            bd=0,
            wrap="word",
            undo=True,
            width=10,
            height=4,
            highlightthickness=0,
            padx=px(12),
            pady=px(8),
            spacing1=px(2),
            spacing2=px(2),
            spacing3=px(2),
            insertbackground=look.INK,
            insertwidth=2,
            selectbackground=look.ACCENT,
            selectforeground=look.PAPER,
            inactiveselectbackground=look.WASH,
        )
        bar = ttk.Scrollbar(body, orient="vertical", command=self.text.yview)
        self.text.configure(yscrollcommand=bar.set)
        bar.pack(side="right", fill="y")
        self.text.pack(side="left", fill="both", expand=True)
        for event, colours in (
            ("<FocusIn>", (look.ACCENT, look.ACCENT)),
            ("<FocusOut>", (look.EDGE, look.PAPER)),
        ):
            self.text.bind(event, self._painter(ring, *colours), add="+")

    def _painter(self, ring: tk.Frame, outer: str, inner: str) -> Callable[[Any], None]:
        def paint(_: Any) -> None:
            self.configure(bg=outer)
            ring.configure(bg=inner)

        return paint
