"""The limits an annotation may carry, and the ready-made types the daemons declare with.

Nothing here checks anything: `check` and `schema` read these.
"""

from dataclasses import dataclass
from typing import Annotated

LARGEST_INT = 2**31 - 1
"""XML-RPC's integers have 32 bits; whatever is larger travels as text."""


@dataclass(frozen=True)
class Chars:
    """Text of `minimum` to `maximum` characters; `one_line` refuses control characters."""

    minimum: int
    maximum: int
    one_line: bool = False


@dataclass(frozen=True)
class Range:
    """A whole number from `minimum` to `maximum`, both included."""

    minimum: int
    maximum: int


@dataclass(frozen=True)
class Items:
    """A list, or a struct with free keys, of at most `maximum` items."""

    maximum: int


Name = Annotated[str, Chars(1, 64, one_line=True)]
Password = Annotated[str, Chars(1, 1024)]
Line = Annotated[str, Chars(0, 998, one_line=True)]
Text = Annotated[str, Chars(0, 262_144)]
Id = Annotated[str, Chars(1, 200, one_line=True)]
State = Annotated[str, Chars(1, 40, one_line=True)]
Count = Annotated[int, Range(0, LARGEST_INT)]
Limit = Annotated[int, Range(1, 200)]
