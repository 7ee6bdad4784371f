"""A rule and the mail that is here: proposed by a message, rehearsed on the newest, run over a folder.

Running over old mail is a job. Nothing is forwarded then: what is old was read, and ten thousand letters are
not sent by one call. What it did can be taken back like any other change.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any, cast

import orjson

from restante.errors import InvalidArgument, NotFound
from stored.jobs import Jobs, Working
from stored.lease import Lease
from stored.messages import changed, flag_names, folder_named, rows, uid_of_id
from stored.mime import Summary, summarize
from stored.model.account import Account
from stored.model.body import UNREADABLE
from stored.model.folder import Folder
from stored.model.roles import INBOX
from stored.model.undo import Move
from stored.model.word import MAX_UID, folder_of, order_key, uid_of
from stored.people import known
from stored.rule_types import RuleOutcome, RuleProposed, RuleRehearsed, RuleToTry
from stored.rules import Decision, Facts, Rule, decide
from stored.store import UserStore
from stored.undoing import remember, undo_id

REHEARSED = 500
SHOWN = 50
REHEARSE_SECONDS = 20.0
#: Of a longer message the beginning is read: the header and, as a rule, the names of the first attachments.
READ_OCTETS = 1 << 20
AT_ONCE = 100
AT_ONCE_OCTETS = 8_000_000
LOOKED_BACK = 2_000

KIND = "rules"


@dataclass(frozen=True)
class _Kept:
    """One message as a rule reads it, outside any unit of work."""

    uid: int
    key: int
    account: str
    octets: int
    raw: bytes


def proposed(mail: UserStore, id: str) -> RuleProposed:
    """Return a rule for messages like this one: of its list or else of its sender, filed where those lie.

    Raises NotFound, Damaged (permanent). Reads only.
    """
    uid = uid_of_id(id)
    kept = mail.read(lambda account: _kept(account, uid, 0))
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
    actions = [{"action": "file", "folder": folder}] if folder else []
    return cast(
        RuleProposed,
        {"rule": {"name": name[:100], "match": "all", "conditions": [condition], "actions": actions}},
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


# Rehearsing -------------------------------------------------------------------------------------------


def rehearse(mail: UserStore, rule: RuleToTry, folder: str = "inbox") -> RuleRehearsed:
    """Return what the rule would do with the newest 500 of a folder. Changes nothing; 20 s at most."""
    rules = [as_rule(rule)]
    keys = mail.read(lambda account: folder_named(account, folder).order.window(0, REHEARSED))
    deadline = monotonic() + REHEARSE_SECONDS
    looked_at = held = 0
    shown: list[RuleOutcome] = []
    for key in keys:
        if monotonic() > deadline:
            break
        kept = mail.read(lambda account, key=key: _kept(account, uid_of(key), key))  # type: ignore[misc]
        looked_at += 1
        decision = None if kept is None else _decide(mail, rules, kept)
        if decision is None or not decision.by:
            continue
        held += 1
        if len(shown) < SHOWN:
            shown += mail.read(
                lambda account, key=key, decision=decision: _outcome(account, uid_of(key), decision)  # type: ignore[misc]
            )
    return {"looked_at": looked_at, "held": held, "shown": shown, "finished": looked_at == len(keys)}


def as_rule(rule: RuleToTry) -> Rule:
    return cast(Rule, {"id": "r0", "enabled": True, "match": "all", **rule})


def _outcome(account: Account, uid: int, decision: Decision) -> list[RuleOutcome]:
    return [
        {
            "row": row,
            "folder": decision.folder or "",
            "flags": flag_names(decision.flags),
            "copies": list(decision.copies),
            "forwards": list(decision.forwards),
        }
        for row in rows(account, [uid])
    ]


def _kept(account: Account, uid: int, key: int) -> _Kept | None:
    """Return a message to be decided on, None where it is gone or cannot be read."""
    if uid not in account.state:
        return None
    try:
        body = account.bodies[uid]
        raw = b"".join(body.pieces(0, READ_OCTETS))
        row = orjson.loads(b"{" + account.rows.row(uid))
        return _Kept(uid, key, row["account"], body.octets, raw)
    except (*UNREADABLE, orjson.JSONDecodeError):
        return None


def _decide(mail: UserStore, rules: Sequence[Rule], kept: _Kept) -> Decision:
    facts = Facts(kept.octets, lambda address: mail.read(lambda account: known(account, address)))
    return decide(rules, summarize(kept.raw), kept.account, "", facts)


# Running ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class OldMail:
    """Begins to run rules over mail that is here."""

    jobs: Jobs
    lease: Lease

    def begin(self, mail: UserStore, rule: RuleToTry | None, ids: Sequence[str], folder: str) -> int:
        """Promise to run a rule, or those of the profile with these ids, over what is in a folder now.

        Raises InvalidArgument, NotFound (permanent), and what the lease raises.
        """
        if (rule is None) == (not ids):
            raise InvalidArgument("Say which rule is to be run: a rule, or the ids of rules in the profile.")
        rules = [as_rule(rule)] if rule is not None else self._rules(mail.user, ids)
        top = mail.read(lambda account: _top(folder_named(account, folder)))
        about = ", ".join(one.get("name", "") or one["id"] for one in rules)[:100]
        order: dict[str, Any] = {"rules": rules, "folder": folder, "top": top, "about": about}
        return self.jobs.begin(mail.user, KIND, order)

    def _rules(self, user: str, ids: Sequence[str]) -> list[Rule]:
        kept = {rule["id"]: rule for rule in self.lease(user).rules}
        if missing := [id for id in ids if id not in kept]:
            raise NotFound(f"There is no rule {missing[0]}. Read the list of rules again.", about=missing[0])
        chosen = set(ids)
        return [{**rule, "enabled": True} for id, rule in kept.items() if id in chosen]


def run(working: Working) -> None:
    """Apply the rules of a job from the newest message to the oldest, a hundred in a unit of work."""
    while _step(working):
        pass


def _step(working: Working) -> bool:
    """Take the next step; return false at the end."""
    place, _ = working.read()
    order, mail = working.order, working.mail
    before = place.get("before", order["top"] + 1)
    if not before:
        return False
    batch, following = mail.read(lambda account: _batch(account, order["folder"], before))
    decided = [(one, _decide(mail, order["rules"], one)) for one in batch]
    mail.write(lambda account: _apply(account, working, decided, following))
    return bool(following)


def _top(folder: Folder) -> int:
    newest = folder.order.window(0, 1)
    return newest[0] if newest else 0


def _batch(account: Account, folder: str, before: int) -> tuple[list[_Kept], int]:
    """Return messages of a folder before a key, newest first, and the key to go on before (0 at the end)."""
    place = account.folders.find(folder)
    if place is None:
        return [], 0
    keys = [key for key in place.order.window(place.order.position(before - 1), AT_ONCE) if key < before]
    found: list[_Kept] = []
    octets = 0
    for key in keys:
        kept = _kept(account, uid_of(key), key)
        if kept is not None:
            found.append(kept)
            octets += len(kept.raw)
        if octets > AT_ONCE_OCTETS:
            return found, key
    return found, keys[-1] if keys else 0


def _apply(
    account: Account, working: Working, decided: Sequence[tuple[_Kept, Decision]], following: int
) -> None:
    """Do what was decided, and note the place with it."""
    job = working.job(account)
    if not job.total:
        place = account.folders.find(working.order["folder"])
        job.total = place.total() if place is not None else 0
    moves: list[Move] = []
    held = 0
    for one, decision in decided:
        word = account.state.get(one.uid)
        if word is None or order_key(word, one.uid) != one.key or not decision.by:
            continue
        held += 1
        moves += _done(account, one.uid, decision)
    number = remember(account, moves, int(job.place.get("undo", 0)))
    if number:
        job.made = {**job.made, "undo": undo_id(number)}
    job.step({"before": following, "undo": number}, done=len(decided), held=held, changed=len(moves))


def _done(account: Account, uid: int, decision: Decision) -> list[Move]:
    """Carry a decision out on a message that is here; return what was different before."""
    target = account.folders.find(decision.folder) if decision.folder else None
    moves = []
    for copy in decision.copies:
        place = account.folders.find(copy)
        if place is not None and account.rows.last_uid() < MAX_UID:
            new = account.copy(uid, place)
            moves.append(Move(new, 0, account.state[new]))
    if target is not None and target.number == INBOX:
        target = None
    return moves + changed(account, uid, decision.flags, 0, target)
