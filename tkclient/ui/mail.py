"""The page of mail: three panes, the bar above, the foot below; and the pages that cover the right.

This file lays them out and lets the panes' wishes reach the desk; each pane has a file of its own.
"""

from __future__ import annotations

import tkinter as tk
from typing import Any, Callable, Dict, List, Optional

from tkclient.compose import Letter
from tkclient.desk import Desk
from tkclient.model import Row
from tkclient.trouble import ServerTrouble, Trouble
from tkclient.ui import theme as look
from tkclient.ui.accounts import AccountsPage
from tkclient.ui.bars import Foot, TopBar
from tkclient.ui.collecting import trouble_of
from tkclient.ui.dialogs import Notice
from tkclient.ui.folders import folder_name
from tkclient.ui.keys import KeysPage
from tkclient.ui.left import LeftPane
from tkclient.ui.letters import Letters
from tkclient.ui.list import MessageList
from tkclient.ui.parts import rule
from tkclient.ui.reader import Reader
from tkclient.ui.theme import Theme
from tkclient.ui.writer import Writer
from tkclient.words import Words

LEFT, LIST_AT_LEAST, LIST_AT_MOST, READER_AT_LEAST = 212, 300, 400, 400
WARN_SECONDS = 60


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
        self._on_leave, self._on_title = on_leave, on_title
        self._cover: Any = None
        self._narrow = False
        self._reading = False
        self._warned = False
        self._missing_said = ""
        self.letters = Letters(self)
        self._build()
        self._listen()

    def focus_first(self) -> None:
        """Begin in the list; who has no account yet begins by adding one."""
        if self._cover is None and not self.desk.accounts.all:
            self.show_accounts()
        else:
            self.list.canvas.focus_set()

    # Layout

    def _build(self) -> None:
        theme, words = self.theme, self.words
        verbs: Dict[str, Callable[..., Any]] = {
            "write": self.write,
            "answer": self.answer,
            "answer_all": lambda: self.answer(True),
            "forward": self.forward,
            "move": self.letters.ask_where,
            "unread": self.letters.mark,
            "delete": self.letters.delete,
            "leave": self.leave,
            "collect": self.collect,
            "accounts": self.open_account,
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
        self.left = LeftPane(self._left, theme, words, self.desk, self.choose_folder, verbs, self.trouble)
        self.left.pack(fill="both", expand=True)
        rule(self, upright=True).pack(side="left", fill="y")
        self.right = tk.Frame(self, bg=look.PAPER)
        self.right.pack(side="left", fill="both", expand=True)
        self._build_right()
        self.bind("<Configure>", lambda event: self._arrange() if event.widget is self else None)
        theme.on_change(self, self._arrange)
        self._arrange()
        self._letter_chosen()
        self.reader.show_nothing(words("reader.choose"))

    def _build_right(self) -> None:
        theme, words = self.theme, self.words
        self.notice = Notice(self.right, theme, words)
        self.notice.pack(side="top", fill="x")
        self._panes = tk.Frame(self.right, bg=look.PAPER)
        self._panes.pack(side="top", fill="both", expand=True)
        self._panes.rowconfigure(0, weight=1)
        self.list = MessageList(self._panes, theme, words, self.desk.mail.need, self._selected, self._entered)
        self._between = rule(self._panes, upright=True)
        self.reader = Reader(self._panes, theme, words, self.letters.save_attachment, self.take_up, self.back)
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

    def _show_cover(self, page: Any) -> None:
        """Cover list and letter with a page."""
        self._drop_cover()
        self._cover = page
        self.notice.clear()
        self._panes.pack_forget()
        page.pack(side="top", fill="both", expand=True)
        self._letter_chosen()
        page.focus_first()

    def _drop_cover(self) -> None:
        if self._cover is not None:
            self._cover.destroy()
            self._cover = None
            self._panes.pack(side="top", fill="both", expand=True)

    def uncover(self) -> None:
        """Back to the mail."""
        self._drop_cover()
        self._letter_chosen()
        self._say_title()
        self.list.canvas.focus_set()

    # Listening to the desk

    def _listen(self) -> None:
        bells = self.desk.bells
        bells.on("listing", lambda folder: self.show_listing() if folder == self.desk.mail.folder else None)
        bells.on("folders", self.show_listing)
        bells.on("listing_failed", self._listing_failed)
        bells.on("collect_failed", lambda trouble: self.notice.trouble(trouble, [self._again(self.collect)]))
        bells.on("session", self._show_session)

    def _again(self, what: Callable[[], Any]) -> Any:
        def again() -> None:
            # The person asks now: should it fail again, they hear it again.
            self._missing_said = ""
            what()

        return self.words("notice.again"), again

    def show_listing(self) -> None:
        folder = self._folder_shown()
        listing = self.desk.mailbox.listing(folder["id"])
        if listing.known and self._missing_said:
            if self.notice.said == self._missing_said:
                self.notice.clear()
            self._missing_said = ""
        name, empty = folder_name(self.words, folder), self._say_empty(folder["id"])
        unknown = self.words("list.away" if self._missing_said else "list.loading")
        self.list.show(listing, name, folder["unread"], empty, unknown)
        self._letter_chosen()
        if self.reader.letter is None:
            self.reader.say_empty(self.words("reader.choose") if listing.total else "")
        if self._cover is None:
            self._say_title()

    def _folder_shown(self) -> Dict[str, Any]:
        """Return the folder shown, as far as it is known."""
        folder = self.desk.mail.folder
        unknown = {"id": folder, "role": folder, "name": folder, "unread": 0, "total": 0}
        return self.desk.mailbox.folder(folder) or unknown

    def _say_empty(self, folder: str) -> str:
        if folder == "inbox" and not self.desk.accounts.all:
            return self.words("list.empty_no_accounts")
        key = "list.empty_" + folder
        return self.words(key) if self.words.has(key) else self.words("list.empty_folder")

    def _say_title(self) -> None:
        folder = self._folder_shown()
        unread = " (%s)" % self.words.number(folder["unread"]) if folder["unread"] else ""
        self._on_title(folder_name(self.words, folder) + unread)

    def _listing_failed(self, folder: str, trouble: Trouble) -> None:
        """Say why the letters did not come; once only while that is tried again by itself."""
        said = self.words.error(trouble)
        if not self.desk.mailbox.listing(folder).known:
            if said == self._missing_said:
                return
            self._missing_said = said
            self.show_listing()
        if not self.desk.mailbox.folders:
            actions = [self._again(lambda: self.desk.mail.first_screen(self.desk.collecting.took))]
        else:
            actions = [self._again(lambda: self.desk.mail.need(0, 50))]
        self.notice.trouble(trouble, actions)

    def _show_session(self) -> None:
        left = self.desk.session.seconds_left()
        self.foot.show(left, self.desk.link.meter.octets, self.desk.tasks.waiting_seconds())
        if left is not None and left < WARN_SECONDS and not self._warned:
            self._warned = True
            self.keep_what_is_written()
            self.notice.warn(self.words("session.ends_soon"), [(self.words("session.stay"), self.desk.stay)])
        elif left is not None and left > WARN_SECONDS + 30 and self._warned:
            self._warned = False
            self.notice.clear()

    def trouble(self, trouble: Trouble) -> None:
        self.notice.trouble(trouble)

    # Folders and letters

    def choose_folder(self, folder: str) -> None:
        def go() -> None:
            self._drop_cover()
            self._reading = False
            self.notice.clear()
            self._missing_said = ""
            if folder != self.desk.mail.folder:
                self.reader.show_nothing(self.words("reader.choose"))
            self.desk.mail.show_folder(folder)
            self.left.show_folders()
            self._arrange()
            self._letter_chosen()
            if self.focus_get() is not self.left.folders.canvas:
                self.list.canvas.focus_set()

        self.leaving_writer(go)

    def leaving_writer(self, go: Callable[[], None]) -> None:
        """Do `go` once a letter that is being written has been kept."""
        if isinstance(self._cover, Writer):
            writer = self._cover
            if writer.sending:
                writer.notice.warn(self.words("writer.sending_wait"))
                return
            writer.keep(
                go, lambda trouble: writer.notice.trouble(trouble, [(self.words("writer.leave_anyway"), go)])
            )
        else:
            go()

    def keep_what_is_written(self) -> None:
        if isinstance(self._cover, Writer):
            self._cover.keep(lambda: None, lambda _: None)

    def _selected(self, row: Optional[Row]) -> None:
        """The person stopped on a row: show the letter beside the list."""
        if row is not None and not self._narrow:
            self.letters.open_letter(row)
        self._letter_chosen()

    def _entered(self, row: Row) -> None:
        """The person wants to go into a letter."""
        if "draft" in row["flags"]:
            self.take_up(row["id"])
            return
        self._reading = True
        if self._narrow:
            self._arrange()
        if self.reader.letter is None or self.reader.letter["id"] != row["id"]:
            self.letters.open_letter(row)
        self.reader.text.focus_set()

    def back(self) -> None:
        """Escape: from a page to the mail, from the letter to the list."""
        if isinstance(self._cover, Writer):
            self._cover.leave()
        elif self._cover is not None:
            self.uncover()
        else:
            self._reading = False
            if self._narrow:
                self._arrange()
            self.list.canvas.focus_set()

    def next_pane(self) -> None:
        """F6: folders, list, letter, and round again."""
        panes: List[tk.Misc] = [self.left.folders.canvas]
        panes += [self.list.canvas, self.reader.text] if self._cover is None else []
        panes = [pane for pane in panes if pane.winfo_viewable()]
        focus = self.focus_get()
        at = panes.index(focus) if focus is not None and focus in panes else -1
        if panes:
            panes[(at + 1) % len(panes)].focus_set()

    def _letter_chosen(self) -> None:
        self.top.letter_chosen(self.chosen())

    def chosen(self) -> Optional[Row]:
        return self.list.selected if self._cover is None else None

    def letter_gone(self) -> None:
        """The letter shown was moved away: put the selection on the next, without opening it."""
        self.list.after_removal()
        self.reader.show_nothing(self.words("reader.choose"))
        if self._narrow and self._reading:
            self._reading = False
            self._arrange()
        self.list.canvas.focus_set()
        self._letter_chosen()

    # Writing

    def write(self) -> None:
        if not isinstance(self._cover, Writer):
            self._open_writer(Letter({}))

    def post(self) -> None:
        """Send the letter that is being written."""
        if isinstance(self._cover, Writer):
            self._cover.post()

    def answer(self, everyone: bool = False) -> None:
        row = self.chosen()
        if row is not None:
            self.desk.outgoing.answer(row["id"], everyone, self._open_writer, self.trouble)

    def forward(self) -> None:
        row = self.chosen()
        if row is not None:
            self.desk.outgoing.forward(row["id"], self._open_writer, self.trouble)

    def take_up(self, id_: str) -> None:
        """Go on with a draft."""
        self.desk.outgoing.take_up(id_, self._open_writer, self.trouble)

    def _open_writer(self, letter: Letter) -> None:
        if not self.winfo_exists() or isinstance(self._cover, Writer):
            return
        if not self.desk.accounts.identities:
            self.notice.warn(
                self.words("writer.no_identity"), [(self.words("left.manage"), self.show_accounts)]
            )
            return
        writer = Writer(self.right, self.theme, self.words, self.desk, letter, self._writer_left, self._sent)
        self._show_cover(writer)
        self._on_title(self.words("writer.title"))

    def _writer_left(self) -> None:
        kept = isinstance(self._cover, Writer) and bool(self._cover.letter.id)
        self.uncover()
        self.desk.mail.look_for_changes()
        if kept:
            self.reader.show_nothing(self.words("reader.choose"))

    def _sent(self, submission: Dict[str, Any]) -> None:
        self.uncover()
        see = (self.words("writer.see_sent"), lambda: self.choose_folder("sent"))
        self.notice.note(self.words("writer.sent"), [see])

    # The rest

    def collect(self) -> None:
        if not self.desk.accounts.all:
            self.show_accounts()
        else:
            self.desk.collecting.start(
                lambda trouble: self.notice.trouble(trouble, [self._again(self.collect)])
            )

    def open_account(self, id_: str) -> None:
        """Show the accounts; for one that failed, go straight to what puts it right."""

        def go() -> None:
            self.show_accounts()
            account = next((item for item in self.desk.accounts.all if item["id"] == id_), None)
            error = trouble_of(self.desk.collecting.of(id_)) if id_ else None
            if account is not None and error is not None:
                trouble = ServerTrouble({"data": error, "message": error.get("message", "")})
                if trouble.kind == "remote_login_refused":
                    self._cover.ask_password(account)

        self.leaving_writer(go)

    def show_accounts(self) -> None:
        self._show_cover(AccountsPage(self.right, self.theme, self.words, self.desk, self.uncover))
        self._on_title(self.words("accounts.title"))

    def show_keys(self) -> None:
        def go() -> None:
            self._show_cover(KeysPage(self.right, self.theme, self.words, self.uncover))
            self._on_title(self.words("keys.title"))

        self.leaving_writer(go)

    def leave(self) -> None:
        """Sign out, once what is being written has been kept."""
        self.leaving_writer(self._on_leave)
