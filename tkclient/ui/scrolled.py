"""A page that may be taller than its window; the focus stays in sight."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk

from tkclient.ui import theme as look
from tkclient.ui.parts import on_wheel
from tkclient.ui.theme import Theme


class Scrolled(tk.Frame):
    """Put widgets into `inside`; with `filled` that is as high as what is seen, where it needs no more."""

    def __init__(self, parent: tk.Misc, theme: Theme, paper: str = look.PAPER, filled: bool = False) -> None:
        super().__init__(parent, bg=paper)
        self._filled = filled
        self._canvas = tk.Canvas(self, bg=paper, bd=0, highlightthickness=0, width=10, height=10)
        self._bar = ttk.Scrollbar(self, orient="vertical", command=self._canvas.yview)
        self._canvas.configure(yscrollcommand=self._moved)
        self._canvas.pack(side="left", fill="both", expand=True)
        holder = tk.Frame(self._canvas, bg=paper)
        self.inside = tk.Frame(holder, bg=paper)
        # A line of no width holds it as high as what is seen; what is inside may be higher.
        self._pole = tk.Frame(holder, bg=paper, width=0, height=1)
        self._pole.pack(side="right", fill="y")
        self.inside.pack(side="left", fill="both", expand=True)
        self._item = self._canvas.create_window(0, 0, window=holder, anchor="nw")
        holder.bind("<Configure>", lambda _: self._canvas.configure(scrollregion=self._canvas.bbox("all")))
        self._canvas.bind("<Configure>", self._resized)
        on_wheel(self._canvas, lambda steps: self._scroll(steps))
        on_wheel(self.inside, lambda steps: self._scroll(steps))

    def _resized(self, event: "tk.Event[tk.Canvas]") -> None:
        self._canvas.itemconfigure(self._item, width=event.width)
        if self._filled:
            self._pole.configure(height=event.height)

    def _scroll(self, steps: int) -> None:
        if self.inside.winfo_height() > self._canvas.winfo_height():
            self._canvas.yview_scroll(steps, "units")

    def _moved(self, first: float, last: float) -> None:
        self._bar.set(first, last)
        if float(first) <= 0 and float(last) >= 1:
            self._bar.pack_forget()
        else:
            self._bar.pack(side="right", fill="y", before=self._canvas)

    def show(self, widget: tk.Misc) -> None:
        """Scroll `widget` to the head of what is seen, once everything has its place."""
        self.after(50, lambda: self._to(widget))

    def _to(self, widget: tk.Misc) -> None:
        if self.winfo_exists() and widget.winfo_exists():
            top = widget.winfo_rooty() - self.inside.winfo_rooty()
            self._canvas.yview_moveto(max(0, top - 24) / max(1, self.inside.winfo_height()))

    def see(self, widget: tk.Misc) -> None:
        """Scroll so that `widget`, which has got the focus, can be seen, once everything has its place."""
        self.after_idle(self._see, widget)

    def _see(self, widget: tk.Misc) -> None:
        if not self.winfo_exists() or not widget.winfo_exists():
            return
        height = max(1, self.inside.winfo_height())
        top = widget.winfo_rooty() - self.inside.winfo_rooty()
        bottom = top + widget.winfo_height()
        shown = self._canvas.winfo_height()
        first = self._canvas.canvasy(0)
        if top < first:
            self._canvas.yview_moveto(max(0, top - 30) / height)
        elif bottom > first + shown:
            self._canvas.yview_moveto((bottom + 30 - shown) / height)
