"""What a person does about letters of their own: begin one, answer, pass on, take up a draft, keep, send."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Dict, Optional

from tkclient.compose import Letter
from tkclient.ui.writer import Writer

if TYPE_CHECKING:
    from tkclient.ui.mail import MailPage


class Writing:
    """Acts for the page of mail, which a letter covers while it is being written."""

    def __init__(self, page: "MailPage") -> None:
        self._page = page

    @property
    def writer(self) -> Optional[Writer]:
        """The page of the letter that is being written, if one is."""
        cover = self._page.cover
        return cover if isinstance(cover, Writer) else None

    def write(self) -> None:
        if self.writer is None:
            self._open(Letter({}))

    def answer(self, everyone: bool = False) -> None:
        row, page = self._page.chosen(), self._page
        if row is not None:
            page.desk.outgoing.answer(row["id"], everyone, self._open, page.trouble)

    def forward(self) -> None:
        row, page = self._page.chosen(), self._page
        if row is not None:
            page.desk.outgoing.forward(row["id"], self._open, page.trouble)

    def take_up(self, id_: str) -> None:
        """Go on with a draft."""
        self._page.desk.outgoing.take_up(id_, self._open, self._page.trouble)

    def post(self) -> None:
        """Send the letter that is being written."""
        if self.writer is not None:
            self.writer.post()

    def keep(self) -> None:
        if self.writer is not None:
            self.writer.keep(lambda: None, lambda _: None)

    def leaving(self, go: Callable[[], None]) -> None:
        """Do `go` once a letter that is being written has been kept."""
        writer, words = self.writer, self._page.words
        if writer is None:
            go()
        elif writer.sending:
            writer.notice.warn(words("writer.sending_wait"))
        else:
            anyway = [(words("writer.leave_anyway"), go)]
            writer.keep(go, lambda trouble: writer.notice.trouble(trouble, anyway))

    def _open(self, letter: Letter) -> None:
        page = self._page
        if not page.winfo_exists() or self.writer is not None:
            return
        if not page.desk.accounts.identities:
            page.notice.warn(
                page.words("writer.no_identity"), [(page.words("left.manage"), page.show_accounts)]
            )
            return
        page.show_cover(Writer(page.right, page.theme, page.words, page.desk, letter, self._left, self._sent))
        page.say_title(page.words("writer.title"))

    def _left(self) -> None:
        page, shown = self._page, self._page.reader.letter
        page.uncover()
        page.desk.browsing.look_for_changes()
        if shown is not None and "draft" in shown["flags"]:
            # It may be the one that was taken up, which says something else by now.
            page.reader.show_nothing(page.words("reader.choose"))

    def _sent(self, submission: Dict[str, Any]) -> None:
        page = self._page
        page.uncover()
        see = (page.words("writer.see_sent"), lambda: page.choose_folder("sent"))
        page.notice.note(page.words("writer.sent"), [see])
