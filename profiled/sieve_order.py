"""The rules made of a Sieve script, put so that a message lies where the script would have left it.

In Sieve redirecting and discarding only take the place of the keeping that goes without saying: what is filed
or kept by name stays, whatever else the script does. Of rules the first that files or deletes decides. So a
delete goes behind the rules that file, and a "keep" files into the inbox where something deletes. Pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from profiled.rule_types import RuleNew
from profiled.sieve_refusal import unsaid
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


def negated(condition: Condition) -> Condition:
    turned: Condition = {**condition}
    if turned.pop("negate", False):
        return turned
    return {**turned, "negate": True}


def ordered(made: Sequence[Made]) -> list[Made]:
    """Return the rules that do something, in their order, with deletes put off where that is needed.

    Raises Unsaid with the line of a "stop" that a delete would have to be put behind.
    """
    kept = [_kept(made, at) for at in range(len(made))]
    found: list[Made] = []
    put_off: list[tuple[int, Made]] = []
    for at, one in enumerate(kept):
        last = _last_filing(kept, at) if one.does("delete") and not one.does("stop") else 0
        if last:
            put_off.append((last, one.doing([DELETE])))
            one = one.doing([action for action in one.rule["actions"] if action != DELETE])
        found.append(one)
        found += [delete for behind, delete in put_off if behind == at]
    return [one for one in found if one.rule["actions"]]


def _kept(made: Sequence[Made], at: int) -> Made:
    """Return a rule with what its "keep" needs, where another one that may hold too deletes."""
    one = made[at]
    if not one.keeps or one.does("file"):
        return one
    deleted = any(
        other.does("delete") and not (one if at < place else other).does("stop") and _both_hold(one, other)
        for place, other in enumerate(made)
    )
    return one.doing([_KEPT, *one.rule["actions"]]) if deleted else one


def _last_filing(made: Sequence[Made], at: int) -> int:
    """Return the place of the last rule after `at` that files what that one deletes, 0 where none does."""
    after = [place for place in range(at + 1, len(made)) if _both_hold(made[at], made[place])]
    last = max((place for place in after if made[place].does("file")), default=0)
    for place in after:
        one = made[place]
        if place < last and one.does("stop") and not one.does("file") and not one.does("delete"):
            raise unsaid(
                one.line,
                f"it stops before a line that keeps what line {made[at].line} redirects or discards",
            )
    return last


def _both_hold(one: Made, other: Made) -> bool:
    """Return whether two rules may hold of one message, as far as their conditions tell."""
    if not (one.rule.get("enabled", True) and other.rule.get("enabled", True)):
        return False
    return not any(_excludes(*pair) for pair in ((one.rule, other.rule), (other.rule, one.rule)))


def _excludes(one: RuleNew, other: RuleNew) -> bool:
    """Return whether the conditions of `other`, which must all hold, say that `one` does not."""
    if other.get("match") == "any" and len(other["conditions"]) > 1:
        return False
    denied = [negated(condition) in other["conditions"] for condition in one["conditions"]]
    return all(denied) if one.get("match") == "any" else any(denied)
