"""The reading pane: who, when, for whom; the text; what is attached; what became of a sent letter."""

from __future__ import annotations

import tkinter as tk
from datetime import datetime, timezone
from tkinter import ttk
from typing import Any, Callable, Dict, List, Optional

from tkclient import dates
from tkclient.clean import clean_line, clean_text
from tkclient.model import attachments_of
from tkclient.trouble import Trouble
from tkclient.ui import theme as look
from tkclient.ui.attachments import AttachmentPane
from tkclient.ui.dialogs import Notice
from tkclient.ui.fitting import Fitter
from tkclient.ui.parts import Mark, Prose, button, label, on_wheel, rule
from tkclient.ui.theme import Theme
from tkclient.words import Words

NAMES_SHOWN = 6
ADDRESS_AT_LEAST = 110
LOW_LINES = 14


class Reader(tk.Frame):
    """`on_save(part, row)` saves an attachment; `on_continue(id)` goes on with a draft; `on_back` leaves."""

    def __init__(
        self,
        parent: tk.Misc,
        theme: Theme,
        words: Words,
        on_save: Callable[..., None],
        on_continue: Callable[[str], None],
        on_back: Callable[[], None],
    ) -> None:
        super().__init__(parent, bg=look.PAPER)
        self._theme, self._words = theme, words
        self._on_continue, self._on_back = on_continue, on_back
        self._fit = Fitter(theme)
        self.letter: Optional[Dict[str, Any]] = None
        self.is_narrow = False
        px = theme.px
        self.notice = Notice(self, theme, words)
        self.notice.pack(side="top", fill="x")
        self._head = tk.Frame(self, bg=look.PAPER)
        self._head.pack(side="top", fill="x", padx=(px(26), px(22)))
        self._rule = rule(self)
        self.attachments = AttachmentPane(self, theme, words, on_save)
        self._build_text()
        # Tab follows the order of stacking: from the text to what is attached.
        self.attachments.lift()
        self._empty = Prose(self, theme, "", "text", look.SOFT, justify="center", anchor="center")
        self.bind("<Configure>", self._fit_height)
        theme.on_change(self, self._fit_height)
        self.show_nothing()

    def _build_text(self) -> None:
        px, fonts = self._theme.px, self._theme.fonts
        self._body = tk.Frame(self, bg=look.PAPER)
        self.text = tk.Text(
            self._body,
            font=fonts["reading"],
            fg=look.INK,
            bg=look.PAPER,
            bd=0,
            wrap="word",
            state="disabled",
            highlightthickness=2,
            highlightbackground=look.PAPER,
            highlightcolor=look.ACCENT,
            padx=px(24),
            pady=px(12),
            spacing1=px(2),
            spacing2=px(2),
            spacing3=px(3),
            takefocus=True,
            cursor="arrow",
            selectbackground=look.ACCENT,
            selectforeground=look.PAPER,
            inactiveselectbackground=look.WASH,
            width=10,
            height=3,
        )
        bar = ttk.Scrollbar(self._body, orient="vertical", command=self.text.yview)
        self.text.configure(yscrollcommand=bar.set)
        bar.pack(side="right", fill="y")
        self.text.pack(side="left", fill="both", expand=True)
        self.text.tag_configure("quote", foreground=look.SOFT, lmargin1=px(22), lmargin2=px(22))
        self.text.tag_configure("aside", foreground=look.SOFT, font=fonts["aside"])
        self.text.bind("<Button-1>", lambda _: self.text.focus_set(), add="+")
        scrolls = {
            "<Up>": (-1, "units"),
            "<Down>": (1, "units"),
            "<space>": (1, "pages"),
            "<Prior>": (-1, "pages"),
            "<Next>": (1, "pages"),
        }
        for key, (amount, unit) in scrolls.items():
            self.text.bind(key, self._scroller(amount, unit))
        self.text.bind("<Home>", lambda _: self._to(0.0))
        self.text.bind("<End>", lambda _: self._to(1.0))
        # Tab leaves a text that cannot be written in.
        self.text.bind("<Tab>", lambda event: self._leave(event.widget.tk_focusNext()))
        on_wheel(self._body, lambda steps: self.text.yview_scroll(3 * steps, "units"))

    def _scroller(self, amount: int, unit: Any) -> Callable[[Any], str]:
        def press(_: Any) -> str:
            self.text.yview_scroll(amount, unit)
            return "break"

        return press

    def _to(self, share: float) -> str:
        self.text.yview_moveto(share)
        return "break"

    def _leave(self, to: Optional[tk.Misc]) -> str:
        if to is not None:
            to.focus_set()
        return "break"

    # What is shown

    def _clear(self) -> None:
        self.letter = None
        self.notice.clear()
        for child in self._head.winfo_children():
            child.destroy()
        # An emptied frame would keep its height.
        self._head.configure(height=1)
        self._rule.pack_forget()
        self._body.pack_forget()
        self.attachments.clear()
        self._empty.place_forget()
        self._fill("")

    def _fill(self, text: str) -> None:
        self.text.configure(state="normal")
        self.text.delete("1.0", "end")
        self.text.insert("end", text)
        self.text.configure(state="disabled")

    def show_nothing(self, text: str = "") -> None:
        """Show no letter, and perhaps a word on why."""
        self._clear()
        self._empty.configure(text=text)
        self._empty.place(relx=0.5, rely=0.36, anchor="center", relwidth=0.7)

    def say_empty(self, text: str) -> None:
        """Change what stands where no letter is shown."""
        self._empty.configure(text=text)

    def show_loading(self, row: Dict[str, Any]) -> None:
        """Show at once what the list already knows; the text follows."""
        self._clear()
        self._draw_head(row)
        self._rule.pack(side="top", fill="x", padx=self._theme.px(26))

    def show_trouble(self, trouble: Trouble, again: Callable[[], None]) -> None:
        actions = [(self._words("notice.again"), again)] if trouble.retryable else []
        self.notice.trouble(trouble, actions)

    def show(self, letter: Dict[str, Any]) -> None:
        """Show a letter with its text and attachments."""
        self._clear()
        self.letter = letter
        self._draw_head(letter)
        self._rule.pack(side="top", fill="x", padx=self._theme.px(26))
        self.attachments.show(attachments_of(letter))
        self._body.pack(side="top", fill="both", expand=True, padx=(self._theme.px(2), 0))
        if letter.get("damaged"):
            self.notice.trouble(Trouble("damaged"))
            return
        self._write(clean_text(letter.get("text", "")), bool(letter.get("text_truncated")))

    def _write(self, text: str, truncated: bool) -> None:
        self.text.configure(state="normal")
        self.text.delete("1.0", "end")
        for line in text.strip("\n").split("\n"):
            quoted = line.startswith(">")
            if quoted:
                line = line.lstrip("> ")
            self.text.insert("end", line + "\n", "quote" if quoted else ())
        if not text.strip():
            self.text.insert("end", self._words("letter.no_text"), "aside")
        if truncated:
            self.text.insert("end", "\n" + self._words("letter.truncated"), "aside")
        self.text.configure(state="disabled")
        self.text.yview_moveto(0.0)

    def _draw_head(self, letter: Dict[str, Any]) -> None:
        head, theme, words, px = self._head, self._theme, self._words, self._theme.px
        if self.is_narrow:
            button(head, words("reader.back"), self._on_back, "SmallLink").pack(anchor="w", pady=(px(6), 0))
        if "draft" in letter.get("flags", []):
            row = tk.Frame(head, bg=look.PAPER)
            row.pack(fill="x", pady=(px(14), 0))
            button(row, words("reader.continue"), lambda: self._on_continue(letter["id"]), "Primary").pack(
                side="left"
            )
        subject = clean_line(letter.get("subject", ""), limit=400) or words("letter.no_subject")
        self._subject = Prose(head, theme, subject, "title")
        self._subject.pack(fill="x", pady=(px(16), px(4)))
        who = tk.Frame(head, bg=look.PAPER)
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
        self._whom = tk.Frame(head, bg=look.PAPER, height=1)
        self._whom.pack(fill="x", pady=(px(1), px(10)))
        self._for_whom_label = Prose(self._whom, theme, for_whom, "aside", look.SOFT)
        self._is_low = False
        self._for_whom_label.pack(fill="x")
        self._fit_height()

    def _fit_height(self, _: Any = None) -> None:
        """Where the reader is low, let the head be small, so that there is room for the letter."""
        is_low = self.winfo_height() < LOW_LINES * self._theme.line_height("reading")
        if not self._head.winfo_children() or is_low == self._is_low:
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
        box = tk.Frame(self._head, bg=look.PAPER)
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
