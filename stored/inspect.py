"""`restante inspect FILE…`: everything that is read of a message, one JSON object a line.

    restante inspect letter.eml | jq .subject
    restante inspect --into DIRECTORY *.eml        # one FILE.json a message

Each message is read in a process that is killed when it takes over two seconds, as in the daemon; then its
object holds `file` and `too_complex` alone.
"""

import argparse
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import orjson

from restante.cli import Command
from restante.errors import InvalidArgument, TooComplex
from stored.parsing import Parsers

PROCESSES = 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="+", metavar="FILE", help="a message as it came (.eml)")
    parser.add_argument("--into", metavar="DIRECTORY", help="write FILE.json for each into this directory")


def run(arguments: argparse.Namespace) -> int:
    into = Path(arguments.into) if arguments.into else None
    if into is not None and not into.is_dir():
        raise InvalidArgument(f"{into} is no directory; make it first.")
    parsers = Parsers(PROCESSES)
    try:
        for file, told in _inspected(parsers, [Path(name) for name in arguments.files]):
            if into is None:
                sys.stdout.buffer.write(told + b"\n")
            else:
                (into / f"{file.name}.json").write_bytes(told + b"\n")
        sys.stdout.flush()
    finally:
        parsers.stop()
    return 0


def _inspected(parsers: Parsers, files: list[Path]) -> Iterator[tuple[Path, bytes]]:
    """Yield each file with what is read of it, in their order."""

    def one(file: Path) -> bytes:
        try:
            raw = file.read_bytes()
        except OSError as error:
            raise InvalidArgument(f"{file} cannot be read: {error.strerror}.") from None
        try:
            return parsers.do("inspected", raw, file=file.name)
        except TooComplex:
            return orjson.dumps({"file": file.name, "too_complex": True})

    with ThreadPoolExecutor(PROCESSES) as threads:
        yield from zip(files, threads.map(one, files), strict=True)


command = Command("inspect", "Print what is read of messages in files, as JSON.", add_arguments, run)
