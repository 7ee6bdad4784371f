"""Wiring: read the command line, make the desk and the window, run.

restante-client [--server URL] [--language es|en] [--user NAME] [--ca FILE]

With --user, and the password in RESTANTE_PASSWORD, the window opens signed in (a kiosk, the demonstration).
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from typing import List, Optional

from tkclient.trouble import Trouble

DEFAULT_SERVER = "http://127.0.0.1:8601/profile/"


def parse(arguments: Optional[List[str]] = None) -> argparse.Namespace:
    """Return the options; --help and mistakes end the program here."""
    parser = argparse.ArgumentParser(
        prog="restante-client", description="Read and write your mail at any terminal."
    )
    server = os.environ.get("RESTANTE_SERVER") or DEFAULT_SERVER
    parser.add_argument(
        "--server", default=server, metavar="URL", help="the profile server (or RESTANTE_SERVER)"
    )
    parser.add_argument(
        "--language", choices=("es", "en"), default="", help="of the window; else the profile's"
    )
    parser.add_argument("--user", default="", metavar="NAME", help="the name that stands ready in the window")
    parser.add_argument(
        "--ca", default="", metavar="FILE", help="believe these certificate authorities only (PEM)"
    )
    parser.add_argument(
        "--patience", type=float, default=35.0, metavar="SECONDS", help="how long to wait for an answer (35)"
    )
    return parser.parse_args(arguments)


def main(arguments: Optional[List[str]] = None) -> int:
    """Run the client until its window is closed; 1 when there is no window to be had."""
    # A public terminal keeps nothing, not even compiled files.
    sys.dont_write_bytecode = True
    options = parse(arguments)
    try:
        from tkclient.desk import Desk
        from tkclient.ui.window import Window, make_root

        root = make_root()
    except ImportError:
        hint = "this Python has no tkinter; install python3-tk (or your system's name for it)."
        print("restante-client: " + hint, file=sys.stderr)
        return 1
    except Trouble as trouble:
        print("restante-client: no window can be opened here (%s)." % trouble.detail, file=sys.stderr)
        return 1
    server = options.server if options.server.endswith("/") else options.server + "/"
    desk = Desk(server, root.after, options.ca, options.patience)
    window = Window(root, desk, options.language, options.user)
    # Taken out of the environment, so that nothing started from here finds it there.
    password = os.environ.pop("RESTANTE_PASSWORD", "")
    if options.user and password:
        window.sign_in(password)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: root.after_idle(window.close))
    root.mainloop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
