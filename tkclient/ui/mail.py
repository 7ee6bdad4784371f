"""The page of mail: three panes, the bar above, the foot below; and the pages that cover the right.

This file lays them out and lets the panes' wishes reach the desk; each pane has a file of its own.
"""

from __future__ import annotations

import tkinter as tk
from functools import partial
from typing import Any, Callable, Dict, List, Optional

from tkclient.desk import Desk
from tkclient.model import Row
from tkclient.trouble import ServerTrouble, Trouble
from tkclient.ui import theme as look
from tkclient.ui.accounts import AccountsPage
from tkclient.ui.bars import TopBar
from tkclient.ui.collecting import trouble_of
from tkclient.ui.dialogs import Notice
from tkclient.ui.foot import Foot
from tkclient.ui.keys import KeysPage
from tkclient.ui.left import LeftPane
from tkclient.ui.letters import Letters
from tkclient.ui.list import MessageList
from tkclient.ui.parts import focused, rule, take_focus
from tkclient.ui.reader import Reader
from tkclient.ui.telling import Telling
from tkclient.ui.theme import Theme
from tkclient.ui.writing import Writing
from tkclient.words import Words

LEFT, LIST_AT_LEAST, LIST_AT_MOST, READER_AT_LEAST = 212, 300, 400, 400


class MailPage(tk.Frame):
    """Everything after login. `on_leave` signs out; `on_title` says what the window shows."""

    def __init__(
        self,
        parent: tk.Misc,
        theme: Theme,
        words: Words,
        desk: Desk,
        on_leave: Callable[[], None],
        on_title: Callable[[str], None],
    ) -> None:
        super().__init__(parent, bg=look.PAPER)
        self.theme, self.words, self.desk = theme, words, desk
        self._on_leave, self.say_title = on_leave, on_title
        self.cover: Any = None
        self._narrow = False
        self._reading = False
        self.letters, self.writing = Letters(self), Writing(self)
        self._build()
        self.telling = Telling(self)

    def focus_first(self) -> None:
        """Begin in the list; who has no account yet begins by adding one."""
        if self.cover is None and not self.desk.accounts.all:
            self.show_accounts()
        else:
            take_focus(self.list.canvas)

    # Layout

    def _build(self) -> None:
        theme, words = self.theme, self.words
        verbs: Dict[str, Callable[..., Any]] = {
            "write": self.writing.write,
            "answer": self.writing.answer,
            "answer_all": lambda: self.writing.answer(True),
            "forward": self.writing.forward,
            "move": self.letters.ask_where,
            "unread": self.letters.mark,
            "delete": self.letters.delete,
            "leave": self.leave,
            "collect": self.collect,
            "accounts": self.open_account,
            "not_named": lambda trouble: self.notice.trouble(trouble, topic="folder"),
            "named": lambda: self.notice.settle("folder"),
        }
        self.top = TopBar(self, theme, words, verbs)
        self.top.pack(side="top", fill="x")
        rule(self).pack(side="top", fill="x")
        self.foot = Foot(self, theme, words, self.show_keys)
        self.foot.pack(side="bottom", fill="x")
        rule(self).pack(side="bottom", fill="x")
        self._left = tk.Frame(self, bg=look.DESK)
        self._left.pack_propagate(False)
        self._left.pack(side="left", fill="y")
        choose = partial(self.choose_folder, from_left=True)
        self.left = LeftPane(self._left, theme, words, self.desk, choose, verbs)
        self.left.pack(fill="both", expand=True)
        rule(self, upright=True).pack(side="left", fill="y")
        self.right = tk.Frame(self, bg=look.PAPER)
        self.right.pack(side="left", fill="both", expand=True)
        self._build_right()
        self.bind("<Configure>", lambda event: self._arrange() if event.widget is self else None)
        theme.on_change(self, self._arrange)
        self._arrange()
        self.reader.show_nothing(words("reader.choose"))

    def _build_right(self) -> None:
        theme, words = self.theme, self.words
        self.notice = Notice(self.right, theme, words)
        self.notice.pack(side="top", fill="x")
        self._panes = tk.Frame(self.right, bg=look.PAPER)
        self._panes.pack(side="top", fill="both", expand=True)
        self._panes.rowconfigure(0, weight=1)
        self.list = MessageList(
            self._panes, theme, words, self.desk.browsing.need, self._selected, self._entered
        )
        self._between = rule(self._panes, upright=True)
        self.reader = Reader(
            self._panes, theme, words, self.letters.save_attachment, self.writing.take_up, self.back
        )
        self.reader.on_turn = self.show_chosen
        self.reader.attachments.octets_per_second = lambda: self.desk.link.meter.octets_per_second

    def _arrange(self) -> None:
        """Share the width: beside one another where there is room, else the list or the letter."""
        theme, width = self.theme, self.winfo_width()
        if width < 50:
            width = self.winfo_toplevel().winfo_width()
        self._left.configure(width=theme.px(LEFT))
        room = width - theme.px(LEFT) - 2
        self._narrow = room < theme.px(LIST_AT_LEAST) + theme.px(READER_AT_LEAST)
        self.reader.is_narrow = self._narrow
        list_width = min(theme.px(LIST_AT_MOST), max(theme.px(LIST_AT_LEAST), int(room * 0.41)))
        for pane in (self.list, self._between, self.reader):
            pane.grid_forget()
        if not self._narrow:
            self._panes.columnconfigure(0, weight=0, minsize=list_width)
            self._panes.columnconfigure(2, weight=1)
            self.list.grid(row=0, column=0, sticky="nsew")
            self._between.grid(row=0, column=1, sticky="ns")
            self.reader.grid(row=0, column=2, sticky="nsew")
        else:
            self._panes.columnconfigure(0, weight=1, minsize=0)
            self._panes.columnconfigure(2, weight=0)
            (self.reader if self._reading else self.list).grid(row=0, column=0, sticky="nsew")
        self.show_chosen()

    def show_cover(self, page: Any) -> None:
        """Cover list and letter with a page."""
        self.left.folders.settle()
        self.writing.gone_on()
        self._drop_cover()
        self.cover = page
        self.notice.clear()
        self._panes.pack_forget()
        page.pack(side="top", fill="both", expand=True)
        self.show_chosen()
        self.update_idletasks()
        page.focus_first()

    def _drop_cover(self) -> None:
        if self.cover is not None:
            self.cover.destroy()
            self.cover = None
            self._panes.pack(side="top", fill="both", expand=True)

    def uncover(self) -> None:
        """Back to the mail; who is typing elsewhere meanwhile goes on there."""
        focus = focused(self)
        within = focus is None or str(focus).startswith(str(self.right))
        self._drop_cover()
        self.show_chosen()
        self.telling.say_folder()
        if within:
            take_focus(self.list.canvas)

    def trouble(self, trouble: Trouble, again: Optional[Callable[[], None]] = None) -> None:
        """Say why what the person wished was not done; `again` does it, where that may help."""
        self.telling.refused(trouble, again)

    # Folders and letters

    def choose_folder(self, folder: str, from_left: bool = False) -> None:
        """Turn to a folder. Chosen in the left pane, it leaves the focus where the person has it."""

        def go() -> None:
            self._drop_cover()
            self._reading = False
            self.notice.clear()
            self.telling.begin_anew()
            if folder != self.desk.browsing.folder:
                self.reader.show_nothing(self.words("reader.choose"))
            self.desk.browsing.show_folder(folder)
            self.left.show_folders()
            self._arrange()
            self.show_chosen()
            if not from_left:
                take_focus(self.list.canvas)

        self.writing.leaving(go)

    def _selected(self, row: Optional[Row]) -> None:
        """The person stopped on a row: show the letter beside the list."""
        if row is not None:
            self.letters.chosen(row)
            if not self._narrow:
                self.letters.open_letter(row)
        self.show_chosen()

    def _entered(self, row: Row) -> None:
        """The person wants to go into a letter."""
        if "draft" in row["flags"]:
            self.writing.take_up(row["id"])
            return
        self._reading = True
        if self._narrow:
            self._arrange()
        if self.reader.letter is None or self.reader.letter["id"] != row["id"]:
            self.letters.open_letter(row)
        take_focus(self.reader.text)

    def back(self) -> None:
        """Escape: from a page to the mail, from the letter to the list."""
        self.writing.gone_on()
        if self.writing.writer is not None:
            self.writing.writer.leave()
        elif self.cover is not None:
            self.uncover()
        else:
            self._reading = False
            if self._narrow:
                self._arrange()
            take_focus(self.list.canvas)

    def next_pane(self) -> None:
        """F6: folders, list, letter, and round again."""
        panes: List[tk.Misc] = [self.left.folders.canvas]
        panes += [self.list.canvas, self.reader.text] if self.cover is None else []
        panes = [pane for pane in panes if pane.winfo_viewable()]
        focus = focused(self)
        at = panes.index(focus) if focus is not None and focus in panes else -1
        if panes:
            panes[(at + 1) % len(panes)].focus_set()

    def show_chosen(self) -> None:
        self.top.letter_chosen(self.chosen(), bool(self.read_id()))

    def chosen(self) -> Optional[Row]:
        return self.list.selected if self.cover is None else None

    def read_id(self) -> str:
        """The id of the chosen letter while the reader shows it; "" where another is shown, or none."""
        row, letter = self.chosen(), self.reader.letter
        if row is None or letter is None or (self._narrow and not self._reading):
            return ""
        return str(row["id"]) if letter["id"] == row["id"] else ""

    def letter_gone(self, id_: str) -> None:
        """A letter was moved away: if it was the chosen one, choose the next without opening it."""
        if self.reader.letter is None or self.reader.letter["id"] == id_:
            self.reader.show_nothing(self.words("reader.choose"))
        if self.list.chosen_id != id_:
            return
        self.list.after_removal()
        if self._narrow and self._reading:
            self._reading = False
            self._arrange()
        take_focus(self.list.canvas)
        self.show_chosen()

    # The rest

    def collect(self) -> None:
        if not self.desk.accounts.all:
            self.open_account("")
        else:
            self.desk.collecting.start(lambda trouble: self.telling.missed(trouble, self.collect))

    def open_account(self, id_: str) -> None:
        """Show the accounts; for one that failed, go straight to what puts it right."""

        def go() -> None:
            self.show_accounts()
            account = next((item for item in self.desk.accounts.all if item["id"] == id_), None)
            error = trouble_of(self.desk.collecting.of(id_)) if id_ else None
            if account is not None and error is not None:
                trouble = ServerTrouble({"data": error, "message": error.get("message", "")})
                if trouble.kind == "remote_login_refused":
                    self.cover.ask_password(account)

        self.writing.leaving(go)

    def show_accounts(self) -> None:
        self.show_cover(AccountsPage(self.right, self.theme, self.words, self.desk, self.uncover))
        self.say_title(self.words("accounts.title"))

    def show_keys(self) -> None:
        def go() -> None:
            self.show_cover(KeysPage(self.right, self.theme, self.words, self.uncover))
            self.say_title(self.words("keys.title"))

        self.writing.leaving(go)

    def leave(self) -> None:
        """Sign out, once what is being written has been kept."""
        self.writing.leaving(self._on_leave)
