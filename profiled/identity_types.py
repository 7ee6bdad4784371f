"""The structs of identities on the wire."""

from typing import Annotated, Literal, NotRequired, TypedDict

from profiled.types import Address, Signature, Title
from restante.wire import Id, Items, State


class Identity(TypedDict):
    """A name and address to write from. `proved`: the address is known to be the user's."""

    id: Id
    name: str
    address: str
    signature: str
    proved: bool
    account: NotRequired[Id]


class IdentityNew(TypedDict):
    address: Address
    name: NotRequired[Title]
    signature: NotRequired[Signature]
    account: NotRequired[Id]


class IdentityKept(IdentityNew):
    """An identity of a whole list: with its id it stays that identity."""

    id: NotRequired[Id]


class IdentityPatch(TypedDict, total=False):
    address: Address
    name: Title
    signature: Signature
    account: Id


class IdentityUpdate(TypedDict):
    id: Id
    set: NotRequired[IdentityPatch]
    unset: NotRequired[Annotated[list[Literal["name", "signature", "account"]], Items(3)]]


class IdentityList(TypedDict):
    state: State
    identities: list[Identity]


class IdentitiesSet(TypedDict):
    state: State
    created: list[Identity]
    updated: list[Id]
    destroyed: list[Id]


IdentityCreates = Annotated[list[IdentityNew], Items(50)]
IdentityUpdates = Annotated[list[IdentityUpdate], Items(50)]
IdentitiesKept = Annotated[list[IdentityKept], Items(50)]
