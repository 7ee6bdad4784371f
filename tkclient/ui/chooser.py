"""A short list of choices under a button: arrows, Enter, Escape, or the pointer."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk
from typing import Any, Callable, List, Sequence, Tuple

from tkclient.ui import theme as look
from tkclient.ui.parts import button, focused, take_focus
from tkclient.ui.scrolled import Scrolled
from tkclient.ui.theme import Theme

Choice = Tuple[str, Callable[[], Any]]


class Chooser(tk.Frame):
    """Lies over `page` under the widget `under` until something is chosen or the focus goes elsewhere."""

    def __init__(self, page: tk.Misc, theme: Theme, under: tk.Misc, choices: Sequence[Choice]) -> None:
        for other in page.winfo_children():
            if isinstance(other, Chooser):
                # Its key was pressed once more: there is one list, and one way back from it.
                other._close()
        super().__init__(page, bg=look.EDGE)
        self._back = focused(page)
        self._buttons: List[ttk.Button] = []
        scrolled = Scrolled(self, theme)
        scrolled.pack(fill="both", expand=True, padx=1, pady=1)
        for text, command in choices:
            made = button(scrolled.inside, text, self._chosen(command), "Choice")
            made.pack(fill="x")
            made.bind("<Up>", lambda _: self._step(-1))
            made.bind("<Down>", lambda _: self._step(+1))
            made.bind("<Escape>", lambda _: self._close())
            made.bind("<FocusOut>", lambda _: self.after_idle(self._left))
            self._buttons.append(made)
        self._place(page, under, scrolled.inside)
        take_focus(self._buttons[0])

    def _place(self, page: tk.Misc, under: tk.Misc, inside: tk.Frame) -> None:
        """Stand under the button, as wide as the longest choice, within the page."""
        inside.update_idletasks()
        width, height = inside.winfo_reqwidth() + 24, inside.winfo_reqheight() + 2
        x = min(under.winfo_rootx() - page.winfo_rootx(), page.winfo_width() - width - 8)
        y = under.winfo_rooty() - page.winfo_rooty() + under.winfo_height()
        self.place(x=max(0, x), y=y, width=width, height=min(height, page.winfo_height() - y - 8))
        self.lift()

    def _chosen(self, command: Callable[[], Any]) -> Callable[[], None]:
        def choose() -> None:
            self._close()
            command()

        return choose

    def _step(self, by: int) -> str:
        focus = focused(self)
        at = next((n for n, made in enumerate(self._buttons) if made is focus), 0)
        self._buttons[(at + by) % len(self._buttons)].focus_set()
        return "break"

    def _left(self) -> None:
        if self.winfo_exists() and focused(self) not in self._buttons:
            self.destroy()

    def _close(self) -> str:
        back = self._back
        self.destroy()
        if back is not None and back.winfo_exists():
            back.focus_set()
        return "break"
