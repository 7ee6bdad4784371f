"""A house with people in it, as measuring needs them: accounts in the clear, rules, collecting by RPC."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.house import DAEMONS, House
from demo.rpc import Service

PASSWORD = "una clave larga"
SECRET = "secret"
COLLECT_SECONDS = 3600

#: Settings that differ from what an operator gets: loopback and no TLS, as for the peer; long sessions.
SETTINGS = {
    "relayd": [],
    "stored": ["--set", "pop3.allow_plain=true", "--set", "pop3.ca_file="],
    "profiled": [
        *("--set", "accounts.allow_plain=true", "--set", "clock.enabled=false"),
        *("--set", "sessions.idle_minutes=600", "--set", "sessions.absolute_minutes=600"),
    ],
}

#: A few rules of the usual kinds, so that what is measured is filing: a list into a folder, flags, words.
RULES: list[dict[str, Any]] = [
    {
        "conditions": [
            {"field": "header", "header": "List-Id", "op": "contains", "value": "noticias.corp3."}
        ],
        "actions": [{"action": "file", "folder": "f1"}],
    },
    {
        "conditions": [{"field": "from", "op": "domain_is", "value": "corp7.example"}],
        "actions": [{"action": "flag"}],
    },
    {
        "conditions": [
            {"field": "subject", "op": "contains", "value": "trur"},
            {"field": "any_recipient", "op": "contains", "value": "corp11"},
        ],
        "match": "all",
        "actions": [{"action": "mark_read"}, {"action": "stop"}],
    },
]


@contextmanager
def house(core: int | None, **more: Sequence[str]) -> Iterator[House]:
    """Run the three daemons on one core while the context lasts; `more` are arguments for a daemon."""
    with TemporaryDirectory(prefix="restante-bench-house-") as directory:
        running = House(Path(directory), [], core=core)
        try:
            for daemon in DAEMONS:
                running.start(daemon, *SETTINGS[daemon], *more.get(daemon, ()))
            yield running
        finally:
            running.stop()


@dataclass(frozen=True)
class Collected:
    """One collecting as it was seen from outside: until everything is stored durably, filed and listed."""

    seconds: float
    messages: int


class Person:
    """Somebody with a profile, driving the daemons by public RPC."""

    def __init__(self, house: House, name: str) -> None:
        opened = Service(house.url("profiled")).call("profile.create", name=name, password=PASSWORD)
        self.name, self.token = name, opened["token"]
        self.profiled = Service(house.url("profiled"), self.token)
        self.stored = Service(house.url("stored"), self.token)
        self.mail = house.directory / "stored" / "users" / name

    def add_account(self, port: int, user: str) -> None:
        """Add the maildrop of `user` at that port of loopback, read in the clear."""
        account = {"address": f"{user}@restante.example", "host": "127.0.0.1", "port": port, "user": user}
        self.profiled.call("account.set", create=[account | {"security": "plain", "secret": SECRET}])

    def add_rules(self) -> None:
        self.stored.call("folder.set", create=[{"name": "Noticias"}])
        self.profiled.call("rule.set", create=RULES)

    def collect(self) -> Collected:
        """Collect from all accounts; the clock runs from asking until the lists hold it.

        Raises AssertionError when it did not go well.
        """
        began = time.monotonic()
        status = self.stored.call("collect.start")
        while status["running"]:
            # Asking costs what is measured: seldom while it lasts long, often while it is short.
            time.sleep(min(0.1, max(0.002, (time.monotonic() - began) / 50)))
            status = self.stored.call("collect.status")
            assert time.monotonic() - began < COLLECT_SECONDS, "collecting does not end"
        self.stored.call("message.page", folder="inbox")
        seconds = time.monotonic() - began
        errors = [account["error"] for account in status["accounts"] if "error" in account]
        assert not errors, f"collecting failed: {errors}"
        return Collected(seconds, sum(account["collected"] for account in status["accounts"]))

    def searchable(self) -> float:
        """Wait until the search index has all that came; return the seconds that took."""
        began = time.monotonic()
        while self.stored.call("message.search", query="correspondencia", limit=1)["behind"]:
            time.sleep(0.1)
            assert time.monotonic() - began < COLLECT_SECONDS, "indexing does not end"
        return time.monotonic() - began

    def listed(self) -> int:
        """Return how many messages the folders hold together."""
        return sum(folder["total"] for folder in self.stored.call("folder.list")["folders"])
