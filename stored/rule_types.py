"""The structs on the wire by which rules are proposed, rehearsed and run."""

from typing import Annotated, Literal, NotRequired, TypedDict

from restante.wire import Chars, Count, Id, Items
from stored.types import FolderId, Row

_Word = Annotated[str, Chars(1, 40, one_line=True)]
_Value = Annotated[str, Chars(1, 256, one_line=True)]


class Condition(TypedDict):
    """As of `rule.set`; a kind not known here never holds."""

    field: _Word
    op: _Word
    header: NotRequired[Annotated[str, Chars(1, 76, one_line=True)]]
    value: NotRequired[_Value]
    values: NotRequired[Annotated[list[_Value], Items(50)]]
    negate: NotRequired[bool]


class Action(TypedDict):
    """As of `rule.set`; a kind not known here does nothing."""

    action: _Word
    folder: NotRequired[FolderId]
    to: NotRequired[Annotated[str, Chars(1, 320, one_line=True)]]


class RuleToTry(TypedDict):
    """A rule that need not be kept anywhere."""

    conditions: Annotated[list[Condition], Items(20)]
    actions: Annotated[list[Action], Items(10)]
    name: NotRequired[Annotated[str, Chars(0, 100, one_line=True)]]
    match: NotRequired[Literal["all", "any"]]


RuleIds = Annotated[list[Id], Items(200)]


class RuleProposed(TypedDict):
    """A rule as `rule.set` takes it. Without a folder that suggests itself, `actions` is empty."""

    rule: RuleToTry


class RuleOutcome(TypedDict):
    """What a rule would do with one message: where it would go, with which flags, and to whom."""

    row: Row
    folder: str
    flags: list[str]
    copies: list[str]
    forwards: list[str]


class RuleRehearsed(TypedDict):
    """Of so many messages looked at, the rule held for so many; the newest of these are shown.

    `finished` is false where it took too long to look at all of them.
    """

    looked_at: Count
    held: Count
    shown: list[RuleOutcome]
    finished: bool
