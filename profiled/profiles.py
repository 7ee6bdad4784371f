"""Profiles: made, served whole or in part, changed, and what of them changed since."""

from collections.abc import Callable
from typing import Any

from profiled import accounts, fields, identities, parts, rules
from profiled.model import PARTS, Profile, Root, count_profile
from profiled.passwords import Passwords
from profiled.profile_types import LayoutNew, ProfileChanges, ProfilePatch, ProfileStates
from profiled.profile_types import Profile as ProfileShape
from profiled.sessions import Opened, Sessions
from profiled.storages import Storages
from profiled.turns import Turns
from profiled.types import Language
from restante.db import Database
from restante.errors import AlreadyExists, InvalidArgument, OverQuota
from restante.log import get
from restante.rules import folder_id

log = get("profiles")

LEAST_PASSWORD_CHARACTERS = 8
PREFERENCE_KEY_CHARACTERS = 64
PREFERENCES_CHARACTERS = 32_768
DEFAULTS: dict[str, Any] = {
    "full_name": "",
    "interval_minutes": 15,
    "preferences": {},
    "layout": {"order": [], "hidden": []},
    "rules": [],
    "identities": [],
}
SETTINGS = ("full_name", "language", "interval_minutes", "preferences")


class Profiles:
    """The profiles in one database."""

    def __init__(
        self,
        database: Database,
        passwords: Passwords,
        sessions: Sessions,
        storages: Storages,
        turns: Turns,
        now: Callable[[], float],
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._sessions = sessions
        self._storages = storages
        self._turns = turns
        self._now = now

    def create(
        self,
        name: str,
        password: str,
        full_name: str,
        language: Language,
        interval_minutes: int,
        terminal: str,
    ) -> Opened:
        """Make a profile and open its first session. Commits. Raises AlreadyExists, InvalidArgument, Busy."""
        user = fields.user_name(name)
        _check_password(user, password)
        self._database.read(lambda root: _refuse_taken(root, user))
        password_hash = self._passwords.hash(password)

        def work(root: Root) -> Opened:
            _refuse_taken(root, user)
            storage = self._storages.choose(root)
            profile = Profile(user, password_hash, storage, int(self._now()))
            profile.full_name = full_name
            profile.language = language
            profile.interval_minutes = interval_minutes
            root.profiles[user] = profile
            count_profile(root, storage)
            return self._sessions.begin(root, profile, terminal)

        opened = self._database.write(work)
        log.info("profile.created", user=user)
        return opened

    def get(self, user: str, wanted: list[str]) -> ProfileShape:
        """Return a profile with the parts `wanted`, all of them when there are none. Reads only."""
        return self._database.read(lambda root: self._shape(parts.find(root, user), wanted or list(PARTS)))

    def set(self, user: str, change: ProfilePatch, unset: list[str], if_state: str) -> ProfileStates:
        """Change a profile in part; lists and structs are replaced whole. Commits.

        Raises StateMismatch, NotFound, OverQuota, InvalidArgument.
        """
        parts.refuse_both(change, unset)
        wanted: dict[str, Any] = {**change, **{field: DEFAULTS[field] for field in unset}}
        _check_preferences(wanted.get("preferences", {}))

        def work(root: Root) -> ProfileStates:
            profile = parts.find(root, user)
            parts.check_state(profile, "", if_state)
            for field, value in wanted.items():
                _put(profile, field, value)
            if wanted:
                profile.changed(*{_part_of(field) for field in wanted})
                self._turns.arrange(root, profile)
            return {"state": parts.state_of(profile), "states": _states(profile)}

        return self._database.write(work)

    def changes(self, user: str, since: str) -> ProfileChanges:
        """Return the parts that changed after the state `since`. Reads only."""

        def work(root: Root) -> ProfileChanges:
            profile = parts.find(root, user)
            changed: Any = parts.changed_since(profile, since)
            return {"state": parts.state_of(profile), "parts": changed}

        return self._database.read(work)

    def _shape(self, profile: Profile, wanted: list[str]) -> ProfileShape:
        shape: ProfileShape = {
            "name": profile.name,
            "state": parts.state_of(profile),
            "states": _states(profile),
            "storage": self._storages.url(profile.storage),
        }
        for part in wanted:
            shape[part] = _SHAPES[part](profile)  # type: ignore[literal-required]
        return shape


def _settings_shape(profile: Profile) -> dict[str, Any]:
    return {field: getattr(profile, field) for field in SETTINGS}


_SHAPES: dict[str, Callable[[Profile], Any]] = {
    "settings": _settings_shape,
    "accounts": accounts.shapes,
    "identities": identities.shapes,
    "rules": rules.shapes,
    "layout": lambda profile: profile.layout,
}


def _states(profile: Profile) -> Any:
    return parts.states_of(profile)


def _part_of(field: str) -> str:
    return "settings" if field in SETTINGS else field


def _put(profile: Profile, field: str, value: Any) -> None:
    """Give one field of a profile its new value."""
    if field == "rules":
        rules.replace(profile, value)
    elif field == "identities":
        identities.replace(profile, value)
    elif field == "layout":
        profile.layout = _layout(value)
    else:
        setattr(profile, field, value)


def _layout(value: LayoutNew) -> dict[str, list[str]]:
    return {key: [folder_id(one) for one in value.get(key, [])] for key in ("order", "hidden")}  # type: ignore[attr-defined]


def _refuse_taken(root: Root, user: str) -> None:
    if user in root.profiles:
        raise AlreadyExists(f"The name “{user}” is taken. Choose another, such as {user}2.", about=user)


def _check_password(user: str, password: str) -> None:
    if len(password) < LEAST_PASSWORD_CHARACTERS:
        raise InvalidArgument(
            f"Choose a password of at least {LEAST_PASSWORD_CHARACTERS} characters.", about="password"
        )
    if fields.fold_name(password) == user:
        raise InvalidArgument("Choose a password that is not your name.", about="password")


def _check_preferences(preferences: dict[str, str]) -> None:
    for key in preferences:
        if not 0 < len(key) <= PREFERENCE_KEY_CHARACTERS:
            raise InvalidArgument(
                f"The name of a preference has 1 to {PREFERENCE_KEY_CHARACTERS} characters.", about=key[:80]
            )
    if sum(len(key) + len(value) for key, value in preferences.items()) > PREFERENCES_CHARACTERS:
        raise OverQuota(f"Preferences have at most {PREFERENCES_CHARACTERS} characters altogether.")
