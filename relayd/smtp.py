"""The SMTP server that takes letters from storage servers: aiosmtpd in a thread of its own.

What is answered to each command stands in smtp_commands.py.
"""

import asyncio
import logging
import socket
import threading
from collections.abc import Coroutine
from typing import Any, Protocol

from aiosmtpd.smtp import AuthResult, LoginPassword

from relayd.queue import MailQueue
from relayd.smtp_commands import Commands, Connection, Gate, Limits, Turned
from restante import log
from restante.errors import RestanteError, StartError

_LOG = log.get("smtp")


class Verifier(Protocol):
    """Knows whose token it is: restante.credentials.Keys."""

    def verify(self, token: str) -> str: ...


class SmtpServer:
    """Listens at one address from `start` to `stop`, in its own thread."""

    def __init__(
        self,
        queue: MailQueue,
        keys: Verifier,
        *,
        listen: str,
        hostname: str,
        submitters: frozenset[str],
        limits: Limits | None = None,
        drain_seconds: float = 8,
    ) -> None:
        self._drain_seconds = drain_seconds
        self._keys = keys
        self._submitters = submitters
        self._listen = listen
        self._hostname = hostname
        self._limits = limits or Limits()
        self._gate = Gate(self._limits)
        self._handler = Commands(queue, self._limits, hostname)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="smtp", daemon=True)
        self._server: asyncio.Server | None = None
        self.address = ("", 0)
        # It would log each line of each letter, and has nothing to say that we do not.
        logging.getLogger("mail.log").setLevel(logging.CRITICAL)

    def start(self) -> None:
        """Listen. Raises StartError where the address is taken or not ours."""
        host, _, port = self._listen.rpartition(":")
        try:
            listener = socket.create_server(
                (host.strip("[]"), int(port)),
                family=socket.AF_INET6 if ":" in host else socket.AF_INET,
                backlog=self._limits.connections,
            )
        except (OSError, ValueError, OverflowError) as error:
            why = getattr(error, "strerror", None) or "it must be address:port"
            raise StartError(
                f"smtp.listen: {self._listen} cannot be used: {why}", about=self._listen
            ) from None
        self.address = listener.getsockname()[:2]
        self._thread.start()
        self._call(self._open(listener))
        _LOG.info("smtp.listening", address=f"{self.address[0]}:{self.address[1]}")

    def stop(self) -> None:
        """Take no new connection, let letters on their way in finish for some seconds, then close all."""
        if self._thread.is_alive():
            self._call(self._drain(self._drain_seconds))
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()

    def own_addresses(self) -> set[tuple[str, int]]:
        """Return the addresses at which a connection would come back to this server."""
        host, port = self.address
        return {(host, port)} | ({("127.0.0.1", port), ("::1", port)} if host in ("0.0.0.0", "::") else set())

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()
        self._loop.close()

    def _call(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _open(self, listener: socket.socket) -> None:
        self._server = await self._loop.create_server(self._session, sock=listener)

    def _session(self) -> asyncio.Protocol:
        if len(self._gate.connections) >= self._limits.connections:
            return Turned()
        return Connection(
            self._handler,
            self._gate,
            data_size_limit=self._limits.message_octets,
            enable_SMTPUTF8=True,
            hostname=self._hostname,
            ident="ESMTP Restante",
            timeout=self._limits.idle_seconds,
            auth_require_tls=False,
            auth_exclude_mechanism=["LOGIN"],
            authenticator=self._authenticator,
            command_call_limit={"AUTH": 5, "*": 1_000_000},
            loop=self._loop,
        )

    def _authenticator(
        self, server: Any, state: Any, envelope: Any, mechanism: str, shown: LoginPassword
    ) -> AuthResult:
        """Accept a storage server's name with a fresh token of its own; aiosmtpd answers the failures."""
        try:
            name = shown.login.decode()
            issuer = self._keys.verify(shown.password.decode())
        except (RestanteError, UnicodeDecodeError) as error:
            _LOG.warning("smtp.login_refused", cause=error)
            return AuthResult(success=False, handled=False)
        if name != issuer or name not in self._submitters:
            _LOG.warning("smtp.login_refused", name=issuer, reason="not among smtp.submitters")
            return AuthResult(success=False, handled=False)
        return AuthResult(success=True, auth_data=name)

    async def _drain(self, seconds: float) -> None:
        assert self._server is not None
        self._server.close()
        ends_at = self._loop.time() + seconds
        while any(one.reserved for one in self._gate.connections) and self._loop.time() < ends_at:
            await asyncio.sleep(0.05)
        for one in list(self._gate.connections):
            if one.transport is not None:
                one.transport.close()
        await asyncio.sleep(0)
