"""What there is to know about a maildrop, without it being a fault: every notice is made here."""

from collections.abc import Iterator, Mapping

from restante import log
from stored.collecting.arrivals import Kept
from stored.collecting.deletion import Deletion
from stored.collecting.lease import LeasedAccount, Policy
from stored.collecting.listing import Listing
from stored.collecting.progress import Notice, Report
from stored.collecting.types import NoticeKind
from stored.pop3 import Session

_LOG = log.get("visit")


def notice(kind: NoticeKind, host: str, **fill: object) -> Notice:
    """Return a notice about the maildrop at `host`, what else it tells filled in. Pure."""
    return Notice(kind, _TOLD[kind].format(host=host, **fill), host)


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
            self._note("expires", days=days)

    def listed(self, listing: Listing, kept: Mapping[Kept, int]) -> None:
        """Tell how the server names its messages and what it does to them; `kept`: what became of them."""
        renamed = kept[Kept.RENAMED]
        if kept[Kept.ALTERED]:
            self._note("altered", count=kept[Kept.ALTERED])
        if listing.repeated:
            self._note("names_shared")
        if not all(entry.uidl for entry in listing.entries):
            self._note("no_names")
        elif renamed * 2 > len(listing.entries) and not listing.first and not listing.repeated:
            self._note("names_changed", count=renamed)
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
        for one in found:
            self._report.notice(one)

    def ended(self, session: Session, deletion: Deletion) -> None:
        """Tell what the server did not agree to delete, and what it said to that."""
        if deletion.refused:
            self._note("delete_refused", count=deletion.refused, said=session.objection)

    def _note(self, kind: NoticeKind, **fill: object) -> None:
        self._report.notice(notice(kind, self._host, **fill))


def stays(
    host: str, listing: Listing, policy: Policy, *, unproved: int, unsafe: int, held: bool
) -> Iterator[Notice]:
    """Tell why messages stay at `host` that `policy` wants deleted. Pure.

    `unproved` of them may be others than those collected, `unsafe` are neither whole here nor erased here.
    """
    if held:
        yield notice("clock_held", host)
    stay = unproved + sum(not listing.may_go(entry, unnamed=policy.unnamed) for entry in listing.entries)
    if stay and policy.on_server != "leave":
        yield notice("not_deleted", host, count=stay, allow="" if policy.unnamed else _ALLOW)
    if unsafe:
        yield notice("unsafe", host, count=unsafe)


_TOLD: Mapping[NoticeKind, str] = {
    "expires": "{host} deletes messages by itself after {days} days, whatever is set here.",
    "names_changed": (
        "{host} gave new names (UIDL) to messages that were collected before: {count}. None was stored twice."
    ),
    "altered": (
        "{host}, or a virus scanner before it, has changed the headers of messages that were collected "
        "before: {count}. They are known by their bodies, and none was stored twice. If you see this after "
        "each visit, a few are fetched again each time; to end that, switch off the scanning of POP3."
    ),
    "names_shared": (
        "{host} gives several messages the same name (UIDL), so they are told apart by what is in them."
    ),
    "no_names": (
        "{host} gives some messages no lasting names (UIDL), so they are known by their octets alone."
    ),
    "not_deleted": (
        "What is stored here is to be deleted at {host}. Messages that have no lasting name (UIDL) of their "
        "own stay there all the same: {count}.{allow}"
    ),
    "unsafe": (
        "Messages stay at {host} that are damaged or gone here, or were erased here and are not the same "
        "there, octet for octet: {count}. Delete them there yourself if you do not want them."
    ),
    "delete_refused": (
        "{host} did not agree to delete messages that are stored here: {count}. It is asked again in each "
        "visit. Delete them there yourself, or set the account to leave them there.{said}"
    ),
    "clock_held": (
        "The clock of this service has jumped, so nothing is deleted at the server until the operator "
        "confirms that it is right."
    ),
    "login_delay": "{host} wants some time between visits. What is new comes later.",
    "forwarded_enough": (
        "Rules forward at most {count} letters a day. Others came from {host} and were not forwarded; they "
        "are here, and none of them was deleted."
    ),
    "not_forwarded": (
        "What rules forward of the letters from {host} was not forwarded; it is here, and none of it was "
        "deleted. {why}"
    ),
}
_ALLOW = " Allow it for them too by the account's setting delete_unnamed, or delete them there yourself."
