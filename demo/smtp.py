"""The SMTP server of a demonstration provider: it takes mail in for its own people and for nobody else."""

import asyncio
import ssl

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from demo.maildrop import Maildrop

SIZE_LIMIT_OCTETS = 36 * 1024 * 1024


class _Letterbox:
    """Decide on recipients and put what arrives into their maildrops."""

    def __init__(self, maildrops: dict[str, Maildrop]) -> None:
        self._maildrops = maildrops

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address.lower() not in self._maildrops:
            return f"550 5.1.1 nobody here has the address {address}"
        envelope.rcpt_tos.append(address.lower())
        return "250 2.1.5 known"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.content
        octets = content if isinstance(content, bytes) else str(content).encode()
        trace = f"Return-Path: <{envelope.mail_from or ''}>\r\n".encode()
        for address in set(envelope.rcpt_tos):
            self._maildrops[address].deliver(trace + octets)
        return "250 2.0.0 delivered into the maildrop"


class SmtpServer(Controller):
    """Take mail for `maildrops` (by address) on a free port of loopback, with STARTTLS offered."""

    def __init__(self, maildrops: dict[str, Maildrop], tls: ssl.SSLContext, name: str) -> None:
        super().__init__(
            _Letterbox(maildrops),
            hostname="127.0.0.1",
            port=0,
            tls_context=tls,
            server_hostname=name,
            data_size_limit=SIZE_LIMIT_OCTETS,
            enable_SMTPUTF8=True,
        )

    @property
    def listening_port(self) -> int:
        """The port the server listens on, once started."""
        assert isinstance(self.server, asyncio.Server)
        return int(self.server.sockets[0].getsockname()[1])

    def _trigger_server(self) -> None:
        # aiosmtpd knocks on the port it was asked for; with port 0 that is not the one it got.
        self.port = self.listening_port
        super()._trigger_server()  # type: ignore[no-untyped-call]
