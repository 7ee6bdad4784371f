"""What `profiled` lends for one round of collecting: the accounts with their secrets, and the rules.

Nothing of it is kept beyond that round, and nothing of it is ever logged.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from restante.peer import Peer
from stored.collecting.types import OnServer
from stored.pop3 import Server
from stored.rules.decision import Rule

DAY_SECONDS = 24 * 3600


@dataclass(frozen=True)
class Policy:
    """What the user wants of the messages at the server, once they are stored here.

    `unnamed`: also of those that the server gives no lasting names, which are known by their hash alone.
    """

    on_server: OnServer = "leave"
    days: int = 14
    unnamed: bool = False

    def but(self, on_server: OnServer | None, days: int | None, unnamed: bool | None) -> "Policy":
        """Return this with what is given in the place of what was set. Pure."""
        return Policy(
            on_server or self.on_server,
            self.days if days is None else days,
            self.unnamed if unnamed is None else unnamed,
        )

    def due(self, name: str, received_at: int, now: float) -> bool:
        """Return whether a message received here at `received_at` is to be deleted there. Pure."""
        if self.on_server == "leave" or (name.startswith(" ") and not self.unnamed):
            return False
        # At once means at once, by whatever clock it was received.
        return self.on_server == "delete" or now - received_at >= self.days * DAY_SECONDS


@dataclass(frozen=True)
class LeasedAccount:
    """One remote account, ready to be collected. `secret_id` changes when its secret is typed again."""

    id: str
    address: str
    enabled: bool
    server: Server
    policy: Policy = Policy()
    secret_id: str = ""

    @property
    def maildrop(self) -> tuple[str, int, str]:
        """The box itself, whichever account of whichever user it is collected for."""
        return (self.server.host.casefold(), self.server.port, self.server.user)

    @property
    def login(self) -> bytes:
        """What stands for the settings a login is tried with; nothing of the secret is in it."""
        one = self.server
        told = [one.host, str(one.port), one.security, one.user, one.auth, self.secret_id]
        return hashlib.sha256("\0".join(told).encode("utf-8", "surrogatepass")).digest()[:16]


@dataclass(frozen=True)
class Leased:
    """`identities` are the addresses that the user writes from."""

    accounts: list[LeasedAccount]
    rules: list[Rule]
    identities: tuple[str, ...] = ()

    @property
    def addresses(self) -> dict[str, str]:
        """The address of each account, by its id."""
        return {account.id: account.address for account in self.accounts}


# Given a user, what is lent. Raises what `Peer.call` raises.
Lease = Callable[[str], Leased]


def lease_from(profiled: Peer) -> Lease:
    """Return the lease that asks `profiled`. Network; blocks up to the peer's time-out."""

    def lease(user: str) -> Leased:
        answer = profiled.call("account.lease", user=user)
        identities = tuple(one["address"] for one in answer["identities"])
        return Leased([_account(one) for one in answer["accounts"]], answer["rules"], identities)

    return lease


def addresses_by(lease: Lease) -> Callable[[str], dict[str, str]]:
    """Return what gives the address of each of a user's accounts, by its id, from what is lent."""
    return lambda user: {account.id: account.address for account in lease(user).accounts}


def _account(one: dict[str, Any]) -> LeasedAccount:
    auth = one.get("auth", "password")
    server = Server(one["host"], one["port"], one["security"], one["user"], one["secret"], auth)
    policy = Policy(
        one.get("on_server", "leave"), one.get("on_server_days", 14), one.get("delete_unnamed", False)
    )
    return LeasedAccount(one["id"], one["address"], one["enabled"], server, policy, one.get("secret_id", ""))
