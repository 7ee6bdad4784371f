"""The structs of drafts and of what was sent on the wire."""

from typing import Annotated, Literal, NotRequired, TypedDict

from restante.wire import Chars, Id, Items, Line, State, Text
from stored.types import MessageId

OneRecipient = Annotated[str, Chars(1, 400, one_line=True)]
Recipients = Annotated[list[OneRecipient], Items(100)]
DraftId = Annotated[str, Chars(0, 20, one_line=True)]


class DraftAttachment(TypedDict):
    """A file that goes along: an upload, a part of a kept message, or a kept message whole."""

    blob: Id
    name: Annotated[str, Chars(0, 255, one_line=True)]
    type: Annotated[str, Chars(0, 127, one_line=True)]
    octets: Annotated[str, Chars(0, 20, one_line=True)]


_DraftFrom = TypedDict("_DraftFrom", {"from": Id}, total=False)


class Draft(_DraftFrom):
    """A letter being written. "from" is the id of an identity; without it the first proved one is meant."""

    to: Recipients
    cc: NotRequired[Recipients]
    bcc: NotRequired[Recipients]
    subject: Line
    text: Text
    answers: NotRequired[MessageId]
    forwards: NotRequired[MessageId]
    attachments: NotRequired[Annotated[list[DraftAttachment], Items(100)]]


class DraftSaved(TypedDict):
    """A saved draft has a new id each time; so have its attachments."""

    id: str
    state: State
    attachments: list[DraftAttachment]


SubmissionKey = Annotated[str, Chars(1, 100, one_line=True)]
Outcome = Literal["queued", "delivered", "deferred", "failed"]


class Reported(TypedDict, total=False):
    """What a letter says that reports on another: `report` is its id, as long as it is here.

    `final` is the address of which it speaks, where that is not the recipient's, and `sentence` says so.
    """

    report: str
    final: str
    sentence: str


class RecipientOutcome(Reported):
    """What became of a letter for one recipient. `detail` is what the server at the other end said."""

    address: str
    outcome: Outcome
    detail: str
    at: str


class Submission(TypedDict):
    """A letter that was sent; `message` is its copy, as long as that is here.

    `elsewhere`: addresses that it was not sent to from here and did not reach, as letters say; a mailing list
    may have sent it there.
    """

    submission: str
    message: NotRequired[str]
    subject: str
    submitted_at: str
    recipients: list[RecipientOutcome]
    elsewhere: NotRequired[list[RecipientOutcome]]


class SubmissionList(TypedDict):
    submissions: list[Submission]
