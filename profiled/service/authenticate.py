"""Who is asking on the public listener: a session's token, or a person's name and password."""

from profiled.sessions import Sessions
from restante.rpc import Principal
from restante.serve import Authenticator, Bearer, Credentials


def public_authenticator(sessions: Sessions) -> Authenticator:
    """Return what recognises users. It raises SessionEnded, LoginRefused, Busy."""

    def authenticate(credentials: Credentials, remote: str) -> Principal:
        if isinstance(credentials, Bearer):
            known = sessions.by_token(credentials.token)
        else:
            known = sessions.by_password(credentials.name, credentials.password)
        return Principal("user", known.user, known.session)

    return authenticate
