"""Sieve scripts (RFC 5228) to our rules: what can be said is, what cannot is refused by its line.

The base language, `fileinto`, `copy` (RFC 3894) and `imap4flags` (RFC 5232). Pure; knows no profile. The
library parses; time is bounded since the script's length and depth are.

    if / elsif / else    rules, where what came before is negated
    fileinto             "file"; with :copy, or beside keep, "copy"
    redirect             "forward", and "delete" where the script keeps no copy
    discard              "delete", which is the trash here and not the end
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

from sievelib.commands import Command  # type: ignore[import-untyped]
from sievelib.parser import ParseError, Parser  # type: ignore[import-untyped]

from profiled.types import RuleNew
from restante.errors import InvalidArgument
from restante.rules import Action, Condition

DEPTH = 15
COMMANDS = 2_000

_ROLES = {
    "inbox": "inbox",
    "sent": "sent",
    "drafts": "drafts",
    "junk": "junk",
    "spam": "junk",
    "trash": "trash",
    "archive": "archive",
}
_NAMED = re.compile(rb"#\s*rule:\s*\[([^\]\r\n]{1,100})\]")
_ALWAYS: Condition = {"field": "size", "op": "over", "value": "0"}


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
        turned = tuple(_negated(one) for one in self.conditions)
        return _Test("any" if self.match == "all" and len(turned) != 1 else "all", turned)


def rules_of(script: str, folders: Mapping[str, str]) -> list[RuleNew]:
    """Return the rules that do what `script` does, in order. `folders` gives the id of each folder's name.

    Names of folders in it, those with a role and their parts behind "INBOX." count too, whatever the case.
    Raises InvalidArgument naming the first line that is wrong or that no rule can say.
    """
    commands, lines = _parsed(script)
    known = _ROLES | {name.casefold(): id for name, id in folders.items()}
    return _Translation(known, lines).rules(commands)


def _parsed(script: str) -> tuple[list[Command], dict[int, int]]:
    """Return the commands, and the line of each by its identity."""
    octets = script.encode("utf-8", "replace")
    parser = Parser()
    starts = list(_identifiers(parser, octets))
    if not parser.parse(octets):
        raise InvalidArgument(f"The script is not right, {parser.error}.", about=str(parser.error_pos[0]))
    walked = (one for top in parser.result for one in top.walk())
    return parser.result, {id(one): line for one, line in zip(walked, starts, strict=False)}


def _identifiers(parser: Parser, octets: bytes) -> Iterator[int]:
    """Give the line of each command and test, in the order in which the parser will meet them."""
    depth, nots, count = 0, 0, 0
    try:
        for kind, value in parser.lexer.scan(octets):
            depth += {"left_parenthesis": 1, "left_cbracket": 1}.get(kind, 0)
            depth -= {"right_parenthesis": 1, "right_cbracket": 1}.get(kind, 0)
            if kind != "identifier":
                continue
            nots = nots + 1 if value.lower() == b"not" else 0
            count += 1
            line = parser.lexer.curlineno() if count <= COMMANDS else 0
            if depth + nots > DEPTH or not line:
                raise _unsaid(line, "the script is nested too deeply or too long")
            yield line
    except ParseError:
        return  # told better by the parser itself


def _unsaid(line: int, what: str) -> InvalidArgument:
    where = f"Line {line}" if line else "The script"
    return InvalidArgument(f"{where} cannot become a rule: {what}. Nothing was imported.", about=str(line))


class _Translation:
    """One script on its way."""

    def __init__(self, folders: Mapping[str, str], lines: Mapping[int, int]) -> None:
        self._folders = folders
        self._lines = lines
        self._found: list[RuleNew] = []

    def rules(self, commands: list[Command]) -> list[RuleNew]:
        self._block(commands, _Test("all", ()), "")
        return self._found

    def _line(self, command: Command) -> int:
        return self._lines.get(id(command), 0)

    def _block(self, commands: list[Command], path: _Test, name: str) -> bool:
        """Add what a block says under the tests of `path`; return whether it always ends in "stop"."""
        actions: list[Command] = []
        before: list[_Test] = []
        for command in commands:
            kind, told = command.name, _name_in(command) or name
            if kind == "require":
                self._check_required(command)
            elif kind in ("if", "elsif", "else"):
                self._add(actions, path, name)
                actions = []
                before = self._branch(command, path, [] if kind == "if" else before, told)
            else:
                actions.append(command)
                if kind == "stop":
                    break
        self._add(actions, path, name)
        return bool(actions) and actions[-1].name == "stop"

    def _branch(self, command: Command, path: _Test, before: list[_Test], name: str) -> list[_Test]:
        """Add one branch; return the tests that the next one must find not to hold."""
        line = self._line(command)
        test = _Test("all", ()) if command.name == "else" else self._test(command["test"])
        whole = path
        for one in [*(earlier.negated() for earlier in before), test]:
            whole = _both(whole, one, line)
        stops = self._block(command.children, whole, name or f"Sieve {line}")
        return before if stops else [*before, test]

    def _check_required(self, command: Command) -> None:
        known = {"fileinto", "copy", "imap4flags", "mailbox", "comparator-i;ascii-casemap"}
        for wanted in _texts(command["capabilities"]):
            if wanted not in known:
                raise _unsaid(self._line(command), f"the extension “{wanted}” is not understood")

    # Actions ------------------------------------------------------------------------------------

    def _add(self, commands: list[Command], path: _Test, name: str) -> None:
        """Add the rule that does what `commands` do, if they do anything."""
        actions = self._actions(commands)
        if not actions or (actions == [{"action": "stop"}] and not path.conditions):
            return
        conditions = list(path.conditions) or [_ALWAYS]
        if len(conditions) > 20 or len(actions) > 10:
            raise _unsaid(self._line(commands[0]), "a rule has at most 20 conditions and 10 actions")
        title = name or f"Sieve {self._line(commands[0])}"
        self._found.append(
            {"name": title[:100], "match": path.match, "conditions": conditions, "actions": actions}
        )

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
            actions.append({"action": "delete"})
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
            return [{"action": "forward", "to": _text(command["address"])}]
        if kind == "stop":
            return [{"action": "stop"}]
        if kind == "discard":
            return []
        raise _unsaid(self._line(command), f"there is no action like “{kind}”")

    def _folder(self, command: Command) -> str:
        name = _text(command["mailbox"])
        folded = name.casefold()
        for told in (folded, folded.removeprefix("inbox.").removeprefix("inbox/")):
            if told in self._folders:
                return self._folders[told]
        raise _unsaid(
            self._line(command),
            f"there is no folder “{name}”; make it first, or say in `folders` which one is meant",
        )

    def _flags(self, command: Command) -> list[Action]:
        if "flags" not in command:
            return []
        return self._flagged(command, command.extra_arguments["flags"])

    def _flagged(self, command: Command, value: Any) -> list[Action]:
        known: dict[str, Literal["flag", "mark_read"]] = {"\\flagged": "flag", "\\seen": "mark_read"}
        if "variable-name" in command:
            raise _unsaid(self._line(command), "there are no variables")
        names = [name for text in _texts(value) for name in text.split()]
        for name in names:
            if name.casefold() not in known:
                raise _unsaid(self._line(command), f"there is no flag like “{name}”")
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
                raise _unsaid(line, "a rule asks for all or for any of its conditions, not for groups")
            return _Test(match, tuple(one for part in parts for one in part.conditions))
        if test.name == "exists":
            return _Test("all", tuple(_exists(name) for name in _texts(test["header-names"])))
        if test.name == "size":
            op: Literal["over", "under"] = "over" if test["comparator"].lower() == ":over" else "under"
            return _Test("all", ({"field": "size", "op": op, "value": _octets(test["limit"])},))
        if test.name == "true":
            return _Test("all", (_ALWAYS,))
        if test.name == "false":
            return _Test("all", ({**_ALWAYS, "negate": True},))
        if test.name in ("header", "address"):
            return self._compared(test, line)
        raise _unsaid(line, f"no condition asks for “{test.name}”")

    def _compared(self, test: Command, line: int) -> _Test:
        """Return the conditions of a header or address test: any of its fields having any of its keys."""
        if "octet" in str(test.extra_arguments.get("comparator", "")):
            raise _unsaid(line, "capital and small letters are never told apart")
        names = _texts(test["header-names" if test.name == "header" else "header-list"])
        keys = _texts(test["key-list"])
        kind = str(test.arguments.get("match-type", ":is")).lower()
        found: list[Condition] = []
        for op, values in _operators(kind, keys, line).items():
            found += self._conditions(test, names, op, values, line)
        return _Test("any", tuple(found)) if len(found) > 1 else _Test("all", tuple(found))

    def _conditions(
        self, test: Command, names: list[str], op: Any, values: list[str], line: int
    ) -> list[Condition]:
        wanted: Any = (
            {} if op == "exists" else {"value": values[0]} if len(values) == 1 else {"values": values}
        )
        lower = [name.casefold() for name in names]
        if test.name == "address":
            part = str(test.arguments.get("address-part", ":all")).lower()
            op = {(":all", "is"): "address_is", (":domain", "is"): "domain_is", (":all", "contains"): op}.get(
                (part, op)
            )
            if op is None:
                raise _unsaid(line, f"an address cannot be compared by {part} like this")
            if strange := [name for name in lower if name not in ("from", "to", "cc")]:
                raise _unsaid(line, f"addresses are only asked for in From, To and Cc, not in {strange[0]}")
            fields = ["any_recipient"] if set(lower) == {"to", "cc"} else lower
            found = [{"field": field, "op": op, **wanted} for field in fields]
        else:
            found = [
                {"field": "subject", "op": op, **wanted}
                if name == "subject"
                else {"field": "header", "header": given, "op": op, **wanted}
                for name, given in zip(lower, names, strict=True)
            ]
        return cast(list[Condition], found)


def _both(path: _Test, test: _Test, line: int) -> _Test:
    """Return a test that holds where both do, as far as one rule can say it."""
    if not path.conditions or not test.conditions:
        return test if test.conditions else path
    if not (path.plain and test.plain):
        raise _unsaid(
            line, "a rule asks for all or for any of its conditions; end the branch before with “stop”"
        )
    return _Test("all", path.conditions + test.conditions)


def _negated(condition: Condition) -> Condition:
    turned: Condition = {**condition}
    if turned.pop("negate", False):
        return turned
    return {**turned, "negate": True}


def _exists(name: str) -> Condition:
    return {"field": "header", "op": "exists", "header": name}


def _operators(kind: str, keys: list[str], line: int) -> dict[str, list[str]]:
    """Return which of our operators compare the keys: those with "*" by where it stands."""
    if kind in (":is", ":contains"):
        if not all(key.strip() for key in keys):
            raise _unsaid(line, "an empty text cannot be asked for")
        return {kind[1:]: keys}
    if kind != ":matches":
        raise _unsaid(line, f"texts cannot be compared by {kind}")
    found: dict[str, list[str]] = {}
    for key in keys:
        bare = key.strip("*")
        if any(letter in bare for letter in "*?\\") or (not bare and not key):
            raise _unsaid(line, f"the pattern “{key}” is more than a beginning, an end or a part")
        op = {(0, 0): "is", (0, 1): "starts_with", (1, 0): "ends_with", (1, 1): "contains"}[
            (int(key.startswith("*")), int(key.endswith("*")))
        ]
        found.setdefault(op if bare else "exists", []).append(bare)
    return found


def _octets(limit: Any) -> str:
    text = str(limit).upper()
    scale = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}.get(text[-1:], 1)
    return str(int(text.rstrip("KMG")[:12] or "0") * scale)


def _name_in(command: Command) -> str:
    """Return the name that other programs write in a comment above a rule, empty where there is none."""
    for comment in command.hash_comments:
        if match := _NAMED.match(comment):
            return match[1].decode("utf-8", "replace").strip()
    return ""


def _texts(value: Any) -> list[str]:
    return [_text(one) for one in value] if isinstance(value, list) else [_text(value)]


def _text(value: str) -> str:
    """Return a string without its quotes. Pure."""
    if value.startswith('"') and value.endswith('"') and len(value) > 1:
        value = re.sub(r"\\(.)", r"\1", value[1:-1], flags=re.DOTALL)
    return " ".join(value.split())
