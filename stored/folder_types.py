"""The structs of folders on the wire."""

from typing import Annotated, Literal, NotRequired, TypedDict

from restante.wire import Chars, Count, Items, Range, State

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
