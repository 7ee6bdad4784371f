"""Who is asking: tokens and passwords that `profiled` verified, believed for a short while.

A token is asked about once in five minutes at most, so a person goes on working while `profiled` is away,
and a session that is closed there is dropped here at once (`session.revoked`). A name and password are
believed for a minute, so that a script pays for one check of a password and not for one at every call; they
are remembered under a keyed hash alone. Only what was verified is remembered, never a refusal.
"""

import hmac
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from restante.credentials import digest
from restante.rpc import Principal
from restante.serve import Basic, Bearer, Credentials
from restante.wire import from_time
from stored.settings import SessionSettings


class Profiled(Protocol):
    """What is needed of the other daemon."""

    def call(self, method: str, **params: Any) -> Any: ...


@dataclass(frozen=True)
class _Believed:
    principal: Principal
    until: float


class Sessions:
    """The public listener's authenticator. Safe to use from any thread."""

    def __init__(
        self,
        profiled: Profiled,
        settings: SessionSettings | None = None,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._profiled = profiled
        self._settings = settings or SessionSettings()
        self._monotonic = monotonic
        self._now = now
        self._secret = secrets.token_bytes(32)
        self._guard = threading.Lock()
        self._believed: OrderedDict[bytes, _Believed] = OrderedDict()
        self._revoked: OrderedDict[str, float] = OrderedDict()

    def authenticate(self, credentials: Credentials, remote: str) -> Principal:
        """Return who shows these credentials from the address `remote`.

        Raises SessionEnded, LoginRefused, TooManyTries, Unavailable (temporary) as `profiled` does. Network,
        unless verified a short while ago.
        """
        key = self._key(credentials)
        known = self._known(key)
        if known is not None:
            return known
        asked_at = self._monotonic()
        if isinstance(credentials, Bearer):
            answer = self._profiled.call("session.verify", token=credentials.token, remote=remote)
        else:
            answer = self._profiled.call(
                "session.verify", name=credentials.name, password=credentials.password, remote=remote
            )
        principal = Principal(kind="user", name=answer["user"], session=answer.get("session", ""))
        self._remember(key, principal, asked_at + self._seconds(credentials, answer), asked_at)
        return principal

    def revoke(self, session: str) -> None:
        """Stop believing a session at once, an answer about it that is still on its way included."""
        now = self._monotonic()
        with self._guard:
            for key in [key for key, one in self._believed.items() if one.principal.session == session]:
                del self._believed[key]
            self._revoked[session] = now
            self._revoked.move_to_end(session)
            # An answer that takes longer than this is no longer waited for.
            while self._revoked and next(iter(self._revoked.values())) < now - 300:
                self._revoked.popitem(last=False)

    def _key(self, credentials: Credentials) -> bytes:
        """Return what these credentials are remembered by: nothing that could be used to log in."""
        if isinstance(credentials, Bearer):
            return digest(credentials.token)
        name = credentials.name.encode("utf-8", "surrogatepass")
        shown = b"%d:%b%b" % (len(name), name, credentials.password.encode("utf-8", "surrogatepass"))
        return hmac.digest(self._secret, shown, "sha256")

    def _known(self, key: bytes) -> Principal | None:
        with self._guard:
            believed = self._believed.get(key)
            if believed is None:
                return None
            if believed.until <= self._monotonic():
                del self._believed[key]
                return None
            self._believed.move_to_end(key)
            return believed.principal

    def _seconds(self, credentials: Credentials, answer: dict[str, Any]) -> float:
        if isinstance(credentials, Basic):
            return self._settings.password_seconds
        left = (from_time(answer["expires_at"]) - self._now()).total_seconds()
        return min(self._settings.verified_seconds, max(left, 0))

    def _remember(self, key: bytes, principal: Principal, until: float, asked_at: float) -> None:
        with self._guard:
            if self._revoked.get(principal.session, float("-inf")) >= asked_at and principal.session:
                return
            self._believed[key] = _Believed(principal, until)
            while len(self._believed) > self._settings.remembered:
                self._believed.popitem(last=False)
