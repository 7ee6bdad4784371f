"""Adding an account: by its address and password, which is all that most people need, or by hand."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk
from typing import Any, Callable, Dict, List

from tkclient.accounts import Adding, account_of
from tkclient.clean import clean_line
from tkclient.compose import is_address
from tkclient.desk import Desk
from tkclient.trouble import Trouble
from tkclient.ui import theme as look
from tkclient.ui.dialogs import Notice
from tkclient.ui.flow import Flow
from tkclient.ui.parts import Field, Prose, button, label
from tkclient.ui.theme import Theme
from tkclient.words import Words

PORTS = {"tls": "995", "stls": "110", "plain": "110"}


class AccountForm(tk.Frame):
    """`on_begin()`: one is being tried. `on_added(account)`. `show(widget)` brings it into sight."""

    def __init__(
        self,
        parent: tk.Misc,
        theme: Theme,
        words: Words,
        desk: Desk,
        on_begin: Callable[[], None],
        on_added: Callable[[Dict[str, Any]], None],
        show: Callable[[tk.Misc], None],
    ) -> None:
        super().__init__(parent, bg=look.PAPER)
        self._theme, self._words, self._desk = theme, words, desk
        self._on_begin, self._on_added, self._show = on_begin, on_added, show
        self.busy = False
        self.show_short_form()

    def focus_first(self) -> None:
        self.address.focus()

    def _new_form(self, title: str, text: str) -> tk.Frame:
        px = self._theme.px
        for child in self.winfo_children():
            child.destroy()
        Prose(self, self._theme, title, "heading").pack(fill="x", pady=(px(18), px(2)))
        Prose(self, self._theme, text, "text", look.SOFT).pack(fill="x")
        column = tk.Frame(self, bg=look.PAPER)
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
        way = button(row, self._words(other), other_way, "Link")
        row.add(way)
        self._status = Prose(column, self._theme, "", "aside", look.SOFT)
        self._status.pack(fill="x", pady=(px(8), 0))
        self._parts: List[Any] = [self.go, way]
        for child in column.winfo_children():
            if isinstance(child, Field):
                child.entry.bind("<Return>", lambda _: go())
                self._parts.append(child.entry)
            elif isinstance(child, ttk.Radiobutton):
                self._parts.append(child)

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

    def _wait(self, waiting: bool) -> None:
        self.busy = waiting
        # What is being tried is what stands there: it cannot be changed meanwhile.
        for part in self._parts:
            part.state(["disabled" if waiting else "!disabled"])
        if waiting:
            self._on_begin()
            self.said.clear()
        else:
            self._status.configure(text="")

    def _step(self, word: str, about: str) -> None:
        if self.winfo_exists():
            self._status.configure(text=self._words("accounts." + word, about=clean_line(about)))

    def _saved(self, account: Dict[str, Any]) -> None:
        if not self.winfo_exists():
            return
        self._wait(False)
        self.show_short_form()
        self.address.focus()
        self._on_added(account)

    def _failed(self, trouble: Trouble, tried: Dict[str, Any]) -> None:
        """Say why; when the server could not be found or reached, let the person name it."""
        if not self.winfo_exists():
            return
        self._wait(False)
        elsewhere = trouble.kind.startswith(("nothing", "host", "connection", "remote", "cert", "tls"))
        if elsewhere and trouble.kind != "remote_login_refused" and not self._is_long:
            self.show_long_form(tried, self.address.get(), self.password.get())
        self.said.trouble(trouble)
        self._show(self.said)
        if trouble.kind == "remote_login_refused":
            self.password.focus()

    def _ask_server(self, server: Dict[str, Any]) -> None:
        """Ask before a password goes to a server that is not known to belong to the address."""
        if not self.winfo_exists():
            return
        self._wait(False)
        address, password, words = self.address.get().strip(), self.password.get(), self._words

        def yes() -> None:
            self._wait(True)
            self._desk.accounts.add_by_hand(account_of(address, server), password, self._adding())

        def no() -> None:
            self.show_long_form({}, address, password)

        text = words("accounts.ask_server", host=clean_line(server["host"]), address=address)
        self._show(self.said)
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
