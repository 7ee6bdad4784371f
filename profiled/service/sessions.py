"""session.*: logging in, staying logged in, leaving, and telling `stored` who somebody is."""

from profiled.profile_types import SessionList, SessionOpened, SessionTouched, Verified
from profiled.profiles import Profiles
from profiled.sessions import Opened, Sessions
from profiled.storages import Storages
from profiled.types import Nothing, Token
from restante.errors import InvalidArgument
from restante.rpc import ANYONE, USER, Call, daemons, method
from restante.wire import Line, Name, Password


def told(opened: Opened, sessions: Sessions, profiles: Profiles) -> SessionOpened:
    """Return a new session as its owner is told of it, with the whole profile."""
    return {
        "token": opened.token,
        "session": opened.session,
        "expires_at": opened.expires_at,
        "idle_seconds": sessions.idle_seconds,
        "profile": profiles.get(opened.user, []),
    }


class SessionService:
    """The methods about sessions."""

    def __init__(self, sessions: Sessions, profiles: Profiles, storages: Storages) -> None:
        self._sessions = sessions
        self._profiles = profiles
        self._storages = storages

    @method("session.open", caller=ANYONE)
    def open(self, call: Call, /, name: Name, password: Password, terminal: Line = "") -> SessionOpened:
        """Open a session for a name and a password.

        The answer carries the token, which is told this once, and the whole profile without secrets.
        `terminal` is what `session.list` shows, such as "library, second floor". The session ends after
        `idle_seconds` unless it is touched. Raises login_refused, the same for an unknown name, and busy.
        """
        return told(self._sessions.open(name, password, terminal[:100]), self._sessions, self._profiles)

    @method("session.touch", caller=USER)
    def touch(self, call: Call, /) -> SessionTouched:
        """Say that the person did something; only this keeps a session alive."""
        return {"expires_at": self._sessions.touch(call.principal.name, call.principal.session)}

    @method("session.close", caller=USER)
    def close(self, call: Call, /) -> Nothing:
        """End this session, here and at the storage server."""
        storage = self._sessions.close(call.principal.name, call.principal.session)
        self._storages.revoked(storage, call.principal.session)
        return {}

    @method("session.list", caller=USER)
    def sessions(self, call: Call, /) -> SessionList:
        """Return the person's open sessions, the newest first."""
        return {"sessions": self._sessions.of(call.principal.name, call.principal.session)}

    @method("session.verify", caller=daemons("stored"))
    def verify(
        self, call: Call, /, token: Token = "", name: Line = "", password: Token = "", remote: Line = ""
    ) -> Verified:
        """Return who a token, or a name and password, stand for.

        `remote` is the address the credentials came from. Raises session_ended, login_refused, busy.
        """
        if token and (name or password):
            raise InvalidArgument("Give either a token, or a name and password.")
        if name or password:
            known = self._sessions.by_password(name, password)
        else:
            known = self._sessions.by_token(token)
        return {
            "user": known.user,
            "session": known.session,
            "expires_at": known.expires_at,
            "storage": self._storages.url(known.storage),
        }
