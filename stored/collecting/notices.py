"""What a visit finds out about a maildrop that its user should know, without it being a fault."""

from collections.abc import Iterator, Mapping

from restante import log
from stored.collecting.arrivals import Kept
from stored.collecting.deletion import CLOCK_HELD, Deletion
from stored.collecting.lease import LeasedAccount, Policy
from stored.collecting.listing import Listing
from stored.collecting.progress import Notice, Report
from stored.collecting.types import NoticeKind
from stored.pop3 import Session

_LOG = log.get("visit")


class Notices:
    """Tells of one account's maildrop. For one thread."""

    def __init__(self, user: str, account: LeasedAccount, report: Report) -> None:
        self._user = user
        self._account = account
        self._host = account.server.host
        self._report = report

    def announced(self, session: Session) -> None:
        """Tell what the server says of itself: whether it deletes by itself."""
        days = session.capabilities.expires_days
        if days is not None:
            self._report.notice("expires", _EXPIRES.format(host=session.host, days=days), session.host)

    def listed(self, listing: Listing, kept: Mapping[Kept, int]) -> None:
        """Tell how the server names its messages and what it does to them; `kept`: what became of them."""
        renamed = kept[Kept.RENAMED]
        if kept[Kept.ALTERED]:
            self._note("altered", _ALTERED, count=kept[Kept.ALTERED])
        if listing.repeated:
            self._note("names_shared", _NAMES_SHARED)
        if not all(entry.uidl for entry in listing.entries):
            self._note("no_names", _NO_NAMES)
        elif renamed * 2 > len(listing.entries) and not listing.first and not listing.repeated:
            self._note("names_changed", _NAMES_CHANGED, count=renamed)
            about = {"user": self._user, "account": self._account.id, "host": self._host}
            _LOG.warning("collect.names_changed", messages=renamed, total=len(listing.entries), **about)

    def deleting(self, listing: Listing, deletion: Deletion) -> None:
        """Tell why messages stay there that the user wants deleted."""
        policy = self._account.policy
        found = stays(
            self._host,
            listing,
            policy,
            unproved=deletion.unproved,
            unsafe=deletion.unsafe,
            held=deletion.held,
        )
        for notice in found:
            self._report.notice(notice.kind, notice.message, notice.about)

    def ended(self, session: Session, deletion: Deletion) -> None:
        """Tell what the server did not agree to delete, and what it said to that."""
        if deletion.refused:
            self._note("delete_refused", _REFUSED, count=deletion.refused, said=session.objection)

    def _note(self, kind: NoticeKind, text: str, **fill: object) -> None:
        self._report.notice(kind, text.format(host=self._host, **fill), self._host)


def stays(
    host: str, listing: Listing, policy: Policy, *, unproved: int, unsafe: int, held: bool
) -> Iterator[Notice]:
    """Tell why messages stay at `host` that `policy` wants deleted. Pure.

    `unproved` of them may be others than those collected, `unsafe` are neither whole here nor erased here.
    """
    if held:
        yield Notice("clock_held", CLOCK_HELD, host)
    stay = unproved + sum(not listing.may_go(entry, unnamed=policy.unnamed) for entry in listing.entries)
    if stay and policy.on_server != "leave":
        text = _NOT_DELETED.format(host=host, count=stay) + ("" if policy.unnamed else _ALLOW)
        yield Notice("not_deleted", text, host)
    if unsafe:
        yield Notice("unsafe", _UNSAFE.format(host=host, count=unsafe), host)


_ALTERED = (
    "{host}, or a virus scanner before it, has changed the headers of {count} messages that were collected "
    "before. They are known by their bodies, and none was stored twice. If you see this after each "
    "visit, a few are fetched again each time; to end that, switch off the scanning of POP3."
)
_EXPIRES = "{host} deletes messages by itself after {days} days, whatever is set here."
_NAMES_CHANGED = (
    "{host} gave new names (UIDL) to {count} messages that were collected before. None was stored twice."
)
_NAMES_SHARED = (
    "{host} gives several messages the same name (UIDL), so they are told apart by what is in them."
)
_NO_NAMES = "{host} gives some messages no lasting names (UIDL), so they are known by their octets alone."
_UNSAFE = (
    "Messages stay at {host} that are damaged or gone here, or were erased here and are not the same there, "
    "octet for octet: {count}. Delete them there yourself if you do not want them."
)
_REFUSED = (
    "{host} did not agree to delete {count} messages that are stored here. It is asked again in each visit. "
    "Delete them there yourself, or set the account to leave them there.{said}"
)
_NOT_DELETED = (
    "What is stored here is to be deleted at {host}. Messages that have no lasting name (UIDL) of their own "
    "stay there all the same: {count}."
)
_ALLOW = " Allow it for such messages in the account's settings, or delete them there yourself."
