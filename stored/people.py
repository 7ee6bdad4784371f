"""Whom a user knows: everybody they have written to. There is no address book yet, only this."""

from collections.abc import Iterable

from restante.address import split
from restante.errors import InvalidArgument
from stored.model.account import Account
from stored.model.personal import own, personal


def folded(address: str) -> str:
    """Return the one way an address is kept: small letters, the domain as DNS knows it. Pure."""
    try:
        return "@".join(split(address.strip())).casefold()
    except InvalidArgument:
        return address.strip().casefold()


def learn(account: Account, addresses: Iterable[str], at: int) -> None:
    """Note that the user wrote to these, inside the unit of work in which the letter is kept."""
    kept = own(account)
    for address in addresses:
        kept.learn(folded(address), at)


def known(account: Account, address: str) -> bool:
    """Return whether the user has written to `address`. Reads."""
    return folded(address) in personal(account).people
