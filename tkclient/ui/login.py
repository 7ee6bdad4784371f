"""The first page: open a profile, or create one."""

from __future__ import annotations

import re
import tkinter as tk
from tkinter import ttk
from typing import Any, Callable, Optional

from tkclient.desk import Desk
from tkclient.trouble import Trouble
from tkclient.ui import theme as look
from tkclient.ui.dialogs import Notice
from tkclient.ui.parts import Field, Prose, button, label, take_focus
from tkclient.ui.scrolled import Scrolled
from tkclient.ui.theme import Theme
from tkclient.words import LANGUAGES, Words

NAME = re.compile(r"^[a-z0-9._-]{3,32}$")
PASSWORD_AT_LEAST = 8


class LoginPage(tk.Frame):
    """`speak(language)` changes the window's language; the desk tells the window when it is open."""

    def __init__(
        self,
        parent: tk.Misc,
        theme: Theme,
        words: Words,
        desk: Desk,
        speak: Callable[[str], None],
        opened: Callable[[Any], None],
        name: str = "",
        creating: bool = False,
    ) -> None:
        super().__init__(parent, bg=look.PAPER)
        self._theme, self._words, self._desk, self._opened = theme, words, desk, opened
        self.busy = False
        self.creating = creating
        self.name: Field
        self._build_corner(speak)
        self._build_server()
        self._scrolled = Scrolled(self, theme)
        self._scrolled.pack(fill="both", expand=True)
        self._column = tk.Frame(self._scrolled.inside, bg=look.PAPER)
        # A line of no height gives the column its width, whatever the length of its sentences.
        self._width = tk.Frame(self._column, bg=look.PAPER, height=1)
        self._width.pack()
        self._column.pack()
        self._scrolled.bind("<Configure>", lambda _: self._centre())
        self._column.bind("<Configure>", lambda _: self._centre())
        theme.on_change(self, self._centre)
        self._head()
        self.notice = Notice(self._column, theme, words, stacked=True)
        self.notice.pack(fill="x", pady=(theme.px(10), 0))
        self._form: Optional[tk.Frame] = None
        self._typed_name = name
        self.show_form(creating)

    def _centre(self) -> None:
        """Put the column a little above the middle; at the top when it is taller than the window."""
        self._width.configure(width=self._theme.px(380))
        free = self._scrolled.winfo_height() - self._column.winfo_reqheight()
        self._column.pack_configure(pady=(max(0, int(free * 0.42)), 0))

    def _build_corner(self, speak: Callable[[str], None]) -> None:
        """Languages at the top right: each in its own words, the one in use as plain text."""
        corner = tk.Frame(self, bg=look.PAPER)
        corner.pack(side="top", anchor="e", padx=self._theme.px(18), pady=self._theme.px(12))
        for language in LANGUAGES:
            name = Words(language)("language.name")
            if language == self._words.language:
                label(corner, self._theme, name, "aside_strong", look.INK).pack(
                    side="left", padx=self._theme.px(6)
                )
            else:
                button(corner, name, self._speaker(speak, language), "SmallLink").pack(side="left")

    def _speaker(self, speak: Callable[[str], None], language: str) -> Callable[[], None]:
        return lambda: None if self.busy else speak(language)

    def _head(self) -> None:
        label(self._column, self._theme, "restante", "display", look.ACCENT).pack(fill="x")
        Prose(self._column, self._theme, self._words("login.tagline"), "text", look.SOFT).pack(fill="x")

    def _build_server(self) -> None:
        """Who is asked stands at the foot, and can be changed there."""
        px = self._theme.px
        foot = tk.Frame(self, bg=look.PAPER)
        foot.pack(side="bottom", fill="x", padx=px(18), pady=px(10))
        self._server = tk.StringVar(self, self._desk.session.server)
        said = label(
            foot, self._theme, self._words("login.server", server=self._server.get()), "aside", look.SOFT
        )
        said.pack(side="left")
        entry = ttk.Entry(foot, textvariable=self._server, font=self._theme.fonts["aside"], width=44)

        def change() -> None:
            said.configure(text=self._words("login.server_is"))
            changer.pack_forget()
            entry.pack(side="left", padx=px(6))
            take_focus(entry)

        changer = button(foot, self._words("login.server_change"), change, "SmallLink")
        changer.pack(side="left", padx=px(6))
        entry.bind("<Return>", lambda _: self.focus_first())

    def show_form(self, creating: bool) -> None:
        """Show the fields to open, or those to create."""
        if self._form is not None:
            self._typed_name = self.name.get()
            self._form.destroy()
        self.creating = creating
        self.notice.clear()
        px, words = self._theme.px, self._words
        self._form = form = tk.Frame(self._column, bg=look.PAPER)
        form.pack(fill="x", pady=(px(14), 0))
        self.name = self._field("login.name", hint=words("create.name_hint") if creating else "")
        self.name.value.set(self._typed_name)
        if creating:
            self.full_name = self._field("create.full_name")
        self.password = self._field("login.password", True, words("create.password_hint") if creating else "")
        if creating:
            self.again = self._field("create.again", True)
        row = tk.Frame(form, bg=look.PAPER)
        row.pack(fill="x", pady=(px(16), 0))
        self.go = button(row, words("create.go" if creating else "login.go"), self.submit, "Primary")
        self.go.pack(side="left")
        other = "create.back" if creating else "login.create"
        turn = lambda: None if self.busy else self.show_form(not creating)  # noqa: E731
        button(row, words(other), turn, "Link").pack(side="left", padx=px(8))
        for entry in form.winfo_children():
            if isinstance(entry, Field):
                entry.entry.bind("<Return>", lambda _: self.submit())
                entry.entry.bind("<KP_Enter>", lambda _: self.submit())
        self.focus_first()

    def back(self) -> None:
        """Escape: from creating to opening."""
        if self.creating and not self.busy:
            self.show_form(False)

    def _field(self, key: str, hidden: bool = False, hint: str = "") -> Field:
        field = Field(self._form or self, self._theme, self._words(key), hidden, hint)
        field.pack(fill="x", pady=(self._theme.px(9), 0))
        return field

    def focus_first(self) -> None:
        (self.password if self.name.get() and not self.creating else self.name).focus()

    def submit(self) -> None:
        """Check what can be checked here, then ask."""
        if self.busy or not self._take_server():
            return
        self.notice.clear()
        if not (self._creation_is_fine() if self.creating else self._opening_is_fine()):
            return
        self._wait(True)
        name, password = self.name.get(), self.password.get()
        if self.creating:
            language = self._words.language
            self._desk.create(name, self.full_name.get(), password, language, self._done, self._failed)
        else:
            self._desk.open(name, password, self._done, self._failed)

    def _take_server(self) -> bool:
        try:
            self._desk.use_server(self._server.get().strip())
        except Trouble as trouble:
            self.notice.trouble(trouble)
            return False
        return True

    def _opening_is_fine(self) -> bool:
        for field, key in ((self.name, "login.name_missing"), (self.password, "login.password_missing")):
            if not field.get().strip():
                field.say(self._words(key))
                field.focus()
                return False
        return True

    def _creation_is_fine(self) -> bool:
        problems = (
            (self.name, not NAME.match(self.name.get().strip().lower()), "create.name_bad"),
            (self.password, len(self.password.get()) < PASSWORD_AT_LEAST, "create.password_short"),
            (self.again, self.again.get() != self.password.get(), "create.again_differs"),
        )
        for field, wrong, key in problems:
            if wrong:
                field.say(self._words(key))
                field.focus()
                return False
        return True

    def _wait(self, waiting: bool) -> None:
        self.busy = waiting
        text = "login.opening" if waiting else ("create.go" if self.creating else "login.go")
        self.go.configure(text=self._words(text))
        self.go.state(["disabled" if waiting else "!disabled"])

    def _done(self, profile: Any) -> None:
        self.password.value.set("")
        if self.creating:
            self.again.value.set("")
        self._opened(profile)

    def _failed(self, trouble: Trouble) -> None:
        self._wait(False)
        if trouble.kind == "already_exists" and self.creating:
            self.name.say(self._words("create.name_taken", name=self.name.get().strip().lower()))
            self.name.focus()
            return
        self.notice.trouble(trouble)
        if trouble.kind == "login_refused":
            self.password.focus()
