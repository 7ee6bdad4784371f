"""Threads as clients see them: windows of a folder's threads, and the messages of one from all folders.

To be run inside a unit of work; nothing here changes anything.
"""

from collections.abc import Iterable
from typing import cast

from restante.errors import NotFound
from restante.wire import Ready
from stored.messages import folder_named, rows, thread_id, uid_of_id
from stored.model.account import Account
from stored.model.folder import Folder
from stored.model.roles import EMPTIED
from stored.model.rows import UNREADABLE
from stored.model.word import SEEN, folder_of, order_key, uid_of
from stored.thread_types import Thread, ThreadPage, ThreadRow

#: Of the newest messages so many are looked at for who wrote them, beside the first.
NEWEST_WRITERS = 3

_FROM, _BEHIND_FROM = b'"from":', b',"to":['
_NO_ADDRESS = b'"address":""}'


def page(account: Account, folder: str, position: int, limit: int, anchor: str = "") -> ThreadPage:
    """Return `limit` threads of a folder, the one with the newest message there first.

    With an `anchor` (the id of a thread) positions count from it, as in `messages.page`; one that has no
    message in this folder has its place by its newest elsewhere. Raises NotFound for folder or anchor
    (permanent).
    """
    place = folder_named(account, folder)
    if anchor:
        position += place.thread_order.position(_place(account, place, anchor))
    position = max(position, 0)
    uids = list(map(uid_of, place.thread_order.window(position, limit)))
    newest = cast(list[bytes], rows(account, uids))
    return {
        "state": account.state_text(),
        "folder": place.id,
        "position": position,
        "total": len(place.thread_order),
        "unread": place.unread_threads(),
        "threads": [_line(account, place.number, uid, row) for uid, row in zip(uids, newest, strict=True)],
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


def _line(account: Account, number: int, newest: int, row: bytes) -> ThreadRow:
    """Return the line of the thread whose newest message in folder `number` is `newest`, with this row."""
    thread = account.threads.thread_of(newest)
    members = account.threads.members(thread, account.state)
    if len(members) == 1:
        unread = int(not account.state[newest] & SEEN)
        return _told(thread, 1, unread, 1, _writers([row]), row)
    here = unread = 0
    shown = []
    for uid in members:
        word = account.state[uid]
        if folder_of(word) == number:
            here += 1
            unread += not word & SEEN
        elif folder_of(word) in EMPTIED:
            continue
        shown.append(order_key(word, uid))
    shown.sort()
    looked_at = [uid_of(key) for key in shown[:1] + shown[1:][-NEWEST_WRITERS:]]
    writers = _writers(row if uid == newest else _kept(account, uid) for uid in looked_at)
    return _told(thread, here, unread, len(shown), writers, row)


def _told(thread: int, here: int, unread: int, total: int, writers: list[bytes], row: bytes) -> ThreadRow:
    told = b'{"id":"t%d","here":%d,"unread":%d,"total":%d,"participants":[%b],"newest":%b}'
    return cast(ThreadRow, Ready(told % (thread, here, unread, total, b",".join(writers), row)))


def _kept(account: Account, uid: int) -> bytes:
    try:
        return account.rows.row(uid)
    except UNREADABLE:
        return b""


def _writers(rows: Iterable[bytes]) -> list[bytes]:
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
    return list(found.values())
