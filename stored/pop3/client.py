"""The POP3 client: reaching a server, securing the line, logging in."""

from dataclasses import dataclass, field
from time import monotonic
from typing import Literal

from restante.errors import InvalidArgument, TlsUnavailable
from stored.pop3.breaker import Breaker
from stored.pop3.dial import Addresses, connect
from stored.pop3.login import Auth, Login
from stored.pop3.session import Session
from stored.pop3.tls import client_context
from stored.pop3.wire import Limits, Wire


@dataclass(frozen=True)
class Server:
    """Where a maildrop is and how to log in."""

    host: str
    port: int
    security: Literal["tls", "stls", "plain"]
    user: str
    secret: str = field(repr=False)
    auth: Auth = "password"


class PopClient:
    """Opens sessions under the operator's limits. Safe to share among threads."""

    def __init__(
        self, limits: Limits, addresses: Addresses, *, ca_file: str = "", allow_plain: bool = False
    ) -> None:
        """Raises ConfigError when `ca_file` cannot be used."""
        self._limits = limits
        self._addresses = addresses
        self._allow_plain = allow_plain
        self._context = client_context(ca_file)

    def open(
        self, server: Server, *, session_seconds: float | None = None, breaker: Breaker | None = None
    ) -> Session:
        """Connect, secure and log in; return the session, which the caller closes.

        Blocks `connect_seconds` at most until the greeting. `session_seconds` is for all of the session, and
        may be set shorter than the operator's. `breaker` ends it from another thread, now or later.
        Raises every RemoteError, and InvalidArgument for a name or secret that cannot be sent.
        """
        _refuse_control(server.user, "user name", server.host)
        _refuse_control(server.secret, "password", server.host)
        if server.security == "plain" and not self._allow_plain:
            raise TlsUnavailable(
                f"{server.host} is set to be read without encryption, which this service does not allow. "
                "Choose TLS for this account.",
                about=server.host,
            )
        login = Login(server.host, server.user, server.secret, server.auth)
        session = self._connected(
            server, session_seconds or self._limits.session_seconds, breaker or Breaker(server.host)
        )
        try:
            session.log_in(login)
        except BaseException:
            session.close()
            raise
        return session

    def _connected(self, server: Server, session_seconds: float, breaker: Breaker) -> Session:
        """Return a session past its greeting, encrypted, its capabilities known."""
        began = monotonic()
        deadline = began + self._limits.connect_seconds
        connection = connect(server.host, server.port, self._addresses, deadline, breaker)
        wire = Wire(connection, server.host, self._limits, deadline, breaker)
        try:
            if server.security == "tls":
                wire.secure(self._context)
            session = Session(wire, server.host, self._limits)
            session.greet()
            wire.extend(began, session_seconds)
            session.ask_capabilities()
            if server.security == "stls":
                session.start_tls(self._context)
        except BaseException:
            wire.close()
            raise
        return session


def _refuse_control(text: str, what: str, host: str) -> None:
    """Raise InvalidArgument where `text` would end a command and begin another, or is no text at all."""
    if any(c < " " or c == "\x7f" or "\ud800" <= c <= "\udfff" for c in text):
        raise InvalidArgument(
            f"The {what} for {host} has a control character in it. "
            "Type it again without line breaks or tabs.",
            about=host,
        )
