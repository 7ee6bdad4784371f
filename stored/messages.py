"""Messages as clients see them: windows of a list, one opened, flags, moving, deleting.

Functions that take an Account are to be run inside a unit of work; those that take a UserStore run their own.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import cast

from restante.errors import NotFound, OverQuota
from restante.wire import Ready, dumps, loads, to_time
from stored.model.account import Account
from stored.model.body import damaged
from stored.model.folder import Folder
from stored.model.roles import TRASH
from stored.model.rows import UNREADABLE
from stored.model.undo import Move
from stored.model.word import (
    ANSWERED,
    FLAG_NAMES,
    FLAGGED,
    MAX_UID,
    PLACE_MASK,
    SEEN,
    flags_of,
    folder_of,
    order_key,
    time_of,
)
from stored.types import Arrival, MessagePage, MessagePatch, MessagesCopied, MessagesDeleted, MessagesSet, Row
from stored.undoing import remember, undo_id

#: Flags that a person raises and lowers.
FLAG_BITS = {"seen": SEEN, "flagged": FLAGGED, "answered": ANSWERED}

_FLAGS = [
    [name for bit, name in enumerate(FLAG_NAMES) if flags >> bit & 1] for flags in range(1 << len(FLAG_NAMES))
]
_FLAGS_JSON = [dumps(names) for names in _FLAGS]
_FLAGS_MASK = len(_FLAGS) - 1

DAMAGED_END = b'"damaged":true}'


# Ids and rows -----------------------------------------------------------------------------------------


def message_id(uid: int) -> str:
    """Return the id on the wire, which is also the id of the blob that holds the raw octets. Pure."""
    return f"m{uid}"


def uid_of_id(id: str) -> int:
    """Return the uid an id names, 0 when it is the id of no message. Pure."""
    digits = id[1:]
    well_made = id[:1] == "m" and digits.isascii() and digits.isdigit() and digits[:1] != "0"
    return int(digits) if well_made and len(digits) <= 9 else 0


def thread_id(thread: int) -> str:
    """Return the id of a thread on the wire. Pure."""
    return f"t{thread}"


def flag_names(flags: int) -> list[str]:
    return list(_FLAGS[flags & _FLAGS_MASK])


def folder_id(account: Account, number: int) -> str:
    """Return the id of a folder; the inbox's where the folder is gone."""
    folder = account.folders.get(number)
    return "inbox" if folder is None else folder.id


def served(account: Account, uid: int) -> Ready:
    """Return the row of a message that is here: the kept JSON, with what changes spliced in front.

    A row that cannot be read any more gives one that says `damaged`, so that the list goes on.
    """
    (row,) = spliced(account, [uid])
    return Ready(row)


def spliced(account: Account, uids: Iterable[int]) -> list[bytes]:
    """Return the rows of those `uids` that are here, in their order, as JSON."""
    uids = list(uids)
    words = list(map(account.state.get, uids))
    if None in words:
        uids = [uid for uid, word in zip(uids, words, strict=True) if word is not None]
        words = [word for word in words if word is not None]
    # Most rows of a window have folder and flags in common.
    places = {
        number: _place(folder_id(account, folder_of(number)), flags_of(number))
        for number in {word & PLACE_MASK for word in words}
    }
    return [
        b'{"id":"m%d","thread":"t%d%b%b' % (uid, thread, places[word & PLACE_MASK], row or _damaged_row(word))
        for uid, word, thread, row in zip(
            uids, words, account.threads.threads_of(uids), account.rows.several(uids), strict=True
        )
    ]


def _place(folder: str, flags: int) -> bytes:
    """Return the middle of a row: all that can change of it."""
    return b'","folder":"%b","flags":%b,' % (folder.encode(), _FLAGS_JSON[flags & _FLAGS_MASK])


def _damaged_row(word: int) -> bytes:
    row = {
        "from": {"name": "", "address": ""},
        "to": [],
        "subject": "",
        "snippet": "",
        "received_at": to_time(datetime.fromtimestamp(time_of(word), UTC)),
        "octets": "0",
        "account": "",
        "attachments": 0,
        "damaged": True,
    }
    return dumps(row)[1:]


def arrivals(account: Account, uid: int) -> list[Arrival]:
    """Return every arrival of a letter that came more than once, the first one first."""
    try:
        kept = account.rows.row(uid)
    except UNREADABLE:
        kept = b""
    row = loads(b"{" + kept) if kept else None
    found = [Arrival(account=row["account"], received_at=row["received_at"])] if row else []
    for name, second in account.arrivals.get(uid, ()):
        found.append(Arrival(account=name, received_at=to_time(datetime.fromtimestamp(second, UTC))))
    return found


def rows(account: Account, uids: Iterable[int]) -> list[Row]:
    """Return the rows of those `uids` that are here, in their order."""
    return cast(list[Row], list(map(Ready, spliced(account, uids))))


def listed(account: Account, uids: Iterable[int]) -> list[Row]:
    """Return the same in one piece, ready to be sent: for long lists, which nobody looks into."""
    return cast(list[Row], Ready(b"[%b]" % b",".join(spliced(account, uids))))


def folder_named(account: Account, id: str) -> Folder:
    """Return the folder with this id. Raises NotFound."""
    folder = account.folders.find(id)
    if folder is None:
        raise NotFound("That folder does not exist (any more); read the list of folders again.", about=id)
    return folder


def _present(account: Account, ids: Iterable[str]) -> tuple[list[int], list[str]]:
    """Return the uids of `ids` that are here, each once, and the ids that are not."""
    found: dict[int, None] = {}
    missing = []
    for id in ids:
        uid = uid_of_id(id)
        if uid and uid in account.state:
            found[uid] = None
        else:
            missing.append(id)
    return list(found), missing


# Reading ----------------------------------------------------------------------------------------------


def page(account: Account, folder: str, position: int, limit: int, anchor: str = "") -> MessagePage:
    """Return `limit` rows of a folder, newest first, after the `position` newest of them.

    With an `anchor` (the id of a message) positions count from it: 0 begins with it, -10 ten before it.
    Raises NotFound for the folder or the anchor (permanent). Reads only.
    """
    place = folder_named(account, folder)
    if anchor:
        uid = uid_of_id(anchor)
        if uid not in account.state:
            raise NotFound(
                "That message does not exist (any more); read the list from its head.", about=anchor
            )
        position += place.order.position(order_key(account.state[uid], uid))
    position = max(position, 0)
    uids = [key & MAX_UID for key in place.order.window(position, limit)]
    return {
        "state": account.state_text(),
        "folder": place.id,
        "position": position,
        "total": place.total(),
        "unread": place.unread(),
        "rows": listed(account, uids),
    }


def raw_of(account: Account, uid: int) -> bytes:
    """Return exactly the octets that were appended. Raises NotFound, Damaged (permanent)."""
    if uid not in account.state:
        raise NotFound("That message does not exist (any more).", about=message_id(uid))
    try:
        return account.bodies[uid].raw()  # type: ignore[no-any-return]
    except KeyError as missing:
        raise damaged(repr(missing)) from missing


# Changing ---------------------------------------------------------------------------------------------


def change(account: Account, ids: list[str], patch: MessagePatch) -> MessagesSet:
    """Raise and lower flags and move, inside a unit of work; `updated` counts those that were different.

    Raises NotFound for the folder (permanent). Doing it again changes nothing more.
    """
    raised, lowered = patched_flags(patch)
    folder = folder_named(account, patch["folder"]) if "folder" in patch else None
    found, missing = _present(account, ids)
    moves = [move for uid in found for move in changed(account, uid, raised, lowered, folder)]
    answer: MessagesSet = {"state": account.state_text(), "updated": len(moves), "missing": missing}
    if number := remember(account, moves):
        answer["undo"] = undo_id(number)
    return answer


def patched_flags(patch: MessagePatch) -> tuple[int, int]:
    """Return the flags that a patch raises and those it lowers. Pure."""
    raised = sum(bit for name, bit in FLAG_BITS.items() if patch.get(name) is True)
    return raised, sum(bit for name, bit in FLAG_BITS.items() if patch.get(name) is False)


def changed(account: Account, uid: int, raised: int, lowered: int, folder: Folder | None) -> list[Move]:
    """Change one message; return what was different before, for its undo."""
    before = account.state[uid]
    if not account.change(uid, raised=raised, lowered=lowered, folder=folder):
        return []
    return [Move(uid, before, account.state[uid])]


def delete(account: Account, ids: list[str], for_good: bool = False) -> MessagesDeleted:
    """Move messages to the trash, inside a unit of work; from there, or `for_good`, let them go.

    What was collected is remembered, so it is not collected again. What went for good has no undo.
    """
    found, missing = _present(account, ids)
    trash = account.folders.members[TRASH]
    moves = []
    for uid in found:
        if for_good or folder_of(account.state[uid]) == TRASH:
            account.destroy(uid)
        else:
            moves += changed(account, uid, 0, 0, trash)
    answer: MessagesDeleted = {"state": account.state_text(), "deleted": len(found), "missing": missing}
    if number := remember(account, moves):
        answer["undo"] = undo_id(number)
    return answer


def copy(account: Account, ids: list[str], folder: str) -> MessagesCopied:
    """Keep messages once more in another folder, inside a unit of work; `created` are the ids of the copies.

    Their octets are shared. Raises NotFound for the folder, Damaged for a message that cannot be read
    (permanent; then nothing is copied), OverQuota.
    """
    place = folder_named(account, folder)
    found, missing = _present(account, ids)
    created = []
    for uid in found:
        if account.rows.last_uid() >= MAX_UID:
            raise no_more_messages()
        try:
            created.append(account.copy(uid, place))
        except UNREADABLE as trouble:
            raise damaged(repr(trouble), about=message_id(uid)) from trouble
    answer: MessagesCopied = {
        "state": account.state_text(),
        "created": [message_id(uid) for uid in created],
        "missing": missing,
    }
    if number := remember(account, [Move(uid, 0, account.state[uid]) for uid in created]):
        answer["undo"] = undo_id(number)
    return answer


def no_more_messages() -> OverQuota:
    return OverQuota("This user has had as many messages as can be counted; start a new profile.")
