"""What the tests of drafts and of sending share: a writer, and a relay on a real socket."""

import socket
import threading
from collections import Counter
from datetime import UTC, datetime
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

from stored.sending.identities import Identity, Writer

NOW = datetime(2026, 11, 23, 14, 50, tzinfo=UTC)

ANA = Writer(
    (
        Identity("i1", "Ana Pérez", "ana@uno.example", "Ana\nUNLP", proved=True, account="a1"),
        Identity("i2", "Ana", "ana@dos.example", proved=False, account="a2"),
        Identity("i3", "A. Pérez", "ap@tres.example", proved=True, account="a3"),
    ),
    "es",
)


class RelayServer:
    """A relay as ours behaves: it authenticates, knows repeated submissions, and can be told to misbehave.

    `accepted` holds (submission, sender, recipients, octets) for every transaction answered 250, and
    `queued` counts the letters it made of them.
    """

    def __init__(self):
        self.accepted = []
        self.queued: Counter[str] = Counter()
        self.replies = {}  # recipient or command → reply in place of 250
        self.lose_replies = 0  # transactions to accept and then drop the connection
        self.changed = threading.Condition()
        self._controller: Any = None

    def start(self, port=0):
        self._controller = _Controller(
            self,
            hostname="127.0.0.1",
            port=port or _free_port(),
            authenticator=self._authenticate,
            auth_required=True,
            auth_require_tls=False,
            enable_SMTPUTF8=True,
            data_size_limit=40 << 20,
        )
        self._controller.start()
        return self

    def stop(self):
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    @property
    def port(self):
        return self._controller.port

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def wait_for(self, condition, seconds=20):
        with self.changed:
            assert self.changed.wait_for(lambda: condition(self), seconds)

    def _authenticate(self, server, session, envelope, mechanism, login):
        good = isinstance(login, LoginPassword) and (login.login, login.password) == (b"stored", b"token")
        return AuthResult(success=good, handled=False)

    async def handle_MAIL(self, server, session, envelope, address, options):
        envelope.mail_from = address
        return self.replies.get("MAIL", "250 2.1.0 OK")

    async def handle_RCPT(self, server, session, envelope, address, options):
        reply = self.replies.get(address, "250 2.1.5 OK")
        if reply.startswith("250"):
            envelope.rcpt_tos.append(address)
        return reply

    async def handle_DATA(self, server, session, envelope):
        if "DATA" in self.replies:
            return self.replies["DATA"]
        head, _, octets = envelope.content.partition(b"\r\n")
        submission = head.removeprefix(b"Restante-Submission: ").decode()
        with self.changed:
            self.accepted.append((submission, envelope.mail_from, list(envelope.rcpt_tos), octets))
            self.queued[submission] = 1
            self.changed.notify_all()
            if self.lose_replies:
                self.lose_replies -= 1
                server.transport.abort()
        return "250 2.0.0 queued as q1"


class _Session(SMTP):
    command_size_limit = 8192


class _Controller(Controller):
    def factory(self):
        return _Session(self.handler, **self.SMTP_kwargs)


def _free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]
