"""A Sieve script (RFC 5228) as it is read: its commands with their lines, its texts, and what is wrong.

The library parses; time is bounded since the script's length and depth are. It ends at the first thing that
it does not take: that is told and taken out, and the rest is read again. Pure.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from sievelib.commands import (  # type: ignore[import-untyped]
    ActionCommand,
    Command,
    TestCommand,
    add_commands,
    address_part,
    comparator,
    match_type,
)
from sievelib.parser import ParseError, Parser  # type: ignore[import-untyped]

from profiled.sieve_errors import LINES, STRANGE, told
from profiled.sieve_refusal import TOLD, Unsaid, Wrong, unsaid
from profiled.sieve_steps import Steps, TooMuch

_BOM = "\ufeff"  # which some editors write in front

DEPTH = 15
COMMANDS = 2_000
# What reading takes: each time, for each sign or text in it, and for each command or test.
READING_STEPS, TOKEN_STEPS, COMMAND_STEPS = 50, 2, 15


class ReturnCommand(ActionCommand):  # type: ignore[misc]
    """End the script, as "stop" does in one that no other includes (RFC 6609 section 3.3)."""

    extension = "include"
    args_definition: tuple[Any, ...] = ()


class SpamtestCommand(TestCommand):  # type: ignore[misc]
    """RFC 5235, to be read where it makes no difference."""

    extension = "spamtest"
    args_definition = (
        {"name": "percent", "type": ["tag"], "values": [":percent"], "required": False},
        comparator,
        match_type,
        {"name": "value", "type": ["string"], "required": True},
    )


add_commands([ReturnCommand, SpamtestCommand])
# The library takes only two comparators. This one (RFC 5051) folds capital letters as rules do,
_CASEMAP = "i;unicode-casemap"
# and this one is not understood, but may stand where it makes no difference.
comparator["extra_arg"]["values"] += [f'"{_CASEMAP}"', '"i;ascii-numeric"']
address_part["extension_values"] = {":user": "subaddress", ":detail": "subaddress"}

_EXTENSIONS = {
    "fileinto",
    "copy",
    "imap4flags",
    "mailbox",
    "subaddress",
    "comparator-i;ascii-casemap",
    f"comparator-{_CASEMAP}",
}
# These give "${" another meaning in any text, so that only texts tell whether they are used.
_SUBSTITUTING = {"variables", "encoded-character"}
_NAMED = re.compile(rb"#\s*rule:\s*\[([^\]\r\n]{1,100})\]")
_COMMENTS = ("hash_comment", "bracket_comment")
_ENDS = ("semicolon", "left_cbracket", "right_cbracket")


@dataclass(frozen=True)
class Script:
    """What was read: the commands, the line of each by its identity, and what could not be read.

    `strange` are extensions that are required and not understood. `steps` is what is left to make rules of
    it; `unread` tells that it did not do to look for all that is wrong.
    """

    commands: list[Command]
    lines: Mapping[int, int]
    strange: set[str]
    wrong: list[Wrong]
    steps: Steps
    unread: bool = False

    def line(self, command: Command) -> int:
        return self.lines.get(id(command), 0)

    def check(self, command: Command, line: int) -> None:
        """Raise Unsaid for a command that is right and has texts that are not understood."""
        arguments = [*command.arguments.values(), *command.extra_arguments.values()]
        listed = [one for value in arguments for one in (value if isinstance(value, list) else [value])]
        given = [one for one in listed if isinstance(one, str)]
        if any(one.startswith("text:") for one in given):
            raise unsaid(line, LINES)
        if self.strange & _SUBSTITUTING and any("${" in one for one in given):
            raise unsaid(line, STRANGE.format("${…}"))


class _Token(NamedTuple):
    kind: str
    start: int
    stop: int


def parsed(script: str, steps: Steps | None = None) -> Script:
    """Return what a script says, and the lines of it that cannot be read.

    Extensions that are not understood may be required as long as nothing of them is used. Raises TooMuch
    where it takes more steps than are left and nothing is wrong so far.
    """
    steps = steps or Steps()
    octets: bytes | None = script.removeprefix(_BOM).encode("utf-8", "replace")
    parser = Parser()
    wrong: list[Wrong] = []
    while octets is not None and len(wrong) <= TOLD:
        try:
            starts = list(_identifiers(parser, octets, steps))
        except Unsaid as deep:
            return Script([], {}, set(), [*wrong, *deep.wrong], steps)
        except TooMuch:
            if not wrong:
                raise
            return Script([], {}, set(), wrong, steps, unread=True)
        right = parser.parse(octets)
        walked = [one for top in parser.result for one in top.walk()]
        strange = {name for command in walked for name in _required(command)} - _EXTENSIONS
        if right:
            lines = {id(one): line for one, line in zip(walked, starts, strict=False)}
            return Script(parser.result, lines, strange, wrong, steps)
        wrong.append(told(parser.error, parser.error_pos[0], strange))
        octets = _without(parser, octets, parser.lexer.pos)
    return Script([], {}, set(), wrong, steps)


def _identifiers(parser: Parser, octets: bytes, steps: Steps) -> Iterator[int]:
    """Give the line of each command and test, in the order in which the parser will meet them."""
    depth, nots, count = 0, 0, 0
    steps.take(READING_STEPS)
    try:
        for kind, value in parser.lexer.scan(octets):
            steps.take(TOKEN_STEPS)
            depth += {"left_parenthesis": 1, "left_cbracket": 1}.get(kind, 0)
            depth -= {"right_parenthesis": 1, "right_cbracket": 1}.get(kind, 0)
            if kind != "identifier":
                continue
            steps.take(COMMAND_STEPS)
            nots = nots + 1 if value.lower() == b"not" else 0
            count += 1
            line = parser.lexer.curlineno() if count <= COMMANDS else 0
            if depth + nots > DEPTH or not line:
                raise unsaid(line, "the script is nested too deeply or too long")
            yield line
    except ParseError:
        return  # told better by the parser itself


def _without(parser: Parser, octets: bytes, at: int) -> bytes | None:
    """Return a script without the action, or the test before a block, at a place; None if there is none."""
    try:
        tokens = [
            _Token(kind, parser.lexer.pos, parser.lexer.pos + len(value))
            for kind, value in parser.lexer.scan(octets)
            if kind not in _COMMENTS
        ]
    except ParseError:
        return None
    ends = [place for place, token in enumerate(tokens) if token.kind in _ENDS]
    here = max((place for place, token in enumerate(tokens) if token.start <= at), default=0)
    end = next((place for place in ends if place >= here), len(tokens))
    begin = max((place + 1 for place in ends if place < end), default=0)
    kind = tokens[end].kind if end < len(tokens) else ""
    if begin == end:
        return None
    last = end if kind == "semicolon" else end - 1
    start, stop = tokens[begin].start, tokens[last].stop
    instead = _opening(octets[start:stop]) if kind == "left_cbracket" else b""
    # Lines keep their numbers.
    return octets[:start] + instead + b"\n" * octets.count(b"\n", start, stop) + octets[stop:]


def _opening(before: bytes) -> bytes:
    """Return what stands before a block in place of something wrong."""
    return b"elsif true" if before[:5].lower() == b"elsif" and before != b"elsif true" else b"if true"


def _required(command: Command) -> list[str]:
    return texts(command.arguments.get("capabilities", [])) if command.name == "require" else []


def name_in(command: Command) -> str:
    """Return the name that other programs write in a comment above a rule, empty where there is none."""
    for comment in command.hash_comments:
        if match := _NAMED.match(comment):
            return match[1].decode("utf-8", "replace").strip()
    return ""


def test_in(command: Command, steps: Steps) -> Command | None:
    """Return the test that Roundcube leaves in a comment behind "if false", None where there is none."""
    for comment in command.hash_comments:
        said = comment.decode("utf-8", "replace").lstrip("# ")
        found = parsed(f"if {said} {{}}", steps)
        if len(found.commands) == 1 and not found.wrong:
            return found.commands[0]["test"]
    return None


def comparator_of(test: Command) -> str:
    """Return what a test compares by where that is not as rules do, else an empty text."""
    name = _literal(str(test.extra_arguments.get("comparator", "")))
    return "" if name in ("i;ascii-casemap", _CASEMAP) else name


def literals(value: Any) -> list[str]:
    """Return one string or a list of them without their quotes."""
    return [_literal(one) for one in value] if isinstance(value, list) else [_literal(value)]


def texts(value: Any) -> list[str]:
    """Return the same in one line each, with single blanks."""
    return [" ".join(one.split()) for one in literals(value)]


def text(value: str) -> str:
    return texts(value)[0]


def _literal(value: str) -> str:
    if value.startswith('"') and value.endswith('"') and len(value) > 1:
        return re.sub(r"\\(.)", r"\1", value[1:-1], flags=re.DOTALL)
    return value
