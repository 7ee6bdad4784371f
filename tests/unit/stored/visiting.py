"""A collector beside servers of the tests' own: real store, real sockets, a lease that is a function."""

import socket
import time
from pathlib import Path
from typing import Any

from stored.clock import Clock
from stored.collecting.collector import Collector
from stored.collecting.lease import Leased, LeasedAccount, Policy
from stored.pop3 import PopClient, Server
from stored.settings import CollectSettings, PopSettings


def loopback(host, port):
    """Every name is this machine."""
    return [(socket.AF_INET, ("127.0.0.1", port))]


def account(server, id="a1", *, enabled=True, secret="secret", user="user", secret_id="", **policy):
    """Return the account that reads `server`, a PopServer; `policy` as of `Policy`."""
    where = Server("pop.test", server.port, "plain", user, secret)
    return LeasedAccount(id, f"{id}@pop.test", enabled, where, Policy(**policy), secret_id)


def kinds(state):
    """Return the kinds of the notices of an account."""
    return [notice.kind for notice in state.notices]


class Bench:
    """A store and a collector over it; `accounts` and `rules` are what the lease gives, user by user."""

    def __init__(self, store):
        self.accounts: dict[str, list[LeasedAccount]] = {}
        self.rules: list[Any] = []
        self.limits: dict[str, Any] = {"idle_seconds": 5.0, "connect_seconds": 5.0}
        # A server's commands are counted here, so nothing is looked at again unless a test asks for it.
        self.collect: dict[str, Any] = {"look_again_messages": 0}
        self.wall = time.time
        self.clock = Clock(wall=lambda: self.wall())
        self.store = store
        self.forwarder: Any = None
        self.spool: Path | None = None
        self.collector: Any = None

    def lease(self, user):
        return Leased(self.accounts.get(user, []), self.rules)

    def start(self, user="ana", accounts=()):
        if self.collector is None:
            limits = PopSettings(**self.limits, allow_plain=True)
            self.pop = PopClient(limits, loopback, allow_plain=True)
            settings = CollectSettings(**self.collect)
            self.collector = Collector(
                self.store,
                self.lease,
                self.pop,
                settings,
                limits,
                self.clock,
                spool=self.spool,
                forwarder=self.forwarder,
            )
        self.collector.start(user, accounts)

    def run(self, user="ana", accounts=()):
        """Collect to the end and return every account's state by its id."""
        self.start(user, accounts)
        assert self.collector.wait(user, 30)
        return self.states(user)

    def states(self, user="ana"):
        return {state.account: state for state in self.collector.status(user)[1]}

    def kept(self, user="ana"):
        """Return the raw octets of every message, oldest first."""
        return self.store.open_account(user).read(lambda root: [root.bodies[uid].raw() for uid in root.state])
