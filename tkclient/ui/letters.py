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
            self._mark(row["id"], "seen" not in row["flags"])

    def _mark(self, id_: str, seen: bool) -> None:
        self._page.desk.mail.mark_read([id_], seen, self._failed(lambda: self._mark(id_, seen)))

    def _failed(self, again: Callable[[], None]) -> Callable[[Trouble], None]:
        """Return what says why something was not done, and offers to do just that `again`."""
        return lambda trouble: self._page.trouble(trouble, again)

    def delete(self) -> None:
        page = self._page
        row, words = page.chosen(), page.words
        if row is None or not page.list.settled:
            return
        if page.desk.browsing.folder != "trash":
            self._remove(row["id"], row["folder"], "trash", page.desk.mail.delete)
            return

        def for_good() -> None:
            if page.list.chosen_id == row["id"]:
                self._delete_for_good(row["id"])

        self._asked_about = row["id"]
        page.notice.ask(
            words("delete.ask"),
            [(words("delete.yes"), for_good), (words("delete.no"), page.list.canvas.focus_set)],
        )

    def _delete_for_good(self, id_: str) -> None:
        page = self._page
        page.desk.mail.delete([id_], lambda: None, self._failed(lambda: self._delete_for_good(id_)))
        self._after_removal(id_)

    def _remove(self, id_: str, was: str, to: str, ask: Callable[..., None]) -> None:
        """Move a letter from the folder `was` to another by `ask(ids, done, failed)`; offer the way back."""
        page, words = self._page, self._page.words
        folder = page.desk.mailbox.folder(to)
        name = folder_name(words, folder) if folder else to

        def back() -> None:
            chosen = page.list.chosen_id

            def is_back() -> None:
                # Unless the person has gone on to another letter meanwhile.
                if page.list.chosen_id == chosen:
                    page.list.select_id(id_)
                    page.show_chosen()

            page.desk.mail.move([id_], was, is_back, self._failed(back))

        undo = (words("notice.undo"), back)

        def done() -> None:
            page.notice.note(words("delete.done" if to == "trash" else "move.done", folder=name), [undo])

        # Again by moving: had only the answer been lost, deleting once more would be for good.
        ask([id_], done, self._failed(lambda: self._remove(id_, was, to, self._to(to))))
        self._after_removal(id_)

    def _to(self, folder: str) -> Callable[..., None]:
        """Return what moves letters to a folder: `(ids, done, failed)`."""
        return lambda ids, done, failed: self._page.desk.mail.move(ids, folder, done, failed)

    def _after_removal(self, id_: str) -> None:
        if self._wanted == id_:
            self._wanted = ""
        self._page.letter_gone(id_)

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
        id_, was = row["id"], row["folder"]
        return lambda: self._remove(id_, was, folder, self._to(folder))

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
