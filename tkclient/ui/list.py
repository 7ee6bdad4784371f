"""The list of letters: a canvas that draws only what is in sight, whatever the folder's size.

Rows come from a Listing; those not known yet are asked for by `on_need(position, limit)` once scrolling
settles, and drawn as pale bars meanwhile.
"""

from __future__ import annotations

import tkinter as tk
from datetime import datetime, timezone
from tkinter import ttk
from typing import Any, Callable, Dict, Optional

from tkclient import dates
from tkclient.clean import clean_line
from tkclient.model import Listing, Row, goes_out
from tkclient.ui import theme as look
from tkclient.ui.fitting import Fitter
from tkclient.ui.parts import draw_mark, drawing, label, on_wheel
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
        self._position = -1
        self._id = ""
        self._timers: Dict[str, str] = {}
        self._fit = Fitter(theme)
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
        self._bar = ttk.Scrollbar(self, orient="vertical", command=self._scrolled)
        self._bar.pack(side="right", fill="y")
        self.canvas.pack(side="left", fill="both", expand=True)
        self._bind_keys()
        self._theme.on_change(self, self.redraw)

    def _bind_keys(self) -> None:
        canvas = self.canvas
        canvas.bind("<Configure>", lambda _: self.redraw())
        canvas.bind("<Button-1>", self._clicked)
        canvas.bind("<Double-Button-1>", lambda _: self._enter())
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
            self._go(self._position + step())
            return "break"

        return press

    # What is shown

    def show(self, listing: Listing, title: str, unread: int, empty: str, unknown: str) -> None:
        """Show a listing; the same folder keeps its place and selection, another begins at its head.

        `empty` is said where there are no rows, `unknown` while nothing is known of them.
        """
        if listing is not self._listing and listing.folder != self._listing.folder:
            self._top, self._position, self._id = 0, -1, ""
        self._listing, self._title, self._empty, self._unknown = listing, title, empty, unknown
        self._follow_selection()
        self._title_label.configure(text=title)
        self._counts.configure(text=self._say_counts(listing.total, unread) if listing.known else "")
        self.redraw()

    def _say_counts(self, total: int, unread: int) -> str:
        words = self._words
        if not total:
            return ""
        if not unread:
            return words("list.total", count=total)
        return words("list.unread", unread=words.number(unread), total=words.number(total))

    def _follow_selection(self) -> None:
        """Keep the selection on its letter when others come or go above it."""
        if not self._id:
            return
        position = self._listing.position(self._id)
        if position is not None and position != self._position:
            self._top += (position - self._position) * self._row_height()
            self._position = position

    @property
    def selected(self) -> Optional[Row]:
        return self._listing.find(self._id) if self._id else None

    def after_removal(self) -> None:
        """Put the selection on the row that took the place of the one removed, without opening it."""
        self._position = min(self._position, self._listing.total - 1)
        row = self._listing.row(self._position) if self._position >= 0 else None
        self._id = row["id"] if row else ""
        self._see(self._position)
        self.redraw()

    def select_id(self, id_: str) -> None:
        """Select a letter without opening it."""
        position = self._listing.position(id_)
        if position is not None:
            self._position, self._id = position, id_
            self._see(position)
            self.redraw()

    def select_first(self) -> None:
        if self._listing.total and self._position < 0:
            self._go(0)

    # Moving

    def _go(self, position: int) -> None:
        if not self._listing.total:
            return
        self._position = min(max(0, position), self._listing.total - 1)
        row = self._listing.row(self._position)
        self._id = row["id"] if row else ""
        self._see(self._position)
        self.redraw()
        self._later("open", OPEN_AFTER_MS, self._tell_selected)

    def _tell_selected(self) -> None:
        row = self._listing.row(self._position)
        if row is not None:
            self._id = row["id"]
            self._on_select(row)
        elif self._position >= 0:
            self._later("open", OPEN_AFTER_MS, self._tell_selected)

    def _enter(self) -> str:
        row = self._listing.row(self._position)
        if row is not None:
            self._cancel("open")
            self._on_enter(row)
        return "break"

    def _clicked(self, event: "tk.Event[tk.Misc]") -> None:
        self.canvas.focus_set()
        position = (self._top + event.y) // self._row_height()
        row = self._listing.row(position)
        if row is not None:
            self._cancel("open")
            self._position, self._id = position, row["id"]
            self.redraw()
            self._on_select(row)

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
        theme = self._theme
        return (
            2 * theme.px(9) + 2 * theme.line_height("strong") + theme.line_height("aside") + theme.px(4) + 1
        )

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
        self._bar.set(*_thumb(self._top, self._height(), span))
        if not listing.known or not listing.total:
            self._draw_alone(self._empty if listing.known else self._unknown)
            return
        first = self._top // height
        count = self._height() // height + 2
        width = int(canvas.winfo_width())
        now = datetime.now(timezone.utc)
        for position in range(first, min(first + count, listing.total)):
            row = listing.row(position)
            y = position * height - self._top + 2
            if row is None:
                self._draw_unknown(y, width)
            else:
                self._draw_row(row, y, width, now, position == self._position)
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

    def _draw_unknown(self, y: int, width: int) -> None:
        px, line = self._theme.px, self._theme.line_height("strong")
        for part, (share, thick) in enumerate(((0.35, 8), (0.6, 8), (0.8, 6))):
            top = y + px(8) + part * line + line // 2 - px(thick) // 2
            right = px(18) + int((width - px(36)) * share)
            self.canvas.create_rectangle(
                px(18), top, right, top + px(thick), fill=look.DESK, outline=look.DESK
            )

    def _draw_row(self, row: Row, y: int, width: int, now: datetime, chosen: bool) -> None:
        canvas, theme, px = self.canvas, self._theme, self._theme.px
        height = self._row_height()
        unread = "seen" not in row["flags"]
        if chosen:
            canvas.create_rectangle(0, y, width, y + height - 1, fill=look.WASH, outline=look.WASH)
        if unread:
            canvas.create_rectangle(2, y, 2 + px(4), y + height - 2, fill=look.ACCENT, outline=look.ACCENT)
        left, right = px(18), width - px(16)
        canvas.create_line(left, y + height - 1, right, y + height - 1, fill=look.LINE)
        font = "strong" if unread else "text"
        top = y + px(9)
        when = dates.short(self._words, dates.of_letter(row), now)
        canvas.create_text(
            right,
            top + theme.line_height(font) // 2,
            text=when,
            anchor="e",
            fill=look.SOFT,
            font=theme.fonts["aside"],
        )
        free = right - self._fit.width(when, "aside") - px(12)
        who = self._fit(self._who(row), font, free - left - px(18))
        canvas.create_text(left, top, text=who, anchor="nw", fill=look.INK, font=theme.fonts[font])
        if "answered" in row["flags"]:
            side = px(12)
            draw_mark(
                canvas, "answered", free - side + px(4), top + (theme.line_height(font) - side) // 2, side
            )
        top += theme.line_height("strong") + px(2)
        self._draw_subject(row, left, top, right, font)
        top += theme.line_height("strong") + px(2)
        snippet = self._fit(clean_line(row.get("snippet", ""), limit=240), "aside", right - left)
        canvas.create_text(left, top, text=snippet, anchor="nw", fill=look.SOFT, font=theme.fonts["aside"])

    def _draw_subject(self, row: Row, left: int, top: int, right: int, font: str) -> None:
        subject = clean_line(row.get("subject", "")) or self._words("letter.no_subject")
        room = right - left
        if row.get("attachments"):
            side = self._theme.px(12)
            middle = top + (self._theme.line_height(font) - side) // 2
            draw_mark(self.canvas, "clip", right - side, middle, side)
            room -= side + self._theme.px(6)
        text = self._fit(subject, font, room)
        self.canvas.create_text(
            left, top, text=text, anchor="nw", fill=look.INK, font=self._theme.fonts[font]
        )

    def _who(self, row: Row) -> str:
        """Say who wrote; of a draft and of what was sent, for whom it is."""
        if goes_out(row):
            names = [
                clean_line(person.get("name") or person.get("address", "")) for person in row.get("to", [])
            ]
            return (
                self._words("list.for", names=", ".join(names)) if names else self._words("list.for_nobody")
            )
        sender = row.get("from", {})
        return clean_line(sender.get("name") or sender.get("address", "")) or self._words("letter.nobody")


def _thumb(top: int, height: int, span: int) -> "tuple[float, float]":
    """Return what part of the whole is in sight, for a scrollbar."""
    if span <= height:
        return 0.0, 1.0
    return top / span, (top + height) / span
