"""`python -m bench`: measure one figure, Restante and the peer in one run."""

import argparse
import importlib
import os
import signal
import sys
import tempfile
from pathlib import Path

from bench.options import Missing, Options
from bench.report import Report, circumstances

#: What can be measured, and the module that does.
MEASUREMENTS = {
    "collect": ("bench.collect", "messages a second by POP3, beside mpop"),
    "list": ("bench.listing", "windows of a list a second at 8 clients, beside Dovecot IMAP"),
    "open": (
        "bench.opening",
        "milliseconds to open a letter, its text ready, beside Dovecot's FETCH",
    ),
    "space": ("bench.space", "octets on disk as a share of the mail's own, beside Dovecot mdbox with zstd"),
    "idle": ("bench.idle", "accounts a second found to have nothing new, beside fetchmail"),
    "search": ("bench.search", "milliseconds a question, rows included, beside notmuch"),
    "index": ("bench.indexing", "letters a second made findable while others come, beside notmuch new"),
    "memory": ("bench.memory", "memory at rest and with a message of 100 MB, beside Dovecot"),
}

MISSING_STATUS = 3


def main() -> int:
    """Measure what the command line asks for; return the exit status, 3 when a package is missing."""
    # Whoever ends this ends what it started, too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    arguments = _parser().parse_args()
    if arguments.list or not arguments.name:
        for name, (_, told) in MEASUREMENTS.items():
            print(f"{name:8} {told}")
        return 0
    report = Report(markdown=arguments.markdown)
    measurement = importlib.import_module(MEASUREMENTS[arguments.name][0])
    arguments.directory.mkdir(parents=True, exist_ok=True)
    arguments.directory.chmod(0o755)
    report.title(f"{arguments.name}: {circumstances()}")
    try:
        report.last(measurement.run(_options(arguments), report))
    except Missing as missing:
        print(missing, file=sys.stderr)
        return MISSING_STATUS
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("name", nargs="?", choices=MEASUREMENTS, help="what to measure")
    parser.add_argument("--list", action="store_true", help="only say what can be measured")
    parser.add_argument("--quick", action="store_true", help="in small, under a minute: shows that it works")
    parser.add_argument(
        "--messages", type=int, default=0, help="how many messages (idle: accounts; open: of each kind)"
    )
    parser.add_argument("--runs", type=int, default=0, help="how many runs the median is taken of")
    parser.add_argument("--markdown", action="store_true", help="print tables as docs/figures.md has them")
    parser.add_argument("--core", type=int, default=0, help="the core that all measured work shares")
    parser.add_argument(
        "--directory",
        type=Path,
        default=Path(tempfile.gettempdir()) / "restante-bench",
        help="where the corpus is kept from one time to the next",
    )
    return parser


def _options(arguments: argparse.Namespace) -> Options:
    cores = sorted(os.sched_getaffinity(0) - {arguments.core}) or [arguments.core]
    os.sched_setaffinity(0, {arguments.core})
    return Options(
        core=arguments.core,
        other=cores[0],
        directory=arguments.directory,
        messages=arguments.messages,
        runs=arguments.runs,
        quick=arguments.quick,
    )


if __name__ == "__main__":
    sys.exit(main())
