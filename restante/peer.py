"""Calls from one daemon to another: JSON-RPC on the other's second listener, with our own credentials.

    profiled = Peer("profiled", "http://127.0.0.1:8602/", keys)
    profiled.call("session.verify", token=token)

What the other daemon answers as an error comes back as the same class of `restante.errors`; everything
else that can go wrong on the way is Unavailable, naming the daemon. Nothing here may run inside a unit of
work.
"""

import itertools
import threading
import time
from collections.abc import Collection
from typing import Any, NoReturn

import jsonrpcclient
import orjson
import requests
from urllib3.exceptions import HTTPError

from restante import log
from restante.credentials import OPERATOR, Keys
from restante.db import working
from restante.errors import (
    Draining,
    Forbidden,
    InternalError,
    InvalidRequest,
    MethodNotFound,
    ParseError,
    RestanteError,
    TooLarge,
    Unauthenticated,
    Unavailable,
    wire_errors,
)
from restante.rpc import Principal
from restante.serve import Authenticator, Bearer, Credentials
from restante.wire import dumps

_LOG = log.get("peer")
_MEANT_FOR_US = frozenset(
    error.kind
    for error in (Draining, Forbidden, InvalidRequest, MethodNotFound, ParseError, TooLarge, Unauthenticated)
)
ANSWER_LIMIT_OCTETS = 8 * 1024 * 1024
# The other side forgets a connection that was idle for long; one of ours is not used again after this.
IDLE_SECONDS = 20


class Peer:
    """Another daemon. Safe for threads: each has a connection of its own."""

    def __init__(
        self,
        name: str,
        url: str,
        keys: Keys,
        timeout_seconds: float = 30,
        *,
        repeatable: Collection[str] = (),
    ) -> None:
        """`repeatable` methods may be sent twice when a kept connection turns out to be closed."""
        self.name = name
        self.url = url.rstrip("/") + "/jsonrpc"
        self._keys = keys
        self._timeout_seconds = timeout_seconds
        self._repeatable = frozenset(repeatable)
        self._threads = threading.local()
        self._ids = itertools.count(1)

    def call(self, method: str, **params: Any) -> Any:
        """Return the result of `method`, or raise what it raised. Network; blocks up to the time-out."""
        if working():
            raise RuntimeError(f"{method} called inside a unit of work, which may run again")
        request = jsonrpcclient.request(method, params, id=next(self._ids))
        body = dumps(request)
        started = time.monotonic()
        try:
            status, answer = self._sent(method, body, started + self._timeout_seconds)
        except (requests.RequestException, HTTPError) as error:
            _LOG.warning("peer.away", peer=self.name, method=method, cause=error)
            raise self._away(type(error).__name__) from error
        return self._result(method, status, answer)

    def _sent(self, method: str, body: bytes, deadline: float) -> tuple[int, bytes]:
        session, used_before = self._session()
        try:
            return self._exchange(session, body, deadline)
        except requests.ConnectionError:
            # Closed while it lay idle, most likely; yet the call may have been carried out.
            self._forget()
            if not (used_before and method in self._repeatable):
                raise
        session, _ = self._session()
        return self._exchange(session, body, deadline)

    def _exchange(self, session: requests.Session, body: bytes, deadline: float) -> tuple[int, bytes]:
        headers = {
            "Authorization": f"Bearer {self._keys.issue(self.name)}",
            "Content-Type": "application/json",
            # Answers carry secrets, and what is compressed tells of them by its length.
            "Accept-Encoding": "identity",
            "X-Request-Id": log.request_id.get() or log.new_request_id(),
        }
        timeout = (min(5.0, self._timeout_seconds), self._timeout_seconds)
        with session.post(
            self.url, data=body, headers=headers, timeout=timeout, stream=True, allow_redirects=False
        ) as response:
            octets = bytearray()
            while piece := response.raw.read1(65536):
                octets += piece
                if len(octets) > ANSWER_LIMIT_OCTETS or time.monotonic() > deadline:
                    self._forget()
                    raise requests.Timeout("an answer too long or too slow")
        self._threads.used_at = time.monotonic()
        return response.status_code, bytes(octets)

    def _session(self) -> tuple[requests.Session, bool]:
        """Return this thread's session and whether it has a connection that was used before."""
        session: requests.Session | None = getattr(self._threads, "session", None)
        used_at: float | None = getattr(self._threads, "used_at", None)
        if session is not None and used_at is not None and time.monotonic() - used_at > IDLE_SECONDS:
            self._forget()
            session, used_at = None, None
        if session is None:
            session = self._threads.session = requests.Session()
            session.trust_env = False
        return session, used_at is not None

    def _forget(self) -> None:
        session = getattr(self._threads, "session", None)
        if session is not None:
            session.close()
        self._threads.session = self._threads.used_at = None

    def _result(self, method: str, status: int, answer: bytes) -> Any:
        try:
            parsed = jsonrpcclient.parse(orjson.loads(answer))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            _LOG.warning(
                "peer.not_an_answer", peer=self.name, method=method, http_status=status, octets=len(answer)
            )
            raise self._away(f"HTTP {status}, not JSON-RPC") from error
        if isinstance(parsed, jsonrpcclient.Ok):
            return parsed.result
        if isinstance(parsed, jsonrpcclient.Error):
            self._raise(method, status, parsed)
        raise self._away("an answer of several")

    def _raise(self, method: str, status: int, error: Any) -> NoReturn:
        data = error.data if isinstance(error.data, dict) else {}
        kind = str(data.get("kind", ""))
        if kind in _MEANT_FOR_US:
            # It is we who are refused, not whoever asked us: a matter of keys, versions or timing.
            _LOG.error("peer.refused_us", peer=self.name, method=method, kind=kind)
            raise self._away(f"{kind} at {method}")
        cls = wire_errors().get(kind, InternalError)
        raise cls(
            str(error.message),
            about=str(data.get("about", "")),
            cause=f"said by {self.name}",
            ref=str(data.get("ref", "")),
            retry_after_seconds=data.get("retry_after"),
        )

    def _away(self, cause: str) -> RestanteError:
        return Unavailable(
            f"{self.name} does not answer; try again in a moment.", about=self.name, cause=cause
        )


def internal_authenticator(keys: Keys) -> Authenticator:
    """Return what tells, on the second listener, which daemon is calling, or that the operator is.

    The operator is whoever can use the key called "operator" beside those of the daemons.
    """

    def authenticate(credentials: Credentials, remote: str) -> Principal:
        if not isinstance(credentials, Bearer):
            raise Unauthenticated("A daemon shows a token.", cause=f"asked from {remote}")
        name = keys.verify(credentials.token)
        return Principal(kind="operator" if name == OPERATOR else "daemon", name=name, session="")

    return authenticate
