"""The structs of rules on the wire."""

from typing import Annotated, Literal, NotRequired, TypedDict

from profiled.types import FolderId, Title
from restante.rules import Action, Actions, Condition, Conditions, Match
from restante.wire import Chars, Id, Items, State


class Rule(TypedDict):
    """A filter, applied in the order of the list as mail comes in."""

    id: Id
    name: str
    enabled: bool
    match: Match
    conditions: list[Condition]
    actions: list[Action]


class RuleNew(TypedDict):
    conditions: Conditions
    actions: Actions
    name: NotRequired[Title]
    enabled: NotRequired[bool]
    match: NotRequired[Match]


class RuleKept(RuleNew):
    """A rule of a whole list: with its id it stays that rule."""

    id: NotRequired[Id]


class RulePatch(TypedDict, total=False):
    name: Title
    enabled: bool
    match: Match
    conditions: Conditions
    actions: Actions


class RuleUpdate(TypedDict):
    id: Id
    set: NotRequired[RulePatch]
    unset: NotRequired[Annotated[list[Literal["name", "enabled", "match"]], Items(3)]]


class RuleList(TypedDict):
    state: State
    rules: list[Rule]


class RulesSet(TypedDict):
    state: State
    created: list[Rule]
    updated: list[Id]
    destroyed: list[Id]


SieveScript = Annotated[str, Chars(1, 65_536)]
FoldersByName = Annotated[dict[str, FolderId], Items(1000)]


class RulesImported(TypedDict):
    """The rules a script gave, last in the list; or those it would give."""

    state: State
    created: list[Rule]


RuleCreates = Annotated[list[RuleNew], Items(200)]
RuleUpdates = Annotated[list[RuleUpdate], Items(200)]
RulesKept = Annotated[list[RuleKept], Items(200)]
