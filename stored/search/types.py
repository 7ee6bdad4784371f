"""The structs of searching on the wire."""

from typing import Annotated, Literal, NotRequired, TypedDict

from restante.wire import Chars, Count, Items, Range, State
from stored.types import Row

Typed = Annotated[str, Chars(0, 1000)]
Said = Annotated[str, Chars(1, 200)]
Order = Literal["newest", "rank"]
Hits = Annotated[int, Range(1, 200)]
Cursor = Annotated[str, Chars(0, 60, one_line=True)]
ZoneMinutes = Annotated[int, Range(-840, 840)]

#: `from` is a word of Python, so these are written as calls.
Clause = TypedDict(
    "Clause",
    {
        "words": Said,
        "from": Said,
        "to": Said,
        "subject": Said,
        "filename": Said,
        "body": Said,
        "folder": Said,
        "account": Said,
        "before": Said,
        "after": Said,
        "on": Said,
        "newer_than": Said,
        "older_than": Said,
        "larger": Said,
        "smaller": Said,
        "unread": bool,
        "flagged": bool,
        "answered": bool,
        "attachment": bool,
    },
    total=False,
)
Clause.__doc__ = "What holds for a message, all of it; the words of the query language under the same names."


class Where(Clause, total=False):
    """A query as a structure: all of the clause, one at least of `any`, and nothing of `none`."""

    any: Annotated[list[Clause], Items(20)]
    none: Annotated[list[Clause], Items(20)]


class Excerpt(TypedDict):
    """Some text, and whether it is what was looked for."""

    text: str
    hit: bool


class Snippet(TypedDict):
    """Why a message was found: its subject, and the words around the first hit in its text."""

    id: str
    subject: list[Excerpt]
    text: list[Excerpt]


class Found(TypedDict):
    """Hits. `more` is there when there may be others. `behind` counts messages not in the index yet."""

    state: State
    rows: list[Row]
    more: NotRequired[str]
    indexed: bool
    behind: Count
    snippets: NotRequired[list[Snippet]]
