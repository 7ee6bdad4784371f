"""Threads as clients see them: windows of a folder's threads, and the messages of one from all folders.

To be run inside a unit of work; nothing here changes anything.
"""

from collections.abc import Iterable, Sequence
from typing import cast

from restante.errors import NotFound
from restante.wire import Ready
from stored.messages import DAMAGED_END, folder_named, rows, spliced, thread_id, uid_of_id
from stored.model.account import Account
from stored.model.folder import Folder
from stored.model.roles import EMPTIED
from stored.model.rows import UNREADABLE
from stored.model.word import SEEN, folder_of, order_key, uid_of
from stored.thread_types import Thread, ThreadPage, ThreadRow

#: For all users together; a line has some 700 octets, and as much beside it.
LINES_KEPT = 6_000
#: Of the newest messages so many are looked at for who wrote them, beside the first.
NEWEST_WRITERS = 3

#: What a line is made of: the account's epoch, the folder's number, the newest message there, its thread, the
#: members of that and their words. Rows never change.
_Made = tuple[str, int, int, int, tuple[int, ...], tuple[int, ...]]

_FROM, _BEHIND_FROM = b'"from":', b',"to":['
_NO_ADDRESS = b'"address":""}'


class Lines:
    """Lines of threads as they were told, by what they are made of: while that is the same, so are they.

    Bounded for all users together; safe to use from any thread.
    """

    def __init__(self, most: int = LINES_KEPT) -> None:
        self._most = most
        self._kept: dict[_Made, bytes] = {}

    def get(self, made: _Made) -> bytes | None:
        return self._kept.get(made)

    def keep(self, made: _Made, line: bytes) -> None:
        if len(self._kept) >= self._most:
            self._kept.clear()
        self._kept[made] = line


def page(
    account: Account, folder: str, position: int, limit: int, anchor: str = "", kept: Lines | None = None
) -> ThreadPage:
    """Return `limit` threads of a folder, the one with the newest message there first.

    With an `anchor` (the id of a thread) positions count from it, as in `messages.page`; one that has no
    message in this folder has its place by its newest elsewhere. Raises NotFound for folder or anchor
    (permanent).
    """
    place = folder_named(account, folder)
    if anchor:
        position += place.thread_order.position(_place(account, place, anchor))
    position = max(position, 0)
    newest = list(map(uid_of, place.thread_order.window(position, limit)))
    lines = _lines(account, place.number, newest, Lines() if kept is None else kept)
    return {
        "state": account.state_text(),
        "folder": place.id,
        "position": position,
        "total": len(place.thread_order),
        "unread": place.unread_threads(),
        "threads": cast(list[ThreadRow], Ready(b"[%b]" % b",".join(lines))),
    }


def get(account: Account, thread: str, position: int, limit: int, everywhere: bool) -> Thread:
    """Return the messages of a thread, oldest first, sent ones among them; at most `limit` from `position`.

    Those in junk and trash only if `everywhere`. A thread that was joined to an older one is known by both
    ids. Raises NotFound (permanent).
    """
    number, members = _found(account, thread)
    shown = [
        (order_key(word, uid), uid)
        for uid in members
        if (word := account.state.get(uid)) is not None and (everywhere or folder_of(word) not in EMPTIED)
    ]
    shown.sort()
    return {
        "state": account.state_text(),
        "id": thread_id(number),
        "position": position,
        "total": len(shown),
        "rows": rows(account, [uid for _, uid in shown[position : position + limit]]),
    }


def _found(account: Account, id: str) -> tuple[int, tuple[int, ...]]:
    """Return the thread that has this id and its members. Raises NotFound where it has none."""
    uid = uid_of_id("m" + id[1:]) if id[:1] == "t" else 0
    thread = account.threads.thread_of(uid) if uid else 0
    members = account.threads.members(thread, account.state)
    if not members:
        raise NotFound("That thread does not exist (any more); read the list from its head.", about=id)
    return thread, members


def _place(account: Account, folder: Folder, anchor: str) -> int:
    """Return the order key by which a thread stands in a folder, or would."""
    _, members = _found(account, anchor)
    words = [(account.state[uid], uid) for uid in members]
    here = [order_key(word, uid) for word, uid in words if folder_of(word) == folder.number]
    return max(here or [order_key(word, uid) for word, uid in words])


def _lines(account: Account, number: int, newest: Sequence[int], kept: Lines) -> list[bytes]:
    """Return the lines of the threads whose newest messages in folder `number` are these."""
    made = [_made_of(account, number, uid) for uid in newest]
    lines = list(map(kept.get, made))
    missing = [at for at, line in enumerate(lines) if line is None]
    for at, row in zip(missing, spliced(account, [newest[at] for at in missing]), strict=True):
        lines[at] = _line(account, made[at], row, kept)
    return cast(list[bytes], lines)


def _made_of(account: Account, number: int, newest: int) -> _Made:
    thread, members = account.threads.around(newest)
    return account.epoch, number, newest, thread, members, tuple(map(account.state.get, members))


def _line(account: Account, made: _Made, row: bytes, kept: Lines) -> bytes:
    """Return the line of a thread whose newest message in the folder has this row, and have it kept."""
    _, number, newest, thread, members, words = made
    here, unread, shown = _counted(number, members, words)
    looked_at = map(uid_of, shown[:1] + shown[1:][-NEWEST_WRITERS:])
    rows = [row if uid == newest else _row(account, uid) for uid in looked_at]
    told = b'{"id":"t%d","here":%d,"unread":%d,"total":%d,"participants":[%b],"newest":%b}'
    line = told % (thread, here, unread, len(shown), b",".join(_writers(rows)), row)
    if all(rows) and not row.endswith(DAMAGED_END):
        kept.keep(made, line)
    return line


def _counted(number: int, members: Sequence[int], words: Sequence[int]) -> tuple[int, int, list[int]]:
    """Return how many messages of a thread are in folder `number`, how many of those are unread, and all that
    are shown, as order keys, the oldest first. Pure."""
    here = unread = 0
    shown = []
    for uid, word in zip(members, words, strict=True):
        folder = folder_of(word)
        if folder == number:
            here += 1
            unread += not word & SEEN
        elif folder in EMPTIED:
            continue
        shown.append(order_key(word, uid))
    shown.sort()
    return here, unread, shown


def _row(account: Account, uid: int) -> bytes:
    """Return the row of a message, empty where it is damaged."""
    try:
        return account.rows.row(uid)
    except UNREADABLE:
        return b""


def _writers(rows: Iterable[bytes]) -> Iterable[bytes]:
    """Return who wrote the messages of these rows, each address once, as JSON cut out of them.

    That is where `append` puts it; no text in JSON can hold the quotes of a key.
    """
    found: dict[bytes, bytes] = {}
    for row in rows:
        start = row.find(_FROM) + len(_FROM)
        writer = row[start : row.find(_BEHIND_FROM, start)]
        address = writer[writer.rfind(b'"address":') :]
        if writer and address != _NO_ADDRESS:
            found.setdefault(address, writer)
    return found.values()
