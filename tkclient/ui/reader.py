"""The reading pane: the head of a letter, its text, and what is attached."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk
from typing import Any, Callable, Dict, Optional

from tkclient.clean import clean_text
from tkclient.model import attachments_of
from tkclient.trouble import Trouble
from tkclient.ui import theme as look
from tkclient.ui.attachments import AttachmentPane
from tkclient.ui.dialogs import Notice
from tkclient.ui.letter_head import LetterHead
from tkclient.ui.parts import Prose, on_wheel, rule
from tkclient.ui.theme import Theme
from tkclient.words import Words


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
        self.letter: Optional[Dict[str, Any]] = None
        self.is_narrow = False
        # Called whenever another letter is shown, or none.
        self.on_turn: Callable[[], None] = lambda: None
        px = theme.px
        self.notice = Notice(self, theme, words)
        self.notice.pack(side="top", fill="x")
        self._head = LetterHead(self, theme, words, on_continue, on_back)
        self._head.pack(side="top", fill="x", padx=(px(26), px(22)))
        self._rule = rule(self)
        self.attachments = AttachmentPane(self, theme, words, on_save)
        self._build_text()
        # Tab follows the order of stacking: from the text to what is attached.
        self.attachments.lift()
        self._empty = Prose(self, theme, "", "text", look.SOFT, justify="center", anchor="center")
        self.bind("<Configure>", self._head.fit_height)
        theme.on_change(self, self._head.fit_height)
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
        self._head.clear()
        self._rule.pack_forget()
        self._body.pack_forget()
        self.attachments.clear()
        self._empty.place_forget()
        self._fill("")
        self.on_turn()

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
        self._head.draw(row, self.is_narrow)
        self._rule.pack(side="top", fill="x", padx=self._theme.px(26))

    def show_trouble(self, trouble: Trouble, again: Callable[[], None]) -> None:
        actions = [(self._words("notice.again"), again)] if trouble.retryable else []
        self.notice.trouble(trouble, actions)

    def show(self, letter: Dict[str, Any]) -> None:
        """Show a letter with its text and attachments."""
        self._clear()
        self.letter = letter
        self._head.draw(letter, self.is_narrow)
        self._rule.pack(side="top", fill="x", padx=self._theme.px(26))
        self.on_turn()
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

    def show_fate(self, submission: Dict[str, Any]) -> None:
        """Show beside a sent letter what became of it, recipient by recipient."""
        self._head.show_fate(submission)
