"""The shapes that the methods of `profiled` take and return. What is not here does not cross the wire."""

from datetime import datetime
from typing import Annotated, Literal, NotRequired, TypedDict

from restante.rules import Action, Actions, Condition, Conditions, Match
from restante.wire import Chars, Id, Items, Range, State

Language = Literal["es", "en"]
PartName = Literal["settings", "accounts", "identities", "rules", "layout"]
Parts = Annotated[list[PartName], Items(5)]
Security = Literal["tls", "stls", "plain"]
Minutes = Annotated[int, Range(1, 1440)]
Port = Annotated[int, Range(1, 65535)]
Title = Annotated[str, Chars(0, 100, one_line=True)]
Address = Annotated[str, Chars(1, 320, one_line=True)]
Host = Annotated[str, Chars(1, 253, one_line=True)]
RemoteUser = Annotated[str, Chars(1, 320, one_line=True)]
Secret = Annotated[str, Chars(1, 1024, one_line=True)]
Signature = Annotated[str, Chars(0, 4000)]
FolderId = Annotated[str, Chars(1, 40, one_line=True)]
FolderIds = Annotated[list[FolderId], Items(1000)]
Since = Annotated[str, Chars(0, 40, one_line=True)]
Token = Annotated[str, Chars(0, 1024)]
Ids = Annotated[list[Id], Items(200)]


class Nothing(TypedDict):
    """An answer that says only that it was done."""


# --- Accounts


Auth = Literal["password", "oauth2"]
OnServer = Literal["leave", "delete_after", "delete"]
Days = Annotated[int, Range(1, 3650)]


class Account(TypedDict):
    """A remote POP3 server. Its secret is never told.

    What is stored is left there, deleted there after so many days (from when it was stored), or deleted at
    once; of a server that gives its messages no lasting names only with `delete_unnamed`.
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
    """What an account is made of. `port` and `user` default to what is usual, `name` to the address."""

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

# --- Identities


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

# --- Rules


class Rule(TypedDict):
    """A filter, applied in the order of the list as mail comes in."""

    id: Id
    name: str
    enabled: bool
    match: Match
    conditions: list[Condition]
    actions: list[Action]


class RuleNew(TypedDict):
    conditions: Conditions
    actions: Actions
    name: NotRequired[Title]
    enabled: NotRequired[bool]
    match: NotRequired[Match]


class RuleKept(RuleNew):
    """A rule of a whole list: with its id it stays that rule."""

    id: NotRequired[Id]


class RulePatch(TypedDict, total=False):
    name: Title
    enabled: bool
    match: Match
    conditions: Conditions
    actions: Actions


class RuleUpdate(TypedDict):
    id: Id
    set: NotRequired[RulePatch]
    unset: NotRequired[Annotated[list[Literal["name", "enabled", "match"]], Items(3)]]


class RuleList(TypedDict):
    state: State
    rules: list[Rule]


class RulesSet(TypedDict):
    state: State
    created: list[Rule]
    updated: list[Id]
    destroyed: list[Id]


SieveScript = Annotated[str, Chars(1, 65_536)]
FoldersByName = Annotated[dict[str, FolderId], Items(1000)]


class RulesImported(TypedDict):
    """The rules a script gave, last in the list; or those it would give."""

    state: State
    created: list[Rule]


RuleCreates = Annotated[list[RuleNew], Items(200)]
RuleUpdates = Annotated[list[RuleUpdate], Items(200)]
RulesKept = Annotated[list[RuleKept], Items(200)]

# --- The profile


class ProfileSettings(TypedDict):
    full_name: str
    language: Language
    interval_minutes: int
    preferences: dict[str, str]


class Layout(TypedDict):
    """How the folder tree is shown: ids in their order, and those folded away."""

    order: list[str]
    hidden: list[str]


class LayoutNew(TypedDict):
    order: NotRequired[FolderIds]
    hidden: NotRequired[FolderIds]


class States(TypedDict):
    settings: State
    accounts: State
    identities: State
    rules: State
    layout: State


class Profile(TypedDict):
    """A profile, whole or in part; without any secret."""

    name: str
    state: State
    states: States
    storage: str
    settings: NotRequired[ProfileSettings]
    accounts: NotRequired[list[Account]]
    identities: NotRequired[list[Identity]]
    rules: NotRequired[list[Rule]]
    layout: NotRequired[Layout]


class ProfilePatch(TypedDict, total=False):
    full_name: Title
    language: Language
    interval_minutes: Minutes
    preferences: Annotated[dict[str, Annotated[str, Chars(0, 1000)]], Items(100)]
    layout: LayoutNew
    rules: RulesKept
    identities: IdentitiesKept


ProfileField = Literal["full_name", "interval_minutes", "preferences", "layout", "rules", "identities"]
ProfileFields = Annotated[list[ProfileField], Items(6)]


class ProfileStates(TypedDict):
    state: State
    states: States


class ProfileChanges(TypedDict):
    state: State
    parts: list[PartName]


# --- Sessions


class SessionOpened(TypedDict):
    """The token is told this once; it ends at `expires_at` unless the session is touched before."""

    token: str
    session: Id
    expires_at: datetime
    idle_seconds: int
    profile: Profile


class SessionTouched(TypedDict):
    expires_at: datetime


class SessionRow(TypedDict):
    session: Id
    terminal: str
    opened_at: datetime
    used_at: datetime
    current: bool


class SessionList(TypedDict):
    sessions: list[SessionRow]


class Verified(TypedDict):
    """Who a token, or a name and password, stands for. `session` is "" for the latter."""

    user: str
    session: str
    expires_at: datetime
    storage: str


# --- For stored


class LeasedAccount(TypedDict):
    """An account with its secret: for collecting, in memory only.

    `secret_id` changes whenever the secret is given anew, and tells nothing of it.
    """

    id: Id
    address: str
    host: str
    port: int
    security: Security
    user: str
    auth: Auth
    secret: str
    secret_id: str
    enabled: bool
    on_server: OnServer
    on_server_days: int
    delete_unnamed: bool


class Lease(TypedDict):
    """What the storage server works with for a user: to collect, to file, to write."""

    state: State
    language: Language
    accounts: list[LeasedAccount]
    identities: list[Identity]
    rules: list[Rule]
