"""What handlers of plain HTTP routes receive and return, and the errors HTTP itself has."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import BinaryIO

from restante.errors import (
    AlreadyExists,
    Forbidden,
    InvalidArgument,
    InvalidRequest,
    NotFound,
    OverQuota,
    RestanteError,
    ServerError,
    StateMismatch,
    TooComplex,
    TooLarge,
)
from restante.rpc.caller import USER, Caller, Principal


@dataclass(frozen=True, slots=True)
class Request:
    """One request to a route: `path` is what follows the route's prefix, header names are lower case.

    `body` has `length` octets and is at most the route's limit; None means that no length was given.
    """

    verb: str
    path: str
    headers: dict[str, str]
    principal: Principal
    body: BinaryIO
    length: int | None


@dataclass(frozen=True, slots=True)
class Response:
    """The answer of a route. A `body` that is an open file is sent from its position and closed.

    A file is sent by the server's loop without holding a thread: a client that does not read costs
    nothing. Give `Content-Length` in `headers` to send only so much of it.
    """

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | BinaryIO = b""


@dataclass(frozen=True, slots=True)
class Route:
    """Plain HTTP beside the methods: `prefix` without a leading slash, such as "blobs/".

    `body_limit_octets` of None is the limit of calls. Whoever `caller` does not admit gets 401 or 404.
    """

    prefix: str
    handler: Callable[[Request], Response]
    verbs: tuple[str, ...]
    body_limit_octets: int | None = None
    caller: Caller = USER


class HttpError(Exception):
    """A request refused before, or beside, any method: a status, and the error in our shape."""

    def __init__(self, status: int, error: RestanteError, headers: dict[str, str] | None = None) -> None:
        super().__init__(error.message)
        self.status = status
        self.error = error
        self.headers = headers or {}


def not_found() -> HttpError:
    return HttpError(
        404, NotFound("There is nothing at this address; look at openrpc.json for what there is.")
    )


def wrong_verb(allowed: tuple[str, ...]) -> HttpError:
    words = ", ".join(allowed)
    return HttpError(405, InvalidRequest(f"This address answers {words} only."), {"Allow": words})


def no_length() -> HttpError:
    return HttpError(411, InvalidRequest("Say the length of the body in the header Content-Length."))


def too_large(limit_octets: int, hint: str = "") -> HttpError:
    message = f"The body is larger than {limit_octets} octets, the most that is taken here{hint}."
    return HttpError(413, TooLarge(message))


def wrong_type(wanted: str) -> HttpError:
    return HttpError(415, InvalidRequest(f"Send the body as {wanted}, in UTF-8 and not compressed."))


_STATUS: tuple[tuple[type[RestanteError], int], ...] = (
    (InvalidArgument, 400),
    (InvalidRequest, 400),
    (Forbidden, 403),
    (NotFound, 404),
    (AlreadyExists, 409),
    (StateMismatch, 409),
    (TooComplex, 422),
    (OverQuota, 507),
)


def route_status(error: RestanteError) -> int:
    """Return the HTTP status that tells `error` on a plain route, where no error object tells it alone."""
    if error.http_status != 200:
        return error.http_status
    for kind, status in _STATUS:
        if isinstance(error, kind):
            return status
    if isinstance(error, ServerError) and error.retryable:
        return 503
    return 500
