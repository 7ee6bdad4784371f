"""The accounts in the left pane: how far each is while mail is collected, and which is in trouble."""

from __future__ import annotations

import tkinter as tk
from datetime import datetime, timezone
from typing import Any, Callable, Dict, List, Optional, Tuple

from tkclient import dates
from tkclient.clean import clean_line
from tkclient.compose import domain_of
from tkclient.ui import theme as look
from tkclient.ui.fitting import Fitter
from tkclient.ui.parts import draw_mark, drawing, focused, on_wheel
from tkclient.ui.theme import Theme
from tkclient.words import Words


class CollectingPane(tk.Frame):
    """`on_open(account id)`: the person wants to know about one, or to put it right."""

    def __init__(self, parent: tk.Misc, theme: Theme, words: Words, on_open: Callable[[str], None]) -> None:
        super().__init__(parent, bg=look.DESK)
        self._theme, self._words, self._on_open = theme, words, on_open
        self._rows: List[Tuple[Dict[str, Any], Dict[str, Any]]] = []
        self._domains: List[str] = []
        self._top = 0
        self._at = 0
        self._shown_at_most = 4
        self._fit = Fitter(theme)
        self.canvas = drawing(self, cursor="hand2")
        self.canvas.pack(fill="both", expand=True)
        self.canvas.bind("<Configure>", lambda _: self.redraw())
        self.canvas.bind("<FocusIn>", lambda _: self.redraw(), add="+")
        self.canvas.bind("<FocusOut>", lambda _: self.redraw(), add="+")
        self.canvas.bind("<Button-1>", self._clicked)
        self.canvas.bind("<Up>", lambda _: self._step(-1))
        self.canvas.bind("<Down>", lambda _: self._step(+1))
        self.canvas.bind("<Return>", lambda _: self._open(self._at))
        on_wheel(self.canvas, self._scroll)
        theme.on_change(self, self._fit_height)

    def show(self, accounts: List[Dict[str, Any]], progress: Callable[[str], Dict[str, Any]]) -> None:
        self._rows = [(account, progress(account["id"])) for account in accounts]
        self._domains = [domain_of(account["address"]) for account in accounts]
        self._at = min(self._at, max(0, len(self._rows) - 1))
        self._fit_height()

    def set_rows(self, rows: int) -> None:
        """Show so many accounts at most; the others are scrolled to."""
        if rows != self._shown_at_most:
            self._shown_at_most = rows
            self._fit_height()

    def _row_height(self) -> int:
        return self._theme.line_height("aside") + self._theme.line_height("small") + self._theme.px(9)

    def _fit_height(self) -> None:
        height = min(self._shown_at_most, len(self._rows)) * self._row_height() + 6
        if int(str(self.canvas["height"])) != height:
            self.canvas.configure(height=height)
        self.canvas.configure(takefocus=bool(self._rows))
        self.redraw()

    def _step(self, by: int) -> str:
        self._at = min(max(0, self._at + by), max(0, len(self._rows) - 1))
        height, room = self._row_height(), self.canvas.winfo_height() - 4
        self._top = max(min(self._top, self._at * height), (self._at + 1) * height - room)
        self.redraw()
        return "break"

    def _scroll(self, steps: int) -> None:
        self._top += steps * self._row_height()
        self.redraw()

    def _clicked(self, event: "tk.Event[tk.Misc]") -> None:
        self._open((event.y - 2 + self._top) // self._row_height())

    def _open(self, position: int) -> None:
        if 0 <= position < len(self._rows):
            self._at = position
            self._on_open(self._rows[position][0]["id"])

    def redraw(self) -> None:
        canvas, height = self.canvas, self._row_height()
        canvas.delete("all")
        room = int(canvas.winfo_height()) - 4
        self._top = max(0, min(self._top, len(self._rows) * height - room))
        has_focus = canvas.winfo_viewable() and focused(canvas) is canvas
        for position, (account, progress) in enumerate(self._rows):
            y = position * height - self._top + 2
            if has_focus and position == self._at:
                px = self._theme.px
                canvas.create_rectangle(
                    px(10),
                    y,
                    canvas.winfo_width() - px(10),
                    y + height - 2,
                    fill=look.WASH,
                    outline=look.WASH,
                )
            self._draw(account, progress, y, int(canvas.winfo_width()))

    def _draw(self, account: Dict[str, Any], progress: Dict[str, Any], y: int, width: int) -> None:
        canvas, theme, px = self.canvas, self._theme, self._theme.px
        line = theme.line_height("aside")
        mark, note = self._say(account, progress)
        side = px(11)
        draw_mark(canvas, mark, px(20), y + px(2) + (line - side) // 2, side)
        left, right = px(37), width - px(16)
        name = self._fit(self._name_of(account), "aside", right - left)
        canvas.create_text(left, y + px(2), text=name, anchor="nw", fill=look.INK, font=theme.fonts["aside"])
        ink = look.WARN if mark == "trouble" else look.SOFT
        text = self._fit(note, "small", right - left)
        canvas.create_text(
            left, y + px(3) + line, text=text, anchor="nw", fill=ink, font=theme.fonts["small"]
        )
        if progress.get("stage") == "fetching" and int(progress.get("total", 0)):
            base = y + px(3) + line + theme.line_height("small") + px(1)
            share = min(1.0, int(progress["done"]) / int(progress["total"]))
            canvas.create_rectangle(left, base, right, base + px(2), fill=look.LINE, outline="")
            canvas.create_rectangle(
                left, base, left + int((right - left) * share), base + px(2), fill=look.ACCENT, outline=""
            )

    def _name_of(self, account: Dict[str, Any]) -> str:
        """Return the account's name; its domain where that says enough."""
        name = clean_line(account.get("name") or account["address"])
        domain = domain_of(account["address"])
        return domain if name == account["address"] and self._domains.count(domain) == 1 else name

    def _say(self, account: Dict[str, Any], progress: Dict[str, Any]) -> Tuple[str, str]:
        """Return a mark and a few words for how an account is."""
        words = self._words
        stage = progress.get("stage", "")
        if stage == "failed" or trouble_of(progress):
            return "trouble", words.short_error(progress.get("error", {}).get("kind", ""))
        if stage == "fetching":
            done, total = words.number(int(progress["done"])), words.number(int(progress["total"]))
            return "working", words("collect.fetching", done=done, total=total)
        if stage in ("waiting", "connecting", "listing"):
            return "waiting" if stage == "waiting" else "working", words("collect." + stage)
        if stage == "done":
            when = dates.ago(words, str(progress.get("finished_at", "")), datetime.now(timezone.utc))
            new = int(progress.get("collected", 0))
            return "good", " \u00b7 ".join(
                part for part in (when, words("collect.new", count=new) if new else "") if part
            )
        return "waiting", words("collect.off" if not account.get("enabled", True) else "collect.never")


def trouble_of(progress: Dict[str, Any]) -> Optional[Dict[str, Any]]:
    """Return the error of an account's last collecting, if it failed or had to leave letters there."""
    error = progress.get("error")
    return error if progress.get("stage") in ("failed", "done") and isinstance(error, dict) else None
