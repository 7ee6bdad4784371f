"""Every error that may cross a boundary, and what each says of itself.

An error knows its `kind` (a frozen word, for programs), its `code` (JSON-RPC and XML-RPC), its public
`message` (a sentence for people: what happened, to what, what to do), whether trying again can help
(`retryable`, and `retry_after_seconds` where that is known), what it is `about` (a host, a name, an
address; so that a client can say the sentence in another language), the reference under which the log
says more (`ref`), and its private `cause`, which is logged and never leaves the process.

    RestanteError
    ├── RequestError              the caller can put it right
    │   ├── ParseError            the body is not JSON or XML
    │   ├── InvalidRequest        it is, but not a request
    │   ├── MethodNotFound
    │   ├── InvalidArgument
    │   ├── TooLarge
    │   ├── Unauthenticated       nobody is known to be asking
    │   │   ├── LoginRefused      name or password wrong
    │   │   └── SessionEnded      the session is over
    │   ├── Forbidden
    │   ├── TooManyTries
    │   ├── NotFound
    │   ├── AlreadyExists
    │   ├── StateMismatch         it changed since it was read
    │   ├── OverQuota
    │   ├── SenderNotProved       the sender address is not known to be the user's
    │   └── TooComplex            a letter or picture takes more to read than one may
    ├── ServerError               trouble of our own
    │   ├── InternalError
    │   ├── Busy
    │   ├── Draining              stopping; ask again
    │   ├── Unavailable           another daemon is away
    │   ├── NoSpace
    │   └── Damaged               a stored record fails its checksum
    ├── RemoteError               trouble with somebody else's mail server
    │   ├── HostUnknown
    │   ├── HostDenied
    │   ├── ConnectionFailed
    │   ├── RemoteSilent
    │   ├── CertificateBad
    │   ├── TlsUnavailable
    │   ├── RemoteLoginRefused
    │   ├── MaildropInUse
    │   ├── RemoteTemporary
    │   ├── RemoteRefused
    │   └── RemoteProtocol
    └── StartError                a daemon cannot start; never on the wire
        ├── ConfigError
        ├── AlreadyRunning
        └── DatabaseDamaged
"""

from typing import ClassVar


class RestanteError(Exception):
    """Carry one failure from where it is known to whoever must be told.

    `message` is public. `cause` is private: it is logged, never sent.
    """

    kind: ClassVar[str] = "internal"
    code: ClassVar[int] = -32603
    retryable: ClassVar[bool] = False
    http_status: ClassVar[int] = 200

    def __init__(
        self,
        message: str,
        *,
        about: str = "",
        cause: str = "",
        retry_after_seconds: int | None = None,
        ref: str = "",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.about = about
        self.cause = cause
        self.retry_after_seconds = retry_after_seconds
        self.ref = ref


class RequestError(RestanteError):
    """The caller asked for something that cannot be done as asked."""


class ParseError(RequestError):
    kind, code = "parse_error", -32700


class InvalidRequest(RequestError):
    kind, code = "invalid_request", -32600


class MethodNotFound(RequestError):
    kind, code = "method_not_found", -32601


class InvalidArgument(RequestError):
    kind, code = "invalid_params", -32602


class TooLarge(RequestError):
    kind, code, http_status = "too_large", 1001, 413


class Unauthenticated(RequestError):
    kind, code, http_status = "unauthenticated", 1002, 401


class LoginRefused(Unauthenticated):
    kind, code, http_status = "login_refused", 1003, 401


class SessionEnded(Unauthenticated):
    kind, code, http_status = "session_ended", 1004, 401


class Forbidden(RequestError):
    kind, code = "forbidden", 1005


class TooManyTries(RequestError):
    kind, code, retryable, http_status = "too_many_tries", 1006, True, 429


class NotFound(RequestError):
    kind, code = "not_found", 1007


class AlreadyExists(RequestError):
    kind, code = "already_exists", 1008


class StateMismatch(RequestError):
    kind, code, retryable = "state_mismatch", 1009, True


class OverQuota(RequestError):
    kind, code = "over_quota", 1010


class SenderNotProved(RequestError):
    kind, code = "sender_not_proved", 1011


class TooComplex(RequestError):
    kind, code = "too_complex", 1012


class ServerError(RestanteError):
    """Something failed on our side; the caller did nothing wrong."""


class InternalError(ServerError):
    kind, code = "internal", -32603


class Busy(ServerError):
    kind, code, retryable = "busy", 2001, True


class Draining(ServerError):
    kind, code, retryable, http_status = "draining", 2002, True, 503


class Unavailable(ServerError):
    kind, code, retryable = "unavailable", 2003, True


class NoSpace(ServerError):
    kind, code, retryable = "no_space", 2004, True


class Damaged(ServerError):
    kind, code = "damaged", 2005


class RemoteError(RestanteError):
    """A mail server that belongs to somebody else did not do its part."""


class HostUnknown(RemoteError):
    kind, code, retryable = "host_unknown", 3001, True


class HostDenied(RemoteError):
    kind, code = "host_denied", 3002


class ConnectionFailed(RemoteError):
    kind, code, retryable = "connection_failed", 3003, True


class RemoteSilent(RemoteError):
    kind, code, retryable = "remote_silent", 3004, True


class CertificateBad(RemoteError):
    kind, code = "certificate_bad", 3005


class TlsUnavailable(RemoteError):
    kind, code = "tls_unavailable", 3006


class RemoteLoginRefused(RemoteError):
    kind, code = "remote_login_refused", 3007


class MaildropInUse(RemoteError):
    kind, code, retryable = "maildrop_in_use", 3008, True


class RemoteTemporary(RemoteError):
    kind, code, retryable = "remote_temporary", 3009, True


class RemoteRefused(RemoteError):
    kind, code = "remote_refused", 3010


class RemoteProtocol(RemoteError):
    kind, code = "remote_protocol", 3011


class StartError(RestanteError):
    """A daemon cannot start. Its sentence goes to standard error; it never crosses the wire."""

    exit_status: ClassVar[int] = 1


class ConfigError(StartError):
    kind, exit_status = "config", 2


class AlreadyRunning(StartError):
    kind, exit_status = "already_running", 3


class DatabaseDamaged(StartError):
    kind, exit_status = "database_damaged", 4


def _leaves(error: type[RestanteError]) -> list[type[RestanteError]]:
    """Return `error`'s subclasses of any depth that name a kind of their own."""
    found = [error] if "kind" in vars(error) else []
    return found + [leaf for child in error.__subclasses__() for leaf in _leaves(child)]


def wire_errors() -> dict[str, type[RestanteError]]:
    """Return every kind that may appear on the wire with its class. The list is frozen by docs/rpc.md."""
    off_wire = (RestanteError,)
    return {
        error.kind: error
        for error in _leaves(RestanteError)
        if error not in off_wire and not issubclass(error, StartError)
    }
