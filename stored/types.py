"""The structs of messages on the wire; those of other nouns stand beside what works with them."""

from datetime import datetime
from typing import Annotated, Literal, NotRequired, TypedDict

from restante.wire import Chars, Count, Id, Items, Range, State
from stored.folder_types import FolderId, UndoId


class Nothing(TypedDict):
    """The answer of a method that has nothing to tell: {}."""


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
    """What became of a letter for one recipient, as a mail server reports; `status` like 5.1.1, or "".

    `address` is "" where the report names none, as with X.400; it may be one that others passed it on to.
    `final` is where the letter was passed on to for the recipient, if the report names that too.
    """

    address: str
    final: NotRequired[str]
    action: Literal["failed", "delayed", "delivered", "relayed", "expanded"]
    status: str
    detail: str


class Notice(TypedDict):
    """What a letter is beside its text. `sentence` says it in English; the fields are for other languages.

    `signed` and `encrypted`: `by` ("pgp", "smime"); nothing was verified. `invitation`: `method` (request,
    cancel, reply, publish, …), `title`, `place`, `start`, `end` (RFC 3339 in UTC, a date alone, or clock time
    of `zone`), `repeats`, `organizer`; what a guest sends (reply, counter, refresh) has `guest`, a reply
    `answer`; `sent_by` is who sent it, where that is of another domain than who is to have said it.
    `sent_by`: `address` of another domain sent the letter for its writer. `delivery_report`: `recipients`,
    and `subject` and `message_id` of the letter it is about. `read_receipt`: `address`, `disposition`
    (displayed, deleted, …), `automatic`, `subject`, `message_id`. `receipt_wanted`: `address`; none is sent
    by itself.
    """

    kind: Literal[
        "signed", "encrypted", "invitation", "sent_by", "delivery_report", "read_receipt", "receipt_wanted"
    ]
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
    sent_by: NotRequired[str]
    recipients: NotRequired[list[ReportedRecipient]]
    subject: NotRequired[str]
    message_id: NotRequired[str]
    address: NotRequired[str]
    disposition: NotRequired[str]
    automatic: NotRequired[bool]


class Warned(TypedDict):
    """What may deceive a reader: `where` it is, what it `said`, and what is `true` (or "").

    `name_is_address`: the sender's name is another address. `several_senders`: it is from others than who is
    shown, and not sent by who is, nor by their domain. `mixed_scripts`: a word of letters from alphabets
    that look alike. `bidirectional`: hidden characters that turn the order of letters. `reply_elsewhere`: an
    answer would go to another domain. `link_elsewhere`: the text of a link names another host.
    """

    kind: Literal[
        "name_is_address",
        "several_senders",
        "mixed_scripts",
        "bidirectional",
        "reply_elsewhere",
        "link_elsewhere",
    ]
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
