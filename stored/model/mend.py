"""Going on around damage: what can be known from elsewhere is made anew, the rest left out and reported.

A record that fails its checksum is never believed. Messages themselves have no second copy here, so a damaged
body or row stays what it is: an error for that one message. But the trees that lead to messages would take
many others with them, and most of what they say stands somewhere else as well:

    which messages a folder has, their order, its counts    in the state words
    which messages a thread has                             under the thread, and under each of them
    where a message is and since when                       in the folders' orders (its flags are lost)
    the rest of a tree one node of which is damaged         in its other nodes

Afterwards the state text is a new one, so that every client reads its lists again.
"""

import os
from collections.abc import Iterator
from datetime import datetime
from itertools import chain
from typing import Any

import orjson
from BTrees.Length import Length

from stored.model.account import Account
from stored.model.body import Parts
from stored.model.folder import Folder, Folders
from stored.model.log import Log
from stored.model.maildrop import Maildrop
from stored.model.order import Block, Index
from stored.model.roles import FIRST_OWN, INBOX, ROLES
from stored.model.rows import UNREADABLE
from stored.model.threads import rebuild
from stored.model.undo import Undos
from stored.model.word import SEEN, folder_of, make_word, order_key, uid_of

_OF_MESSAGES = ("rows", "bodies", "state", "message_ids", "threads", "topics", "arrivals")
_TREES = (*_OF_MESSAGES, "maildrops", "uploads", "submissions")
_OF_A_MAILDROP = ("uidl", "origins", "intents", "erased")


def mend(account: Account) -> list[str]:
    """Make anew whatever of the account's trees cannot be read; return what that was, in words for the log.

    Inside a unit of work. Empty where all of it can be read, however damaged single messages may be. Takes
    time in proportion to the number of messages, some seconds for a million.
    """
    mended = [name for name in _TREES if _mend_tree(account, name)]
    if "rows" in mended:
        _use_no_uid_again(account)
    mended += _mend_maildrops(account)
    if not _readable_parts(account.parts):
        account.parts = Parts()
        mended.append("parts")
    if not (_sound(account.log) and _readable_log(account) and _sound(account.undos)):
        # Undos have the numbers of the log's steps, so they go with it.
        account.log, account.undos = Log(), Undos()
        mended.append("log")
    mended += [name for name in ("octets", "let_go") if _mend_count(account, name)]
    folders = _mend_folders(account, "state" in mended)
    mended += folders
    if folders or {"state", "threads"} & set(mended) or not _readable_threads(account):
        rebuild(account)
        mended += [] if "threads" in mended else ["threads"]
    if mended:
        account.epoch = os.urandom(4).hex()
    return mended


def _mend_tree(owner: Any, name: str) -> bool:
    """Make a tree anew from those of its nodes that can be read; return whether it was necessary."""
    tree = getattr(owner, name)
    if tree is None or _sound(tree):
        return False
    anew = type(tree)()
    anew.update(dict(_salvaged(tree, type(tree))))
    setattr(owner, name, anew)
    return True


def _sound(tree: Any) -> bool:
    """Tell whether every node of a tree can be read; what its values refer to is not looked at."""
    try:
        for _ in tree.keys():  # noqa: SIM118
            pass
        return all(True for _ in _salvaged(tree, type(tree), strict=True))
    except UNREADABLE:
        return False


def _salvaged(node: Any, kind: type, strict: bool = False) -> Iterator[tuple[Any, Any]]:
    """Give the items of a tree, passing over nodes that cannot be read (raising where `strict`)."""
    try:
        node._p_activate()
        state = node.__getstate__()
    except UNREADABLE:
        if strict:
            raise
        return
    if state is None:
        return
    if not isinstance(node, kind) or len(state) == 1:
        # A bucket, or a tree so small that its one bucket is part of it.
        yield from node.items()
        return
    for child in state[0][::2]:
        yield from _salvaged(child, kind, strict)


def _use_no_uid_again(account: Account) -> None:
    """Let the next uid lie behind every one there is: it is counted from the newest chunk of rows."""
    last = max([tree.maxKey() for tree in (account.state, account.bodies) if tree], default=0)
    account.rows.begin_behind(last)


def _mend_count(account: Account, name: str) -> bool:
    """Count anew where a counter cannot be read; return whether it was necessary."""
    try:
        getattr(account, name)()
        return False
    except UNREADABLE:
        setattr(account, name, Length(sum(_octets(account, uid) for uid in account.bodies)))
        return True


def _octets(account: Account, uid: int) -> int:
    try:
        return int(account.bodies[uid].octets)
    except UNREADABLE:
        return 0


def _mend_maildrops(account: Account) -> list[str]:
    mended = []
    for id in list(account.maildrops.keys()):
        try:
            drop = account.maildrops[id]
            drop._p_activate()
        except UNREADABLE:
            account.maildrops[id] = Maildrop()
            mended.append(f"maildrop {id}")
            continue
        mended += [f"{name} of maildrop {id}" for name in _OF_A_MAILDROP if _mend_tree(drop, name)]
    return mended


def _readable_parts(parts: Parts) -> bool:
    try:
        return _sound(parts.members) and _sound(parts.repeats)
    except UNREADABLE:
        return False


def _readable_log(account: Account) -> bool:
    try:
        if account.log:
            account.log.changes(account.log.minKey() - 1)
        for key in account.undos:
            account.undos.made_at(key)
        return True
    except UNREADABLE:
        return False


# Folders ----------------------------------------------------------------------------------------------


def _mend_folders(account: Account, state_lost: bool) -> list[str]:
    """Make folders anew that cannot be read, and where the state was, what their orders still know of it."""
    mended = []
    try:
        account.folders._p_activate()
    except UNREADABLE:
        account.folders = Folders()
        mended.append("folders")
    if state_lost:
        _remember_places(account)
    numbers = {folder_of(word) for word in account.state.values()} if mended else set()
    for number in sorted(numbers | set(account.folders.members)):
        if mended[:1] != ["folders"] and _readable_folder(account.folders.members[number]):
            continue
        _renew(account, number)
        mended.append(f"folder {number}")
    return mended


def _readable_folder(folder: Folder) -> bool:
    try:
        keys = folder.order.window(0, len(folder.order))
        return len(keys) == folder.total() and folder.unread() >= 0 and _entered(folder)
    except UNREADABLE:
        return False


def _entered(folder: Folder) -> bool:
    return folder.entered is None or _sound(folder.entered)


def _readable_threads(account: Account) -> bool:
    """Tell whether the folders' orders of threads can be read; nothing else tells them all at once."""
    try:
        for folder in account.folders:
            keys = folder.thread_order.window(0, len(folder.thread_order))
            if not folder.unread_threads() <= len(keys) <= folder.total():
                return False
        return True
    except UNREADABLE:
        return False


def _renew(account: Account, number: int) -> None:
    """Put a folder together from the state; a name that is lost becomes a plain one."""
    anew = Folder(number, ROLES.get(number, "").capitalize(), ROLES.get(number, ""))
    if number >= FIRST_OWN:
        anew.name = f"Recovered {number - FIRST_OWN + 1}"
    try:
        old = account.folders.members[number]
        anew.name, anew.parent, anew.keep_days = old.name, old.parent, old.keep_days
    except UNREADABLE:
        pass
    account.folders.members[number] = anew
    account.folders.last_number = max(account.folders.last_number, number)
    account.folders._p_changed = True
    words = [(uid, word) for uid, word in account.state.items() if folder_of(word) == number]
    for key, word in sorted((order_key(word, uid), word) for uid, word in words):
        anew.order.insert(key)
        anew.total.change(1)
        anew.unread.change(not word & SEEN)
        if anew.entered is not None:
            anew.entered[uid_of(key)] = key >> 28


def _remember_places(account: Account) -> None:
    """Find the messages whose words are lost: in the orders, and in the rows where even those are."""
    for folder in account.folders:
        try:
            keys = _keys(folder.order)
        except UNREADABLE:
            continue
        for key in keys:
            if uid_of(key) not in account.state:
                account.state[uid_of(key)] = make_word(key >> 28, folder.number, 0)
                _renew_later(folder)
    for uid in range(1, account.rows.last_uid() + 1):
        if uid not in account.state:
            time = _time_in_row(account, uid)
            if time:
                account.state[uid] = make_word(time, INBOX, 0)
                _renew_later(account.folders.members[INBOX])


def _renew_later(folder: Folder) -> None:
    """Let a folder's count disagree with its order, so that it is made anew."""
    try:
        folder.total.set(-1)
    except UNREADABLE:
        return


def _keys(order: Any) -> list[int]:
    """Return the keys of an order, but for those in blocks that cannot be read."""
    packed = b"".join(chain(_blocks(order.root), [order.head]))
    return [int.from_bytes(packed[at : at + 8], "big") for at in range(0, len(packed), 8)]


def _blocks(node: Block | Index) -> Iterator[bytes]:
    try:
        node._p_activate()
    except UNREADABLE:
        return
    if isinstance(node, Block):
        yield node.keys
        return
    for child in node.children:
        yield from _blocks(child)


def _time_in_row(account: Account, uid: int) -> int:
    """Return when a message was received that has a row; 0 for one that has none, or none that says it."""
    try:
        row = account.rows.row(uid)
        said = orjson.loads(b"{" + row)["received_at"] if row else ""
        return int(datetime.fromisoformat(said).timestamp()) if said else 0
    except (*UNREADABLE, ValueError):
        return 0
