"""A query given as a structure, as the same tree that the query language makes. Pure."""

from collections.abc import Mapping
from typing import Any

from restante.errors import InvalidArgument
from stored.model.word import ANSWERED, FLAGGED, SEEN
from stored.search import parser, query
from stored.search.dates import Clock
from stored.search.query import Node
from stored.search.types import Where

_TRUTHS: dict[str, Node] = {
    "unread": query.Not(query.Flag(SEEN)),
    "flagged": query.Flag(FLAGGED),
    "answered": query.Flag(ANSWERED),
    "attachment": query.Attached(),
}

_DAY = "a day, month or year such as 2026-11-23, 23/11/2026, 2026-11, 2026 or today"
_SPAN = "a span of time such as 12h, 7d, 2w, 3m or 1y"
_SIZE = "a size in octets such as 200000, 200k or 1.5M"
#: Key → what its value is, as the end of a sentence.
_WANTED = {
    "folder": "the role, id, name or path of a folder",
    "account": "the id or address of an account, or a part of it",
    **dict.fromkeys(("before", "after", "on"), _DAY),
    **dict.fromkeys(("newer_than", "older_than"), _SPAN),
    **dict.fromkeys(("larger", "smaller"), _SIZE),
}


def tree_of(where: Where, clock: Clock) -> Node:
    """Return the tree of `where`. Raises InvalidArgument for a date or a size that is none."""
    parts = _clause(where, clock)
    if "any" in where:
        parts.append(query.Any(tuple(query.all_of(_clause(one, clock)) for one in where["any"])))
    for one in where.get("none", ()):
        if clause := _clause(one, clock):
            parts.append(query.Not(query.all_of(clause)))
    return query.All(tuple(parts))


def _clause(clause: Mapping[str, Any], clock: Clock) -> list[Node]:
    return [_leaf(name, value, clock) for name, value in clause.items() if name not in ("any", "none")]


def _leaf(name: str, value: Any, clock: Clock) -> Node:
    if name in _TRUTHS:
        return _TRUTHS[name] if value else query.Not(_TRUTHS[name])
    if name == "words":
        return parser.parse(value, clock, operators=False)
    node = parser.leaf(name, value, clock)
    if isinstance(node, query.InFolder):
        return query.InFolder(node.name, typed=False)
    if node is None:
        if name in ("from", "to", "subject", "filename", "body"):
            return query.NOTHING
        raise InvalidArgument(
            f"where.{name} {value!r} cannot be understood; give {_WANTED[name]}.", about=name
        )
    return node
