"""The three daemons as processes of the tests, and a person who visits them."""

import time

from bench import house
from bench.house import answers, environment
from demo.rpc import Service

__all__ = ["House", "Visitor", "answers", "environment", "wait_for"]


class House(house.House):
    """The house of bench/house.py, which people can visit."""

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


def wait_for(done, what: str, seconds: float = 60):
    """Return the first answer of `done` that is not None or False; fail after `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        answer = done()
        if answer is not None and answer is not False:
            return answer
        time.sleep(0.02)
    raise AssertionError(f"waited {seconds} s in vain for {what}")
