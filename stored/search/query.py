"""What a person looks for, as a tree: leaves that name something, joined by all, any and not.

Pure; knows neither index nor store.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Text:
    """Words one after another, in one `field` of `vocabulary.FIELDS` or ("") in any; the last may go on."""

    words: str
    field: str = ""
    prefix: bool = False


@dataclass(frozen=True)
class Flag:
    """`bit` of the message's flags is raised."""

    bit: int


@dataclass(frozen=True)
class InFolder:
    """The message is in the folder with this id, role or name; what was `typed` and is none is a word."""

    name: str
    typed: bool = field(default=True, compare=False)


@dataclass(frozen=True)
class Anywhere:
    """In any folder, junk and trash too."""


@dataclass(frozen=True)
class OfAccount:
    """Collected from the remote account with this id, name or address."""

    name: str


@dataclass(frozen=True)
class Attached:
    """With a file at least."""


@dataclass(frozen=True)
class Octets:
    """Of more than `above` octets and fewer than `below`."""

    above: int = -1
    below: int = 1 << 62


@dataclass(frozen=True)
class Sent:
    """Written from `since` on and before `until`, seconds since 1970."""

    since: int = -(1 << 62)
    until: int = 1 << 62


@dataclass(frozen=True)
class All:
    """All of them; of none: everything."""

    parts: tuple["Node", ...] = ()


@dataclass(frozen=True)
class Any:
    """One of them at least; of none: nothing."""

    parts: tuple["Node", ...] = ()


@dataclass(frozen=True)
class Not:
    part: "Node"


Node = Text | Flag | InFolder | Anywhere | OfAccount | Attached | Octets | Sent | All | Any | Not

EVERYTHING = All()
NOTHING = Any()


def leaves(node: Node) -> Iterator[Node]:
    """Give every leaf of the tree."""
    if isinstance(node, All | Any):
        for part in node.parts:
            yield from leaves(part)
    elif isinstance(node, Not):
        yield from leaves(node.part)
    else:
        yield node


def all_of(parts: list[Node]) -> Node:
    return parts[0] if len(parts) == 1 else All(tuple(parts))
