"""How a letter looks in the list: who, when, what about, and how it begins; drawn on the list's canvas."""

from __future__ import annotations

import tkinter as tk
from datetime import datetime, timezone

from tkclient import dates
from tkclient.clean import clean_line
from tkclient.model import Row, goes_out
from tkclient.ui import theme as look
from tkclient.ui.fitting import Fitter
from tkclient.ui.parts import draw_mark
from tkclient.ui.theme import Theme
from tkclient.words import Words


class Rows:
    """Call `begin` for each drawing of the list, then draw its rows."""

    def __init__(self, canvas: tk.Canvas, theme: Theme, words: Words) -> None:
        self._canvas, self._theme, self._words = canvas, theme, words
        self._fit = Fitter(theme)

    def begin(self, width: int) -> None:
        """Take the width of the rows, and the time that "yesterday" is told by."""
        self._width, self._now = width, datetime.now(timezone.utc)

    @property
    def height(self) -> int:
        """How high every row is, in pixels."""
        theme = self._theme
        return (
            2 * theme.px(9) + 2 * theme.line_height("strong") + theme.line_height("aside") + theme.px(4) + 1
        )

    def draw_unknown(self, y: int) -> None:
        """Draw pale bars where a row is not known yet."""
        width = self._width
        px, line = self._theme.px, self._theme.line_height("strong")
        for part, (share, thick) in enumerate(((0.35, 8), (0.6, 8), (0.8, 6))):
            top = y + px(8) + part * line + line // 2 - px(thick) // 2
            right = px(18) + int((width - px(36)) * share)
            self._canvas.create_rectangle(
                px(18), top, right, top + px(thick), fill=look.DESK, outline=look.DESK
            )

    def draw(self, row: Row, y: int, chosen: bool) -> None:
        """Draw a row whose top is at `y`."""
        canvas, theme, px = self._canvas, self._theme, self._theme.px
        height, width = self.height, self._width
        unread = "seen" not in row["flags"]
        if chosen:
            canvas.create_rectangle(0, y, width, y + height - 1, fill=look.WASH, outline=look.WASH)
        if unread:
            canvas.create_rectangle(2, y, 2 + px(4), y + height - 2, fill=look.ACCENT, outline=look.ACCENT)
        left, right = px(18), width - px(16)
        canvas.create_line(left, y + height - 1, right, y + height - 1, fill=look.LINE)
        font = "strong" if unread else "text"
        top = y + px(9)
        when = dates.short(self._words, dates.of_letter(row), self._now)
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
            draw_mark(self._canvas, "clip", right - side, middle, side)
            room -= side + self._theme.px(6)
        text = self._fit(subject, font, room)
        self._canvas.create_text(
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
