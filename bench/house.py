"""The three daemons as processes on free ports of loopback, for whoever needs the whole house.

house = House(directory, providers).start_all()
...
house.stop()
"""

import os
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import requests

from bench.processes import STOP_SECONDS, pinned
from demo.settings import Provider, write_settings

START_SECONDS = 30
DAEMONS = ("relayd", "stored", "profiled")


class House:
    """profiled, stored and relayd in `directory`, knowing `providers`; any of them may be killed."""

    def __init__(self, directory: Path, providers: Sequence[Provider], *, core: int | None = None) -> None:
        """`core`: the one core that all of them run on, if they must not run on any."""
        self.directory = directory
        self._core = core
        write_settings(directory, list(providers))
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def settings(self, daemon: str) -> dict[str, Any]:
        return tomllib.loads((self.directory / f"{daemon}.toml").read_text())

    def url(self, daemon: str) -> str:
        """Return the base URL of the daemon's public listener (relayd: of its only one)."""
        http = self.settings(daemon)["http"]
        if "listen" in http:
            return f"http://{http['listen']}{http['path']}"
        return f"http://{http['internal_listen']}/"

    def log(self, daemon: str) -> str:
        return (self.directory / f"{daemon}.log").read_text()

    def pid(self, daemon: str) -> int:
        return self._running[daemon].pid

    def start(self, daemon: str, *arguments: str) -> None:
        """Start one daemon and return once it answers; its log is appended to DAEMON.log."""
        settings = str(self.directory / f"{daemon}.toml")
        command = pinned([sys.executable, "-m", daemon, "--config", settings, *arguments], self._core)
        with (self.directory / f"{daemon}.log").open("ab") as log:
            child = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.directory, env=environment())
        self._running[daemon] = child
        deadline = time.monotonic() + START_SECONDS
        while not answers(self.url(daemon) + "healthz"):
            assert child.poll() is None, f"{daemon} ended: {self.log(daemon)[-2000:]}"
            assert time.monotonic() < deadline, f"{daemon} is silent: {self.log(daemon)[-2000:]}"
            time.sleep(0.02)

    def start_all(self) -> Self:
        for daemon in DAEMONS:
            self.start(daemon)
        return self

    def kill(self, daemon: str) -> None:
        """End the daemon by SIGKILL and wait until it is gone."""
        self._running[daemon].kill()
        self._running.pop(daemon).wait()

    def terminate(self, daemon: str) -> int:
        """End the daemon by SIGTERM; return its exit status."""
        self._running[daemon].send_signal(signal.SIGTERM)
        return self._running.pop(daemon).wait(STOP_SECONDS)

    def stop(self) -> None:
        for daemon in list(self._running):
            self._running[daemon].terminate()
        for daemon in list(self._running):
            self._running.pop(daemon).wait(STOP_SECONDS)


def environment() -> dict[str, str]:
    """Return this process's environment without anything that would change a daemon's settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RESTANTE_")}
    return kept | {"PYTHONPATH": str(Path(__file__).parents[1])}


def answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=5).status_code == 200
    except requests.RequestException:
        return False
