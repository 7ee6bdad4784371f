"""Taking changes back: every change of messages is remembered for a day, and its undo is a change like it.

What was changed once more by somebody else meanwhile stays as it is now: an undo takes back what its own
change did, and nothing after it. Folders that were removed come back with their mail; taking that back once
more moves the mail alone. A copy that is taken back is gone; what undoes that makes another, as long as the
letter is here.
"""

from collections.abc import Collection, Iterable
from time import time

from restante.errors import NotFound
from stored.model.account import Account
from stored.model.folder import Folder
from stored.model.rows import UNREADABLE
from stored.model.threads import of_message
from stored.model.undo import Move
from stored.model.word import MAX_UID, flags_of, folder_of
from stored.removal import bring_back
from stored.store import UserStore
from stored.types import MessagesUndone

_ID_DIGITS = 12


def remember(
    account: Account, moves: Iterable[Move], number: int = 0, removed: Collection[Folder] = ()
) -> int:
    """Note what a unit of work changed, as a further slice of `number` where given; return the number.

    `removed` are folders that went with it, the innermost first. 0 when nothing was changed.
    """
    moves = list(moves)
    if not moves and not removed:
        return number
    number = number or account.log.last() + 1
    account.undos.add(number, moves, int(time()))
    if removed:
        folders = account.folders
        folders.forget_removed({one.undo for one in folders.removed if not account.undos.slices(one.undo)})
        folders.remember_removed(removed, number)
    return number


def undo_id(number: int) -> str:
    return f"n{number}"


def undo(mail: UserStore, id: str, *, days_count: bool = True) -> MessagesUndone:
    """Take a change back, a slice of it in each unit of work, and return the undo of that.

    Nothing is too old where days do not count, since the clock is not believed.
    Raises NotFound once a day has passed, or when it was taken back already; OverQuota, NoSpace where copies
    that are made again do not fit.
    """
    digits = id[1:]
    number = int(digits) if id[:1] == "n" and digits.isdecimal() and len(digits) <= _ID_DIGITS else 0
    slices = mail.read(lambda account: account.undos.slices(number)) if number else []
    now = int(time()) if days_count else 0
    begun, updated, again = False, 0, 0
    for key in slices:
        done = mail.write(lambda account, key=key, again=again: _undo_slice(account, number, key, now, again))  # type: ignore[misc]
        if done is None:
            break
        begun, updated, again = True, updated + done[0], done[1]
    if not begun:
        raise _past(id)
    answer: MessagesUndone = {"state": mail.read(lambda account: account.state_text()), "updated": updated}
    if again:
        answer["undo"] = undo_id(again)
    return answer


def _past(id: str) -> NotFound:
    return NotFound(
        "That can no longer be taken back: a day has passed, or it was taken back already.", about=id[:20]
    )


def _undo_slice(account: Account, number: int, key: int, now: int, again: int) -> tuple[int, int] | None:
    """Take one slice back; None where somebody else did, or its day is over."""
    if key not in account.undos or account.undos.is_past(key, now):
        return None
    bring_back(account, number)
    moves = list(account.undos.moves(key))
    del account.undos[key]
    done = [moved for move in moves if (moved := _take_back(account, move)) is not None]
    return len(done), remember(account, [move for move in done if move.uid], again)


def _take_back(account: Account, move: Move) -> Move | None:
    """Take back one message's change; return what that changed, None for nothing."""
    if not move.after:
        return _copy_again(account, move)
    current = account.state.get(move.uid)
    if current is None:
        return None
    if not move.before:
        return _let_copy_go(account, move) if current == move.after else None
    mine = (flags_of(move.before) ^ flags_of(move.after)) & ~(flags_of(current) ^ flags_of(move.after))
    folder = None
    if folder_of(move.before) != folder_of(move.after) == folder_of(current):
        folder = account.folders.get(folder_of(move.before))
    changed = account.change(
        move.uid, raised=mine & flags_of(move.before), lowered=mine & ~flags_of(move.before), folder=folder
    )
    return Move(move.uid, current, account.state[move.uid]) if changed else None


def _let_copy_go(account: Account, move: Move) -> Move:
    """Let a copy go; the uid of what that changed is another one's with its octets, 0 where there is none."""
    body = account.bodies.get(move.uid)
    others = (uid for uid in of_message(account, move.uid) if uid != move.uid)
    same = next((uid for uid in others if body is not None and account.bodies.get(uid) is body), 0)
    account.destroy(move.uid)
    return Move(same, move.after, 0)


def _copy_again(account: Account, move: Move) -> Move | None:
    """Make a copy that was let go again, with the flags it had."""
    folder = account.folders.get(folder_of(move.before))
    if move.uid not in account.state or folder is None or account.rows.last_uid() >= MAX_UID:
        return None
    try:
        new = account.copy(move.uid, folder)
    except UNREADABLE:
        return None
    flags = flags_of(move.before)
    account.change(new, raised=flags, lowered=~flags & flags_of(account.state[new]))
    return Move(new, 0, account.state[new])
