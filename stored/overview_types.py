"""The structs on the wire of the arrival card and of one's own statistics."""

from typing import Annotated, NotRequired, TypedDict

from restante.wire import Chars, Count, Items, Range, State
from stored.sending.types import Outcome, Reported

SeenState = Annotated[str, Chars(0, 40, one_line=True)]
ZoneMinutes = Annotated[int, Range(-840, 840)]

_CardFrom = TypedDict("_CardFrom", {"from": str})


class CardLetter(_CardFrom):
    """One new letter; `known`: the user has written to who wrote it."""

    id: str
    account: str
    subject: str
    received_at: str
    known: bool


class CardAccount(TypedDict):
    """One account: new letters, and of these by people the user knows."""

    account: str
    address: str
    new: Count
    known: Count


class CardTrouble(TypedDict):
    account: str
    address: str
    kind: str
    message: str


class CardSubmission(Reported):
    """A letter and the first recipient that it did not reach, or not yet; `others`: so many more of them.

    What is reported as in `outbox.list`, which tells of each recipient; where there is a `sentence` and no
    `final`, the letter was not sent to `address` from here.
    """

    submission: str
    subject: str
    address: str
    outcome: Outcome
    detail: str
    others: NotRequired[Count]


class Card(TypedDict):
    """What happened since the last card that was seen. `new` counts all, `letters` are the first of them.

    `since` is false where that is not known (any more): then it is the unread of the inbox. `failing`,
    `bounced` and `waiting` may be cut too; `cut` tells that something is.
    """

    state: State
    since: bool
    new: Count
    accounts: list[CardAccount]
    letters: list[CardLetter]
    failing: list[CardTrouble]
    bounced: list[CardSubmission]
    waiting: list[CardSubmission]
    cut: bool


class DayCount(TypedDict):
    """One day as 2026-11-23."""

    day: str
    received: Count
    sent: Count


class PersonCount(TypedDict):
    address: str
    messages: Count


class AccountCount(TypedDict):
    account: str
    messages: Count
    octets: str


class FolderCount(TypedDict):
    folder: str
    name: str
    messages: Count
    unread: Count
    octets: str


class Statistics(TypedDict):
    """All mail that is here, counted. `hours` from midnight, `weekdays` from Monday, of what was received."""

    state: State
    received: Count
    sent: Count
    octets: str
    days: Annotated[list[DayCount], Items(31)]
    hours: list[Count]
    weekdays: list[Count]
    writers: list[PersonCount]
    recipients: list[PersonCount]
    accounts: list[AccountCount]
    folders: list[FolderCount]
