"""Changing all messages that fit a filter, however many: slice by slice, so that nobody waits for long."""

from collections.abc import Callable, Iterator
from time import monotonic

import orjson

from restante.errors import InvalidArgument
from stored.messages import FLAG_BITS, changed, folder_named, patched_flags
from stored.model.account import Account
from stored.model.folder import Folder
from stored.model.rows import UNREADABLE
from stored.model.undo import Move
from stored.model.word import flags_of, folder_of, order_key, time_of, uid_of
from stored.store import UserStore
from stored.types import MessageFilter, MessagePatch, MessagesSetWhere
from stored.undoing import remember, undo_id

#: In one unit of work so many messages are looked at, and so many changed, at most.
LOOKED_AT = 2_000
CHANGED = 500
#: After so long the answer comes, finished or not: a call may take 30 seconds.
SECONDS = 20.0

_IN_ROW = ("account", "from", "subject")


def set_where(mail: UserStore, filter: MessageFilter, patch: MessagePatch) -> MessagesSetWhere:
    """Set flags of all messages that fit and move them; each slice is a unit of work of its own.

    What arrives meanwhile may be changed too or not. Mail outlives its account, so any name of one is taken,
    as in a search; it may fit nothing. Raises NotFound for a folder, InvalidArgument for a filter that would
    mean all mail (permanent); an error on the way leaves the slices before it done.
    """
    if not filter:
        raise InvalidArgument("The filter is empty and would mean all mail; say which messages are meant.")
    if not patch:
        raise InvalidArgument("Nothing is said to be set; say what shall become of the messages.")
    deadline = monotonic() + SECONDS
    cursor: int | None = 0
    updated, number = 0, 0
    while cursor is not None and monotonic() < deadline:

        def work(
            account: Account, cursor: int = cursor, number: int = number
        ) -> tuple[list[Move], int, int | None]:
            moves, following = _slice(account, filter, patch, cursor)
            return moves, remember(account, moves, number), following

        moves, number, cursor = mail.write(work)
        updated += len(moves)
    answer: MessagesSetWhere = {
        "state": mail.read(lambda account: account.state_text()),
        "updated": updated,
        "finished": cursor is None,
    }
    if number:
        answer["undo"] = undo_id(number)
    return answer


def _slice(
    account: Account, filter: MessageFilter, patch: MessagePatch, cursor: int
) -> tuple[list[Move], int | None]:
    """Change what fits from `cursor` on; return what was changed, and where to go on or None at the end."""
    target = folder_named(account, patch["folder"]) if "folder" in patch else None
    raised, lowered = patched_flags(patch)
    fits = fitting(filter)
    moves: list[Move] = []
    place = folder_named(account, filter["folder"]) if "folder" in filter else None
    for looked_at, (at, uid, word) in enumerate(_candidates(account, place, filter, cursor)):
        if looked_at == LOOKED_AT or len(moves) == CHANGED:
            return moves, at
        if fits(account, uid, word):
            moves += changed(account, uid, raised, lowered, target)
    return moves, None


def _candidates(
    account: Account, place: Folder | None, filter: MessageFilter, cursor: int
) -> Iterator[tuple[int, int, int]]:
    """Give (cursor to come back to it, uid, word) of what may fit, each message once.

    In a folder from the newest on, by the place in its order, which stays while others come and go; else by
    uid. Taken at once, since what is changed moves in the order.
    """
    if place is None:
        for uid, word in list(account.state.items(min=max(cursor, 1), max=None))[: LOOKED_AT + 1]:
            yield uid, uid, word
        return
    newest = order_key(_seconds(filter, "before") << 28, 0) if "before" in filter else 0
    start = cursor or newest
    # A cursor is the key itself, so it is the first of the window if it is still there.
    position = place.order.position(start) if start else 0
    for key in place.order.window(position, LOOKED_AT + 1):
        word = account.state.get(uid_of(key))
        if word is not None:
            yield key, uid_of(key), word


def _seconds(filter: MessageFilter, end: str) -> int:
    moment = filter["before"] if end == "before" else filter["after"]
    return max(int(moment.timestamp()), 0)


def fitting(filter: MessageFilter) -> Callable[[Account, int, int], bool]:
    """Return the test of one message, the cheap conditions first."""
    wanted = sum(bit for name, bit in FLAG_BITS.items() if filter.get(name) is True)
    unwanted = sum(bit for name, bit in FLAG_BITS.items() if filter.get(name) is False)
    before = _seconds(filter, "before") if "before" in filter else None
    after = _seconds(filter, "after") if "after" in filter else 0
    texts = {name: str(filter[name]).casefold() for name in _IN_ROW if name in filter}  # type: ignore[literal-required]

    def fits(account: Account, uid: int, word: int) -> bool:
        flags = flags_of(word)
        if flags & wanted != wanted or flags & unwanted or time_of(word) < after:
            return False
        if before is not None and time_of(word) >= before:
            return False
        if "folder" in filter and folder_of(word) != _number(account, filter["folder"]):
            return False
        return not texts or _row_fits(account, uid, texts)

    return fits


def _number(account: Account, id: str) -> int:
    folder = account.folders.find(id)
    return -1 if folder is None else folder.number


def _row_fits(account: Account, uid: int, texts: dict[str, str]) -> bool:
    """Tell whether the row says what is wanted; one that cannot be read says nothing."""
    try:
        row = orjson.loads(b"{" + account.rows.row(uid))
    except (*UNREADABLE, orjson.JSONDecodeError):
        return False
    accounts = {row["account"], *(id for id, _ in account.arrivals.get(uid, ()))}
    said = {
        "from": f"{row['from']['name']} {row['from']['address']}",
        "subject": row["subject"],
    }
    return all(
        text in map(str.casefold, accounts) if name == "account" else text in said[name].casefold()
        for name, text in texts.items()
    )
