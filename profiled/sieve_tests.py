"""The tests of a Sieve script as conditions of rules. Pure.

A test is any of some groups of conditions, of which all must hold: no group is never, an empty one always.
One rule asks for all groups that are one condition; any other group is a rule of its own. Several may hold of
a message and do the same to it, and what rules do they do once.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Literal, cast

from sievelib.commands import Command  # type: ignore[import-untyped]

from profiled.sieve_addresses import asked_of
from profiled.sieve_order import negated
from profiled.sieve_refusal import Unsaid, Wrong, unsaid
from profiled.sieve_script import Script, comparator_of, literals, text, texts
from profiled.sieve_steps import Steps
from restante.rules import (
    ADDRESS_HEADERS,
    CONDITIONS,
    VALUE_CHARACTERS,
    VALUES,
    Condition,
    Match,
)

GROUPS = 20
MOST = GROUPS * CONDITIONS
#: A group may have more conditions than a rule as long as it makes none, as where a script only keeps.
LONGEST = 5 * CONDITIONS
Test = tuple[tuple[Condition, ...], ...]
ALWAYS: Test = ((),)
NEVER: Test = ()
ANY_SIZE: Condition = {"field": "size", "op": "over", "value": "0"}


def asked(test: Test) -> list[tuple[Match, list[Condition]]]:
    """Return what the rules ask that together hold where a test does; nothing of one that never does."""
    if () in test:
        return [("all", [ANY_SIZE])]
    alone = [group[0] for group in test if len(group) == 1]
    parts = [alone[at : at + CONDITIONS] for at in range(0, len(alone), CONDITIONS)]
    rules: list[tuple[Match, list[Condition]]] = [("any" if len(part) > 1 else "all", part) for part in parts]
    return rules + [("all", list(group)) for group in test if len(group) > 1]


def both(one: Test, other: Test, line: int, steps: Steps) -> Test:
    """Return a test that holds where both do. Raises Unsaid where that makes too many rules."""
    if ALWAYS in (one, other):
        return other if one == ALWAYS else one
    if len(one) * len(other) > GROUPS**2:
        raise _too_many(line)
    steps.take(_steps_of(one, other))
    # A condition is known by what it says; comparing that is quick, as it is one text wherever it stands.
    said = {id(condition): repr(condition) for group in (*one, *other) for condition in group}
    meant = {said[id(condition)]: condition for group in (*one, *other) for condition in group}
    names = [[said[id(condition)] for condition in group] for group in one]
    others = [[said[id(condition)] for condition in group] for group in other]
    groups = _fewest(tuple(dict.fromkeys([*mine, *theirs])) for mine in names for theirs in others)
    if sum(len(group) > 1 for group in groups) > GROUPS or max(map(len, groups), default=0) > LONGEST:
        raise _too_many(line)
    return tuple(tuple(meant[name] for name in group) for group in groups)


def _steps_of(one: Test, other: Test) -> int:
    mine, theirs, groups = sum(map(len, one)), sum(map(len, other)), len(one) * len(other)
    joined = mine * len(other) + theirs * len(one)
    return 10 + 2 * (mine + theirs) + groups + joined // 5 + groups * groups // 40


def _fewest(groups: Iterable[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Return the groups without those that ask for all that another one does, and more."""
    asking = {frozenset(group): group for group in groups}
    shorter: dict[int, list[frozenset[str]]] = {
        length: [asks for asks in asking if len(asks) < length] for length in set(map(len, asking))
    }
    return [group for asks, group in asking.items() if not any(less < asks for less in shorter[len(asks)])]


def turned(test: Test, line: int, steps: Steps) -> Test:
    """Return a test that holds where another does not. Raises Unsaid."""
    whole = ALWAYS
    for group in test:
        whole = both(whole, tuple((negated(condition),) for condition in group), line, steps)
    return whole


def _too_many(line: int) -> Unsaid:
    return unsaid(line, f"it makes more than {GROUPS} rules, or too large ones; divide it")


def test_of(command: Command, script: Script, line: int) -> Test:
    """Return what a test asks, which stands in a line. Raises Unsaid with all that cannot be said in it."""
    script.check(command, line)
    name = command.name
    if name in ("true", "false"):
        return ALWAYS if name == "true" else NEVER
    if name == "not":
        return turned(_inner(command["test"], script, line), line, script.steps)
    if name in ("allof", "anyof"):
        return _joined(name, command["tests"], script, line)
    if name == "environment" and text(command["name"]).casefold().startswith("vnd."):
        return NEVER  # what is not known to a server never holds (RFC 5183 section 4)
    if name == "exists":
        return (tuple(_exists(header) for header in texts(command["header-names"])),)
    if name == "size":
        op: Literal["over", "under"] = "over" if command["comparator"].lower() == ":over" else "under"
        return (({"field": "size", "op": op, "value": _octets(command["limit"])},),)
    if name in ("header", "address"):
        return _compared(command, line)
    raise unsaid(line, f"no condition asks for “{name}”")


def _inner(command: Command, script: Script, line: int) -> Test:
    return test_of(command, script, script.line(command) or line)


def _joined(name: str, commands: Sequence[Command], script: Script, line: int) -> Test:
    """Return what all or any of some tests ask; one that decides makes no matter of the others."""
    whole, deciding = (ALWAYS, NEVER) if name == "allof" else (NEVER, ALWAYS)
    wrong: list[Wrong] = []
    parts: list[Test] = []
    for command in commands:
        try:
            parts.append(_inner(command, script, line))
        except Unsaid as refused:
            wrong += refused.wrong
    if deciding in parts:
        return deciding
    if wrong:
        raise Unsaid(*wrong)
    for part in parts:
        whole = both(whole, part, line, script.steps) if name == "allof" else _either(whole, part, line)
    return whole


def _either(one: Test, other: Test, line: int) -> Test:
    if len(one) + len(other) > MOST:
        raise _too_many(line)
    return (*one, *(group for group in other if group not in one))


def _compared(test: Command, line: int) -> Test:
    """Return the conditions of a header or address test: any of its fields having any of its keys."""
    if strange := comparator_of(test):
        octets = strange == "i;octet"
        told = "capital and small letters are never told apart" if octets else _STRANGE.format(strange)
        raise unsaid(line, told)
    names = texts(test["header-names" if test.name == "header" else "header-list"])
    kind = str(test.arguments.get("match-type", ":is")).lower()
    addresses = test.name == "address"
    part = str(test.arguments.get("address-part", ":all")).lower() if addresses else ""
    operators = _operators(kind, literals(test["key-list"]), line, address=part == ":all")
    if addresses:
        operators = _of_addresses(part, operators, line)
    found: list[Condition] = []
    for op, values in operators.items():
        asked = _addresses(names, op, line) if addresses else _headers(names, op)
        for at in range(0, len(values), VALUES):
            wanted = {} if op == "exists" else _wanted(values[at : at + VALUES])
            found += [cast(Condition, one | wanted) for one in asked]
    if len(found) > MOST:
        raise _too_many(line)
    return tuple((one,) for one in found)


_STRANGE = "Restante does not know how “{}” compares"


def _headers(names: list[str], op: str) -> list[dict[str, Any]]:
    return [
        {"field": "subject", "op": op}
        if name.casefold() == "subject"
        else {"field": "header", "header": name, "op": op}
        for name in names
    ]


def _of_addresses(part: str, operators: dict[str, list[str]], line: int) -> dict[str, list[str]]:
    """Return what is asked of whole addresses in place of a part of them."""
    found: dict[str, list[str]] = {}
    for op, keys in operators.items():
        for key in keys:
            ours, values = asked_of(part, op, key, line)
            found.setdefault(ours, []).extend(values)
    return found


def _addresses(names: list[str], op: str, line: int) -> list[dict[str, Any]]:
    if strange := [name for name in names if name.casefold() not in (*_FIELDS, *ADDRESS_HEADERS)]:
        raise unsaid(line, f"addresses are not asked for in {strange[0]}")
    fields = [name.casefold() for name in names]
    if set(fields) == {"to", "cc"}:
        return [{"field": "any_recipient", "op": op}]
    return [
        {"field": field, "op": op} if field in _FIELDS else {"field": "header", "header": name, "op": op}
        for name, field in zip(names, fields, strict=True)
    ]


_FIELDS = ("from", "to", "cc")


def _wanted(values: Sequence[str]) -> dict[str, Any]:
    return {"value": values[0]} if len(values) == 1 else {"values": list(values)}


def _exists(name: str) -> Condition:
    return {"field": "header", "op": "exists", "header": name}


def _operators(kind: str, keys: list[str], line: int, *, address: bool) -> dict[str, list[str]]:
    """Return which of our operators compare the keys: those with "*" by where it stands.

    `address`: of whole addresses, which have "@" before their domain.
    """
    if kind not in (":is", ":contains", ":matches"):
        raise unsaid(line, f"texts cannot be compared by {kind}")
    found: dict[str, list[str]] = {}
    for key in keys:
        if address and key.startswith("*@*"):
            key = key[2:]
        op, bare = _pattern(key, line) if kind == ":matches" else (kind[1:], key)
        if op != "exists":
            _check_key(bare, line)
        found.setdefault(op, []).append(bare)
    return found


#: Whether a pattern is open at its beginning and at its end → the operator.
_OPEN: dict[tuple[bool, bool], str] = {
    (False, False): "is",
    (False, True): "starts_with",
    (True, False): "ends_with",
    (True, True): "contains",
}


def _pattern(key: str, line: int) -> tuple[str, str]:
    """Return the operator for a key of ":matches", and what it compares with."""
    bare = key.strip("*")
    if any(letter in bare for letter in "*?\\") or not key:
        raise unsaid(line, f"the pattern “{key}” is more than a beginning, an end or a part")
    if not bare:
        return "exists", ""
    open_ends = (key.startswith("*"), key.endswith("*"))
    return _OPEN[open_ends], bare


def _check_key(key: str, line: int) -> None:
    if not key.strip():
        raise unsaid(line, "an empty text cannot be asked for")
    if key != key.strip():
        raise unsaid(line, f"the blanks around “{key.strip()[:40]}” would make no difference")
    if len(key) > VALUE_CHARACTERS:
        raise unsaid(line, f"a text that is asked for has at most {VALUE_CHARACTERS} characters")


def _octets(limit: Any) -> str:
    text = str(limit).upper()
    scale = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}.get(text[-1:], 1)
    return str(int(text.rstrip("KMG")[:12] or "0") * scale)
