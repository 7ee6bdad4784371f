"""`restante settings DAEMON`: print the settings a daemon would start with, secrets masked."""

import argparse
import importlib
import os
import re
from typing import Any

from restante.cli import Command
from restante.config import load, render
from restante.errors import ConfigError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("daemon", help="profiled, stored or relayd")
    parser.add_argument(
        "--config", help="the settings file, such as etc/stored.toml; without it, the defaults"
    )
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="set one key, over everything"
    )
    parser.add_argument(
        "--template", action="store_true", help="print the defaults as a file to fill in instead"
    )


def run(arguments: argparse.Namespace) -> int:
    cls = _settings_of(arguments.daemon)
    if arguments.template:
        print(render(cls(), comment_out=True), end="")
        return 0
    prefix = f"RESTANTE_{arguments.daemon.upper()}"
    settings = load(cls, arguments.config, env=os.environ, prefix=prefix, overrides=arguments.set)
    print(render(settings), end="")
    return 0


def _settings_of(daemon: str) -> type[Any]:
    """Return a daemon's `Settings`, found by its name: nothing here imports a daemon of itself."""
    if re.fullmatch(r"[a-z]+", daemon):
        try:
            cls = importlib.import_module(f"{daemon}.settings").Settings
        except (ModuleNotFoundError, AttributeError):
            cls = None
        if isinstance(cls, type):
            return cls
    raise ConfigError(f"There is no daemon {daemon}; there are profiled, stored and relayd.", about=daemon)


command = Command(
    "settings", "Print the settings a daemon would start with, secrets masked.", add_arguments, run
)
