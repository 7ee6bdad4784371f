"""`restante version`."""

import argparse
import platform

from restante import __version__
from restante.cli import Command


def run(arguments: argparse.Namespace) -> int:
    print(f"restante {__version__} (Python {platform.python_version()})")
    return 0


command = Command("version", "Print the version.", lambda parser: None, run)
