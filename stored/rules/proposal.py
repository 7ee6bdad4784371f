"""A rule proposed by a message: for those of its list or its sender, filed where those lie."""

from collections import Counter
from collections.abc import Iterator
from typing import cast

import orjson

from restante.errors import InvalidArgument, NotFound
from stored.messages import uid_of_id
from stored.mime import Summary, summarize
from stored.model.account import Account
from stored.model.body import UNREADABLE
from stored.model.word import folder_of
from stored.rules.old_mail import kept_of
from stored.rules.types import RuleProposed
from stored.store import UserStore

LOOKED_BACK = 2_000


def proposed(mail: UserStore, id: str) -> RuleProposed:
    """Return a rule for messages like this one: of its list or else of its sender, filed where those lie.

    Where no folder suggests itself they are flagged, so that it is a rule that can be kept.
    Raises NotFound, Damaged (permanent). Reads only.
    """
    uid = uid_of_id(id)
    kept = mail.read(lambda account: kept_of(account, uid, 0))
    if kept is None:
        raise NotFound("That message does not exist (any more).", about=id[:20])
    summary = summarize(kept.raw)
    list_id = _list_of(summary)
    sender = summary.writer
    if list_id:
        condition = {"field": "list", "op": "is", "value": list_id[:256]}
        name = list_id
    elif sender.address:
        condition = {"field": "from", "op": "address_is", "value": sender.address[:256]}
        name = sender.name or sender.address
    elif summary.subject:
        condition = {"field": "subject", "op": "is", "value": summary.subject[:256]}
        name = summary.subject
    else:
        raise InvalidArgument("This message names no list, sender or subject that a rule could ask for.")
    folder = mail.read(lambda account: _usual_folder(account, uid, sender.address))
    # To raise a flag does no harm, and the rule can be rehearsed and kept as it is.
    action = {"action": "file", "folder": folder} if folder else {"action": "flag"}
    return cast(
        RuleProposed,
        {"rule": {"name": name[:100], "match": "all", "conditions": [condition], "actions": [action]}},
    )


def _list_of(summary: Summary) -> str:
    value = next(iter(summary.header("list-id")), "")
    return value.rpartition("<")[2].partition(">")[0].strip() or value.strip()


def _usual_folder(account: Account, uid: int, sender: str) -> str:
    """Return the folder in which most messages of that sender lie; the message's own, if it was moved."""
    here = account.folders.get(folder_of(account.state[uid])) if uid in account.state else None
    if here is not None and not here.role:
        return here.id
    found: Counter[int] = Counter()
    for other in _newest(account):
        word = account.state.get(other)
        if word is not None and sender and sender.casefold() == _sender_of(account, other).casefold():
            found[folder_of(word)] += 1
    for number, _ in found.most_common():
        folder = account.folders.get(number)
        if folder is not None and (not folder.role or folder.role == "archive"):
            return folder.id
    return ""


def _newest(account: Account) -> Iterator[int]:
    last = account.rows.last_uid()
    return iter(range(last, max(last - LOOKED_BACK, 0), -1))


def _sender_of(account: Account, uid: int) -> str:
    try:
        return str(orjson.loads(b"{" + account.rows.row(uid))["from"]["address"])
    except (*UNREADABLE, orjson.JSONDecodeError):
        return ""
