"""The structs of remote accounts on the wire."""

from datetime import datetime
from typing import Annotated, Literal, NotRequired, TypedDict

from profiled.types import Address, Host, Port, RemoteUser, Secret, Security, Title
from restante.wire import Id, Items, Range, State

Auth = Literal["password", "oauth2"]
OnServer = Literal["leave", "delete_after", "delete"]
Days = Annotated[int, Range(1, 3650)]


class Account(TypedDict):
    """A remote POP3 server. Its secret is never told.

    What is stored is left there ("leave"), deleted there `on_server_days` after it was stored
    ("delete_after"), or deleted at once ("delete"); messages that the server gives no lasting names (UIDL) of
    their own are only with `delete_unnamed`. See `collect.rehearse`.
    """

    id: Id
    address: str
    name: str
    host: str
    port: int
    security: Security
    user: str
    auth: Auth
    enabled: bool
    on_server: OnServer
    on_server_days: int
    delete_unnamed: bool
    has_secret: bool
    created_at: datetime


class AccountNew(TypedDict):
    """What an account is made of. `port` and `user` default to what is usual, `name` to the address.

    `auth` is "password", `enabled` true, `on_server` "leave", `on_server_days` 14 and `delete_unnamed` false
    unless told otherwise.
    """

    address: Address
    host: Host
    security: Security
    secret: Secret
    port: NotRequired[Port]
    user: NotRequired[RemoteUser]
    auth: NotRequired[Auth]
    name: NotRequired[Title]
    enabled: NotRequired[bool]
    on_server: NotRequired[OnServer]
    on_server_days: NotRequired[Days]
    delete_unnamed: NotRequired[bool]
    test: NotRequired[bool]


class AccountPatch(TypedDict, total=False):
    """What of an account changes. Another host, port, security, user or auth needs the secret again."""

    address: Address
    name: Title
    host: Host
    port: Port
    security: Security
    user: RemoteUser
    auth: Auth
    enabled: bool
    on_server: OnServer
    on_server_days: Days
    delete_unnamed: bool
    secret: Secret


class AccountUpdate(TypedDict):
    id: Id
    set: NotRequired[AccountPatch]
    unset: NotRequired[Annotated[list[Literal["name"]], Items(1)]]


class AccountProbe(TypedDict, total=False):
    """Where to try a login. With the id of an account, what is left out is taken from it."""

    address: Address
    host: Host
    port: Port
    security: Security
    user: RemoteUser
    auth: Auth
    secret: Secret


class Candidate(TypedDict):
    """One server that may hold the mail of an address. `known`: from a table, not guessed."""

    name: str
    host: str
    port: int
    security: Security
    user: str
    auth: Literal["password", "oauth2"]
    known: bool


class Candidates(TypedDict):
    candidates: list[Candidate]


class AccountTested(TypedDict):
    """What the maildrop holds; `octets` as text, since it may be large."""

    messages: int
    octets: str
    seconds: int


class AccountList(TypedDict):
    state: State
    accounts: list[Account]


class AccountsSet(TypedDict):
    state: State
    created: list[Account]
    updated: list[Id]
    destroyed: list[Id]


AccountCreates = Annotated[list[AccountNew], Items(50)]
AccountUpdates = Annotated[list[AccountUpdate], Items(50)]
