"""The list of letters: a canvas that draws only what is in sight, whatever the folder's size.

Rows come from a Listing; those not known yet are asked for by `on_need(position, limit)` once scrolling
settles, and drawn as pale bars meanwhile.
"""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk
from typing import Any, Callable, Dict, Optional, Tuple

from tkclient.model import Listing, Row
from tkclient.ui import theme as look
from tkclient.ui.choice import Choice
from tkclient.ui.parts import drawing, label, on_wheel
from tkclient.ui.rows import Rows
from tkclient.ui.theme import Theme
from tkclient.words import Words

SETTLE_MS = 40
OPEN_AFTER_MS = 220


class MessageList(tk.Frame):
    """`on_select(row)`: the person stopped on a row. `on_enter(row)`: they want to go into it."""

    def __init__(
        self,
        parent: tk.Misc,
        theme: Theme,
        words: Words,
        on_need: Callable[[int, int], None],
        on_select: Callable[[Optional[Row]], None],
        on_enter: Callable[[Row], None],
    ) -> None:
        super().__init__(parent, bg=look.PAPER)
        self._theme, self._words = theme, words
        self._on_need, self._on_select, self._on_enter = on_need, on_select, on_enter
        self._listing = Listing("")
        self._title, self._empty, self._unknown = "", "", ""
        self._top = 0
        # What was where when the list was last drawn: a letter, and how far below the upper edge.
        self._anchor = ("", 0)
        self._choice = Choice()
        self._timers: Dict[str, str] = {}
        self._build()

    def _build(self) -> None:
        px = self._theme.px
        head = tk.Frame(self, bg=look.PAPER)
        head.pack(fill="x", padx=(px(18), px(18)), pady=(px(12), px(8)))
        self._counts = label(head, self._theme, "", "aside", look.SOFT)
        self._counts.pack(side="right")
        self._title_label = label(head, self._theme, "", "heading")
        self._title_label.pack(side="left", fill="x")
        self.canvas = drawing(self)
        self._rows = Rows(self.canvas, self._theme, self._words)
        self._bar = ttk.Scrollbar(self, orient="vertical", command=self._scrolled)
        self._bar.pack(side="right", fill="y")
        self.canvas.pack(side="left", fill="both", expand=True)
        self._bind_keys()
        self._theme.on_change(self, self.redraw)

    def _bind_keys(self) -> None:
        canvas = self.canvas
        canvas.bind("<Configure>", lambda _: self.redraw())
        canvas.bind("<Button-1>", self._clicked)
        canvas.bind("<Double-Button-1>", self._double_clicked)
        canvas.bind("<Return>", lambda _: self._enter())
        canvas.bind("<KP_Enter>", lambda _: self._enter())
        on_wheel(canvas, lambda steps: self._scroll_by(steps * self._row_height() // 2))
        steps: Dict[str, Callable[[], int]] = {
            "<Up>": lambda: -1,
            "<Down>": lambda: 1,
            "<Prior>": lambda: -self._page(),
            "<Next>": self._page,
            "<Home>": lambda: -self._listing.total,
            "<End>": lambda: self._listing.total,
        }
        for key, step in steps.items():
            canvas.bind(key, self._stepper(step))

    def _page(self) -> int:
        return max(1, self._in_sight() - 1)

    def _stepper(self, step: Callable[[], int]) -> Callable[[Any], str]:
        def press(_: Any) -> str:
            self._go(self._choice.position + step())
            return "break"

        return press

    # What is shown

    def show(self, listing: Listing, title: str, unread: int, empty: str, unknown: str) -> None:
        """Show a listing; the same folder keeps its place and selection, another begins at its head.

        `empty` is said where there are no rows, `unknown` while nothing is known of them.
        """
        if listing is not self._listing and listing.folder != self._listing.folder:
            self._choice.clear()
            self._top, self._anchor = 0, ("", 0)
            self._cancel("open")
        self._listing, self._title, self._empty, self._unknown = listing, title, empty, unknown
        self._follow()
        self._title_label.configure(text=title)
        self._counts.configure(text=self._say_counts(listing.total, unread) if listing.known else "")
        self.redraw()
        self._take_wished()

    def _say_counts(self, total: int, unread: int) -> str:
        words = self._words
        if not total:
            return ""
        if not unread:
            return words("list.total", count=total)
        return words("list.unread", unread=words.number(unread), total=words.number(total))

    def _follow(self) -> None:
        """Keep the choice on its letter, and what is looked at in its place, when others come or go above."""
        self._choice.follow(self._listing)
        id_, below = self._anchor
        position = self._listing.position(id_)
        if position is not None:
            self._top = position * self._row_height() - below

    def _find_anchor(self) -> Tuple[str, int]:
        """Return what should stay where it is: the chosen letter, or what is scrolled to."""
        height, first = self._row_height(), -(-self._top // self._row_height())
        position = self._choice.position
        if first <= position < first + self._in_sight() and self.selected is not None:
            return self._choice.id, position * height - self._top
        row = self._listing.row(first) if self._top else None
        return (row["id"], first * height - self._top) if row else ("", 0)

    @property
    def chosen_id(self) -> str:
        """The id of the letter that is chosen; "" for none, or when it is not known yet."""
        return self._choice.id

    @property
    def selected(self) -> Optional[Row]:
        return self._choice.row(self._listing)

    @property
    def settled(self) -> bool:
        """Say whether the person can have seen which letter is chosen."""
        return self._choice.seen

    def after_removal(self) -> None:
        """Put the selection on the row that took the place of the one removed, without opening it."""
        self._choice.by_itself(self._listing, min(self._choice.position, self._listing.total - 1))
        self._see(self._choice.position)
        self.redraw()

    def select_id(self, id_: str) -> None:
        """Select a letter without opening it; when it comes, unless another is chosen meanwhile."""
        self._choice.wish(id_)
        self._take_wished()

    def _take_wished(self) -> None:
        if self._choice.grant_wish(self._listing):
            self._see(self._choice.position)
            self.redraw()

    def select_first(self) -> None:
        if self._listing.total and self._choice.position < 0:
            self._go(0)

    # Moving

    def _go(self, position: int) -> None:
        if not self._listing.total:
            return
        self._choice.by_hand(self._listing, min(max(0, position), self._listing.total - 1))
        self._see(self._choice.position)
        self.redraw()
        self._later("open", OPEN_AFTER_MS, self._tell_selected)

    def _tell_selected(self) -> None:
        row = self.selected
        if row is not None:
            self._on_select(row)
        elif self._choice.position >= 0 and self._listing.row(self._choice.position) is None:
            self._later("open", OPEN_AFTER_MS, self._tell_selected)

    def _enter(self) -> str:
        row = self.selected
        if row is not None and self.settled:
            self._cancel("open")
            self._on_enter(row)
        return "break"

    def _clicked(self, event: "tk.Event[tk.Misc]") -> bool:
        """Choose the letter under the pointer; say whether there is one."""
        self.canvas.focus_set()
        position = (self._top + event.y) // self._row_height()
        row = self._listing.row(position)
        if row is None:
            return False
        self._cancel("open")
        self._choice.by_hand(self._listing, position)
        self.redraw()
        self._on_select(row)
        return True

    def _double_clicked(self, event: "tk.Event[tk.Misc]") -> None:
        # The list may have been scrolled between the two: what is meant is under the pointer now.
        if self._clicked(event):
            self._enter()

    def _see(self, position: int) -> None:
        height = self._row_height()
        if position * height < self._top:
            self._top = position * height
        elif (position + 1) * height > self._top + self._height():
            self._top = (position + 1) * height - self._height()

    def _scrolled(self, action: str, amount: str, unit: str = "") -> None:
        if action == "moveto":
            self._top = int(float(amount) * self._listing.total * self._row_height())
        else:
            step = self._height() - self._row_height() if unit == "pages" else self._row_height()
            self._top += int(amount) * step
        self.redraw()

    def _scroll_by(self, pixels: int) -> None:
        self._top += pixels
        self.redraw()

    def _row_height(self) -> int:
        return self._rows.height

    def _height(self) -> int:
        return max(1, int(self.canvas.winfo_height()) - 4)

    def _in_sight(self) -> int:
        return max(1, self._height() // self._row_height())

    # Timers

    def _later(self, name: str, ms: int, what: Callable[[], None]) -> None:
        self._cancel(name)
        self._timers[name] = self.after(ms, what)

    def _cancel(self, name: str) -> None:
        timer = self._timers.pop(name, None)
        if timer is not None:
            self.after_cancel(timer)

    # Drawing

    def redraw(self) -> None:
        """Draw the rows in sight, and ask for those that are not known."""
        canvas, listing, height = self.canvas, self._listing, self._row_height()
        canvas.delete("all")
        span = listing.total * height
        self._top = max(0, min(self._top, span - self._height()))
        self._choice.follow(listing)
        self._anchor = self._find_anchor()
        self._bar.set(*_thumb(self._top, self._height(), span))
        if not listing.known or not listing.total:
            self._draw_alone(self._empty if listing.known else self._unknown)
            return
        first = self._top // height
        count = self._height() // height + 2
        width = int(canvas.winfo_width())
        self._rows.begin(width)
        for position in range(first, min(first + count, listing.total)):
            row = listing.row(position)
            y = position * height - self._top + 2
            if row is None:
                self._rows.draw_unknown(y)
            else:
                self._rows.draw(row, y, row["id"] == self._choice.id)
        if listing.missing(first, count) is not None:
            self._later("need", SETTLE_MS, self._ask)

    def _ask(self) -> None:
        hole = self._listing.missing(self._top // self._row_height(), self._in_sight() + 2)
        if hole is not None:
            self._on_need(*hole)

    def _draw_alone(self, text: str) -> None:
        canvas = self.canvas
        canvas.create_text(
            canvas.winfo_width() // 2,
            self._theme.px(90),
            text=text,
            fill=look.SOFT,
            justify="center",
            font=self._theme.fonts["text"],
            width=max(80, canvas.winfo_width() - self._theme.px(80)),
            anchor="n",
        )


def _thumb(top: int, height: int, span: int) -> "tuple[float, float]":
    """Return what part of the whole is in sight, for a scrollbar."""
    if span <= height:
        return 0.0, 1.0
    return top / span, (top + height) / span
