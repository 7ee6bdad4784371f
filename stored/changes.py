"""What happened since a client last looked."""

from typing import cast

from stored.messages import flag_names, folder_id, message_id, rows, thread_id
from stored.model.account import Account
from stored.model.word import flags_of, folder_of
from stored.types import MessageChanges, MessageMoved

#: A client that missed more new messages, or more of anything, does better to read its list again.
MOST_CREATED = 500
MOST_CHANGED = 5_000


def changes(account: Account, since: str) -> MessageChanges:
    """Return what was created, updated and destroyed after the state `since`, each message once.

    `folders` tells that the list of folders, or a count in it, may be different. `start_again` tells that
    this cannot be answered (the state is unknown, too old, or too much happened): read everything anew.
    Reads only.
    """
    found = account.changes(since)
    answer: MessageChanges = {
        "state": account.state_text(),
        "start_again": True,
        "created": [],
        "updated": [],
        "destroyed": [],
        "folders": True,
    }
    if found is None or len(found.created) > MOST_CREATED:
        return answer
    if len(found.updated) + len(found.destroyed) > MOST_CHANGED:
        return answer
    answer["start_again"] = False
    answer["created"] = rows(account, sorted(found.created))
    answer["updated"] = [_moved(account, uid) for uid in sorted(found.updated)]
    answer["destroyed"] = [message_id(uid) for uid in sorted(found.destroyed)]
    answer["folders"] = found.folders or bool(found.created or found.updated or found.destroyed)
    return answer


def _moved(account: Account, uid: int) -> MessageMoved:
    word = account.state[uid]
    moved = {
        "id": message_id(uid),
        "thread": thread_id(account.threads.thread_of(uid)),
        "folder": folder_id(account, folder_of(word)),
        "flags": flag_names(flags_of(word)),
    }
    return cast(MessageMoved, moved)
