"""`python -m demo providers | profile | visit`: the parts of the demonstration, wired for `restante up`."""

import argparse
import sys
from pathlib import Path

from demo import profile, providers
from demo.rpc import RpcFailed
from demo.visit import VisitFailed, visit


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    parts = parser.add_subparsers(dest="part", required=True)
    serve = parts.add_parser("providers", help="run both mail providers until stopped")
    serve.add_argument("--directory", type=Path, required=True, help="where their mail and settings go")
    for name, text in (
        ("profile", "make the demonstration profile; print its name and password"),
        ("visit", "make the whole visit without a screen"),
    ):
        part = parts.add_parser(name, help=text)
        part.add_argument("--server", required=True, help="profiled's public URL")
    return parser.parse_args()


def main() -> int:
    """Run one part; a failure is one sentence on standard error and exit status 1."""
    arguments = _arguments()
    try:
        if arguments.part == "providers":
            providers.serve(arguments.directory)
        elif arguments.part == "visit":
            visit(arguments.server, lambda line: print(line, flush=True))
        else:
            profiled, _ = profile.create(arguments.server)
            for address in profile.ADDRESSES:
                profile.add_account(profiled, address)
            profiled.call("session.close")
            print(profile.NAME, profile.PASSWORD, sep="\n")
    except (VisitFailed, RpcFailed, OSError) as failure:
        print(failure, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
