"""The left pane: whose mail this is, the folders, a new folder, the accounts and getting mail."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk
from typing import Any, Callable, Dict

from tkclient.clean import clean_line
from tkclient.desk import Desk
from tkclient.trouble import Trouble
from tkclient.ui import theme as look
from tkclient.ui.collecting import CollectingPane
from tkclient.ui.folders import Folders
from tkclient.ui.parts import button, focused, label, take_focus
from tkclient.ui.theme import Theme
from tkclient.words import Words


class LeftPane(tk.Frame):
    """`choose(folder id)`; `verbs`: collect(), accounts(account id or ""), not_named(trouble), named().

    `named` says that no folder waits for another name any more.
    """

    def __init__(
        self,
        parent: tk.Misc,
        theme: Theme,
        words: Words,
        desk: Desk,
        choose: Callable[[str], None],
        verbs: Dict[str, Callable[..., Any]],
    ) -> None:
        super().__init__(parent, bg=look.DESK)
        self._theme, self._words, self._desk, self._verbs = theme, words, desk, verbs
        px = theme.px
        who = (
            clean_line(desk.session.profile.get("settings", {}).get("full_name", ""))
            or desk.session.profile["name"]
        )
        self._who = label(self, theme, who, "strong")
        self._who.pack(fill="x", padx=px(20), pady=(px(14), px(10)))
        self._build_accounts(verbs)
        self.folders = Folders(self, theme, words, choose)
        self.folders.pack(side="top", fill="x")
        self._build_folder_maker()
        # Tab follows the order of stacking: the accounts come after the folders, as they are seen.
        self._box.lift()
        self.bind("<Configure>", lambda event: self._fit_folders() if event.widget is self else None)
        theme.on_change(self, self._fit_folders)
        desk.bells.on("folders", self.show_folders)
        desk.bells.on("progress", self.show_accounts)
        desk.bells.on("accounts", self.show_accounts)
        self.show_accounts()

    def _build_accounts(self, verbs: Dict[str, Callable[..., Any]]) -> None:
        px, words = self._theme.px, self._words
        self._box = box = tk.Frame(self, bg=look.DESK)
        box.pack(side="bottom", fill="x", pady=(0, px(8)))
        head = tk.Frame(box, bg=look.DESK)
        head.pack(fill="x", padx=(px(20), px(8)), pady=(px(4), px(2)))
        label(head, self._theme, words("left.accounts"), "small_strong", look.SOFT).pack(side="left")
        button(head, words("left.manage"), lambda: verbs["accounts"](""), "DeskLink").pack(side="right")
        self.collecting = CollectingPane(box, self._theme, words, verbs["accounts"])
        self.collecting.pack(fill="x")
        self.get = button(box, words("do.collect"), verbs["collect"], "DeskLink", "F5", self._theme)
        self.get.pack(anchor="w", padx=px(14), pady=(px(4), 0))

    def _build_folder_maker(self) -> None:
        """A word that turns into a line to type the new folder's name in."""
        px = self._theme.px
        box = tk.Frame(self, bg=look.DESK)
        box.pack(side="top", fill="x", padx=px(11), pady=(px(2), 0))
        self._maker, self._naming = box, ""
        self.make = button(box, self._words("left.new_folder"), self._ask_name, "DeskLink")
        self.make.pack(anchor="w", padx=px(3))
        self._name_entry = ttk.Entry(box, font=self._theme.fonts["aside"])
        self._name_entry.bind("<Return>", lambda _: self._make())
        self._name_entry.bind("<Escape>", lambda _: self._made())
        self._name_entry.bind(
            "<FocusOut>", lambda _: None if self._name_entry.get().strip() else self._made(False)
        )

    def _ask_name(self) -> None:
        self.make.pack_forget()
        self._name_entry.pack(fill="x", padx=self._theme.px(4), pady=self._theme.px(2))
        take_focus(self._name_entry)

    def _made(self, focus: bool = True) -> str:
        self._verbs["named"]()
        self._name_entry.delete(0, "end")
        self._name_entry.pack_forget()
        self.make.pack(anchor="w", padx=self._theme.px(3))
        if focus:
            take_focus(self.make)
        return "break"

    def _make(self) -> None:
        name = self._name_entry.get().strip()
        if not name:
            self._made()
        elif name != self._naming:
            self._naming = name
            self._desk.mail.create_folder(name, self._named, self._not_named)

    def _named(self, _: Any) -> None:
        name, self._naming = self._naming, ""
        self._verbs["named"]()
        # Who has gone elsewhere, or is writing the next name, goes on with that.
        if self._name_entry.get().strip() == name:
            self._made(focus=focused(self) is self._name_entry)

    def _not_named(self, trouble: Trouble) -> None:
        self._naming = ""
        self._verbs["not_named"](trouble)

    def show_folders(self, *_: Any) -> None:
        self.folders.show(self._desk.mailbox.folders, self._desk.browsing.folder)
        self._fit_folders()

    def _fit_folders(self) -> None:
        """Give the folders what they want, or what the rest leaves; then they scroll."""
        lines = self.winfo_height() // self._theme.line_height("text")
        self.collecting.set_rows(4 if lines >= 22 else 2 if lines >= 14 else 0)
        others = (self._who, self._maker, self._box)
        room = self.winfo_height() - sum(part.winfo_reqheight() for part in others) - self._theme.px(42)
        self.folders.set_height(room)

    def show_accounts(self, *_: Any) -> None:
        self.collecting.show(self._desk.accounts.all, self._desk.collecting.of)
        running = self._desk.collecting.running
        self.get.configure(text=self._words("left.collecting" if running else "do.collect"))
        self.get.state(["disabled" if running else "!disabled"])
