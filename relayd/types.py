"""What the files of relayd hand to each other, and what its methods return. Values only.

Times inside are seconds since 1970 (UTC); on the wire they are RFC 3339 text.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypedDict

from relayd.model import Outcome


@dataclass(frozen=True)
class Arrival:
    """A letter that has passed every check and is to be queued."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes
    smtputf8: bool = False
    item: str = ""
    source: str = ""
    user: str = ""
    submission: str = ""


@dataclass(frozen=True)
class Accepted:
    """The answer to an arrival. `new` is False when the same submission had been answered before."""

    item: str
    answer: str
    new: bool
    refused: str = ""


@dataclass(frozen=True)
class Waiting:
    """A queue item as the delivery sees it: no octets, and only the recipients still waited for."""

    item: str
    sender: str
    recipients: tuple["WaitingRecipient", ...]
    octets: int
    smtputf8: bool
    accepted_at: float


@dataclass(frozen=True)
class WaitingRecipient:
    address: str
    attempts: int
    next_attempt_at: float


@dataclass(frozen=True)
class Unreported:
    """One outcome that `source` has not been told yet; `number` orders them."""

    number: int
    source: str
    user: str
    submission: str
    recipient: str
    outcome: Outcome
    detail: str
    at: float


class RecipientStatus(TypedDict):
    """One recipient's fate so far."""

    address: str
    outcome: Literal["queued", "delivered", "deferred", "failed"]
    detail: str
    at: datetime


class SubmissionStatus(TypedDict):
    """Every recipient of one submission, in the order of the envelope."""

    recipients: list[RecipientStatus]
