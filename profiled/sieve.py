"""Sieve scripts (RFC 5228) to our rules: what can be said is, what cannot is refused by its lines.

The base language, `fileinto`, `copy` (RFC 3894), `imap4flags` (RFC 5232) and `subaddress` (RFC 5233). Pure;
knows no profile.

    if / elsif / else    rules, where what came before is negated
    if false             a rule that is switched off, with the test that Roundcube leaves in a comment there;
                         none where that cannot be said, since it does nothing
    fileinto             "file"; with :copy, or beside keep, "copy"
    redirect             "forward", and "delete" where the script keeps no copy
    discard              "delete", which is the trash here and not the end
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from sievelib.commands import Command  # type: ignore[import-untyped]

from profiled.rule_types import RuleNew
from profiled.sieve_order import DELETE, Made, negated, ordered
from profiled.sieve_refusal import Unsaid, Wrong, refusal, too_much, unsaid
from profiled.sieve_script import Script, name_in, parsed, test_in, text, texts
from profiled.sieve_steps import Steps, TooMuch
from profiled.sieve_tests import ALWAYS, ANY_SIZE, NEVER, Test, asked, both, test_of, turned
from restante.errors import InvalidArgument
from restante.rules import ACTIONS, CONDITIONS, Action, checked
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
#: A profile keeps fewer, but some that only keep do nothing and go.
MOST_MADE = 1_000
_STOP: Action = {"action": "stop"}
_ENDING = ("stop", "return")
#: What a rule that is switched off asks for where nothing else is told.
_NEVER_SAID: Test = ((negated(ANY_SIZE),),)
_fits = check(RuleNew)


def rules_of(script: str, folders: Mapping[str, str], own: Sequence[str] = ()) -> list[RuleNew]:
    """Return the rules that do what `script` does, in order. `folders` gives the id of each folder's name.

    `own` are addresses of the user, to which nothing is redirected.
    Names of folders in it, those with a role and their parts behind "INBOX." count too, whatever the case.
    Raises InvalidArgument naming the lines that are wrong or that no rule can say, the first twenty of them;
    and for a script that would take too long.
    """
    try:
        found = parsed(script)
    except TooMuch:
        raise too_much() from None
    translation = _Translation(found, _ROLES | {name.casefold(): id for name, id in folders.items()}, own)
    made, unread = translation.rules()
    if translation.wrong:
        raise refusal(translation.wrong, unread=unread)
    if unread:
        raise too_much()
    if made and made[-1].rule["conditions"] == [ANY_SIZE] and made[-1].rule["actions"] == [_STOP]:
        made.pop()  # a stop at the end of the script, which would end what comes after it here
    return [one.rule for one in made]


def _check(made: Made, steps: Steps, own: Sequence[str]) -> None:
    """Refuse what `rule.set` would refuse."""
    conditions, actions = made.rule["conditions"], made.rule["actions"]
    steps.take(10 * (len(conditions) + len(actions)))
    if len(conditions) > CONDITIONS or len(actions) > ACTIONS:
        raise unsaid(made.line, f"a rule has at most {CONDITIONS} conditions and {ACTIONS} actions")
    try:
        checked(conditions, actions, own)
        _fits(made.rule, "rule")
    except InvalidArgument as wrong:
        raise unsaid(made.line, wrong.message.rstrip(".")) from None


@dataclass(frozen=True)
class _Before:
    """Asks that no branch before held; the `last` is not in it yet, since no other need follow."""

    none: Test = ALWAYS
    last: Test = NEVER

    def with_last_turned(self, line: int, steps: Steps) -> "_Before":
        return _Before(both(self.none, turned(self.last, line, steps), line, steps))


class _Translation:
    """One script on its way; `wrong` is what it cannot say, and then no rule is good for anything."""

    def __init__(self, script: Script, folders: Mapping[str, str], own: Sequence[str]) -> None:
        self._script = script
        self._steps = script.steps
        self._folders = folders
        self._own = own
        self._made: list[Made] = []
        self.wrong: list[Wrong] = list(script.wrong)

    def rules(self) -> tuple[list[Made], bool]:
        """Return the rules, and whether the steps did not do for all of the script."""
        try:
            return self._rules(), self._script.unread
        except TooMuch:
            return [], True

    def _rules(self) -> list[Made]:
        with self._noting():
            self._block(self._script.commands, ALWAYS, "", enabled=True)
        made = [one for one in self._made if one.rule["actions"]]
        if not self.wrong:
            with self._noting():
                made = ordered(self._made, self._steps)
        for one in made:
            with self._noting():
                _check(one, self._steps, self._own)
        return made

    @contextmanager
    def _noting(self) -> Iterator[None]:
        """Note what cannot be said, and go on."""
        try:
            yield
        except Unsaid as refused:
            self.wrong += refused.wrong

    def _block(self, commands: list[Command], path: Test, name: str, *, enabled: bool) -> bool:
        """Add what a block says under the tests of `path`; return whether it always ends in "stop"."""
        actions: list[Command] = []
        before = _Before()
        for command in commands:
            kind, told = command.name, name_in(command) or name
            if kind == "require":
                continue
            if kind in ("if", "elsif", "else"):
                self._add(actions, path, name, enabled)
                actions = []
                before = self._branch(command, path, _Before() if kind == "if" else before, told, enabled)
            else:
                actions.append(command)
                if kind in _ENDING:
                    break
        self._add(actions, path, name, enabled)
        return bool(actions) and actions[-1].name in _ENDING

    def _branch(self, command: Command, path: Test, before: _Before, name: str, enabled: bool) -> _Before:
        """Add one branch; return what the next one must find not to hold."""
        line = self._script.line(command)
        with self._noting():
            before = before.with_last_turned(line, self._steps)
        name = name or f"Sieve {line}"
        if command.name != "else" and command["test"].name == "false":
            self._switched_off(command, path, before, name)
            return before
        test = ALWAYS
        with self._noting():
            test = test if command.name == "else" else self._test(command["test"])
        if test == NEVER:
            return before
        stops = self._block(
            command.children, self._under(path, before.none, test, line), name, enabled=enabled
        )
        return before if stops else _Before(before.none, test)

    def _switched_off(self, command: Command, path: Test, before: _Before, name: str) -> None:
        """Add the rules of a block that never runs, as far as they can be said."""
        line, meant = self._script.line(command), test_in(command, self._steps)
        made, wrong = len(self._made), len(self.wrong)
        test = _NEVER_SAID
        if meant is not None:
            with self._noting():
                test = test_of(meant, self._script, line) or _NEVER_SAID
        self._block(command.children, self._under(path, before.none, test, line), name, enabled=False)
        for one in self._made[made:]:
            with self._noting():
                _check(one, self._steps, self._own)
        if len(self.wrong) > wrong:
            del self.wrong[wrong:], self._made[made:]

    def _under(self, path: Test, none: Test, test: Test, line: int) -> Test:
        """Return what holds in a branch."""
        try:
            return both(both(path, none, line, self._steps), test, line, self._steps)
        except Unsaid as refused:
            self.wrong += refused.wrong
            return path

    def _test(self, command: Command) -> Test:
        return test_of(command, self._script, self._script.line(command))

    # Actions ------------------------------------------------------------------------------------

    def _add(self, commands: list[Command], path: Test, name: str, enabled: bool) -> None:
        """Add the rules that do what `commands` do."""
        if not commands:
            return
        actions = self._actions(commands)
        line = self._script.line(commands[0])
        keeps = any(command.name == "keep" for command in commands)
        for match, conditions in asked(path):
            if len(self._made) >= MOST_MADE:
                raise unsaid(0, f"it makes more than {MOST_MADE} rules")
            rule: RuleNew = {
                "name": (name or f"Sieve {line}")[:100],
                "match": match,
                "conditions": conditions,
                "actions": actions,
            }
            if not enabled:
                rule["enabled"] = False
            self._made.append(Made(rule, line, keeps))

    def _actions(self, commands: list[Command]) -> list[Action]:
        kinds = [command.name for command in commands]
        stays = "keep" in kinds
        actions: list[Action] = []
        for command in commands:
            found: list[Action] = []
            with self._noting():
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
        self._script.check(command, self._script.line(command))
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
        if kind in _ENDING:
            return [_STOP]
        if kind == "discard":
            return []
        raise unsaid(self._script.line(command), f"there is no action like “{kind}”")

    def _folder(self, command: Command) -> str:
        name = text(command["mailbox"])
        folded = name.casefold()
        for told in (folded, folded.removeprefix("inbox.").removeprefix("inbox/")):
            if told in self._folders:
                return self._folders[told]
        raise unsaid(
            self._script.line(command),
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
            raise unsaid(self._script.line(command), "there are no variables")
        names = [name for text in texts(value) for name in text.split()]
        for name in names:
            if name.casefold() not in known:
                raise unsaid(self._script.line(command), f"there is no flag like “{name}”")
        return [{"action": known[name.casefold()]} for name in names]
