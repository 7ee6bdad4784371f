"""The structs of profiles and sessions on the wire, and of what is lent to `stored`."""

from datetime import datetime
from typing import Annotated, Literal, NotRequired, TypedDict

from profiled.account_types import Account, Auth, OnServer
from profiled.identity_types import IdentitiesKept, Identity
from profiled.rule_types import Rule, RulesKept
from profiled.types import FolderIds, Language, Minutes, PartName, Security, Title
from restante.wire import Chars, Id, Items, State


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
