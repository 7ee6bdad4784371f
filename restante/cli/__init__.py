"""The `restante` command: for operators and scripts. Its subcommands are found by entry points.

Whoever has one (the daemons bring theirs) names an object of `Command` in the entry point group
`restante.commands`. So this package knows no daemon, and a command lives beside what it is about.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points

from restante.errors import RestanteError, StartError

GROUP = "restante.commands"


@dataclass(frozen=True)
class Command:
    """One subcommand: its name, a line of help, what it takes, what it does (returning the exit status).

    An argument that takes a list of words, last of all, is called `params`; options may stand between them.
    """

    name: str
    help: str
    add_arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one subcommand. An error is one sentence on standard error and exit status 1."""
    parser = _parser()
    parsed, rest = parser.parse_known_args(arguments)
    if rest:
        # argparse takes no more of a list once an option has stood within it: `METHOD --user ana x=1`.
        if any(word.startswith("-") for word in rest) or not hasattr(parsed, "params"):
            parser.error(f"unrecognized arguments: {' '.join(rest)}")
        parsed.params += rest
    try:
        return int(parsed.run(parsed))
    except RestanteError as error:
        print(f"restante: {error.message}", file=sys.stderr)
        return error.exit_status if isinstance(error, StartError) else 1
    except BrokenPipeError:
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="restante", description="Operate Restante, or call it from scripts."
    )
    kinds = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
        command = _loaded(entry)
        if command is not None:
            one = kinds.add_parser(command.name, help=command.help, description=command.help)
            command.add_arguments(one)
            one.set_defaults(run=command.run)
    return parser


def _loaded(entry: EntryPoint) -> Command | None:
    """Return a command, or None after saying why it is missing: one broken command leaves the others."""
    try:
        command = entry.load()
        if isinstance(command, Command):
            return command
        wrong = f"{entry.value} is no Command"
    except Exception as error:
        wrong = f"{type(error).__name__}: {error}"
    print(f"restante: the command {entry.name} is left out ({wrong})", file=sys.stderr)
    return None


__all__ = ["GROUP", "Command", "main"]
