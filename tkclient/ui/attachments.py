"""What is attached to the letter being read: a line each, with its size and how long saving may take."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk
from typing import Any, Callable, Dict, List, Optional

from tkclient.clean import clean_line
from tkclient.safe_name import safe_name
from tkclient.ui import theme as look
from tkclient.ui.flow import Flow, beside
from tkclient.ui.parts import Mark, Prose, button, label, on_wheel, rule
from tkclient.ui.theme import Theme
from tkclient.words import Words

LINES_SHOWN = 3
PART_OF_THE_READER = 0.3
WORTH_SAYING_SECONDS = 3


class AttachmentPane(tk.Frame):
    """`on_save(part, line)`; the line then shows the progress."""

    def __init__(self, parent: tk.Misc, theme: Theme, words: Words, on_save: Callable[..., None]) -> None:
        super().__init__(parent, bg=look.PAPER)
        self._theme, self._words, self._on_save = theme, words, on_save
        self.octets_per_second: Callable[[], float] = lambda: 0.0
        self._box: Optional[tk.Frame] = None
        self.lines: List[AttachmentLine] = []

    def clear(self) -> None:
        self.pack_forget()
        if self._box is not None:
            self._box.destroy()
            self._box = None
        self.lines = []

    def show(self, parts: List[Dict[str, Any]]) -> None:
        """Show a line for each part; more than fit are scrolled."""
        if not parts:
            return
        px = self._theme.px
        self.pack(side="bottom", fill="x", padx=px(26), pady=(px(4), px(14)))
        self._box = tk.Frame(
            self, bg=look.DESK, highlightbackground=look.LINE, highlightcolor=look.LINE, highlightthickness=1
        )
        self._box.pack(fill="x")
        canvas = tk.Canvas(self._box, bg=look.DESK, bd=0, highlightthickness=0, height=10, width=10)
        inside = tk.Frame(canvas, bg=look.DESK)
        item = canvas.create_window(0, 0, window=inside, anchor="nw")
        canvas.pack(side="left", fill="both", expand=True)
        for number, part in enumerate(parts):
            if number:
                rule(inside).pack(fill="x", padx=px(12))
            line = AttachmentLine(inside, self._theme, self._words, part, self._on_save, self._seconds(part))
            line.pack(fill="x")
            self.lines.append(line)
        canvas.bind("<Configure>", lambda event: canvas.itemconfigure(item, width=event.width))
        inside.bind("<Configure>", lambda _: self._fit(canvas, inside))
        if len(parts) > 1:
            bar = ttk.Scrollbar(self._box, orient="vertical", command=canvas.yview)
            canvas.configure(yscrollcommand=bar.set)
            bar.pack(side="right", fill="y")
            self._scrolls(canvas, inside)
        inside.update_idletasks()
        self._fit(canvas, inside)

    def _fit(self, canvas: tk.Canvas, inside: tk.Frame) -> None:
        """Show as many lines as leave most of the room to the letter, LINES_SHOWN at most."""
        height, lines = inside.winfo_reqheight(), len(self.lines)
        room = int(self.master.winfo_height() * PART_OF_THE_READER) * lines // max(1, height)
        shown = min(lines, max(1, min(room, LINES_SHOWN)))
        canvas.configure(height=height * shown // max(1, lines), scrollregion=(0, 0, 10, height))

    def _scrolls(self, canvas: tk.Canvas, inside: tk.Frame) -> None:
        def see(event: "tk.Event[tk.Misc]") -> None:
            top = event.widget.winfo_rooty() - inside.winfo_rooty()
            if not canvas.canvasy(0) <= top <= canvas.canvasy(0) + canvas.winfo_height() - 20:
                canvas.yview_moveto(top / max(1, inside.winfo_height()))

        for line in self.lines:
            line.save.bind("<FocusIn>", see, add="+")
            on_wheel(line, lambda steps: canvas.yview_scroll(steps, "units"))

    def _seconds(self, part: Dict[str, Any]) -> int:
        speed = self.octets_per_second()
        return int(int(part["octets"]) / speed) if speed > 0 else 0


class AttachmentLine(tk.Frame):
    """One attachment. `progress`, `saved` and `failed` are called as its saving goes on."""

    def __init__(
        self,
        parent: tk.Misc,
        theme: Theme,
        words: Words,
        part: Dict[str, Any],
        on_save: Callable[..., None],
        seconds: int,
    ) -> None:
        super().__init__(parent, bg=look.DESK)
        self._theme, self._words, self.part, self._on_save = theme, words, part, on_save
        self.task: Any = None
        px = theme.px
        self.columnconfigure(1, weight=1)
        Mark(self, theme, "clip", 13).grid(row=0, column=0, padx=(px(12), px(6)))
        # What the person sees is the name it would get here: no tricks with direction or folders.
        name = clean_line(safe_name(part.get("name", "")), limit=60)
        Prose(self, theme, name, "strong").grid(row=0, column=1, sticky="ew")
        row = Flow(self, theme, gap=8)
        self._note = label(row, theme, self._say_size(seconds), "aside", look.SOFT)
        self.save = button(row, words("attachment.save"), self._press, "Desk")
        row.add(self._note)
        row.add(self.save)
        beside(self, row, theme, share=0.55)

    def _say_size(self, seconds: int) -> str:
        size = self._words.octets(int(self.part["octets"]))
        if seconds < WORTH_SAYING_SECONDS:
            return size
        return (
            size + " \u00b7 " + self._words("attachment.about_seconds", seconds=self._words.number(seconds))
        )

    def _press(self) -> None:
        if self.task is not None:
            self.task.cancel()
        else:
            self._on_save(self.part, self)

    def begun(self, task: Any) -> None:
        self.task = task
        self.save.configure(text=self._words("attachment.stop"))
        self._note.configure(text=self._words("attachment.starting"))

    def progress(self, moved: int, total: int) -> None:
        words = self._words
        self._note.configure(
            text=words("attachment.moved", done=words.octets(moved), total=words.octets(total))
        )

    def finished(self, note: str = "") -> None:
        """The saving ended, well or not."""
        self.task = None
        self.save.configure(text=self._words("attachment.save"))
        self._note.configure(text=note or self._say_size(0))
