"""The structs of collecting on the wire."""

from datetime import datetime
from typing import Annotated, Literal, NotRequired, TypedDict

from restante.wire import Chars, Count, Id, Items, Name, Range

AccountIds = Annotated[list[Id], Items(200)]
UserNames = Annotated[list[Name], Items(1000)]
Host = Annotated[str, Chars(1, 253, one_line=True)]
Port = Annotated[int, Range(1, 65535)]
Security = Literal["tls", "stls", "plain"]
RemoteUser = Annotated[str, Chars(1, 320, one_line=True)]
Secret = Annotated[str, Chars(1, 1024, one_line=True)]
Stage = Literal["waiting", "connecting", "listing", "fetching", "done", "failed", "cancelled"]
Auth = Literal["password", "oauth2"]
OnServer = Literal["leave", "delete_after", "delete"]
Days = Annotated[int, Range(1, 3650)]
NoticeKind = Literal[
    "expires",
    "names_changed",
    "altered",
    "names_shared",
    "no_names",
    "not_deleted",
    "unsafe",
    "delete_refused",
    "clock_held",
    "login_delay",
    "forwarded_enough",
    "not_forwarded",
]


class CollectError(TypedDict):
    """Why an account failed, or what of it was left where it is."""

    kind: str
    message: str
    about: NotRequired[str]
    retryable: bool


class CollectNotice(TypedDict):
    """Something to know about a maildrop: it deletes by itself, has given its messages new names, ...."""

    kind: NoticeKind
    message: str
    about: NotRequired[str]


class AccountProgress(TypedDict):
    """One account: `done` of `total` new messages dealt with, `collected` kept, of so many `octets`.

    `next_at` is when a periodic visit comes at the earliest, where one has to wait after trouble.
    """

    account: str
    address: str
    stage: Stage
    done: Count
    total: Count
    octets: str
    collected: Count
    started_at: NotRequired[datetime]
    finished_at: NotRequired[datetime]
    error: NotRequired[CollectError]
    notices: NotRequired[list[CollectNotice]]
    next_at: NotRequired[datetime]


class CollectStatus(TypedDict):
    running: bool
    accounts: list[AccountProgress]


class CollectDue(TypedDict):
    """Who is going to be collected, and who already was."""

    accepted: list[str]
    running: list[str]


class Rehearsed(TypedDict):
    """What would be deleted at the server: so many messages of so many octets, each safe here or erased.

    `erased` of them the user let go for good here: they are nowhere once they are deleted there. `unsafe` of
    those that are due are damaged, or gone and not the same there, and would stay there. While `held` is
    true nothing is deleted, since the clock has jumped. `notices` say so, and why more stays there.
    """

    messages: Count
    octets: str
    unsafe: Count
    erased: Count
    held: bool
    notices: NotRequired[list[CollectNotice]]


class ClockConfirmed(TypedDict):
    held: bool


class Probed(TypedDict):
    """What a login found; `octets` as text, since it may be large."""

    messages: Count
    octets: str
    capabilities: list[str]
