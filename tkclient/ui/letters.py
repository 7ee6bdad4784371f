"""What a person does with the letter chosen in the list: read, mark, delete, move, save what is attached."""

from __future__ import annotations

from pathlib import Path
from tkinter import filedialog
from typing import TYPE_CHECKING, Any, Callable, Dict

from tkclient.model import Row
from tkclient.safe_name import safe_name
from tkclient.trouble import Trouble
from tkclient.ui.chooser import Chooser
from tkclient.ui.folders import folder_name

if TYPE_CHECKING:
    from tkclient.ui.mail import MailPage


class Letters:
    """Acts for the page of mail, which says which letter is chosen and shows what comes of it."""

    def __init__(self, page: "MailPage") -> None:
        self._page = page
        self._wanted = ""
        self._asked_about = ""

    def chosen(self, row: Row) -> None:
        """The person chose a letter: a question about another one is none any more."""
        if self._asked_about not in ("", row["id"]):
            self._asked_about = ""
            self._page.notice.withdraw()

    def open_letter(self, row: Row) -> None:
        shown, wanted = self._page.reader, row["id"]
        if shown.letter is not None and shown.letter["id"] == wanted:
            return
        shown.show_loading(row)
        self._wanted = wanted

        def done(letter: Dict[str, Any]) -> None:
            if self._wanted == wanted and self._page.winfo_exists():
                shown.show(letter)
                if letter["folder"] == "sent":
                    self._page.desk.outgoing.fate(wanted, lambda found: self._show_fate(wanted, found))

        def failed(trouble: Trouble) -> None:
            if self._wanted == wanted and self._page.winfo_exists():
                shown.show_trouble(trouble, lambda: self.open_letter(row))

        self._page.desk.mail.open_letter(wanted, done, failed)

    def _show_fate(self, message: str, submission: Dict[str, Any]) -> None:
        if (
            self._page.winfo_exists()
            and self._page.reader.letter is not None
            and self._page.reader.letter["id"] == message
        ):
            self._page.reader.show_fate(submission)

    def mark(self) -> None:
        row = self._page.chosen()
        if row is not None:
            self._page.desk.mail.mark_read([row["id"]], "seen" not in row["flags"], self._page.trouble)

    def delete(self) -> None:
        page = self._page
        row, words = page.chosen(), page.words
        if row is None or not page.list.settled:
            return
        if page.desk.browsing.folder != "trash":
            self._remove(row, "trash")
            return

        def for_good() -> None:
            if page.list.chosen_id != row["id"]:
                return
            page.desk.mail.delete([row["id"]], lambda: None, page.trouble)
            self._after_removal(row)

        self._asked_about = row["id"]
        page.notice.ask(
            words("delete.ask"),
            [(words("delete.yes"), for_good), (words("delete.no"), page.list.canvas.focus_set)],
        )

    def _remove(self, row: Row, to: str) -> None:
        """Move a letter away, and offer to bring it back."""
        page, was = self._page, row["folder"]
        words, mail = page.words, page.desk.mail
        folder = page.desk.mailbox.folder(to)
        name = folder_name(words, folder) if folder else to

        def back() -> None:
            chosen = page.list.chosen_id

            def is_back() -> None:
                # Unless the person has gone on to another letter meanwhile.
                if page.list.chosen_id == chosen:
                    page.list.select_id(row["id"])

            mail.move([row["id"]], was, is_back, page.trouble)

        undo = (words("notice.undo"), back)

        def done() -> None:
            page.notice.note(words("delete.done" if to == "trash" else "move.done", folder=name), [undo])

        if to == "trash":
            mail.delete([row["id"]], done, page.trouble)
        else:
            mail.move([row["id"]], to, done, page.trouble)
        self._after_removal(row)

    def _after_removal(self, row: Row) -> None:
        if self._wanted == row["id"]:
            self._wanted = ""
        self._page.letter_gone(row["id"])

    def ask_where(self) -> None:
        """Offer the folders a letter can be moved to."""
        row = self._page.chosen()
        if row is None:
            return
        choices = [
            (folder_name(self._page.words, folder), self._mover(row, folder["id"]))
            for folder in self._page.desk.mailbox.folders
            if folder["id"] != row["folder"] and folder["id"] not in ("drafts", "sent")
        ]
        Chooser(self._page.winfo_toplevel(), self._page.theme, self._page.top.place_of("move"), choices)

    def _mover(self, row: Row, folder: str) -> Callable[[], None]:
        return lambda: self._remove(row, folder)

    def save_attachment(self, part: Dict[str, Any], line: Any) -> None:
        """Let the person choose where, then fetch it there."""
        name = safe_name(part.get("name", ""), self._page.words("attachment.unnamed"))
        chosen = filedialog.asksaveasfilename(
            parent=self._page,
            title=self._page.words("attachment.save_title"),
            initialfile=name,
            initialdir=str(Path.home()),
            filetypes=[(self._page.words("files.all"), "*")],
        )
        if not chosen or not line.winfo_exists():
            return
        target = Path(chosen)

        def done(_: Any) -> None:
            if line.winfo_exists():
                line.finished(self._page.words("attachment.saved"))
            self._page.reader.notice.note(self._page.words("attachment.saved_as", file=str(target)))

        def failed(trouble: Trouble) -> None:
            if line.winfo_exists():
                line.finished()
            self._page.reader.notice.trouble(trouble)

        def progress(moved: int, total: int) -> None:
            if line.winfo_exists():
                line.progress(moved, total)

        line.begun(self._page.desk.mail.save_attachment(part, target, progress, done, failed))
