"""A Sieve script (RFC 5228) as it is read: its commands with their lines, its texts, and what is wrong.

The library parses; time is bounded since the script's length and depth are. Pure.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from sievelib.commands import Command, comparator  # type: ignore[import-untyped]
from sievelib.parser import ParseError, Parser  # type: ignore[import-untyped]

from restante.errors import InvalidArgument

_BOM = "\ufeff"  # which some editors write in front

DEPTH = 15
COMMANDS = 2_000
# The library takes only two comparators; this one (RFC 5051) folds capital letters as rules do.
comparator["extra_arg"]["values"].append('"i;unicode-casemap"')

_EXTENSIONS = {
    "fileinto",
    "copy",
    "imap4flags",
    "mailbox",
    "comparator-i;ascii-casemap",
    "comparator-i;unicode-casemap",
}
# These give "${" another meaning in any text, so that only texts tell whether they are used.
_SUBSTITUTING = {"variables", "encoded-character"}
_NAMED = re.compile(rb"#\s*rule:\s*\[([^\]\r\n]{1,100})\]")
_TAG = re.compile(r"bad argument (:\w+) for command (?!.*\(a single )|unexpected token '(:\w+)'")
_COMMAND = re.compile(r"unknown command '([^']*)'")
_COMPARATOR = re.compile(r'bad value "([^"]*)" for argument comparator')

_STRANGE = "“{}” is of an extension that Restante does not know"
_LINES = "a text of several lines (text:) is not understood; write it in quotation marks"


def parsed(script: str) -> tuple[list[Command], dict[int, int]]:
    """Return the commands, and the line of each by its identity. Raises InvalidArgument.

    Extensions that are not understood may be required as long as nothing of them is used.
    """
    octets = script.removeprefix(_BOM).encode("utf-8", "replace")
    parser = Parser()
    starts = list(_identifiers(parser, octets))
    right = parser.parse(octets)
    walked = [one for top in parser.result for one in top.walk()]
    lines = {id(one): line for one, line in zip(walked, starts, strict=False)}
    strange = {name for command in walked for name in _required(command)} - _EXTENSIONS
    for command in walked:
        _check(command, lines.get(id(command), 0), strange)
    if not right:
        raise _wrong(parser.error, parser.error_pos[0], strange)
    return parser.result, lines


def _identifiers(parser: Parser, octets: bytes) -> Iterator[int]:
    """Give the line of each command and test, in the order in which the parser will meet them."""
    depth, nots, count = 0, 0, 0
    try:
        for kind, value in parser.lexer.scan(octets):
            depth += {"left_parenthesis": 1, "left_cbracket": 1}.get(kind, 0)
            depth -= {"right_parenthesis": 1, "right_cbracket": 1}.get(kind, 0)
            if kind != "identifier":
                continue
            nots = nots + 1 if value.lower() == b"not" else 0
            count += 1
            line = parser.lexer.curlineno() if count <= COMMANDS else 0
            if depth + nots > DEPTH or not line:
                raise unsaid(line, "the script is nested too deeply or too long")
            yield line
    except ParseError:
        return  # told better by the parser itself


def _required(command: Command) -> list[str]:
    return texts(command.arguments.get("capabilities", [])) if command.name == "require" else []


def _check(command: Command, line: int, strange: set[str]) -> None:
    """Refuse what is right and not understood; `strange` extensions are required."""
    arguments = [*command.arguments.values(), *command.extra_arguments.values()]
    listed = [one for value in arguments for one in (value if isinstance(value, list) else [value])]
    given = [one for one in listed if isinstance(one, str)]
    if any(one.startswith("text:") for one in given):
        raise unsaid(line, _LINES)
    if strange & _SUBSTITUTING and any("${" in one for one in given):
        raise unsaid(line, _STRANGE.format("${…}"))


def _wrong(error: str, line: int, strange: set[str]) -> InvalidArgument:
    """Return what to say of what the parser did not take: unknown to it, or no Sieve."""
    if "multiline found" in error:
        return unsaid(line, _LINES)
    if tag := _TAG.search(error):
        return unsaid(line, _STRANGE.format(tag[1] or tag[2]))
    if strange and (command := _COMMAND.search(error)):
        return unsaid(line, _STRANGE.format(command[1]))
    if name := _COMPARATOR.search(error):
        return unsaid(line, f"Restante does not know how “{name[1]}” compares")
    return InvalidArgument(f"The script is not right, {error}.", about=str(line))


def unsaid(line: int, what: str) -> InvalidArgument:
    """Return the refusal of something right that no rule can say."""
    where = f"Line {line}" if line else "The script"
    return InvalidArgument(f"{where} cannot become a rule: {what}. Nothing was imported.", about=str(line))


def name_in(command: Command) -> str:
    """Return the name that other programs write in a comment above a rule, empty where there is none."""
    for comment in command.hash_comments:
        if match := _NAMED.match(comment):
            return match[1].decode("utf-8", "replace").strip()
    return ""


def test_in(command: Command) -> Command | None:
    """Return the test that Roundcube leaves in a comment behind "if false", None where there is none."""
    for comment in command.hash_comments:
        said = comment.decode("utf-8", "replace").lstrip("# ")
        with suppress(InvalidArgument):
            found, _ = parsed(f"if {said} {{}}")
            if len(found) == 1:
                return found[0]["test"]
    return None


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
