"""session.*, for profiled: what it tells about sessions we believe."""

from restante.rpc import Call, daemons, method
from restante.wire import Id
from stored.sessions import Sessions
from stored.types import Nothing


class SessionService:
    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    @method("session.revoked", caller=daemons("profiled"))
    def revoked(self, call: Call, /, session: Id) -> Nothing:
        """Stop believing a session that was closed; its token is refused from now on."""
        self._sessions.revoke(session)
        return {}
