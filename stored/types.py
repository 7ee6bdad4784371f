"""The structs of the wire: everything `stored` is told and answers. A section a noun."""

from datetime import datetime
from typing import Annotated, Literal, NotRequired, TypedDict

from restante.wire import Chars, Count, Id, Items, Line, Name, Range, State, Text


class Nothing(TypedDict):
    """The answer of a method that has nothing to tell: {}."""


# Folders --------------------------------------------------------------------------------------------

FolderId = Annotated[str, Chars(1, 20, one_line=True)]
ParentId = Annotated[str, Chars(0, 20, one_line=True)]
FolderName = Annotated[str, Chars(1, 100, one_line=True)]
Role = Literal["inbox", "drafts", "sent", "junk", "trash", "archive", ""]
KeepDays = Annotated[int, Range(0, 3650)]


class Folder(TypedDict):
    id: str
    name: str
    role: Role
    parent: str
    total: Count
    unread: Count
    keep_days: NotRequired[KeepDays]


class FolderList(TypedDict):
    state: State
    folders: list[Folder]


class FolderNew(TypedDict):
    name: FolderName
    parent: NotRequired[ParentId]


class FolderPatch(TypedDict, total=False):
    name: FolderName
    parent: ParentId
    keep_days: KeepDays


class FolderUpdate(TypedDict):
    id: FolderId
    set: FolderPatch


FoldersNew = Annotated[list[FolderNew], Items(100)]
FolderUpdates = Annotated[list[FolderUpdate], Items(100)]
FolderIds = Annotated[list[FolderId], Items(100)]


class FoldersSet(TypedDict):
    state: State
    created: list[Folder]
    updated: list[str]
    destroyed: list[str]


# Messages -------------------------------------------------------------------------------------------

Flag = Literal["seen", "answered", "flagged", "draft", "forwarded"]
MessageId = Annotated[str, Chars(1, 20, one_line=True)]
MessageIds = Annotated[list[MessageId], Items(1000)]
MessageIdsToGet = Annotated[list[MessageId], Items(50)]
Anchor = Annotated[str, Chars(0, 20, one_line=True)]
UndoId = Annotated[str, Chars(1, 20, one_line=True)]
FilterText = Annotated[str, Chars(1, 200, one_line=True)]
Position = Annotated[int, Range(-1_000_000_000, 1_000_000_000)]


class Address(TypedDict):
    name: str
    address: str


_From = TypedDict("_From", {"from": Address})


class Row(_From):
    """One line of a list. `damaged` is there, and true, when the line cannot be read; the message may be."""

    id: str
    folder: str
    flags: list[Flag]
    to: list[Address]
    subject: str
    snippet: str
    sent_at: NotRequired[str]
    received_at: str
    octets: str
    account: str
    attachments: Count
    damaged: NotRequired[bool]


class Part(TypedDict):
    blob: str
    part: str
    name: str
    type: str
    octets: str
    inline: bool


class Message(Row):
    """A message opened. When its octets are damaged, it is its row alone, and `damaged` is true."""

    cc: NotRequired[list[Address]]
    reply_to: NotRequired[list[Address]]
    message_id: NotRequired[str]
    in_reply_to: NotRequired[str]
    references: NotRequired[list[str]]
    text: NotRequired[str]
    text_truncated: NotRequired[bool]
    parts: NotRequired[list[Part]]
    raw: str


class MessagePage(TypedDict):
    state: State
    folder: str
    position: Count
    total: Count
    unread: Count
    rows: list[Row]


class MessagesGot(TypedDict):
    messages: list[Message]
    missing: list[str]


class MessageMoved(TypedDict):
    """Where a changed message is now, and all of its flags."""

    id: str
    folder: str
    flags: list[Flag]


class MessageChanges(TypedDict):
    state: State
    start_again: bool
    created: list[Row]
    updated: list[MessageMoved]
    destroyed: list[str]
    folders: bool


class MessagePatch(TypedDict, total=False):
    seen: bool
    flagged: bool
    answered: bool
    folder: FolderId


_FilterFrom = TypedDict("_FilterFrom", {"from": FilterText}, total=False)


class MessageFilter(_FilterFrom, total=False):
    """Which messages are meant: those for which all that is given holds."""

    folder: FolderId
    account: Id
    seen: bool
    flagged: bool
    answered: bool
    before: datetime
    after: datetime
    subject: FilterText


class MessagesSet(TypedDict):
    """`undo` is there when something was changed."""

    state: State
    updated: Count
    missing: list[str]
    undo: NotRequired[UndoId]


class MessagesSetWhere(TypedDict):
    state: State
    updated: Count
    finished: bool
    undo: NotRequired[UndoId]


class MessagesDeleted(TypedDict):
    state: State
    deleted: Count
    missing: list[str]
    undo: NotRequired[UndoId]


class MessagesCopied(TypedDict):
    state: State
    created: list[str]
    missing: list[str]
    undo: NotRequired[UndoId]


class MessagesUndone(TypedDict):
    state: State
    updated: Count
    undo: NotRequired[UndoId]


class Quota(TypedDict):
    """What of the quota is used; octets as text, since they may be many."""

    octets: str
    messages: Count
    limit: str


# Collecting -----------------------------------------------------------------------------------------

AccountIds = Annotated[list[Id], Items(200)]
UserNames = Annotated[list[Name], Items(1000)]
Host = Annotated[str, Chars(1, 253, one_line=True)]
Port = Annotated[int, Range(1, 65535)]
Security = Literal["tls", "stls", "plain"]
RemoteUser = Annotated[str, Chars(1, 320, one_line=True)]
Secret = Annotated[str, Chars(1, 1024, one_line=True)]
Stage = Literal["waiting", "connecting", "listing", "fetching", "done", "failed"]


class CollectError(TypedDict):
    """Why an account failed, or what of it was left where it is."""

    kind: str
    message: str
    about: NotRequired[str]
    retryable: bool


class AccountProgress(TypedDict):
    """One account: `done` of `total` new messages dealt with, `collected` kept, of so many `octets`."""

    account: str
    address: str
    stage: Stage
    done: Count
    total: Count
    octets: str
    collected: Count
    started_at: NotRequired[datetime]
    finished_at: NotRequired[datetime]
    error: NotRequired[CollectError]


class CollectStatus(TypedDict):
    running: bool
    accounts: list[AccountProgress]


class CollectDue(TypedDict):
    """Who is going to be collected, and who already was."""

    accepted: list[str]
    running: list[str]


class Probed(TypedDict):
    """What a login found; `octets` as text, since it may be large."""

    messages: Count
    octets: str
    capabilities: list[str]


# Drafts -----------------------------------------------------------------------------------------------

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


# Outbox -----------------------------------------------------------------------------------------------

SubmissionKey = Annotated[str, Chars(1, 100, one_line=True)]
Outcome = Literal["queued", "delivered", "deferred", "failed"]


class RecipientOutcome(TypedDict):
    """What became of a letter for one recipient. `detail` is what the server at the other end said."""

    address: str
    outcome: Outcome
    detail: str
    at: str


class Submission(TypedDict):
    submission: str
    message: str
    subject: str
    submitted_at: str
    recipients: list[RecipientOutcome]


class SubmissionList(TypedDict):
    submissions: list[Submission]
