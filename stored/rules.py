"""A user's rules: where a message goes as it comes in, and with which flags.

Pure: rules as `profiled` keeps them and a summary in, a decision out. There are no regular expressions, so no
rule can be slow. A condition or an action of a kind not known here (a newer profile server may have more)
never matches and does nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, NotRequired, TypedDict

from stored.mime import Address, Summary
from stored.model.word import FLAGGED, SEEN


class Condition(TypedDict):
    field: str
    op: str
    header: NotRequired[str]
    value: NotRequired[str]


class Action(TypedDict):
    action: str
    folder: NotRequired[str]


class Rule(TypedDict):
    id: str
    enabled: bool
    match: Literal["all", "any"]
    conditions: list[Condition]
    actions: list[Action]


@dataclass(frozen=True)
class Decision:
    """`folder` is None where no rule files the message: it belongs in the inbox."""

    folder: str | None = None
    flags: int = 0


def decide(rules: Iterable[Rule], summary: Summary, account: str, address: str) -> Decision:
    """Return what `rules`, in their order, make of a message collected for `account` with `address`.

    The first rule that files it decides the folder; flags add up; "stop" ends it. A rule without conditions
    is for every message.
    """
    folder: str | None = None
    flags = 0
    for rule in rules:
        if not rule["enabled"] or not _matches(rule, summary, (account, address)):
            continue
        kinds = [action["action"] for action in rule["actions"]]
        flags |= (FLAGGED if "flag" in kinds else 0) | (SEEN if "mark_read" in kinds else 0)
        filed = [action.get("folder") for action in rule["actions"] if action["action"] == "file"]
        folder = folder or next(filter(None, filed), None)
        if "stop" in kinds:
            break
    return Decision(folder, flags)


def _matches(rule: Rule, summary: Summary, account: tuple[str, str]) -> bool:
    """Return whether the rule is for this message."""
    found = (_holds(condition, summary, account) for condition in rule["conditions"])
    return any(found) if rule["match"] == "any" and rule["conditions"] else all(found)


def _holds(condition: Condition, summary: Summary, account: tuple[str, str]) -> bool:
    """Return whether one condition holds for any of the values its field has in the message."""
    op = condition["op"]
    people = _people(condition["field"], summary)
    if op in ("address_is", "domain_is"):
        found = people or [Address("", text) for text in _texts(condition, summary, account)]
        wanted = condition.get("value", "").strip().casefold()
        addresses = [one.address.strip().casefold() for one in found]
        if op == "domain_is":
            addresses = [address.rpartition("@")[2] for address in addresses]
            wanted = wanted.removeprefix("@")
        return bool(wanted) and wanted in addresses
    texts = [_shown(one) for one in people] or _texts(condition, summary, account)
    if op == "exists":
        return any(texts)
    wanted = _folded(condition.get("value", ""))
    # "is" compares with the name and with the address alone too: that is what a person means by it.
    alone = [part for one in people for part in one] if op == "is" else []
    return bool(wanted) and any(_compare(op, _folded(text), wanted) for text in [*texts, *alone])


def _compare(op: str, text: str, wanted: str) -> bool:
    if op == "contains":
        return wanted in text
    if op == "is":
        return text == wanted
    if op == "starts_with":
        return text.startswith(wanted)
    return op == "ends_with" and text.endswith(wanted)


def _people(field: str, summary: Summary) -> Sequence[Address]:
    """Return the addresses of a field that holds addresses, nothing for any other."""
    if field == "any_recipient":
        return [*summary.to, *summary.cc]
    return {"from": summary.from_, "to": summary.to, "cc": summary.cc}.get(field, [])


def _texts(condition: Condition, summary: Summary, account: tuple[str, str]) -> Sequence[str]:
    """Return the values of a field that holds text; an account goes by its id and by its address."""
    if condition["field"] == "subject":
        return [summary.subject]
    if condition["field"] == "account":
        return account
    if condition["field"] == "header":
        name = condition.get("header", "").casefold()
        return [value for header, value in summary.headers if header.casefold() == name]
    return []


def _shown(address: Address) -> str:
    return f"{address.name} <{address.address}>" if address.name else address.address


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())
