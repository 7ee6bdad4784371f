"""Sieve scripts (RFC 5228) to our rules: what can be said is, what cannot is refused by its line.

The base language, `fileinto`, `copy` (RFC 3894) and `imap4flags` (RFC 5232). Pure; knows no profile.

    if / elsif / else    rules, where what came before is negated
    if false             a rule that is switched off, with the test that Roundcube leaves in a comment there
    fileinto             "file"; with :copy, or beside keep, "copy"
    redirect             "forward", and "delete" where the script keeps no copy
    discard              "delete", which is the trash here and not the end
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

from sievelib.commands import Command  # type: ignore[import-untyped]

from profiled.sieve_order import DELETE, Made, negated, ordered
from profiled.sieve_script import literals, name_in, parsed, test_in, text, texts, unsaid
from profiled.types import RuleNew
from restante.errors import InvalidArgument
from restante.rules import (
    ACTIONS,
    CONDITIONS,
    VALUE_CHARACTERS,
    VALUES,
    Action,
    Condition,
    Operator,
    checked,
)
from restante.wire import check

_ROLES = {
    "inbox": "inbox",
    "sent": "sent",
    "drafts": "drafts",
    "junk": "junk",
    "spam": "junk",
    "trash": "trash",
    "archive": "archive",
}
_ALWAYS: Condition = {"field": "size", "op": "over", "value": "0"}
_STOP: Action = {"action": "stop"}
_fits = check(RuleNew)


@dataclass(frozen=True)
class _Test:
    """What a rule asks: all or any of the conditions."""

    match: Literal["all", "any"]
    conditions: tuple[Condition, ...]

    @property
    def plain(self) -> bool:
        """Whether it can stand among others that must all hold."""
        return self.match == "all" or len(self.conditions) == 1

    def negated(self) -> "_Test":
        turned = tuple(negated(one) for one in self.conditions)
        return _Test("any" if self.match == "all" and len(turned) != 1 else "all", turned)


def rules_of(script: str, folders: Mapping[str, str]) -> list[RuleNew]:
    """Return the rules that do what `script` does, in order. `folders` gives the id of each folder's name.

    Names of folders in it, those with a role and their parts behind "INBOX." count too, whatever the case.
    Raises InvalidArgument naming the first line that is wrong or that no rule can say.
    """
    commands, lines = parsed(script)
    known = _ROLES | {name.casefold(): id for name, id in folders.items()}
    made = ordered(_Translation(known, lines).rules(commands))
    for one in made:
        _check(one)
    if made and made[-1].rule["conditions"] == [_ALWAYS] and made[-1].rule["actions"] == [_STOP]:
        made.pop()  # a stop at the end of the script, which would end what comes after it here
    return [one.rule for one in made]


def _check(made: Made) -> None:
    """Refuse what `rule.set` would refuse."""
    conditions, actions = made.rule["conditions"], made.rule["actions"]
    if len(conditions) > CONDITIONS or len(actions) > ACTIONS:
        raise unsaid(made.line, f"a rule has at most {CONDITIONS} conditions and {ACTIONS} actions")
    try:
        checked(conditions, actions)
        _fits(made.rule, "rule")
    except InvalidArgument as wrong:
        raise unsaid(made.line, wrong.message.rstrip(".")) from None


class _Translation:
    """One script on its way."""

    def __init__(self, folders: Mapping[str, str], lines: Mapping[int, int]) -> None:
        self._folders = folders
        self._lines = dict(lines)
        self._found: list[Made] = []

    def rules(self, commands: list[Command]) -> list[Made]:
        self._block(commands, _Test("all", ()), "", enabled=True)
        return self._found

    def _line(self, command: Command) -> int:
        return self._lines.get(id(command), 0)

    def _block(self, commands: list[Command], path: _Test, name: str, *, enabled: bool) -> bool:
        """Add what a block says under the tests of `path`; return whether it always ends in "stop"."""
        actions: list[Command] = []
        before: list[_Test] = []
        for command in commands:
            kind, told = command.name, name_in(command) or name
            if kind == "require":
                continue
            if kind in ("if", "elsif", "else"):
                self._add(actions, path, name, enabled)
                actions = []
                before = self._branch(command, path, [] if kind == "if" else before, told, enabled)
            else:
                actions.append(command)
                if kind == "stop":
                    break
        self._add(actions, path, name, enabled)
        return bool(actions) and actions[-1].name == "stop"

    def _branch(
        self, command: Command, path: _Test, before: list[_Test], name: str, enabled: bool
    ) -> list[_Test]:
        """Add one branch; return the tests that the next one must find not to hold."""
        line = self._line(command)
        never = command.name != "else" and command["test"].name == "false"
        test = _Test("all", ()) if command.name == "else" else self._test(command["test"])
        if never and (meant := test_in(command)) is not None:
            self._lines |= dict.fromkeys(map(id, meant.walk()), line)
            test = self._test(meant)
        whole = path
        for one in [*(earlier.negated() for earlier in before), test]:
            whole = _both(whole, one, line)
        stops = self._block(command.children, whole, name or f"Sieve {line}", enabled=enabled and not never)
        return before if stops or never else [*before, test]

    # Actions ------------------------------------------------------------------------------------

    def _add(self, commands: list[Command], path: _Test, name: str, enabled: bool) -> None:
        """Add the rule that does what `commands` do."""
        if not commands:
            return
        actions = self._actions(commands)
        line = self._line(commands[0])
        rule: RuleNew = {
            "name": (name or f"Sieve {line}")[:100],
            "match": path.match,
            "conditions": list(path.conditions) or [_ALWAYS],
            "actions": actions,
        }
        if not enabled:
            rule["enabled"] = False
        self._found.append(Made(rule, line, any(command.name == "keep" for command in commands)))

    def _actions(self, commands: list[Command]) -> list[Action]:
        kinds = [command.name for command in commands]
        stays = "keep" in kinds
        actions: list[Action] = []
        for command in commands:
            found = self._action(command, stays)
            stays = stays or any(one["action"] == "file" for one in found)
            actions += found
        forwarded = any(one.name == "redirect" and "copy" not in one for one in commands)
        if not stays and (forwarded or "discard" in kinds):
            actions.append(DELETE)
        actions = [one for at, one in enumerate(actions) if one not in actions[:at]]
        return sorted(actions, key=lambda one: one["action"] == "stop")

    def _action(self, command: Command, stays: bool) -> list[Action]:
        kind = command.name
        if kind == "fileinto":
            folder = self._folder(command)
            copied = stays or "copy" in command
            return [*self._flags(command), {"action": "copy" if copied else "file", "folder": folder}]
        if kind == "keep":
            return self._flags(command)
        if kind in ("addflag", "setflag"):
            return self._flagged(command, command["list-of-flags"])
        if kind == "redirect":
            return [{"action": "forward", "to": text(command["address"])}]
        if kind == "stop":
            return [_STOP]
        if kind == "discard":
            return []
        raise unsaid(self._line(command), f"there is no action like “{kind}”")

    def _folder(self, command: Command) -> str:
        name = text(command["mailbox"])
        folded = name.casefold()
        for told in (folded, folded.removeprefix("inbox.").removeprefix("inbox/")):
            if told in self._folders:
                return self._folders[told]
        raise unsaid(
            self._line(command),
            f"“{name}” is not among `folders`; give there the id of each folder that the script names, as"
            " `folder.list` of the storage server has it (make the folder first where there is none)",
        )

    def _flags(self, command: Command) -> list[Action]:
        if "flags" not in command:
            return []
        return self._flagged(command, command.extra_arguments["flags"])

    def _flagged(self, command: Command, value: Any) -> list[Action]:
        known: dict[str, Literal["flag", "mark_read"]] = {"\\flagged": "flag", "\\seen": "mark_read"}
        if "variable-name" in command:
            raise unsaid(self._line(command), "there are no variables")
        names = [name for text in texts(value) for name in text.split()]
        for name in names:
            if name.casefold() not in known:
                raise unsaid(self._line(command), f"there is no flag like “{name}”")
        return [{"action": known[name.casefold()]} for name in names]

    # Tests --------------------------------------------------------------------------------------

    def _test(self, test: Command) -> _Test:
        line = self._line(test)
        if test.name == "not":
            return self._test(test["test"]).negated()
        if test.name in ("allof", "anyof"):
            match: Literal["all", "any"] = "all" if test.name == "allof" else "any"
            parts = [self._test(one) for one in test["tests"]]
            if any(part.match != match and len(part.conditions) > 1 for part in parts):
                raise unsaid(line, "a rule asks for all or for any of its conditions, not for groups")
            return _Test(match, tuple(one for part in parts for one in part.conditions))
        if test.name == "exists":
            return _Test("all", tuple(_exists(name) for name in texts(test["header-names"])))
        if test.name == "size":
            op: Literal["over", "under"] = "over" if test["comparator"].lower() == ":over" else "under"
            return _Test("all", ({"field": "size", "op": op, "value": _octets(test["limit"])},))
        if test.name == "true":
            return _Test("all", (_ALWAYS,))
        if test.name == "false":
            return _Test("all", ({**_ALWAYS, "negate": True},))
        if test.name in ("header", "address"):
            return self._compared(test, line)
        raise unsaid(line, f"no condition asks for “{test.name}”")

    def _compared(self, test: Command, line: int) -> _Test:
        """Return the conditions of a header or address test: any of its fields having any of its keys."""
        if "octet" in str(test.extra_arguments.get("comparator", "")):
            raise unsaid(line, "capital and small letters are never told apart")
        names = texts(test["header-names" if test.name == "header" else "header-list"])
        kind = str(test.arguments.get("match-type", ":is")).lower()
        found: list[Condition] = []
        for op, values in _operators(kind, literals(test["key-list"]), line).items():
            asked = _addresses(test, names, op, line) if test.name == "address" else _headers(names, op)
            for at in range(0, len(values), VALUES):
                wanted = {} if op == "exists" else _wanted(values[at : at + VALUES])
                found += [cast(Condition, one | wanted) for one in asked]
        return _Test("any", tuple(found)) if len(found) > 1 else _Test("all", tuple(found))


def _headers(names: list[str], op: str) -> list[dict[str, Any]]:
    return [
        {"field": "subject", "op": op}
        if name.casefold() == "subject"
        else {"field": "header", "header": name, "op": op}
        for name in names
    ]


def _addresses(test: Command, names: list[str], op: str, line: int) -> list[dict[str, Any]]:
    part = str(test.arguments.get("address-part", ":all")).lower()
    ours = _ADDRESSED.get((part, op))
    if ours is None:
        raise unsaid(line, f"an address cannot be compared by {part} like this")
    fields = [name.casefold() for name in names]
    if strange := [name for name in fields if name not in ("from", "to", "cc")]:
        raise unsaid(line, f"addresses are only asked for in From, To and Cc, not in {strange[0]}")
    fields = ["any_recipient"] if set(fields) == {"to", "cc"} else fields
    return [{"field": field, "op": ours} for field in fields]


#: Which part of an address, compared how, is which operator of ours.
_ADDRESSED: dict[tuple[str, str], Operator] = {
    (":all", "is"): "address_is",
    (":all", "contains"): "address_contains",
    (":domain", "is"): "domain_is",
}


def _wanted(values: Sequence[str]) -> dict[str, Any]:
    return {"value": values[0]} if len(values) == 1 else {"values": list(values)}


def _both(path: _Test, test: _Test, line: int) -> _Test:
    """Return a test that holds where both do, as far as one rule can say it."""
    if not path.conditions or not test.conditions:
        return test if test.conditions else path
    if not (path.plain and test.plain):
        raise unsaid(
            line, "a rule asks for all or for any of its conditions; end the branch before with “stop”"
        )
    return _Test("all", path.conditions + test.conditions)


def _exists(name: str) -> Condition:
    return {"field": "header", "op": "exists", "header": name}


def _operators(kind: str, keys: list[str], line: int) -> dict[str, list[str]]:
    """Return which of our operators compare the keys: those with "*" by where it stands."""
    if kind not in (":is", ":contains", ":matches"):
        raise unsaid(line, f"texts cannot be compared by {kind}")
    found: dict[str, list[str]] = {}
    for key in keys:
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
