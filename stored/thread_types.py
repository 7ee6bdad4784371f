"""The structs on the wire of threads."""

from typing import Annotated, TypedDict

from restante.wire import Chars, Count, Range, State
from stored.types import Address, Row

ThreadId = Annotated[str, Chars(1, 20, one_line=True)]
ThreadPosition = Annotated[int, Range(0, 1_000_000)]
ThreadAnchor = Annotated[str, Chars(0, 20, one_line=True)]


class ThreadRow(TypedDict):
    """One line of a list of threads: `newest` is the row of its newest message in this folder.

    It has so many messages `here`, of which so many are `unread`, and in `total`, with those in other
    folders but junk and trash. `participants` wrote its first message and its newest, in order; four at most.
    """

    id: str
    here: Count
    unread: Count
    total: Count
    participants: list[Address]
    newest: Row


class ThreadPage(TypedDict):
    """`total` threads have messages in the folder, `unread` of them have unread ones there."""

    state: State
    folder: str
    position: Count
    total: Count
    unread: Count
    threads: list[ThreadRow]


class Thread(TypedDict):
    """The messages of a thread, oldest first; `total` may be shown. `id` is what it is called now."""

    state: State
    id: str
    position: Count
    total: Count
    rows: list[Row]
