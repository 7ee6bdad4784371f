"""The three daemons as processes on free ports of loopback, for tests that need the whole house."""

import os
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import requests

from demo.rpc import Service
from demo.settings import Provider, write_settings

START_SECONDS = 30
STOP_SECONDS = 35


class House:
    """profiled, stored and relayd in `directory`, knowing `providers`; any of them may be killed."""

    def __init__(self, directory: Path, providers: list[Provider]) -> None:
        self.directory = directory
        write_settings(directory, providers)
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def settings(self, daemon: str) -> dict:
        return tomllib.loads((self.directory / f"{daemon}.toml").read_text())

    def url(self, daemon: str) -> str:
        """Return the base URL of the daemon's public listener (relayd: of its only one)."""
        http = self.settings(daemon)["http"]
        if "listen" in http:
            return f"http://{http['listen']}{http['path']}"
        return f"http://{http['internal_listen']}/"

    def log(self, daemon: str) -> str:
        return (self.directory / f"{daemon}.log").read_text()

    def start(self, daemon: str, *arguments: str) -> None:
        """Start one daemon and return once it answers; its log is appended to DAEMON.log."""
        command = [
            sys.executable,
            "-m",
            daemon,
            "--config",
            str(self.directory / f"{daemon}.toml"),
            *arguments,
        ]
        with (self.directory / f"{daemon}.log").open("ab") as log:
            child = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.directory, env=environment())
        self._running[daemon] = child
        deadline = time.monotonic() + START_SECONDS
        while not answers(self.url(daemon) + "healthz"):
            assert child.poll() is None, f"{daemon} ended: {self.log(daemon)[-2000:]}"
            assert time.monotonic() < deadline, f"{daemon} is silent: {self.log(daemon)[-2000:]}"
            time.sleep(0.02)

    def start_all(self) -> "House":
        for daemon in ("relayd", "stored", "profiled"):
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

    def visitor(self, name: str = "ana", password: str = "una clave larga") -> "Visitor":
        """Create a profile and return its session."""
        return Visitor(self, name, password)


class Visitor:
    """A person's session: `profiled` and `stored`, ready to call."""

    def __init__(self, house: House, name: str, password: str) -> None:
        opened = Service(house.url("profiled")).call("profile.create", name=name, password=password)
        self.name, self.password, self.token = name, password, opened["token"]
        self.profiled = Service(house.url("profiled"), self.token)
        self.stored = Service(house.url("stored"), self.token)

    def add_account(self, address: str, secret: str) -> dict:
        """Add an account by address and password, as the client does."""
        candidate = self.profiled.call("account.discover", address=address)["candidates"][0]
        wanted = {key: candidate[key] for key in ("host", "port", "security", "user")}
        create = [wanted | {"address": address, "secret": secret, "test": True}]
        return self.profiled.call("account.set", create=create)["created"][0]

    def collect(self) -> list[dict]:
        """Collect from every account and return each one's progress once all are done."""
        self.stored.call("collect.start")
        return wait_for(lambda: self.collected(), "collecting to end")

    def collected(self) -> list[dict] | None:
        status = self.stored.call("collect.status")
        return None if status["running"] else status["accounts"]

    def rows(self, folder: str = "inbox") -> list[dict]:
        """Return every row of `folder`, newest first."""
        rows: list[dict] = []
        while page := self.stored.call("message.page", folder=folder, position=len(rows), limit=200)["rows"]:
            rows += page
        return rows

    def raw(self, row: dict) -> bytes:
        return self.stored.download(row["id"], "raw.eml")


def environment() -> dict[str, str]:
    """Return this process's environment without anything that would change a daemon's settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RESTANTE_")}
    return kept | {"PYTHONPATH": str(Path(__file__).parents[1])}


def answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=5).status_code == 200
    except requests.RequestException:
        return False


def wait_for(done, what: str, seconds: float = 60):
    """Return the first answer of `done` that is not None or False; fail after `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        answer = done()
        if answer is not None and answer is not False:
            return answer
        time.sleep(0.02)
    raise AssertionError(f"waited {seconds} s in vain for {what}")
