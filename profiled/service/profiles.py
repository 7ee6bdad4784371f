"""profile.*: making a profile, reading and changing it whole or in part."""

from profiled.profile_types import (
    Profile,
    ProfileChanges,
    ProfileFields,
    ProfilePatch,
    ProfileStates,
    SessionOpened,
)
from profiled.profiles import Profiles
from profiled.service.sessions import told
from profiled.sessions import Sessions
from profiled.types import Language, Minutes, Parts, Since, Title
from restante.rpc import ANYONE, USER, Call, method
from restante.wire import Line, Name, Password


class ProfileService:
    """The methods about profiles."""

    def __init__(self, profiles: Profiles, sessions: Sessions) -> None:
        self._profiles = profiles
        self._sessions = sessions

    @method("profile.create", caller=ANYONE)
    def create(
        self,
        call: Call,
        /,
        name: Name,
        password: Password,
        full_name: Title = "",
        language: Language = "es",
        interval_minutes: Minutes = 15,
        terminal: Line = "",
    ) -> SessionOpened:
        """Make a profile and open its first session.

        `name` has 3 to 32 characters of a-z, 0-9, dot, hyphen and underscore (capital letters become
        small), `password` at least 8. `interval_minutes` is how often its accounts are collected.
        Raises already_exists, invalid_params, busy.
        """
        opened = self._profiles.create(name, password, full_name, language, interval_minutes, terminal[:100])
        return told(opened, self._sessions, self._profiles)

    @method("profile.get", caller=USER)
    def get(self, call: Call, /, parts: Parts | None = None) -> Profile:
        """Return the profile, or only some parts of it; never a secret."""
        return self._profiles.get(call.principal.name, list(parts or []))

    @method("profile.set", caller=USER)
    def set(
        self,
        call: Call,
        /,
        set: ProfilePatch | None = None,
        unset: ProfileFields | None = None,
        if_state: Since = "",
    ) -> ProfileStates:
        """Change the profile in part.

        Each thing set replaces what was there: `rules` and `identities` are whole lists, where an item
        with an id stays that one. `unset` puts things back as they were at first. With `if_state`, the
        state of the whole profile, it raises state_mismatch when something changed in the meantime.
        """
        return self._profiles.set(call.principal.name, set or {}, list(unset or []), if_state)

    @method("profile.changes", caller=USER)
    def changes(self, call: Call, /, since: Since) -> ProfileChanges:
        """Return which parts changed after the state `since`: all, for a state that is not known."""
        return self._profiles.changes(call.principal.name, since)
