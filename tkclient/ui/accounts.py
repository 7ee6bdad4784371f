"""The page of accounts: those there are, another password for one, and the form to add one."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk
from typing import Any, Callable, Dict, Optional

from tkclient.clean import clean_line
from tkclient.collecting import notices_told, trouble_told
from tkclient.desk import Desk
from tkclient.trouble import Trouble
from tkclient.ui import theme as look
from tkclient.ui.account_form import AccountForm
from tkclient.ui.collecting import trouble_of
from tkclient.ui.dialogs import Notice
from tkclient.ui.flow import Flow, beside
from tkclient.ui.page_head import PageHead
from tkclient.ui.parts import Field, Mark, Prose, button, focused, rule, take_focus
from tkclient.ui.scrolled import Scrolled
from tkclient.ui.theme import Theme
from tkclient.words import Words


class AccountsPage(tk.Frame):
    """`on_leave()` goes back to the mail."""

    def __init__(
        self, parent: tk.Misc, theme: Theme, words: Words, desk: Desk, on_leave: Callable[[], None]
    ) -> None:
        super().__init__(parent, bg=look.PAPER)
        self._theme, self._words, self._desk, self._on_leave = theme, words, desk, on_leave
        self._typing: Optional[PasswordLine] = None
        self._drawn: Any = None
        px = theme.px
        self.notice = Notice(self, theme, words)
        self.notice.pack(side="top", fill="x")
        self._scrolled = scrolled = Scrolled(self, theme)
        scrolled.pack(fill="both", expand=True)
        self._page = tk.Frame(scrolled.inside, bg=look.PAPER)
        self._page.pack(fill="x", padx=px(30), pady=px(18))
        PageHead(self._page, theme, words("accounts.title"), words("accounts.back"), on_leave).pack(fill="x")
        self._list = tk.Frame(self._page, bg=look.PAPER)
        self._list.pack(fill="x", pady=(px(8), px(4)))
        self.form = AccountForm(self._page, theme, words, desk, self.notice.clear, self._added, scrolled.show)
        self.form.pack(fill="x")
        self.redraw()
        desk.bells.on("accounts", self._changed)
        desk.bells.on("progress", self._changed)

    def _changed(self, *_: Any) -> None:
        if self.winfo_exists():
            self.redraw()

    def focus_first(self) -> None:
        self.form.focus_first()

    def _added(self, account: Dict[str, Any]) -> None:
        text = self._words("accounts.saved", address=account["address"])
        self.notice.note(text, [(self._words("accounts.back"), self._on_leave)], stays=True)

    def redraw(self) -> None:
        """Draw the accounts with how each is, unless the person is typing a password among them.

        Nothing is drawn anew that looks the same: a button would go away under a finger.
        """
        words, progress = self._words, self._desk.collecting.of
        accounts = self._desk.accounts.all
        drawn = [
            (dict(one), trouble_of(progress(one["id"])), notices_told(words, progress(one["id"])))
            for one in accounts
        ]
        if self._typing is not None or drawn == self._drawn:
            return
        self._drawn = drawn
        had_focus = self._focused_row()
        for child in self._list.winfo_children():
            child.destroy()
        self._rows: Dict[str, tk.Frame] = {}
        if not accounts:
            Prose(self._list, self._theme, self._words("accounts.none"), "text", look.SOFT).pack(fill="x")
        for account in accounts:
            self._draw(account)
        if had_focus is not None and had_focus[0] in self._rows:
            buttons = self._buttons(self._rows[had_focus[0]])
            take_focus(buttons[min(had_focus[1], len(buttons) - 1)])

    def _buttons(self, row: tk.Frame) -> "list[Any]":
        flows = [child for child in row.winfo_children() if isinstance(child, Flow)]
        return [made for flow in flows for made in flow.winfo_children() if isinstance(made, ttk.Button)]

    def _focused_row(self) -> "Optional[tuple[str, int]]":
        focus = focused(self)
        for id_, row in getattr(self, "_rows", {}).items():
            buttons = self._buttons(row) if row.winfo_exists() else []
            if focus in buttons:
                return id_, buttons.index(focus)
        return None

    def _draw(self, account: Dict[str, Any]) -> None:
        px, theme, words = self._theme.px, self._theme, self._words
        progress = self._desk.collecting.of(account["id"])
        error = trouble_of(progress)
        row = tk.Frame(self._list, bg=look.PAPER)
        row.pack(fill="x", pady=(px(6), 0))
        row.columnconfigure(1, weight=1)
        self._rows[account["id"]] = row
        Mark(row, theme, "trouble" if error else "good").grid(row=0, column=0, padx=(0, px(8)))
        Prose(row, theme, clean_line(account["address"]), "strong").grid(row=0, column=1, sticky="ew")
        verbs = Flow(row, theme)
        verbs.add(button(verbs, words("accounts.password"), lambda: self.ask_password(account), "SmallLink"))
        verbs.add(button(verbs, words("accounts.remove"), lambda: self._ask_remove(account), "SmallLink"))
        beside(row, verbs, theme)
        where = words("accounts.where", host=clean_line(account["host"]), port=account["port"])
        said = [(where, "small", look.SOFT)]
        if error:
            said.append((trouble_told(words, error), "aside", look.WARN))
        said += [(sentence, "small", look.SOFT) for sentence in notices_told(words, progress)]
        for line, (sentence, font, ink) in enumerate(said, 2):
            Prose(row, theme, sentence, font, ink).grid(row=line, column=1, columnspan=2, sticky="ew")
        rule(self._list).pack(fill="x", pady=(px(6), 0))

    def _ask_remove(self, account: Dict[str, Any]) -> None:
        words = self._words

        def removed() -> None:
            if self.winfo_exists():
                if self._typing is not None and self._typing.account == account["id"]:
                    self._close_line()
                self.notice.note(words("accounts.removed"))

        def failed(trouble: Trouble) -> None:
            if self.winfo_exists():
                self.notice.trouble(trouble)

        def remove() -> None:
            self._desk.accounts.remove(account["id"], removed, failed)

        self.notice.ask(
            words("accounts.remove_ask", address=account["address"]),
            [(words("accounts.remove_yes"), remove), (words("accounts.remove_no"), self.focus_first)],
        )

    def ask_password(self, account: Dict[str, Any]) -> None:
        """Open a line for another password under an account; one at a time."""
        if account["id"] not in self._rows:
            return
        if self._typing is not None:
            if self._typing.account == account["id"] or self._typing.busy:
                self._typing.field.focus()
                return
            self._close_line()
        self._typing = PasswordLine(
            self._rows[account["id"]],
            self._theme,
            self._words,
            self._desk,
            account,
            self._close_line,
            self.notice,
        )
        # Under whatever is said of the account.
        self._typing.grid(row=99, column=1, columnspan=2, sticky="ew", pady=self._theme.px(6))
        take_focus(self._typing.field.entry)

    def _close_line(self) -> None:
        if self._typing is not None:
            self._typing.destroy()
            self._typing = None
        self.redraw()


class PasswordLine(tk.Frame):
    """A line to type another password for an account in; `on_close()` when it is of no use any more."""

    def __init__(
        self,
        parent: tk.Misc,
        theme: Theme,
        words: Words,
        desk: Desk,
        account: Dict[str, Any],
        on_close: Callable[[], None],
        notice: Notice,
    ) -> None:
        super().__init__(parent, bg=look.PAPER)
        self._words, self._desk, self._on_close, self._notice = words, desk, on_close, notice
        self.account, self._settings = str(account["id"]), account
        self.busy = False
        self.field = Field(self, theme, words("accounts.new_password"), hidden=True, width=24)
        self.field.pack(fill="x")
        row = Flow(self, theme, gap=8)
        row.pack(fill="x", pady=(theme.px(6), 0))
        row.add(button(row, words("accounts.password_go"), self._go, "Outline"))
        row.add(button(row, words("accounts.cancel"), on_close, "Link"))
        self.field.entry.bind("<Return>", lambda _: self._go())
        self.field.entry.bind("<Escape>", self._leave)

    def _leave(self, _: Any) -> str:
        self._on_close()
        return "break"

    def _go(self) -> None:
        if self.field.get() and not self.busy:
            self._wait(True)
            self.field.say(self._words("accounts.testing", about=self._settings["host"]))
            self._desk.accounts.change_password(self.account, self.field.get(), self._done, self._failed)

    def _wait(self, waiting: bool) -> None:
        self.busy = waiting
        self.field.entry.state(["disabled" if waiting else "!disabled"])

    def _done(self) -> None:
        if self._notice.winfo_exists():
            self._notice.note(self._words("accounts.password_changed", address=self._settings["address"]))
        if self.winfo_exists():
            self._on_close()

    def _failed(self, trouble: Trouble) -> None:
        if self.winfo_exists():
            self._wait(False)
            self.field.say(self._words.error(trouble))
            self.field.focus()
