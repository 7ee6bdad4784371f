"""The head of a letter that is read: what about, who, when, for whom; and what became of a sent one."""

from __future__ import annotations

import tkinter as tk
from datetime import datetime, timezone
from typing import Any, Callable, Dict, List

from tkclient import dates
from tkclient.clean import clean_line
from tkclient.ui import theme as look
from tkclient.ui.fitting import Fitter
from tkclient.ui.parts import Mark, Prose, button, label
from tkclient.ui.theme import Theme
from tkclient.words import Words

NAMES_SHOWN = 6
ADDRESS_AT_LEAST = 110
LOW_LINES = 14


class LetterHead(tk.Frame):
    """`on_continue(id)` goes on with a draft; `on_back` leaves. The reader is what it lies in."""

    def __init__(
        self,
        parent: tk.Misc,
        theme: Theme,
        words: Words,
        on_continue: Callable[[str], None],
        on_back: Callable[[], None],
    ) -> None:
        super().__init__(parent, bg=look.PAPER)
        self._theme, self._words = theme, words
        self._on_continue, self._on_back = on_continue, on_back
        self._fit = Fitter(theme)

    def clear(self) -> None:
        for child in self.winfo_children():
            child.destroy()
        # An emptied frame would keep its height.
        self.configure(height=1)

    def draw(self, letter: Dict[str, Any], with_way_back: bool) -> None:
        """Show the head of a letter, or of what the list knows of it."""
        theme, words, px = self._theme, self._words, self._theme.px
        if with_way_back:
            button(self, words("reader.back"), self._on_back, "SmallLink").pack(anchor="w", pady=(px(6), 0))
        if "draft" in letter.get("flags", []):
            row = tk.Frame(self, bg=look.PAPER)
            row.pack(fill="x", pady=(px(14), 0))
            button(row, words("reader.continue"), lambda: self._on_continue(letter["id"]), "Primary").pack(
                side="left"
            )
        subject = clean_line(letter.get("subject", ""), limit=400) or words("letter.no_subject")
        self._subject = Prose(self, theme, subject, "title")
        self._subject.pack(fill="x", pady=(px(16), px(4)))
        who = tk.Frame(self, bg=look.PAPER)
        who.pack(fill="x")
        when = dates.full(words, dates.of_letter(letter), datetime.now(timezone.utc))
        dated = label(who, theme, when, "aside", look.SOFT)
        for_whom = self._for_whom(letter)
        if "draft" in letter.get("flags", []):
            # A draft has no sender before it is sent; what it has is for whom it is.
            self._place_sender(who, dated, for_whom or words("list.for_nobody"), "")
            for_whom = ""
        else:
            self._place_sender(who, dated, *self._sender(letter))
        self._whom = tk.Frame(self, bg=look.PAPER, height=1)
        self._whom.pack(fill="x", pady=(px(1), px(10)))
        self._for_whom_label = Prose(self._whom, theme, for_whom, "aside", look.SOFT)
        self._is_low = False
        self._for_whom_label.pack(fill="x")
        self.fit_height()

    def fit_height(self, _: Any = None) -> None:
        """Where the reader is low, let the head be small, so that there is room for the letter."""
        is_low = self.master.winfo_height() < LOW_LINES * self._theme.line_height("reading")
        if not self.winfo_children() or is_low == self._is_low:
            return
        self._is_low = is_low
        px, above = self._theme.px, 2 if is_low else 16
        self._subject.configure(font=self._theme.fonts["strong" if is_low else "title"])
        self._subject.pack_configure(pady=(px(above), px(above // 4)))
        self._whom.pack_configure(pady=(0, 0) if is_low else (px(1), px(10)))
        if is_low:
            self._for_whom_label.pack_forget()
            # An emptied frame would keep its height.
            self._whom.configure(height=1)
        else:
            self._for_whom_label.pack(fill="x")

    def _place_sender(self, who: tk.Frame, dated: tk.Label, name: str, address: str) -> None:
        """Put name and address into the room the date leaves; where that is narrow, the address under it."""
        theme, gap = self._theme, self._theme.px(12)
        named, addressed = label(who, theme, "", "strong"), label(who, theme, "", "aside", look.SOFT)
        who.columnconfigure(1, weight=1)
        named.grid(row=0, column=0, sticky="w")
        dated.grid(row=0, column=2, sticky="ne")

        def fit(_: Any = None) -> None:
            width = who.winfo_width()
            room = width - dated.winfo_reqwidth() - gap
            named.configure(text=self._fit(name, "strong", room))
            left = room - named.winfo_reqwidth() - gap
            if not address:
                addressed.grid_forget()
            elif left >= theme.px(ADDRESS_AT_LEAST):
                addressed.configure(text=self._fit(address, "aside", left))
                addressed.grid(row=0, column=1, columnspan=1, sticky="w", padx=(gap // 2, 0))
            else:
                addressed.configure(text=self._fit(address, "aside", width - gap))
                addressed.grid(row=1, column=0, columnspan=3, sticky="w", padx=0)

        who.bind("<Configure>", fit)
        theme.on_change(who, fit)

    def _sender(self, letter: Dict[str, Any]) -> "tuple[str, str]":
        sender = letter.get("from", {})
        name = clean_line(sender.get("name", ""), limit=80)
        address = clean_line(sender.get("address", ""), limit=120)
        return (name, address) if name else (address or self._words("letter.nobody"), "")

    def _for_whom(self, letter: Dict[str, Any]) -> str:
        words = self._words
        parts = [words("reader.for", names=self._names(letter.get("to", [])))] if letter.get("to") else []
        if letter.get("cc"):
            parts.append(words("reader.copy", names=self._names(letter["cc"])))
        return " \u00b7 ".join(parts)

    def _names(self, people: List[Dict[str, str]]) -> str:
        names = [clean_line(person.get("name") or person.get("address", ""), limit=60) for person in people]
        if len(names) > NAMES_SHOWN:
            more = self._words("reader.and_more", count=len(names) - NAMES_SHOWN)
            return ", ".join(names[:NAMES_SHOWN]) + " " + more
        return ", ".join(names)

    def show_fate(self, submission: Dict[str, Any]) -> None:
        """Show beside a sent letter what became of it, recipient by recipient."""
        theme, words, px = self._theme, self._words, self._theme.px
        box = tk.Frame(self, bg=look.PAPER)
        box.pack(fill="x", pady=(0, px(8)))
        marks = {"delivered": "good", "queued": "working", "failed": "trouble", "elsewhere": "trouble"}
        elsewhere = [dict(one, outcome="elsewhere") for one in submission.get("elsewhere", [])]
        for recipient in submission["recipients"][:20] + elsewhere[:20]:
            outcome = recipient.get("outcome", "queued")
            row = tk.Frame(box, bg=look.PAPER)
            row.pack(fill="x")
            Mark(row, theme, marks.get(outcome, "waiting"), 11).pack(
                side="left", padx=(0, px(6)), anchor="n", pady=px(3)
            )
            when = dates.full(words, recipient.get("at", ""), datetime.now(timezone.utc))
            text = words("fate." + outcome, who=clean_line(recipient["address"]), when=when)
            if recipient.get("final"):
                text += " " + words("fate.final", who=clean_line(recipient["final"]))
            if outcome in ("failed", "deferred", "elsewhere") and recipient.get("detail"):
                text += " " + words("fate.server_said", detail=clean_line(recipient["detail"], limit=200))
            ink = look.WARN if outcome == "failed" else look.SOFT
            Prose(row, theme, text, "aside", ink).pack(side="left", fill="x", expand=True)
