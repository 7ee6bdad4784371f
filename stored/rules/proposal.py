"""A rule proposed by a message: for those of its list or its sender, filed where those lie."""

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple, cast

import orjson

from restante.errors import InvalidArgument, NotFound
from restante.rules import VALUE_CHARACTERS, Action, Condition, Field, Operator, checked
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
    asked = next(filter(_can_be_kept, _asked(summary)), None)
    if asked is None:
        raise InvalidArgument("This message names no list, sender or subject that a rule could ask for.")
    folder = mail.read(lambda account: _usual_folder(account, uid, summary.writer.address))
    # To raise a flag does no harm, and the rule can be rehearsed and kept as it is.
    action = {"action": "file", "folder": folder} if folder else _FLAG
    rule = {"name": asked.name[:100], "match": "all", "conditions": [asked.condition], "actions": [action]}
    return cast(RuleProposed, {"rule": rule})


_FLAG: Action = {"action": "flag"}


class _Asked(NamedTuple):
    """What a rule may ask for, and its name."""

    condition: Condition
    name: str


def _asked(summary: Summary) -> Iterator[_Asked]:
    """Give what messages like this one may be known by, the best first."""
    list_id, sender = _list_of(summary), summary.writer
    yield _Asked(_condition("list", list_id, "is", "starts_with"), list_id)
    condition = _condition("from", sender.address, "address_is", "address_starts_with")
    yield _Asked(condition, sender.name or sender.address)
    yield _Asked(_condition("subject", summary.subject, "is", "starts_with"), summary.subject)


def _condition(field: Field, said: str, whole: Operator, beginning: Operator) -> Condition:
    """Return what asks for a text; of one that is longer than a rule may be, for its beginning."""
    op = whole if len(said) <= VALUE_CHARACTERS else beginning
    return {"field": field, "op": op, "value": said[:VALUE_CHARACTERS]}


def _can_be_kept(asked: _Asked) -> bool:
    try:
        checked([asked.condition], [_FLAG])
    except InvalidArgument:
        return False
    return True


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
