"""The persistent classes of `profiled`: what the database holds, and nothing that is done with it.

Only this file knows of `persistent` and `BTrees`. Attributes are added with a default on the class, never
renamed, so that a database of an older release opens. Times are whole seconds since 1970, UTC. Values
inside containers are plain data that is replaced, never changed in place.
"""

from collections.abc import MutableMapping, MutableSequence
from typing import Any, Literal

from BTrees.Length import Length
from BTrees.OOBTree import OOBTree, OOTreeSet
from persistent import Persistent
from persistent.list import PersistentList
from persistent.mapping import PersistentMapping

PARTS = ("settings", "accounts", "identities", "rules", "layout")


class Record(Persistent):  # type: ignore[misc]
    """One object of the database; here so that the untyped base is named once."""


class Root(Record):
    """The whole database of one `profiled`."""

    def __init__(self) -> None:
        self.version = 1
        self.profiles: MutableMapping[str, Profile] = OOBTree()
        self.sessions: MutableMapping[bytes, Session] = OOBTree()  # digest of the token → session
        self.session_ends: Any = OOTreeSet()  # (second to look at it, digest); may be early, never late
        self.due: Any = OOBTree()  # (due_at, user) → Turn, the soonest first
        self.profile_counts: MutableMapping[str, Length] = OOBTree()  # storage → how many profiles
        self.secrets_key = ""  # id of the key that the boxes were last sealed with; "" before the first


class Profile(Record):
    """A person's settings, with the step at which each part last changed."""

    def __init__(self, name: str, password_hash: str, storage: str, created_at: int) -> None:
        self.name = name
        self.password_hash = password_hash
        self.storage = storage
        self.created_at = created_at
        self.full_name = ""
        self.language: Literal["es", "en"] = "es"
        self.interval_minutes = 15
        self.preferences: dict[str, str] = {}
        self.layout: dict[str, list[str]] = {"order": [], "hidden": []}
        self.accounts: MutableMapping[str, Account] = PersistentMapping()
        self.identities: MutableSequence[dict[str, Any]] = PersistentList()
        self.rules: MutableSequence[dict[str, Any]] = PersistentList()
        self.sessions: MutableMapping[str, Session] = PersistentMapping()
        self.turn = Turn(name, storage)
        self.serial = 0
        self.step = 1
        self.steps = dict.fromkeys(PARTS, 1)

    def new_id(self, letter: str) -> str:
        """Return an id such as "a7" that this profile has never used."""
        self.serial += 1
        return f"{letter}{self.serial}"

    def changed(self, *parts: str) -> None:
        """Record that `parts` changed together: one step forward for all of them."""
        self.step += 1
        self.steps = {**self.steps, **dict.fromkeys(parts, self.step)}


class Account(Record):
    """One remote POP3 server with its credentials; the secret only as a sealed box."""

    auth: Literal["password", "oauth2"] = "password"
    # What becomes of messages at the server once they are stored.
    on_server: Literal["leave", "delete_after", "delete"] = "leave"
    on_server_days = 14
    delete_unnamed = False

    def __init__(self, account_id: str, address: str, created_at: int) -> None:
        self.id = account_id
        self.address = address
        self.name = address
        self.host = ""
        self.port = 995
        self.security: Literal["tls", "stls", "plain"] = "tls"
        self.user = address
        self.enabled = True
        self.box = b""
        self.proved = False  # a login with these settings succeeded on a server that vouches for `address`
        self.created_at = created_at


class Session(Record):
    """A person at a terminal; known by the digest of a token that is kept nowhere."""

    def __init__(self, session_id: str, digest: bytes, user: str, terminal: str, opened_at: int) -> None:
        self.id = session_id
        self.digest = digest
        self.user = user
        self.terminal = terminal
        self.opened_at = opened_at
        self.used_at = opened_at


class Turn(Record):
    """When a user is collected for next. Its own small object: a turn rewrites no profile."""

    def __init__(self, user: str, storage: str) -> None:
        self.user = user
        self.storage = storage
        self.interval_seconds = 900
        self.due_at = 0  # 0 while not in the index


def count_profile(root: Root, storage: str) -> None:
    """Count one more profile on `storage`, without conflict between two that come at once."""
    if storage not in root.profile_counts:
        root.profile_counts[storage] = Length()
    root.profile_counts[storage].change(1)


__all__ = ["PARTS", "Account", "Profile", "Root", "Session", "Turn", "count_profile"]
