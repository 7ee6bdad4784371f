"""The page of accounts: those there are, and adding one by typing its address and password."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk
from typing import Any, Callable, Dict, Optional

from tkclient.accounts import Adding, account_of
from tkclient.clean import clean_line
from tkclient.collecting import notices_told, trouble_told
from tkclient.compose import is_address
from tkclient.desk import Desk
from tkclient.trouble import Trouble
from tkclient.ui import theme as look
from tkclient.ui.collecting import trouble_of
from tkclient.ui.dialogs import Notice
from tkclient.ui.flow import Flow, beside
from tkclient.ui.page_head import PageHead
from tkclient.ui.parts import Field, Mark, Prose, button, label, rule, take_focus
from tkclient.ui.scrolled import Scrolled
from tkclient.ui.theme import Theme
from tkclient.words import Words

PORTS = {"tls": "995", "stls": "110", "plain": "110"}


class AccountsPage(tk.Frame):
    """`on_leave()` goes back to the mail."""

    def __init__(
        self, parent: tk.Misc, theme: Theme, words: Words, desk: Desk, on_leave: Callable[[], None]
    ) -> None:
        super().__init__(parent, bg=look.PAPER)
        self._theme, self._words, self._desk, self._on_leave = theme, words, desk, on_leave
        self.busy = False
        self._password_for = ""
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
        self._form = tk.Frame(self._page, bg=look.PAPER)
        self._form.pack(fill="x")
        self.redraw()
        self.show_short_form()
        desk.bells.on("accounts", self._changed)
        desk.bells.on("progress", self._changed)

    def _changed(self, *_: Any) -> None:
        if self.winfo_exists():
            self.redraw()

    # Those there are

    def redraw(self) -> None:
        """Draw the accounts with how each is, unless the person is typing a password among them."""
        if self._password_for:
            return
        focused = self._focused_row()
        for child in self._list.winfo_children():
            child.destroy()
        self._rows: Dict[str, tk.Frame] = {}
        if not self._desk.accounts.all:
            Prose(self._list, self._theme, self._words("accounts.none"), "text", look.SOFT).pack(fill="x")
        for account in self._desk.accounts.all:
            self._draw(account)
        if focused is not None and focused[0] in self._rows:
            buttons = self._buttons(self._rows[focused[0]])
            take_focus(buttons[min(focused[1], len(buttons) - 1)])

    def _buttons(self, row: tk.Frame) -> "list[Any]":
        flows = [child for child in row.winfo_children() if isinstance(child, Flow)]
        return [made for flow in flows for made in flow.winfo_children() if isinstance(made, ttk.Button)]

    def _focused_row(self) -> "Optional[tuple[str, int]]":
        focus = self.focus_get()
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

        def remove() -> None:
            self._desk.accounts.remove(
                account["id"], lambda: self.notice.note(words("accounts.removed")), self.notice.trouble
            )

        self.notice.ask(
            words("accounts.remove_ask", address=account["address"]),
            [(words("accounts.remove_yes"), remove), (words("accounts.remove_no"), self.focus_first)],
        )

    def ask_password(self, account: Dict[str, Any]) -> None:
        """Open a line for another password under an account."""
        if self.busy or account["id"] not in self._rows:
            return
        px, words = self._theme.px, self._words
        row = self._rows[account["id"]]
        self._password_for = account["id"]
        line = tk.Frame(row, bg=look.PAPER)
        # Under whatever is said of the account.
        line.grid(row=99, column=1, columnspan=2, sticky="ew", pady=px(6))
        field = Field(line, self._theme, words("accounts.new_password"), hidden=True, width=24)
        field.pack(side="left")

        def close() -> None:
            self._password_for = ""
            self.busy = False
            self.redraw()

        def done() -> None:
            close()
            self.notice.note(words("accounts.password_changed", address=account["address"]))

        def failed(trouble: Trouble) -> None:
            self.busy = False
            field.say(words.error(trouble))
            field.focus()

        def go() -> None:
            if field.get() and not self.busy:
                self.busy = True
                field.say(words("accounts.testing", about=account["host"]))
                self._desk.accounts.change_password(account["id"], field.get(), done, failed)

        button(line, words("accounts.password_go"), go, "Outline").pack(side="left", padx=px(8), anchor="s")
        button(line, words("accounts.cancel"), close, "Link").pack(side="left", anchor="s")
        field.entry.bind("<Return>", lambda _: go())
        field.entry.bind("<Escape>", lambda _: close() or "break")  # type: ignore[func-returns-value]
        field.focus()

    # Adding one

    def focus_first(self) -> None:
        self.address.focus()

    def _new_form(self, title: str, text: str) -> tk.Frame:
        px = self._theme.px
        for child in self._form.winfo_children():
            child.destroy()
        Prose(self._form, self._theme, title, "heading").pack(fill="x", pady=(px(18), px(2)))
        Prose(self._form, self._theme, text, "text", look.SOFT).pack(fill="x")
        column = tk.Frame(self._form, bg=look.PAPER)
        column.pack(anchor="w", pady=(px(4), 0))
        # What is said about the form stands in the form, where the person is looking.
        self.said = Notice(column, self._theme, self._words, stacked=True)
        self.said.pack(fill="x", pady=(px(6), 0))
        return column

    def _field(self, column: tk.Frame, key: str, hidden: bool = False, hint: str = "") -> Field:
        field = Field(column, self._theme, self._words(key), hidden, hint, width=40)
        field.pack(fill="x", pady=(self._theme.px(9), 0))
        return field

    def _go_row(
        self, column: tk.Frame, go: Callable[[], None], other: str, other_way: Callable[[], None]
    ) -> None:
        px = self._theme.px
        row = Flow(column, self._theme, gap=8)
        row.pack(fill="x", pady=(px(14), 0))
        self.go = button(row, self._words("accounts.add"), go, "Primary")
        row.add(self.go)
        row.add(button(row, self._words(other), other_way, "Link"))
        self._status = Prose(column, self._theme, "", "aside", look.SOFT)
        self._status.pack(fill="x", pady=(px(8), 0))
        for child in column.winfo_children():
            if isinstance(child, Field):
                child.entry.bind("<Return>", lambda _: go())

    def show_short_form(self, address: str = "", password: str = "") -> None:
        """Address and password: all that most people need."""
        words = self._words
        column = self._new_form(words("accounts.add_title"), words("accounts.add_text"))
        self.address = self._field(column, "accounts.address", hint=words("accounts.address_hint"))
        self.password = self._field(column, "accounts.password_of", True, words("accounts.password_hint"))
        self._fill(address, password)
        by_hand = lambda: self.show_long_form({}, self.address.get(), self.password.get())  # noqa: E731
        self._go_row(column, self._add, "accounts.by_hand", by_hand)

    def _fill(self, address: str, password: str) -> None:
        self.address.value.set(address)
        self.password.value.set(password)

    def _back_to_short_form(self) -> None:
        """Keep what was typed, and go on where something is missing, else at the button."""
        self.show_short_form(self.address.get(), self.password.get())
        empty = [field for field in (self.address, self.password) if not field.get()]
        (empty[0].focus if empty else self.go.focus_set)()

    def _add(self) -> None:
        address = self.address.get().strip()
        if self.busy or not self._typed_is_fine(address):
            return
        self._wait(True)
        self._desk.accounts.add(address, self.password.get(), self._adding())

    def _typed_is_fine(self, address: str) -> bool:
        if not is_address(address):
            self.address.say(self._words("accounts.address_bad"))
            self.address.focus()
            return False
        if not self.password.get():
            self.password.say(self._words("accounts.password_missing"))
            self.password.focus()
            return False
        return True

    def _adding(self) -> Adding:
        return Adding(self._step, self._saved, self._failed, self._ask_server)

    def _alive(self) -> bool:
        return bool(self.winfo_exists())

    def _wait(self, waiting: bool) -> None:
        self.busy = waiting
        self.go.state(["disabled" if waiting else "!disabled"])
        if waiting:
            self.notice.clear()
            self.said.clear()
        else:
            self._status.configure(text="")

    def _step(self, word: str, about: str) -> None:
        if self._alive():
            self._status.configure(text=self._words("accounts." + word, about=clean_line(about)))

    def _saved(self, account: Dict[str, Any]) -> None:
        if not self._alive():
            return
        self._wait(False)
        self.show_short_form()
        self.address.focus()
        text = self._words("accounts.saved", address=account["address"])
        self.notice.note(text, [(self._words("accounts.back"), self._on_leave)], stays=True)

    def _failed(self, trouble: Trouble, tried: Dict[str, Any]) -> None:
        """Say why; when the server could not be found or reached, let the person name it."""
        if not self._alive():
            return
        self._wait(False)
        elsewhere = trouble.kind.startswith(("nothing", "host", "connection", "remote", "cert", "tls"))
        if elsewhere and trouble.kind != "remote_login_refused" and not self._is_long:
            self.show_long_form(tried, self.address.get(), self.password.get())
        self.said.trouble(trouble)
        self._scrolled.show(self.said)
        if trouble.kind == "remote_login_refused":
            self.password.focus()

    def _ask_server(self, server: Dict[str, Any]) -> None:
        """Ask before a password goes to a server that is not known to belong to the address."""
        if not self._alive():
            return
        self._wait(False)
        address, password, words = self.address.get().strip(), self.password.get(), self._words

        def yes() -> None:
            self._wait(True)
            self._desk.accounts.add_by_hand(account_of(address, server), password, self._adding())

        def no() -> None:
            self.show_long_form({}, address, password)

        text = words("accounts.ask_server", host=clean_line(server["host"]), address=address)
        self._scrolled.show(self.said)
        self.said.ask(text, [(words("accounts.ask_yes"), yes), (words("accounts.ask_no"), no)])

    @property
    def _is_long(self) -> bool:
        return hasattr(self, "host") and bool(self.host.winfo_exists())

    def show_long_form(self, tried: Dict[str, Any], address: str, password: str) -> None:
        """Every setting, for when the server could not be found."""
        words, px = self._words, self._theme.px
        column = self._new_form(words("accounts.long_title"), words("accounts.long_text"))
        self.address = self._field(column, "accounts.address")
        self.password = self._field(column, "accounts.password_of", True)
        self.host = self._field(column, "accounts.host", hint=words("accounts.host_hint"))
        label(column, self._theme, words("accounts.security"), "aside_strong").pack(fill="x", pady=(px(9), 0))
        self._security = tk.StringVar(self, tried.get("security", "tls"))
        for security in PORTS:
            ttk.Radiobutton(
                column,
                text=words("accounts.security_" + security),
                value=security,
                variable=self._security,
                command=self._security_chosen,
            ).pack(anchor="w")
        self.port = self._field(column, "accounts.port")
        self.user = self._field(column, "accounts.user", hint=words("accounts.user_hint"))
        self._fill(address, password)
        self.host.value.set(tried.get("host", ""))
        self.port.value.set(str(tried.get("port", PORTS["tls"])))
        self.user.value.set(tried.get("user", ""))
        self._go_row(column, self._add_by_hand, "accounts.by_address", self._back_to_short_form)
        (self.host if address and password else self.address).focus()

    def _security_chosen(self) -> None:
        """Follow with the port people use for it, unless another was typed."""
        if self.port.get() in ("", *PORTS.values()):
            self.port.value.set(PORTS[self._security.get()])

    def _add_by_hand(self) -> None:
        address, port = self.address.get().strip(), self.port.get().strip()
        if self.busy or not self._typed_is_fine(address):
            return
        if not self.host.get().strip():
            self.host.say(self._words("accounts.host_missing"))
            self.host.focus()
            return
        if not (port.isdigit() and 0 < int(port) < 65536):
            self.port.say(self._words("accounts.port_bad"))
            self.port.focus()
            return
        server = {
            "host": self.host.get().strip(),
            "port": int(port),
            "security": self._security.get(),
            "user": self.user.get().strip(),
        }
        self._wait(True)
        self._desk.accounts.add_by_hand(account_of(address, server), self.password.get(), self._adding())
