"""The head of a page that covers the mail: its title, and the way back."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk
from typing import Callable

from tkclient.ui import theme as look
from tkclient.ui.flow import Flow, beside
from tkclient.ui.parts import button, label
from tkclient.ui.theme import Theme


class PageHead(tk.Frame):
    """`back` is the button that leads back to the mail."""

    def __init__(
        self, parent: tk.Misc, theme: Theme, title: str, way_back: str, on_leave: Callable[[], None]
    ) -> None:
        super().__init__(parent, bg=look.PAPER)
        self.columnconfigure(1, weight=1)
        label(self, theme, title, "title").grid(row=0, column=1, sticky="w")
        row = Flow(self, theme)
        self.back: ttk.Button = button(row, way_back, on_leave, "Link", "Esc", theme)
        row.add(self.back)
        beside(self, row, theme)
