"""`restante up`: start the three daemons, open the client, and stop only what was started.

It knows the daemons as programs (`python -m profiled`), their settings files as TOML, and nothing of what
is inside them. `--demo` adds the demonstration's providers and profile, likewise programs.
"""

import argparse
import ctypes
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable
from pathlib import Path
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

from restante.cli import Command

DAEMONS = ("relayd", "stored", "profiled")
START_SECONDS = 30
STOP_SECONDS = 35
POLL_SECONDS = 0.05
DEMO_DIRECTORY = Path("var/demo")
LOG_DIRECTORY = Path("var/log")
PR_SET_PDEATHSIG = 1


class UpFailed(Exception):
    """Something did not start; the text is one sentence for the person who typed the command."""


class Children:
    """The processes that this command started, in order; each with a log file of its own."""

    def __init__(self, log_directory: Path) -> None:
        log_directory.mkdir(parents=True, exist_ok=True)
        self._log_directory = log_directory
        self._running: list[tuple[str, subprocess.Popen[bytes]]] = []
        self._endings: list[Callable[[], object]] = []

    def at_the_end(self, ending: Callable[[], object]) -> None:
        """Have `ending` done after every child has stopped."""
        self._endings.append(ending)

    def start(self, name: str, arguments: list[str]) -> subprocess.Popen[bytes]:
        """Start `python -m ARGUMENTS` in the background, out of the terminal's reach."""
        # Added to, so that a start does not take away what the last one left for the operator to read.
        with self._log(name).open("ab") as log:
            child = subprocess.Popen(
                [sys.executable, "-m", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # Ctrl-C must reach this command alone, which then stops the others in order.
                start_new_session=True,
                preexec_fn=_end_with_parent if sys.platform == "linux" else None,
            )
        self._running.append((name, child))
        return child

    def wait_until(self, name: str, ready: Callable[[], bool]) -> None:
        """Return when `ready()` is true; raise UpFailed if the child ends first or time runs out."""
        child = dict(self._running)[name]
        deadline = time.monotonic() + START_SECONDS
        while not ready():
            if child.poll() is not None:
                raise UpFailed(f"{name} did not start: {self._last_words(name)}")
            if time.monotonic() > deadline:
                raise UpFailed(f"{name} did not answer within {START_SECONDS} s; see {self._log(name)}.")
            time.sleep(POLL_SECONDS)

    def stop(self) -> None:
        """Ask every child to stop, the last started first; insist after STOP_SECONDS."""
        for name, child in reversed(self._running):
            if child.poll() is None:
                child.terminate()
            try:
                child.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                child.kill()
                print(f"{name} did not stop when asked and was ended.", file=sys.stderr)
        for ending in self._endings:
            ending()

    def _log(self, name: str) -> Path:
        return self._log_directory / f"{name}.log"

    def _last_words(self, name: str) -> str:
        """Return the last line of the child's log that is a sentence and not a JSON record."""
        lines = self._log(name).read_text(errors="replace").splitlines()
        words = [line for line in lines if line.strip() and not line.startswith("{")]
        return words[-1].removeprefix(f"{name}: ") if words else f"see {self._log(name)}."


def _end_with_parent() -> None:
    """Have Linux send this process SIGTERM when `restante up` is gone, even if that was killed."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Ready:
    """Whether one URL answers: true once the daemon behind it serves."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._opener = build_opener(ProxyHandler({}))

    def __call__(self) -> bool:
        try:
            with self._opener.open(self._url, timeout=5) as answer:
                return bool(answer.status == 200)
        except (URLError, OSError):
            return False


def _health_url(name: str, config: Path) -> str:
    """Return where the daemon with this settings file answers `healthz`. Raises UpFailed."""
    asked = subprocess.run(
        [sys.executable, "-m", "restante.cli", "settings", name, "--config", str(config)],
        capture_output=True,
        text=True,
    )
    if asked.returncode:
        raise UpFailed(asked.stderr.strip().removeprefix("restante: "))
    http = tomllib.loads(asked.stdout)["http"]
    public = http["listen"]
    listen, path = (public, http["path"]) if public else (http["internal_listen"], "/")
    if listen.startswith("unix:"):
        raise UpFailed(
            f"{config}: to be started by this command {name} must listen at an address and a port."
        )
    return f"http://{listen}{path}healthz"


def _start_daemons(children: Children, settings_directory: Path) -> str:
    """Start the three daemons; return profiled's public URL once all of them answer."""
    configs = {name: settings_directory / f"{name}.toml" for name in DAEMONS}
    urls = {name: _health_url(name, config) for name, config in configs.items()}
    for name, url in urls.items():
        if Ready(url)():
            raise UpFailed(
                f"{name} is running already: {url} answers. Stop it, or choose another address in "
                f"{configs[name]}."
            )
    for name, config in configs.items():
        children.start(name, [name, "--config", str(config)])
    for name, url in urls.items():
        children.wait_until(name, Ready(url))
    return urls["profiled"].removesuffix("healthz")


def _start_demo(children: Children) -> Path:
    """Start the demonstration's providers in a fresh directory; return where they wrote the settings."""
    DEMO_DIRECTORY.mkdir(parents=True, exist_ok=True)
    directory = Path(tempfile.mkdtemp(prefix="visit-", dir=DEMO_DIRECTORY))
    children.at_the_end(lambda: shutil.rmtree(directory, ignore_errors=True))
    children.start("providers", ["demo", "providers", "--directory", str(directory)])
    children.wait_until("providers", (directory / "ready").exists)
    return directory


def _has_display() -> bool:
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _open_client(python: str, server: str, demo: bool) -> int:
    """Open the window and wait until the person leaves it."""
    arguments = [python, "-m", "tkclient", "--server", server]
    environment = dict(os.environ)
    if demo:
        made = subprocess.run(
            [sys.executable, "-m", "demo", "profile", "--server", server], capture_output=True, text=True
        )
        if made.returncode:
            raise UpFailed(f"the demonstration profile could not be made: {made.stderr.strip()}")
        name, password = made.stdout.splitlines()
        print(f"the demonstration profile: name {name!r}, password {password!r}", flush=True)
        arguments += ["--user", name]
        environment["RESTANTE_PASSWORD"] = password
    return subprocess.call(arguments, env=environment)


def _wait_for_ctrl_c(server: str) -> int:
    print(f"Restante is running at {server} (Ctrl-C stops it).", flush=True)
    signal.sigwait({signal.SIGINT, signal.SIGTERM})
    return 0


def _up(arguments: argparse.Namespace, children: Children) -> int:
    settings = _start_demo(children) if arguments.demo else Path("etc")
    server = _start_daemons(children, settings)
    window = bool(arguments.client_python) and not arguments.headless and _has_display()
    if window:
        return _open_client(arguments.client_python, server, arguments.demo)
    if arguments.demo:
        return subprocess.call([sys.executable, "-m", "demo", "visit", "--server", server])
    if not arguments.headless:
        print("No window can be opened here (no display, or no Python with tkinter).", flush=True)
    return _wait_for_ctrl_c(server)


def run(arguments: argparse.Namespace) -> int:
    """Start everything, stay until the person is done, stop everything that was started."""
    # A closed terminal (SIGHUP, which Windows lacks) ends everything as Ctrl-C does.
    for number in (signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)):
        signal.signal(number, signal.default_int_handler)
    children = Children(LOG_DIRECTORY / "demo" if arguments.demo else LOG_DIRECTORY)
    try:
        return _up(arguments, children)
    except UpFailed as failure:
        print(failure, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0
    finally:
        children.stop()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what `restante up` takes."""
    parser.add_argument("--demo", action="store_true", help="with two demonstration providers and a profile")
    parser.add_argument(
        "--headless", action="store_true", help="open no window; with --demo, visit as a script"
    )
    parser.add_argument(
        "--client-python",
        metavar="PROGRAM",
        default=sys.executable,
        help="the Python that has tkinter, for the window (default: this one; empty: none)",
    )


command = Command(
    "up", "Start the three daemons and open the client; stop them after it.", add_arguments, run
)
