"""What of a Sieve script cannot be taken: all lines at once, so that a person can strike them. Pure."""

from collections.abc import Sequence
from typing import NamedTuple

from restante.errors import InvalidArgument

#: Of so many lines it is told why they cannot be taken; of others, that there are more.
TOLD = 20
_LONGEST = 300


class Wrong(NamedTuple):
    """A line (0: the whole script) and what is the matter; `broken` where it is no Sieve at all."""

    line: int
    what: str
    broken: bool = False


class Unsaid(Exception):
    """Something right that no rule can say."""

    def __init__(self, *wrong: Wrong) -> None:
        super().__init__()
        self.wrong = wrong


def unsaid(line: int, what: str) -> Unsaid:
    return Unsaid(Wrong(line, what))


def too_much() -> InvalidArgument:
    return InvalidArgument(
        "The script combines so much that it would take too long to make rules of it. Nothing was imported. "
        "Divide it, and import one part after the other.",
        about="script",
    )


def refusal(wrong: Sequence[Wrong], *, unread: bool = False) -> InvalidArgument:
    """Return the answer that tells of what is wrong, the first lines first, one reason once.

    `unread`: not all of the script was looked at.
    """
    ordered = sorted(set(wrong), key=lambda one: one.line)
    lines: dict[tuple[str, bool], list[int]] = {}
    for one in ordered[:TOLD]:
        lines.setdefault((one.what, one.broken), []).append(one.line)
    said = [_sentence(*reason, sorted(set(found))) for reason, found in lines.items()]
    if len(ordered) > TOLD:
        said.append("There is more of that further down.")
    elif unread:
        said.append("There may be more of that; the script was too long to look for all of it.")
    said.append("Nothing was imported. Change or strike what is told here, then import the script again.")
    return InvalidArgument(" ".join(said), about=str(ordered[0].line))


def _sentence(what: str, broken: bool, lines: list[int]) -> str:
    short = what if len(what) <= _LONGEST else what[:_LONGEST] + "…"
    if not lines[0]:
        where = "The script"
    elif len(lines) == 1:
        where = f"Line {lines[0]}"
    else:
        where = f"Lines {', '.join(map(str, lines[:-1]))} and {lines[-1]}"
    several, stop = len(lines) > 1, "" if short.endswith("?") else "."
    if broken:
        return f"{where} {'are' if several else 'is'} not right: {short}{stop}"
    return f"{where} cannot become {'rules' if several else 'a rule'}: {short}{stop}"
