"""The rules made of a Sieve script, put so that a message lies where the script would have left it.

In Sieve redirecting and discarding only take the place of the keeping that goes without saying: what is filed
or kept by name stays, whatever else the script does. Of rules the first that files or deletes decides. So a
delete goes behind the rules that file, and a "keep" files into the inbox where something deletes. Pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from profiled.rule_types import RuleNew
from profiled.sieve_refusal import unsaid
from profiled.sieve_steps import Steps
from restante.rules import Action, Condition

DELETE: Action = {"action": "delete"}
_KEPT: Action = {"action": "file", "folder": "inbox"}


@dataclass(frozen=True)
class Made:
    """A rule, the line it is of, and whether that line keeps the message by name."""

    rule: RuleNew
    line: int
    keeps: bool

    def does(self, kind: str) -> bool:
        return any(action["action"] == kind for action in self.rule["actions"])

    def doing(self, actions: Sequence[Action]) -> "Made":
        rule: RuleNew = {**self.rule, "actions": list(actions)}
        return replace(self, rule=rule)

    @cached_property
    def asks(self) -> frozenset[str]:
        return frozenset(map(repr, self.rule["conditions"]))

    @cached_property
    def denies(self) -> frozenset[str]:
        """What, where it holds, says that a condition of this rule does not."""
        return frozenset(repr(negated(condition)) for condition in self.rule["conditions"])


def negated(condition: Condition) -> Condition:
    turned: Condition = {**condition}
    if turned.pop("negate", False):
        return turned
    return {**turned, "negate": True}


def ordered(made: Sequence[Made], steps: Steps) -> list[Made]:
    """Return the rules that do something, in their order, with deletes put off where that is needed.

    Raises Unsaid with the line of a "stop" that a delete would have to be put behind, TooMuch.
    """
    steps.take(sum(2 + 4 * len(one.rule["conditions"]) for one in made))
    deleting = [place for place, one in enumerate(made) if one.does("delete")]
    kept = [_kept(made, at, deleting, steps) for at in range(len(made))]
    filing = [place for place, one in enumerate(kept) if one.does("file")]
    found: list[Made] = []
    put_off: dict[int, list[Made]] = {}
    for at, one in enumerate(kept):
        last = _last_filing(kept, at, filing, steps) if one.does("delete") and not one.does("stop") else 0
        if last:
            put_off.setdefault(last, []).append(one.doing([DELETE]))
            one = one.doing([action for action in one.rule["actions"] if action != DELETE])
        found += [one, *put_off.get(at, [])]
    return [one for one in found if one.rule["actions"]]


def _kept(made: Sequence[Made], at: int, deleting: Sequence[int], steps: Steps) -> Made:
    """Return a rule with what its "keep" needs, where another one that may hold too deletes."""
    one = made[at]
    if not one.keeps or one.does("file"):
        return one
    steps.take(len(deleting))
    deleted = any(
        not (one if at < place else made[place]).does("stop") and _both_hold(one, made[place])
        for place in deleting
    )
    return one.doing([_KEPT, *one.rule["actions"]]) if deleted else one


def _last_filing(made: Sequence[Made], at: int, filing: Sequence[int], steps: Steps) -> int:
    """Return the place of the last rule after `at` that files what that one deletes, 0 where none does."""
    one = made[at]
    steps.take(len(filing))
    last = next((place for place in reversed(filing) if place > at and _both_hold(one, made[place])), 0)
    steps.take(max(last - at, 0))
    for other in made[at + 1 : last]:
        stops = other.does("stop") and not other.does("file") and not other.does("delete")
        if stops and _both_hold(one, other):
            raise unsaid(
                other.line, f"it stops before a line that keeps what line {one.line} redirects or discards"
            )
    return last


def _both_hold(one: Made, other: Made) -> bool:
    """Return whether two rules may hold of one message, as far as their conditions tell."""
    if not (one.rule.get("enabled", True) and other.rule.get("enabled", True)):
        return False
    return not (_excludes(one, other) or _excludes(other, one))


def _excludes(one: Made, other: Made) -> bool:
    """Return whether the conditions of `other`, which must all hold, say that `one` does not."""
    if other.rule.get("match") == "any" and len(other.rule["conditions"]) > 1:
        return False
    if one.rule.get("match") == "any":
        return one.denies <= other.asks
    return not one.denies.isdisjoint(other.asks)
