"""The structs of the wire: everything `stored` is told and answers. A section a noun."""

from typing import Annotated, Literal, NotRequired, TypedDict

from restante.wire import Chars, Count, Items, Range, State


class Nothing(TypedDict):
    """The answer of a method that has nothing to tell: {}."""


# Folders --------------------------------------------------------------------------------------------

FolderId = Annotated[str, Chars(1, 20, one_line=True)]
ParentId = Annotated[str, Chars(0, 20, one_line=True)]
FolderName = Annotated[str, Chars(1, 100, one_line=True)]
Role = Literal["inbox", "drafts", "sent", "junk", "trash", ""]


class Folder(TypedDict):
    id: str
    name: str
    role: Role
    parent: str
    total: Count
    unread: Count


class FolderList(TypedDict):
    state: State
    folders: list[Folder]


class FolderNew(TypedDict):
    name: FolderName
    parent: NotRequired[ParentId]


class FolderPatch(TypedDict, total=False):
    name: FolderName
    parent: ParentId


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


class MessagesSet(TypedDict):
    state: State
    updated: Count
    missing: list[str]


class MessagesDeleted(TypedDict):
    state: State
    deleted: Count
    missing: list[str]
