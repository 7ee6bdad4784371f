"""What `profiled` lends for one round of collecting: the accounts with their secrets, and the rules.

Nothing of it is kept beyond that round, and nothing of it is ever logged.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from restante.peer import Peer
from stored.pop3 import Server
from stored.rules import Rule


@dataclass(frozen=True)
class LeasedAccount:
    """One remote account, ready to be collected."""

    id: str
    address: str
    enabled: bool
    server: Server

    @property
    def maildrop(self) -> tuple[str, int, str]:
        """The box itself, whichever account of whichever user it is collected for."""
        return (self.server.host.casefold(), self.server.port, self.server.user)


@dataclass(frozen=True)
class Leased:
    accounts: list[LeasedAccount]
    rules: list[Rule]


# Given a user, what is lent. Raises what `Peer.call` raises.
Lease = Callable[[str], Leased]


def lease_from(profiled: Peer) -> Lease:
    """Return the lease that asks `profiled`. Network; blocks up to the peer's time-out."""

    def lease(user: str) -> Leased:
        answer = profiled.call("account.lease", user=user)
        return Leased([_account(one) for one in answer["accounts"]], answer["rules"])

    return lease


def _account(one: dict[str, Any]) -> LeasedAccount:
    server = Server(one["host"], one["port"], one["security"], one["user"], one["secret"])
    return LeasedAccount(one["id"], one["address"], one["enabled"], server)
