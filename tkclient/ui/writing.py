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
        self._wanted: Optional[object] = None

    @property
    def writer(self) -> Optional[Writer]:
        """The page of the letter that is being written, if one is."""
        cover = self._page.cover
        return cover if isinstance(cover, Writer) else None

    def write(self) -> None:
        """Begin a letter; where one is being written already, go on with that."""
        if self.writer is None:
            self._open(Letter({}))
        else:
            self.writer.go_on()

    def answer(self, everyone: bool = False) -> None:
        """Answer the letter that is being read; without one, do nothing."""
        id_, page = self._page.read_id(), self._page
        if id_:
            page.desk.outgoing.answer(id_, everyone, self._when_wanted(id_), page.trouble)

    def forward(self) -> None:
        """Pass on the letter that is being read; without one, do nothing."""
        id_, page = self._page.read_id(), self._page
        if id_:
            page.desk.outgoing.forward(id_, self._when_wanted(id_), page.trouble)

    def take_up(self, id_: str) -> None:
        """Go on with a draft."""
        self._page.desk.outgoing.take_up(id_, self._when_wanted(id_), self._page.trouble)

    def _when_wanted(self, id_: str) -> Callable[[Letter], None]:
        """Return what opens a letter that is being prepared, unless the person has gone on meanwhile."""
        self._wanted = wanted = object()

        def open_(letter: Letter) -> None:
            if self._wanted is wanted and self._page.list.chosen_id == id_:
                self._open(letter)

        return open_

    def gone_on(self) -> None:
        """The person does something else: what is being prepared shall not come in between."""
        self._wanted = None

    def post(self) -> None:
        """Send the letter that is being written."""
        if self.writer is not None:
            self.writer.post()

    def keep(self) -> None:
        if self.writer is not None:
            self.writer.keep(lambda: None, lambda _: None)

    def leaving(self, go: Callable[[], None], asking: bool = True) -> None:
        """Do `go` once a letter that is being written has been kept."""
        self.gone_on()
        if self.writer is None:
            go()
        else:
            self.writer.leave(go, asking)

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
