"""Who a user may write as, as `profiled` knows it: asked each time, kept nowhere."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from restante import address
from restante.errors import InvalidArgument, SenderNotProved
from restante.peer import Peer


@dataclass(frozen=True)
class Identity:
    """A From name and address. `proved`: it is known to be the user's own. `account` may be empty."""

    id: str
    name: str
    address: str
    signature: str = ""
    proved: bool = False
    account: str = ""


@dataclass(frozen=True)
class Writer:
    """A user as one who writes: their identities in order, and the language of what we add to a letter."""

    identities: tuple[Identity, ...]
    language: str = "es"

    def sender(self, id: str = "") -> Identity:
        """Return the identity to send as: `id`, or the first proved one.

        Raises InvalidArgument (no such identity), SenderNotProved; both permanent.
        """
        if id:
            found = self.find(id)
            if found is None:
                raise InvalidArgument(
                    "The sender chosen for this letter does not exist any more; choose another."
                )
        else:
            found = next((identity for identity in self.identities if identity.proved), None)
        if found is None:
            raise SenderNotProved(
                "No address of yours is proved yet; add the account it belongs to, then send."
            )
        if not found.proved:
            raise SenderNotProved(
                f"{found.address} is not known to be yours. Add its account, or write as another address of"
                " yours.",
                about=found.address,
            )
        return found

    def find(self, id: str) -> Identity | None:
        return next((identity for identity in self.identities if identity.id == id), None)

    def owns(self, other: str) -> bool:
        """Tell whether `other` is an address of this user."""
        return any(address.same(identity.address, other) for identity in self.identities)

    def addressed(self, addresses: list[str], account: str) -> Identity | None:
        """Return the identity a letter to `addresses`, collected by `account`, should be answered as."""
        written_to = [
            i for i in self.identities if any(address.same(i.address, other) for other in addresses)
        ]
        collected = [i for i in self.identities if account and i.account == account]
        for choices in (written_to, collected, self.identities):
            if choices:
                return next((identity for identity in choices if identity.proved), choices[0])
        return None


# Given a user, who they are as a writer. Raises what `Peer.call` raises. Network.
Writers = Callable[[str], Writer]


def writers_from(profiled: Peer) -> Writers:
    """Return the writers that `profiled` knows. Network; blocks up to the peer's time-out."""

    def writer(user: str) -> Writer:
        lease = profiled.call("account.lease", user=user)
        return Writer(tuple(_identity(one) for one in lease["identities"]), lease.get("language", "es"))

    return writer


def _identity(one: dict[str, Any]) -> Identity:
    return Identity(
        id=one["id"],
        name=one.get("name", ""),
        address=one["address"],
        signature=one.get("signature", ""),
        proved=one["proved"],
        account=one.get("account", ""),
    )
