"""The lines above a letter that is being written: as whom, for whom, copies, what about."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk
from typing import Any, Callable, Dict, Optional

from tkclient.clean import clean_line
from tkclient.compose import Letter
from tkclient.desk import Desk
from tkclient.ui import theme as look
from tkclient.ui.parts import button, label, take_focus
from tkclient.ui.theme import Theme
from tkclient.words import Words


class Fields(tk.Frame):
    """The fields of `letter`; `on_send(event)` for Ctrl-Enter in any of them."""

    def __init__(
        self,
        parent: tk.Misc,
        theme: Theme,
        words: Words,
        desk: Desk,
        letter: Letter,
        on_send: Callable[[Any], str],
    ) -> None:
        super().__init__(parent, bg=look.PAPER)
        self._theme, self._words, self._desk, self._on_send = theme, words, desk, on_send
        self.columnconfigure(1, weight=1)
        self._build_identity(0, letter.identity)
        self.to = self._line(1, "writer.to", letter.to)
        self._more = button(self, words("writer.copies"), self.show_copies, "SmallLink")
        self._more.grid(row=1, column=2, padx=(theme.px(6), 0))
        self.cc = self._line(2, "writer.cc", letter.cc)
        self.bcc = self._line(3, "writer.bcc", letter.bcc)
        self.subject = self._line(4, "writer.subject", letter.subject)
        # Tab follows the order of stacking: who has said for whom goes on to what about.
        self._more.lift()
        self._copies = [widget for row in (2, 3) for widget in self.grid_slaves(row=row)]
        if letter.cc or letter.bcc:
            self._more.grid_remove()
        else:
            self._show_copies(False)

    def read_into(self, letter: Letter) -> None:
        """Take into the letter what stands here."""
        letter.to, letter.cc, letter.bcc = self.to.get(), self.cc.get(), self.bcc.get()
        letter.subject = self.subject.get()
        identities = self._desk.accounts.identities
        if self._identity is not None and self._identity.current() >= 0:
            letter.identity = identities[self._identity.current()]["id"]

    def _build_identity(self, row: int, chosen: str) -> None:
        identities = self._desk.accounts.identities
        self._identity: Optional[ttk.Combobox] = None
        if len(identities) < 2:
            return
        self._label(row, "writer.from")
        shown = [_say_identity(one) for one in identities]
        at = next((n for n, item in enumerate(identities) if item["id"] == chosen), 0)
        self._identity = ttk.Combobox(self, values=shown, state="readonly", font=self._theme.fonts["text"])
        self._identity.current(at)
        self._identity.grid(row=row, column=1, sticky="ew", pady=self._theme.px(3))

    def _label(self, row: int, key: str) -> tk.Label:
        made = label(self, self._theme, self._words(key), "aside", look.SOFT)
        made.grid(row=row, column=0, sticky="w", padx=(0, self._theme.px(12)))
        return made

    def _line(self, row: int, key: str, text: str) -> ttk.Entry:
        self._label(row, key)
        entry = ttk.Entry(self, font=self._theme.fonts["text"])
        entry.insert(0, clean_line(text, limit=20_000))
        entry.grid(row=row, column=1, sticky="ew", pady=self._theme.px(3))
        entry.bind("<Control-Return>", self._on_send)
        entry.bind("<Return>", lambda _: self._next_line(entry))
        return entry

    def _next_line(self, entry: ttk.Entry) -> str:
        """Go to what is written next: past the button, which Tab stops at."""
        following: Any = entry.tk_focusNext()
        return go_on(following if following is self._more else entry)

    def _show_copies(self, shown: bool) -> None:
        for widget in self._copies:
            if shown:
                widget.grid()
            else:
                widget.grid_remove()

    def show_copies(self) -> None:
        """Show the lines for copies."""
        self._more.grid_remove()
        self._show_copies(True)
        take_focus(self.cc)


def go_on(widget: Any) -> str:
    """Go to the next thing, as Tab does."""
    widget.tk_focusNext().focus_set()
    return "break"


def _say_identity(identity: Dict[str, Any]) -> str:
    name, address = clean_line(identity.get("name", "")), clean_line(identity["address"])
    return "%s <%s>" % (name, address) if name else address
