"""The folders with their unread counts: one canvas, one place in the Tab order, arrows within."""

from __future__ import annotations

import tkinter as tk
from typing import Any, Callable, Dict, List

from tkclient.clean import clean_line
from tkclient.ui import theme as look
from tkclient.ui.fitting import Fitter
from tkclient.ui.parts import drawing, on_wheel
from tkclient.ui.theme import Theme
from tkclient.words import Words

CHOOSE_AFTER_MS = 250


class Folders(tk.Frame):
    """`on_choose(folder id)` when the person picks one."""

    def __init__(self, parent: tk.Misc, theme: Theme, words: Words, on_choose: Callable[[str], None]) -> None:
        super().__init__(parent, bg=look.DESK)
        self._theme, self._words, self._on_choose = theme, words, on_choose
        self._folders: List[Dict[str, Any]] = []
        self._chosen = "inbox"
        self._top = 0
        self._timer = ""
        self._fit = Fitter(theme)
        self.canvas = drawing(self)
        self.canvas.pack(fill="both", expand=True)
        self.canvas.bind("<Configure>", lambda _: self.redraw())
        self.canvas.bind("<Button-1>", self._clicked)
        self.canvas.bind("<Up>", lambda _: self._step(-1))
        self.canvas.bind("<Down>", lambda _: self._step(+1))
        self.canvas.bind("<Return>", lambda _: self._choose_now())
        self.canvas.bind("<FocusOut>", lambda _: self.settle())
        on_wheel(self.canvas, self._scroll)
        theme.on_change(self, self.redraw)

    def show(self, folders: List[Dict[str, Any]], chosen: str) -> None:
        """Show the folders; one that the person is just going to stays chosen."""
        self._folders = folders
        if not self._timer or self._chosen not in [folder["id"] for folder in folders]:
            self._cancel()
            self._chosen = chosen
        self.redraw()

    def settle(self) -> None:
        """Choose at once where the person is just going to: they are about to do something else."""
        if self._timer:
            self._choose_now()

    def name_of(self, folder: Dict[str, Any]) -> str:
        return folder_name(self._words, folder)

    def _row_height(self) -> int:
        return self._theme.line_height("text") + 2 * self._theme.px(8)

    def set_height(self, room: int) -> None:
        """Be as high as all folders want, or as many whole ones as `room` allows."""
        row = self._row_height()
        height = max(1, min((room - 4) // row, len(self._folders))) * row + 4
        if int(str(self.canvas["height"])) != height:
            self.canvas.configure(height=height)

    def _position(self) -> int:
        ids = [folder["id"] for folder in self._folders]
        return ids.index(self._chosen) if self._chosen in ids else 0

    def _step(self, by: int) -> str:
        if self._folders:
            position = min(max(0, self._position() + by), len(self._folders) - 1)
            self._chosen = self._folders[position]["id"]
            self._see(position)
            self.redraw()
            self._cancel()
            self._timer = self.after(CHOOSE_AFTER_MS, self._choose_now)
        return "break"

    def _choose_now(self) -> None:
        self._cancel()
        self._on_choose(self._chosen)

    def _cancel(self) -> None:
        if self._timer:
            self.after_cancel(self._timer)
            self._timer = ""

    def _clicked(self, event: "tk.Event[tk.Misc]") -> None:
        self.canvas.focus_set()
        position = (event.y - 2 + self._top) // self._row_height()
        if 0 <= position < len(self._folders):
            self._chosen = self._folders[position]["id"]
            self.redraw()
            self._choose_now()

    def _see(self, position: int) -> None:
        height, room = self._row_height(), self.canvas.winfo_height() - 4
        self._top = min(self._top, position * height)
        self._top = max(self._top, (position + 1) * height - room)

    def _scroll(self, steps: int) -> None:
        self._top += steps * self._row_height()
        self.redraw()

    def redraw(self) -> None:
        canvas, px, height = self.canvas, self._theme.px, self._row_height()
        canvas.delete("all")
        room = int(canvas.winfo_height()) - 4
        self._top = max(0, min(self._top, len(self._folders) * height - room))
        width = int(canvas.winfo_width())
        for position, folder in enumerate(self._folders):
            self._draw(folder, position * height - self._top + 2, width)
        if len(self._folders) * height > room > 0:
            span = len(self._folders) * height
            top, bottom = self._top * room // span, (self._top + room) * room // span
            canvas.create_rectangle(
                width - px(5), top + 2, width - 3, bottom, fill=look.EDGE, outline=look.EDGE
            )

    def _draw(self, folder: Dict[str, Any], y: int, width: int) -> None:
        canvas, px, fonts, height = self.canvas, self._theme.px, self._theme.fonts, self._row_height()
        chosen = folder["id"] == self._chosen
        if chosen:
            canvas.create_rectangle(
                px(10), y, width - px(10), y + height - 2, fill=look.WASH, outline=look.WASH
            )
        middle, ink = y + height // 2 - 1, look.ACCENT if chosen else look.INK
        # In drafts what counts is how many there are, not how many were read.
        number = folder["total"] if folder.get("role") == "drafts" else folder["unread"]
        count = self._words.number(number) if number else ""
        canvas.create_text(
            width - px(21),
            middle,
            text=count,
            anchor="e",
            font=fonts["aside_strong"],
            fill=look.ACCENT if chosen or folder["unread"] else look.SOFT,
        )
        font = "strong" if chosen else "text"
        free = width - px(21) - px(28) - self._fit.width(count, "aside_strong")
        name = self._fit(self.name_of(folder), font, free)
        canvas.create_text(px(21), middle, text=name, anchor="w", fill=ink, font=fonts[font])


def folder_name(words: Words, folder: Dict[str, Any]) -> str:
    """Return a folder's name in the person's language: those with a role have theirs in the locale."""
    key = "folder." + str(folder.get("role", ""))
    return words(key) if folder.get("role") and words.has(key) else clean_line(folder["name"])
