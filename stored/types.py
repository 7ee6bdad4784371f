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
UndoId = Annotated[str, Chars(1, 20, one_line=True)]
FolderIds = Annotated[list[FolderId], Items(100)]


class FoldersSet(TypedDict):
    state: State
    created: list[Folder]
    updated: list[str]
    destroyed: list[str]
    undo: NotRequired[UndoId]


# Messages -------------------------------------------------------------------------------------------

Flag = Literal["seen", "answered", "flagged", "draft", "forwarded"]
MessageId = Annotated[str, Chars(1, 20, one_line=True)]
MessageIds = Annotated[list[MessageId], Items(1000)]
MessageIdsToGet = Annotated[list[MessageId], Items(50)]
Anchor = Annotated[str, Chars(0, 20, one_line=True)]
FilterText = Annotated[str, Chars(1, 200, one_line=True)]
Position = Annotated[int, Range(-1_000_000_000, 1_000_000_000)]


class Address(TypedDict):
    name: str
    address: str


_From = TypedDict("_From", {"from": Address})


class Row(_From):
    """One line of a list. `damaged` is there, and true, when the line cannot be read; the message may be."""

    id: str
    thread: str
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


class Run(TypedDict):
    """A piece of text that looks the same from end to end, its line ends included.

    `link` is where it leads (https, http, mailto, ftp, tel), `image` the blob of a picture that stands here.
    `quote` and `list` tell how deeply it is quoted or listed, `heading` its rank from 1 to 6. Cells of a row
    are separated by tabs. A key that says nothing is left out.
    """

    text: str
    bold: NotRequired[bool]
    italic: NotRequired[bool]
    underline: NotRequired[bool]
    strike: NotRequired[bool]
    code: NotRequired[bool]
    heading: NotRequired[Count]
    link: NotRequired[str]
    image: NotRequired[str]
    quote: NotRequired[Count]
    list: NotRequired[Count]


class ReportedRecipient(TypedDict):
    """What became of a letter for one recipient, as a mail server reports; `status` like 5.1.1, or ""."""

    address: str
    action: Literal["failed", "delayed", "delivered", "relayed", "expanded"]
    status: str
    detail: str


class Notice(TypedDict):
    """What a letter is beside its text. `sentence` says it in English; the fields are for other languages.

    `signed` and `encrypted`: `by` ("pgp", "smime"); nothing was verified. `invitation`: `method` (request,
    cancel, reply, publish, …), `title`, `place`, `start`, `end` (RFC 3339 in UTC, a date alone, or clock time
    of `zone`), `repeats`, `organizer`; what a guest sends (reply, counter, refresh) has `guest`, a reply
    `answer`. `delivery_report`: `recipients`, and
    `subject` and `message_id` of the letter it is about. `read_receipt`: `address`, `disposition` (displayed,
    deleted, …), `automatic`, `subject`, `message_id`. `receipt_wanted`: `address`; none is sent by itself.
    """

    kind: Literal["signed", "encrypted", "invitation", "delivery_report", "read_receipt", "receipt_wanted"]
    sentence: str
    by: NotRequired[str]
    method: NotRequired[str]
    title: NotRequired[str]
    place: NotRequired[str]
    start: NotRequired[str]
    end: NotRequired[str]
    zone: NotRequired[str]
    repeats: NotRequired[bool]
    organizer: NotRequired[Address]
    guest: NotRequired[Address]
    answer: NotRequired[str]
    recipients: NotRequired[list[ReportedRecipient]]
    subject: NotRequired[str]
    message_id: NotRequired[str]
    address: NotRequired[str]
    disposition: NotRequired[str]
    automatic: NotRequired[bool]


class Warned(TypedDict):
    """What may deceive a reader: `where` it is, what it `said`, and what is `true` (or "").

    `name_is_address`: the sender's name is another address. `mixed_scripts`: a word of letters from alphabets
    that look alike. `bidirectional`: hidden characters that turn the order of letters. `reply_elsewhere`: an
    answer would go to another domain. `link_elsewhere`: the text of a link names another host.
    """

    kind: Literal["name_is_address", "mixed_scripts", "bidirectional", "reply_elsewhere", "link_elsewhere"]
    where: Literal["from", "reply_to", "subject", "attachment", "link"]
    said: str
    true: str
    sentence: str


class Thumbnail(TypedDict):
    """A picture made small: a PNG, which Tk can show, of so many pixels."""

    blob: str
    png: bytes
    width: Count
    height: Count


class Arrival(TypedDict):
    """A letter came to this account."""

    account: str
    received_at: str


class Message(Row):
    """A message opened. When its octets are damaged, it is its row alone, and `damaged` is true.

    A letter that came to several accounts is one message; `arrivals` are then all of its arrivals.

    When it takes more to be read than a letter may, `too_complex` is true, and what could be read is told;
    `raw` is there in any case.
    """

    arrivals: NotRequired[list[Arrival]]
    cc: NotRequired[list[Address]]
    reply_to: NotRequired[list[Address]]
    message_id: NotRequired[str]
    in_reply_to: NotRequired[str]
    references: NotRequired[list[str]]
    text: NotRequired[str]
    text_truncated: NotRequired[bool]
    runs: NotRequired[list[Run]]
    runs_truncated: NotRequired[bool]
    parts: NotRequired[list[Part]]
    notices: NotRequired[list[Notice]]
    warnings: NotRequired[list[Warned]]
    too_complex: NotRequired[bool]
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
    """Where a changed message is now, in which thread, and all of its flags."""

    id: str
    thread: str
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
Stage = Literal["waiting", "connecting", "listing", "fetching", "done", "failed", "cancelled"]
Auth = Literal["password", "oauth2"]
OnServer = Literal["leave", "delete_after", "delete"]
Days = Annotated[int, Range(1, 3650)]
NoticeKind = Literal[
    "expires",
    "names_changed",
    "altered",
    "names_shared",
    "no_names",
    "not_deleted",
    "unsafe",
    "delete_refused",
    "clock_held",
    "login_delay",
    "forwarded_enough",
    "not_forwarded",
]


class CollectError(TypedDict):
    """Why an account failed, or what of it was left where it is."""

    kind: str
    message: str
    about: NotRequired[str]
    retryable: bool


class CollectNotice(TypedDict):
    """Something to know about a maildrop: it deletes by itself, has given its messages new names, ...."""

    kind: NoticeKind
    message: str
    about: NotRequired[str]


class AccountProgress(TypedDict):
    """One account: `done` of `total` new messages dealt with, `collected` kept, of so many `octets`.

    `next_at` is when a periodic visit comes at the earliest, where one has to wait after trouble.
    """

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
    notices: NotRequired[list[CollectNotice]]
    next_at: NotRequired[datetime]


class CollectStatus(TypedDict):
    running: bool
    accounts: list[AccountProgress]


class CollectDue(TypedDict):
    """Who is going to be collected, and who already was."""

    accepted: list[str]
    running: list[str]


class Rehearsed(TypedDict):
    """What would be deleted at the server: so many messages of so many octets, each safe here or erased.

    `erased` of them the user let go for good here: they are nowhere once they are deleted there. `unsafe` of
    those that are due are damaged, or gone and not the same there, and would stay there. While `held` is
    true nothing is deleted, since the clock has jumped. `notices` say so, and why more stays there.
    """

    messages: Count
    octets: str
    unsafe: Count
    erased: Count
    held: bool
    notices: NotRequired[list[CollectNotice]]


class ClockConfirmed(TypedDict):
    held: bool


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
    """What became of a letter for one recipient. `detail` is what the server at the other end said.

    `report` is the letter in which it said so, where that came by mail.
    """

    address: str
    outcome: Outcome
    detail: str
    at: str
    report: NotRequired[str]


class Submission(TypedDict):
    submission: str
    message: str
    subject: str
    submitted_at: str
    recipients: list[RecipientOutcome]


class SubmissionList(TypedDict):
    submissions: list[Submission]
