"""The structs on the wire by which rules are proposed, rehearsed and run."""

from typing import Annotated, NotRequired, TypedDict

from restante.rules import Actions, Conditions, Match
from restante.wire import Chars, Count, Id, Items
from stored.types import Row


class RuleToTry(TypedDict):
    """A rule that need not be kept anywhere, as `rule.set` takes it or `rule.list` tells it.

    Its id makes no difference, and it is tried though it be switched off.
    """

    conditions: Conditions
    actions: Actions
    name: NotRequired[Annotated[str, Chars(0, 100, one_line=True)]]
    match: NotRequired[Match]
    id: NotRequired[Id]
    enabled: NotRequired[bool]


RuleIds = Annotated[list[Id], Items(200)]


class RuleProposed(TypedDict):
    """A rule as `rule.set` takes it. Without a folder that suggests itself, it raises a flag."""

    rule: RuleToTry


class RuleOutcome(TypedDict):
    """What a rule would do with one message: where it would go, with which flags, and to whom.

    `folder` is empty where it stays. `stays` says that `rule.run`, which forwards nothing, would not delete
    it, since it was to be forwarded and deleted.
    """

    row: Row
    folder: str
    flags: list[str]
    copies: list[str]
    forwards: list[str]
    stays: bool


class RuleRehearsed(TypedDict):
    """Of so many messages looked at, the rule held for so many; the newest of these are shown.

    `finished` is false where it took too long to look at all of them.
    """

    looked_at: Count
    held: Count
    shown: list[RuleOutcome]
    finished: bool
