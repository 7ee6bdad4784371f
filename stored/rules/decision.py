"""A user's rules: what becomes of a message as it comes in, and with which flags.

Pure: rules as `profiled` keeps them and what is known of a message in, a decision out. There are no regular
expressions, and what comparing may cost is bounded: no rule can be slow (F54). A condition or an action of a
kind not known here (a newer profile server may have more) never matches and does nothing.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import NotRequired, TypedDict
from unicodedata import normalize

from restante import log
from restante.rules import ADDRESS_FIELDS, Action, Condition, Match, holds_addresses
from stored.mime import Address, Summary
from stored.mime.addresses import addresses_of
from stored.mime.cautions import unpunycoded
from stored.model.word import FLAGGED, SEEN
from stored.rules.folding import fold

_LOG = log.get("rules")

#: One step compares a character of the message with one of a rule; the worst there is takes half a second.
STEPS = 400_000_000
COPIES = 10
FORWARDS = 5


class Rule(TypedDict):
    id: str
    name: NotRequired[str]
    enabled: bool
    match: Match
    conditions: list[Condition]
    actions: list[Action]


def _nobody(address: str) -> bool:
    return False


@dataclass(frozen=True)
class Facts:
    """What a rule may ask that the summary does not say.

    `known` tells whether the user knows who writes from an address, in small letters.
    """

    octets: int = 0
    known: Callable[[str], bool] = _nobody


@dataclass(frozen=True)
class Decision:
    """`folder` is None where no rule files the message: it stays, or belongs in the inbox.

    `copies` are folders for one more copy each, `forwards` addresses; `by` the ids of the rules that held.
    """

    folder: str | None = None
    flags: int = 0
    copies: tuple[str, ...] = ()
    forwards: tuple[str, ...] = ()
    by: tuple[str, ...] = field(default=(), compare=False)

    @property
    def forwards_and_deletes(self) -> bool:
        return bool(self.forwards) and self.folder == "trash"

    def unforwarded(self) -> "Decision":
        """Return what is done where nothing is forwarded: nothing is deleted for its forwards' sake."""
        folder = None if self.forwards_and_deletes else self.folder
        return replace(self, folder=folder, forwards=())


def decide(
    rules: Iterable[Rule],
    summary: Summary,
    account: str,
    address: str,
    facts: Facts | None = None,
    *,
    here: str = "inbox",
) -> Decision:
    """Return what `rules`, in their order, make of a message collected for `account` with `address`.

    The first rule that files or deletes it decides where it lies; flags, copies and forwards add up; "stop"
    ends it. A rule without conditions is for every message. `here` is the folder in which it lies unless a
    rule files it, so that a copy there is none.
    """
    reading = _Reading(summary, (account, address), facts or Facts())
    folder: str | None = None
    flags = 0
    copies: dict[str, None] = {}
    forwards: dict[str, None] = {}
    by: list[str] = []
    for rule in rules:
        if not rule["enabled"] or not reading.fits(rule):
            continue
        by.append(rule["id"])
        for action in rule["actions"]:
            kind, where = action["action"], action.get("folder", "")
            flags |= _FLAGS.get(kind, 0)
            if kind in ("file", "delete"):
                folder = folder or ("trash" if kind == "delete" else where or None)
            elif kind == "copy" and where and len(copies) < COPIES:
                copies[where] = None
            elif kind == "forward" and action.get("to") and len(forwards) < FORWARDS:
                forwards[action["to"]] = None
        if any(action["action"] == "stop" for action in rule["actions"]):
            break
    copies.pop(folder or here, None)
    return Decision(folder, flags, tuple(copies), tuple(forwards), tuple(by))


_FLAGS = {"flag": FLAGGED, "mark_read": SEEN}


class _Reading:
    """One message as its rules read it: each field is folded once, whatever number of rules ask for it."""

    def __init__(self, summary: Summary, account: tuple[str, str], facts: Facts) -> None:
        self._summary = summary
        self._account = account
        self._facts = facts
        self._folded: dict[tuple[str, str, bool], list[str]] = {}
        self._addresses: dict[tuple[str, str], list[str]] = {}
        self._steps = STEPS

    def fits(self, rule: Rule) -> bool:
        """Return whether the rule is for this message; no rule is any more once the steps are used up."""
        found = (self._holds(one) != one.get("negate", False) for one in rule["conditions"])
        held = any(found) if rule["match"] == "any" and rule["conditions"] else all(found)
        return held and self._steps >= 0

    def _holds(self, condition: Condition) -> bool:
        """Return whether a condition holds for any of the values its field has in the message."""
        field, op = condition["field"], condition["op"]
        if field == "size":
            return self._sized(op, condition.get("value", ""))
        if op == "exists":
            return self._exists(field, condition.get("header", ""))
        if op == "known":
            people = _people(field, self._summary)
            return any(self._facts.known(one.address.strip().casefold()) for one in people)
        given = condition.get("values") or [condition.get("value", "")]
        if op in ("address_is", "domain_is"):
            return self._addressed(condition, op, [text for text in map(_bare, given) if text])
        if op.startswith("address_"):
            return self._addressed(condition, op, [text for text in map(_piece, given) if text])
        wanted = [text for text in map(_folded, given) if text]
        texts = self._texts(field, condition.get("header", ""), alone=op != "contains")
        return any(self._compare(op, text, one) for one in wanted for text in texts)

    def _exists(self, field: str, header: str) -> bool:
        if field == "attachment":
            return self._summary.attachments > 0
        return any(self._texts(field, header, alone=False))

    def _sized(self, op: str, value: str) -> bool:
        if not (value.isascii() and value.isdigit()) or len(value) > 15:
            return False
        octets = int(value)
        return self._facts.octets > octets if op == "over" else op == "under" and self._facts.octets < octets

    def _addressed(self, condition: Condition, op: str, wanted: list[str]) -> bool:
        """Compare addresses, in which an accent makes another one."""
        key = (condition["field"], condition.get("header", "").casefold())
        if key not in self._addresses:
            people = _people(key[0], self._summary, key[1]) if holds_addresses(condition) else ()
            self._addresses[key] = [_bare(one.address) for one in people]
        found = self._addresses[key]
        if op not in ("address_is", "domain_is"):
            compared = op.removeprefix("address_")
            return any(self._compare(compared, address, one) for one in wanted for address in found)
        if op == "domain_is":
            found = [address.rpartition("@")[2] for address in found]
            wanted = [one.removeprefix("@") for one in wanted]
        return not {one for one in wanted if one}.isdisjoint(found)

    def _compare(self, op: str, text: str, wanted: str) -> bool:
        if op == "contains":
            self._spend(len(text) * len(wanted))
            return self._steps >= 0 and wanted in text
        self._spend(len(wanted))
        if op == "is":
            return text == wanted
        if op == "starts_with":
            return text.startswith(wanted)
        return op == "ends_with" and text.endswith(wanted)

    def _spend(self, steps: int) -> None:
        before, self._steps = self._steps, self._steps - steps
        if before >= 0 > self._steps:
            _LOG.warning("rules.too_much", account=self._account[0])

    def _texts(self, field: str, header: str, *, alone: bool) -> list[str]:
        """Return the values of a field as they are compared.

        `alone`: names, addresses and list ids by themselves too, since that is what "is", a beginning and an
        end mean to a person.
        """
        key = (field, header.casefold(), alone)
        if key not in self._folded:
            found = self._values(field, header, alone)
            self._folded[key] = list(dict.fromkeys(filter(None, map(_fold, found))))
        return self._folded[key]

    def _values(self, field: str, header: str, alone: bool) -> Sequence[str]:
        if field in ADDRESS_FIELDS:
            people = _people(field, self._summary)
            return [_shown(one) for one in people] + [part for one in people for part in one if alone]
        if field == "subject":
            return [self._summary.subject]
        if field == "account":
            return self._account
        if field == "attachment":
            return self._summary.attached
        if field == "list":
            values = self._summary.header("list-id")
            ids = [_list_id(value) for value in values if alone]
            return values + ids + [f"<{id}>" for id in ids if id]
        return self._summary.header(header) if field == "header" else ()


def _people(field: str, summary: Summary, header: str = "") -> Sequence[Address]:
    """Return the addresses of a field that holds addresses, or of a header, nothing for any other."""
    if field == "header":
        return addresses_of(", ".join(value for name, value in summary.fields if name.casefold() == header))
    if field == "any_recipient":
        return [*summary.to, *summary.cc]
    return {"from": summary.from_, "to": summary.to, "cc": summary.cc}.get(field, [])


def _list_id(value: str) -> str:
    """Return the id in the value of a List-Id field, which may have words before it. Pure."""
    return value.rpartition("<")[2].partition(">")[0].strip()


def _shown(address: Address) -> str:
    return f"{address.name} <{address.address}>" if address.name else address.address


def _bare(address: str) -> str:
    """Return an address or a domain as it is compared: the domain as people write it. Pure."""
    return _piece(address.strip().rstrip("."))


def _piece(text: str) -> str:
    """Return a part of an address as it is compared, where a dot may stand at its end. Pure."""
    local, at, domain = text.strip().casefold().rpartition("@")
    return f"{local}{at}{normalize('NFC', unpunycoded(domain))}"


def _fold(text: str) -> str:
    return " ".join(fold(normalize("NFC", text.casefold())).split())


#: What conditions ask for is the same for message after message.
_folded = lru_cache(maxsize=2048)(_fold)
