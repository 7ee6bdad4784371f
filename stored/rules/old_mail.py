"""A rule and the mail that is here: rehearsed on the newest, run over a folder.

Running over old mail is a job. Nothing is forwarded then: what is old was read, and ten thousand letters are
not sent by one call; so nothing is deleted then that was to be forwarded. What it did can be taken back like
any other change.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any, cast

import orjson

from restante.errors import InvalidArgument, NotFound
from restante.rules import checked
from stored.collecting.lease import Lease, Leased
from stored.jobs import Jobs, Working
from stored.messages import changed, flag_names, folder_named, rows
from stored.mime import summarize
from stored.model.account import Account
from stored.model.body import UNREADABLE
from stored.model.folder import Folder
from stored.model.threads import of_message
from stored.model.undo import Move
from stored.model.word import MAX_UID, folder_of, order_key, uid_of
from stored.people import known
from stored.rules.decision import Decision, Facts, Rule, decide
from stored.rules.types import RuleOutcome, RuleRehearsed, RuleToTry
from stored.sending.forwarding import loops
from stored.store import UserStore
from stored.undoing import remember, undo_id

REHEARSED = 500
SHOWN = 50
REHEARSE_SECONDS = 20.0
#: Of a longer message the beginning is read: the header and, as a rule, the names of the first attachments.
READ_OCTETS = 1 << 20
AT_ONCE = 100
AT_ONCE_OCTETS = 8_000_000

KIND = "rules"


@dataclass(frozen=True)
class Kept:
    """One message as a rule reads it, outside any unit of work."""

    uid: int
    key: int
    account: str
    octets: int
    raw: bytes


# Rehearsing -------------------------------------------------------------------------------------------


def rehearse(mail: UserStore, rule: Rule, addresses: Mapping[str, str], folder: str) -> RuleRehearsed:
    """Return what the rule would do with the newest 500 of a folder. Changes nothing; 20 s at most.

    `addresses` gives the address of each account. Raises NotFound for a folder.
    """
    keys = mail.read(lambda account: _newest_of(account, rule, folder))
    deadline = monotonic() + REHEARSE_SECONDS
    looked_at = held = 0
    shown: list[RuleOutcome] = []
    for key in keys:
        if monotonic() > deadline:
            break
        kept = mail.read(lambda account, key=key: kept_of(account, uid_of(key), key))  # type: ignore[misc]
        looked_at += 1
        decision = None if kept is None else _decide(mail, [rule], kept, addresses, folder)
        if decision is None or not decision.by:
            continue
        held += 1
        if len(shown) < SHOWN:
            shown += mail.read(
                lambda account, key=key, decision=decision: _outcome(account, uid_of(key), decision)  # type: ignore[misc]
            )
    return {"looked_at": looked_at, "held": held, "shown": shown, "finished": looked_at == len(keys)}


def _newest_of(account: Account, rule: Rule, folder: str) -> list[int]:
    _check_folders(account, [rule])
    return folder_named(account, folder).order.window(0, REHEARSED)


def _check_folders(account: Account, rules: Sequence[Rule]) -> None:
    """Raise NotFound where a rule puts mail into a folder that is not there."""
    named = (action["folder"] for rule in rules for action in rule["actions"] if "folder" in action)
    for id in named:
        if account.folders.find(id) is None:
            raise NotFound(
                f"The folder {id}, into which the rule puts mail, is not there (any more). Choose another.",
                about=id,
            )


def as_rule(rule: RuleToTry, leased: Leased) -> Rule:
    """Return a rule that is kept nowhere as one that is. Raises InvalidArgument, as `rule.set` does."""
    own = [*leased.addresses.values(), *leased.identities]
    actions = checked(rule["conditions"], rule["actions"], own)
    return cast(Rule, {"match": "all", **rule, "id": "r0", "enabled": True, "actions": actions})


def _outcome(account: Account, uid: int, decision: Decision) -> list[RuleOutcome]:
    return [
        {
            "row": row,
            "folder": decision.folder or "",
            "flags": flag_names(decision.flags),
            "copies": list(decision.copies),
            "forwards": list(decision.forwards),
            "stays": decision.forwards_and_deletes,
        }
        for row in rows(account, [uid])
    ]


def kept_of(account: Account, uid: int, key: int) -> Kept | None:
    """Return a message to be decided on, None where it is gone or cannot be read."""
    if uid not in account.state:
        return None
    try:
        body = account.bodies[uid]
        raw = b"".join(body.pieces(0, READ_OCTETS))
        row = orjson.loads(b"{" + account.rows.row(uid))
        return Kept(uid, key, row["account"], body.octets, raw)
    except (*UNREADABLE, orjson.JSONDecodeError):
        return None


def _decide(
    mail: UserStore, rules: Sequence[Rule], kept: Kept, addresses: Mapping[str, str], folder: str
) -> Decision:
    facts = Facts(kept.octets, lambda address: mail.read(lambda account: known(account, address)))
    summary = summarize(kept.raw)
    decision = decide(rules, summary, kept.account, addresses.get(kept.account, ""), facts, here=folder)
    return decision.unforwarded() if loops(summary) else decision


# Running ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class OldMail:
    """Rehearses rules on mail that is here, and begins to run them over it."""

    jobs: Jobs
    lease: Lease

    def rehearse(self, mail: UserStore, rule: RuleToTry, folder: str = "inbox") -> RuleRehearsed:
        """Return what a rule would do with the newest 500 of a folder. Changes nothing; 20 s at most.

        Raises InvalidArgument, NotFound (permanent), and what the lease raises.
        """
        leased = self.lease(mail.user)
        return rehearse(mail, as_rule(rule, leased), leased.addresses, folder)

    def begin(self, mail: UserStore, rule: RuleToTry | None, ids: Sequence[str], folder: str) -> int:
        """Promise to run a rule, or those of the profile with these ids, over what is in a folder now.

        Raises InvalidArgument, NotFound (permanent), and what the lease raises.
        """
        if (rule is None) == (not ids):
            raise InvalidArgument("Say which rule is to be run: a rule, or the ids of rules in the profile.")
        leased = self.lease(mail.user)
        rules = [as_rule(rule, leased)] if rule is not None else _named(leased.rules, ids)
        top = mail.read(lambda account: _top(account, rules, folder))
        about = ", ".join(map(_title, rules))[:100]
        order: dict[str, Any] = {
            "rules": rules,
            "addresses": leased.addresses,
            "folder": folder,
            "top": top,
            "about": about,
        }
        return self.jobs.begin(mail.user, KIND, order)


def _named(rules: Sequence[Rule], ids: Sequence[str]) -> list[Rule]:
    """Return the rules with these ids in the order of the profile, enabled or not."""
    kept = {rule["id"]: rule for rule in rules}
    if missing := [id for id in ids if id not in kept]:
        raise NotFound(f"There is no rule {missing[0]}. Read the list of rules again.", about=missing[0])
    chosen = set(ids)
    return [{**rule, "enabled": True} for id, rule in kept.items() if id in chosen]


def _title(rule: Rule) -> str:
    """Return a rule's name, or what it asks for first."""
    asked = rule["conditions"][0]
    value = asked.get("value") or ", ".join(asked.get("values", [])) or asked.get("header")
    return rule.get("name") or value or asked["field"]


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
    folder, addresses = order["folder"], order.get("addresses", {})
    batch, following = mail.read(lambda account: _batch(account, folder, before))
    decided = [(one, _decide(mail, order["rules"], one, addresses, folder)) for one in batch]
    mail.write(lambda account: _apply(account, working, decided, following))
    return bool(following)


def _top(account: Account, rules: Sequence[Rule], folder: str) -> int:
    """Return the key of the newest message of a folder, 0 where there is none. Raises NotFound."""
    _check_folders(account, rules)
    newest = folder_named(account, folder).order.window(0, 1)
    return newest[0] if newest else 0


def _batch(account: Account, folder: str, before: int) -> tuple[list[Kept], int]:
    """Return messages of a folder before a key, newest first, and the key to go on before (0 at the end)."""
    place = account.folders.find(folder)
    if place is None:
        return [], 0
    keys = [key for key in place.order.window(place.order.position(before - 1), AT_ONCE) if key < before]
    found: list[Kept] = []
    octets = 0
    for key in keys:
        kept = kept_of(account, uid_of(key), key)
        if kept is not None:
            found.append(kept)
            octets += len(kept.raw)
        if octets > AT_ONCE_OCTETS:
            return found, key
    return found, keys[-1] if keys else 0


def _apply(
    account: Account, working: Working, decided: Sequence[tuple[Kept, Decision]], following: int
) -> None:
    """Do what was decided, and note the place with it."""
    job = working.job(account)
    if not job.total:
        place = account.folders.find(working.order["folder"])
        job.total = place.total() if place is not None else 0
    moves: list[Move] = []
    held = different = unforwarded = 0
    for one, decision in decided:
        word = account.state.get(one.uid)
        if word is None or order_key(word, one.uid) != one.key or not decision.by:
            continue
        done = _done(account, one.uid, decision.unforwarded())
        moves += done
        held += 1
        different += bool(done)
        unforwarded += bool(decision.forwards)
    number = remember(account, moves, int(job.place.get("undo", 0)))
    if number:
        job.made = {**job.made, "undo": undo_id(number)}
    counts = {"held": held, "changed": different, "not_forwarded": unforwarded}
    job.step({"before": following, "undo": number}, done=len(decided), **counts)


def _done(account: Account, uid: int, decision: Decision) -> list[Move]:
    """Carry a decision out on a message that is here; return what was different before."""
    target = account.folders.find(decision.folder) if decision.folder else None
    moves = []
    for copy in decision.copies:
        place = account.folders.find(copy)
        if place is not None and account.rows.last_uid() < MAX_UID and not _copied(account, uid, place):
            new = account.copy(uid, place)
            moves.append(Move(new, 0, account.state[new]))
    return moves + changed(account, uid, decision.flags, 0, target)


def _copied(account: Account, uid: int, place: Folder) -> bool:
    """Return whether the message lies in a folder already, itself or as a copy, which shares its octets."""
    body = account.bodies[uid]
    return any(
        folder_of(account.state[other]) == place.number and account.bodies.get(other) is body
        for other in of_message(account, uid)
    )
