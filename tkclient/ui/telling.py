"""What the page of mail shows of what the desk tells: the list and its title, trouble, the session's end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Dict, Optional, Tuple

from tkclient.browsing import is_away
from tkclient.trouble import Trouble
from tkclient.ui.folders import folder_name

if TYPE_CHECKING:
    from tkclient.ui.mail import MailPage

WARN_SECONDS = 60
# What a notice is about: a wish that was not done and can be repeated, as it stands there, at any time; what
# is over once a server answers; the list that did not come.
DEED, CONTACT, LISTING = "deed", "contact", "listing"


def topic_of(trouble: Trouble, otherwise: str = "") -> str:
    """Return what a notice of `trouble` is about: contact where nobody answered."""
    return CONTACT if is_away(trouble) or trouble.kind == "storage_away" else otherwise


class Telling:
    """Listens to the desk for the page of mail."""

    def __init__(self, page: "MailPage") -> None:
        self._page = page
        self._warned = False
        self._missing_said = ""
        bells, browsing = page.desk.bells, page.desk.browsing
        bells.on("listing", lambda folder: self.show_listing() if folder == browsing.folder else None)
        bells.on("folders", self.show_listing)
        bells.on("listing_failed", self._listing_failed)
        bells.on("folders_failed", lambda trouble: self._came_not(trouble, browsing.fetch_folders))
        bells.on("collect_failed", lambda trouble: self._came_not(trouble, page.collect))
        bells.on("contact", self._contact)
        bells.on("session", self._show_session)
        self._show_session()

    def begin_anew(self) -> None:
        """The person asks now: should it fail again, they hear it again."""
        self._missing_said = ""

    def again(self, what: Callable[[], Any]) -> Tuple[str, Callable[[], None]]:
        """Return the action of a notice that tries `what` again."""

        def again() -> None:
            self.begin_anew()
            what()

        return self._page.words("notice.again"), again

    def refused(self, trouble: Trouble, again: Optional[Callable[[], None]]) -> None:
        """Say why what the person wished was not done; `again` does just that, where it may help."""
        if again is not None and trouble.retryable:
            self._page.notice.trouble(trouble, [self.again(again)], DEED)
        else:
            self._page.notice.trouble(trouble, topic=topic_of(trouble))

    def missed(self, trouble: Trouble, again: Callable[[], Any], topic: str = "") -> None:
        """Say what did not come, and offer to fetch it `again`."""
        self._page.notice.trouble(trouble, [self.again(again)], topic_of(trouble, topic))

    def _came_not(self, trouble: Trouble, again: Callable[[], Any], topic: str = "") -> None:
        """As `missed`, of what nobody asked for: never in the place of a wish that can be repeated."""
        if self._page.notice.topic != DEED:
            self.missed(trouble, again, topic)

    def _contact(self) -> None:
        """The storage server answers: that it did not is true no more."""
        if self._page.notice.settle(CONTACT):
            self._missing_said = ""

    def show_listing(self) -> None:
        page, folder = self._page, self._folder_shown()
        listing = page.desk.mailbox.listing(folder["id"])
        if listing.known and self._missing_said:
            page.notice.settle(LISTING)
            self._missing_said = ""
        name, empty = folder_name(page.words, folder), self._say_empty(folder["id"])
        unknown = page.words("list.away" if self._missing_said else "list.loading")
        page.list.show(listing, name, folder["unread"], empty, unknown)
        page.show_chosen()
        if page.reader.letter is None:
            page.reader.say_empty(page.words("reader.choose") if listing.total else "")
        if page.cover is None:
            self.say_folder()

    def say_folder(self) -> None:
        """Have the window say which folder is shown, and how much in it is unread."""
        page, folder = self._page, self._folder_shown()
        unread = " (%s)" % page.words.number(folder["unread"]) if folder["unread"] else ""
        page.say_title(folder_name(page.words, folder) + unread)

    def _folder_shown(self) -> Dict[str, Any]:
        """Return the folder shown, as far as it is known."""
        folder = self._page.desk.browsing.folder
        unknown = {"id": folder, "role": folder, "name": folder, "unread": 0, "total": 0}
        return self._page.desk.mailbox.folder(folder) or unknown

    def _say_empty(self, folder: str) -> str:
        words = self._page.words
        if folder == "inbox" and not self._page.desk.accounts.all:
            return words("list.empty_no_accounts")
        key = "list.empty_" + folder
        return words(key) if words.has(key) else words("list.empty_folder")

    def _listing_failed(self, folder: str, trouble: Trouble) -> None:
        """Say why the letters did not come; once only while that is tried again by itself."""
        page, desk = self._page, self._page.desk
        said = page.words.error(trouble)
        if not desk.mailbox.listing(folder).known:
            if said == self._missing_said:
                return
            self._missing_said = said
            self.show_listing()
        if not desk.mailbox.folders:
            self._came_not(trouble, lambda: desk.browsing.first_screen(desk.collecting.took), LISTING)
        else:
            self._came_not(trouble, lambda: desk.browsing.need(0, 50), LISTING)

    def _show_session(self) -> None:
        page, desk = self._page, self._page.desk
        left = desk.session.seconds_left()
        page.foot.show(left, desk.link.meter.octets, desk.tasks.waiting_seconds())
        if left is not None and left < WARN_SECONDS and not self._warned:
            self._warned = True
            page.writing.keep()
            page.notice.warn(page.words("session.ends_soon"), [(page.words("session.stay"), desk.stay)])
        elif left is not None and left > WARN_SECONDS + 30 and self._warned:
            self._warned = False
            if page.notice.said == page.words("session.ends_soon"):
                page.notice.clear()
