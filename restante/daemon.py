"""What the three daemons' `__main__` share: the command line, settings, logs, keys, serving, the end.

    def build(settings: Settings, keys: Keys) -> Wired:
        database = Database.open(settings.data.directory / "profiled.fs", Profiles)
        ...
        return Wired([(public, settings.http.listen), (internal, settings.http.internal_listen)],
                     parts=[clock], closing=[database.close])

    def main() -> int:
        return start("profiled", Settings, build)

Whatever keeps a daemon from starting is one sentence on standard error and in the log, and an exit status
that tells its class: 2 settings, 3 already running, 4 database damaged, 1 anything else.
"""

import argparse
import gc
import logging
import os
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from restante import __version__, log
from restante.config import effective, load, secrets
from restante.credentials import Keys
from restante.errors import RestanteError, StartError
from restante.heap import give_back
from restante.serve import Application, Server, run_until_signalled

S = TypeVar("S")
_LOG = log.get("daemon")


class Part(Protocol):
    """Something that runs beside the listeners: a clock, a courier, an SMTP listener.

    `stop` is called when the daemon is told to end: begin nothing new, finish or put down what runs, and
    return within the draining time. It may be called without `start`.
    """

    def start(self) -> object: ...

    def stop(self) -> object: ...


@dataclass(frozen=True)
class Wired:
    """A daemon put together.

    `applications` are served at their addresses; `parts` start before the listeners and stop, last first,
    when the end is asked for; `closing` runs, last first, after the last request was answered.
    """

    applications: Sequence[tuple[Application, str]]
    parts: Sequence[Part] = ()
    closing: Sequence[Callable[[], object]] = ()


def start(
    name: str,
    settings_class: type[S],
    build: Callable[[S, Keys], Wired],
    arguments: Sequence[str] | None = None,
) -> int:
    """Run the daemon `name` until it is told to stop; return its exit status.

    `settings_class` has the sections `http`, `log` and `keys`.
    """
    give_back()
    parsed = _parser(name).parse_args(arguments)
    # Until the log is set up, Python would print the bare event beside our sentence.
    logging.lastResort = logging.NullHandler()
    try:
        settings: Any = load(
            settings_class,
            parsed.config,
            env=os.environ,
            prefix=f"RESTANTE_{name.upper()}",
            overrides=parsed.set,
        )
        if parsed.check:
            return 0
        return _run(name, settings, build)
    except RestanteError as error:
        _LOG.error("daemon.not_started", cause=error)
        print(f"{name}: {error.message}", file=sys.stderr)
        return error.exit_status if isinstance(error, StartError) else 1
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        _LOG.error("daemon.died", cause=error)
        print(f"{name}: stopped by a fault of its own; the log says where.", file=sys.stderr)
        return 1


def _run(name: str, settings: Any, build: Callable[[Any, Keys], Wired]) -> int:
    log.keep_secret(secrets(settings))
    log.setup(name, settings.log)
    threading.excepthook = _thread_died
    _LOG.info("daemon.starting", version=__version__, pid=os.getpid(), settings=effective(settings))
    wired = build(settings, Keys.load(settings.keys.directory, name))
    # Parts end while requests are still being answered: both take their time, and it is the same time.
    stopper = threading.Thread(target=_all, args=([part.stop for part in reversed(wired.parts)],))
    try:
        server = Server(wired.applications, settings.http)
        for part in wired.parts:
            part.start()
        _leave_alone_what_stays()
        status = run_until_signalled(server, on_drain=stopper.start)
    finally:
        if stopper.ident is None:
            stopper.start()
        stopper.join()
        _all(list(reversed(wired.closing)))
    _LOG.info("daemon.stopped")
    return status


def _leave_alone_what_stays() -> None:
    """Have the collector of garbage look no more at what was made by starting: modules, classes, functions.

    It would at every full turn, some ten milliseconds in which nobody is answered.
    """
    gc.collect()
    gc.freeze()


def _all(calls: Sequence[Callable[[], object]]) -> None:
    """Make every call, whatever becomes of the others."""
    for call in calls:
        try:
            call()
        except Exception as error:
            _LOG.error("daemon.not_stopped_cleanly", cause=error)


def _parser(name: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=name, description=f"Run Restante's {name}.")
    parser.add_argument(
        "--config", metavar="FILE", help=f"the settings file, such as etc/{name}.toml; else the defaults"
    )
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="set one key, over everything"
    )
    parser.add_argument("--check", action="store_true", help="only check the settings")
    parser.add_argument("--version", action="version", version=f"{name} {__version__}")
    return parser


def _thread_died(died: threading.ExceptHookArgs) -> None:
    if died.exc_value is not None:
        _LOG.error("daemon.thread_died", name=died.thread.name if died.thread else "", cause=died.exc_value)
