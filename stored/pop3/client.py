"""The POP3 client: reaching a server, securing the line, logging in."""

from dataclasses import dataclass, field
from time import monotonic
from typing import Literal

from restante.errors import (
    InvalidArgument,
    MaildropInUse,
    RemoteLoginRefused,
    RemoteTemporary,
    RestanteError,
    TlsUnavailable,
)
from stored.pop3.breaker import Breaker
from stored.pop3.dial import Addresses, connect
from stored.pop3.habits import Habits
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

    @property
    def place(self) -> tuple[str, int, str]:
        """What it has in common with every other user of the same server."""
        return (self.host, self.port, self.security)


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
        self._habits = Habits()

    def open(
        self,
        server: Server,
        *,
        listing: bool = False,
        session_seconds: float | None = None,
        breaker: Breaker | None = None,
    ) -> Session:
        """Connect, secure and log in; return the session, which the caller closes.

        `listing`: its entries are asked for next, so they may come with the login; see `habits`.
        Blocks `connect_seconds` at most until the greeting. `session_seconds` is for all of the session, and
        may be set shorter than the operator's. `breaker` ends it from another thread, now or later.
        Where a server cannot take all at once, which is found out once, that is a session of its own.
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
        seconds = session_seconds or self._limits.session_seconds
        breaker = breaker or Breaker(server.host)
        try:
            return self._opened(server, seconds, breaker, at_once=listing and server.security != "stls")
        except _Misunderstood:
            self._habits.be_careful(server.place)
        try:
            return self._opened(server, seconds, breaker, at_once=False)
        except (MaildropInUse, RemoteTemporary):
            # It may not have noticed yet that the session before is over.
            raise
        except RestanteError:
            # It was not that it was asked all at once.
            self._habits.forget(server.place)
            raise

    def _opened(self, server: Server, seconds: float, breaker: Breaker, *, at_once: bool) -> Session:
        """Return a session that is logged in. `at_once` raises _Misunderstood as well."""
        session = self._connected(server, seconds, breaker)
        try:
            login = Login(server.host, server.user, server.secret, server.auth)
            way = self._habits.way(server.place, session.certificate) if at_once else ""
            if lines := login.at_once(way):
                self._log_in_at_once(session, server, login, lines, breaker)
                login.way = way
            else:
                session.ask_capabilities()
                if server.security == "stls":
                    session.start_tls(self._context)
                session.log_in(login)
            if session.capabilities.pipelining and login.way:
                self._habits.note(server.place, login.way, session.certificate, at_once=bool(lines))
            elif lines:
                self._habits.forget(server.place)
        except BaseException:
            session.close()
            raise
        return session

    def _log_in_at_once(
        self, session: Session, server: Server, login: Login, lines: list[str], breaker: Breaker
    ) -> None:
        """Do so; where it fails, tell what the server means from what it may not have understood."""
        proved = self._habits.proved(server.place)
        try:
            session.log_in_at_once(login, lines)
        except (MaildropInUse, RemoteTemporary):
            raise
        except RestanteError as error:
            if breaker.broken or (proved and isinstance(error, RemoteLoginRefused)):
                raise
            if proved:
                self._habits.forget(server.place)
                raise
            raise _Misunderstood from error

    def _connected(self, server: Server, session_seconds: float, breaker: Breaker) -> Session:
        """Return a session past its greeting; encrypted, where that is not still to be asked for.

        Nothing is said before the greeting: a session begins with it (RFC 1939 section 3), servers drop who
        talks earlier, and a password is not for what turns out to speak another protocol.
        """
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
        except BaseException:
            wire.close()
            raise
        return session


class _Misunderstood(Exception):
    """A server failed at being asked all at once, for the first time."""


def _refuse_control(text: str, what: str, host: str) -> None:
    """Raise InvalidArgument where `text` would end a command and begin another, or is no text at all."""
    if any(c < " " or c == "\x7f" or "\ud800" <= c <= "\udfff" for c in text):
        raise InvalidArgument(
            f"The {what} for {host} has a control character in it. "
            "Type it again without line breaks or tabs.",
            about=host,
        )
