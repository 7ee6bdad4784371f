"""relayd as a process of its own, with the storage server it talks to played by the test."""

import signal
import smtplib
import subprocess
import sys
import threading
from datetime import datetime
from pathlib import Path

import requests

from demo.ports import free_ports
from restante.config import HttpSettings
from restante.credentials import Keys
from restante.peer import Peer, internal_authenticator
from restante.rpc import Call, Methods, daemons, method
from restante.serve import Application, Server
from restante.wire import Id, Line, Text
from tests.daemons import environment, wait_for


class Outbox:
    """What a storage server declares for relayd; keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str, str]] = []
        self.details: dict[str, str] = {}

    @method("outbox.outcome", caller=daemons("relayd"))
    def outcome(
        self,
        call: Call,
        /,
        user: Id,
        submission: Id,
        recipient: Line,
        outcome: Line,
        detail: Text,
        at: datetime,
    ) -> dict[str, str]:
        """Take note of an outcome."""
        self.told.append((submission, recipient, outcome))
        self.details[submission] = detail
        return {}

    def final(self) -> dict[str, str]:
        """Return the last thing told of each submission."""
        return {submission: outcome for submission, _, outcome in list(self.told)}


class Storage:
    """A storage server's two sides: it hands letters over, and is told what became of them."""

    def __init__(self, directory: Path) -> None:
        self.keys = Keys.load(directory / "keys", "stored")
        self.outbox = Outbox()
        application = Application(
            Methods.of(self.outbox, system="stored"), internal_authenticator(self.keys), audience="internal"
        )
        self._server = Server([(application, "127.0.0.1:0")], HttpSettings())
        self._server.start()
        self.url = f"http://{self._server.addresses[0]}/"

    def close(self) -> None:
        self._server.drain(1)


class Relayd:
    """The daemon in `directory`; it keeps its ports and its queue from one start to the next."""

    def __init__(self, directory: Path, storage: Storage, settings: str = "") -> None:
        self.directory, self.storage = directory, storage
        self.smtp, self.http = free_ports(2)
        self._child: subprocess.Popen[bytes] | None = None
        (directory / "relayd.toml").write_text(
            f'[relay]\nhostname = "relay.example"\n[http]\ninternal_listen = "127.0.0.1:{self.http}"\n'
            f'[smtp]\nlisten = "127.0.0.1:{self.smtp}"\n[data]\ndirectory = "{directory}/relayd"\n'
            f'[keys]\ndirectory = "{directory}/keys"\n[stored]\nurl = "{storage.url}"\n{settings}'
        )
        self.peer = Peer("relayd", f"http://127.0.0.1:{self.http}/", storage.keys, timeout_seconds=10)

    def command(self) -> list[str]:
        return [sys.executable, "-m", "relayd", "--config", str(self.directory / "relayd.toml")]

    def start(self) -> "Relayd":
        with self.log_file.open("ab") as log:
            self._child = subprocess.Popen(self.command(), stdout=log, stderr=log, env=environment())
        wait_for(self._ready, "relayd to answer")
        return self

    @property
    def log_file(self) -> Path:
        return self.directory / "relayd.log"

    def _ready(self) -> bool:
        assert self._child is not None
        assert self._child.poll() is None, self.log_file.read_text()[-3000:]
        return self.health() is not None

    def health(self) -> dict[str, int] | None:
        """Return how full the queue is, or None where nobody answers."""
        try:
            answer = requests.get(f"http://127.0.0.1:{self.http}/healthz", timeout=5)
        except requests.RequestException:
            return None
        return answer.json()["queue"] if answer.status_code == 200 else None

    @property
    def pid(self) -> int:
        assert self._child is not None
        return self._child.pid

    def kill(self) -> None:
        assert self._child is not None
        self._child.kill()
        self._child.wait()

    def terminate(self) -> int:
        assert self._child is not None
        if self._child.poll() is None:
            self._child.send_signal(signal.SIGTERM)
        return self._child.wait(40)

    def connect(self) -> smtplib.SMTP:
        session = smtplib.SMTP("127.0.0.1", self.smtp, local_hostname="storage.example", timeout=20)
        session.login("stored", self.storage.keys.issue("relayd"))
        return session

    def submit(self, letter: bytes, *recipients: str, sender: str = "ana@uno.example") -> bytes:
        """Hand a letter over once; return the reply to its end."""
        with self.connect() as session:
            session.mail(sender)
            for recipient in recipients:
                session.rcpt(recipient)
            code, said = session.data(letter)
            assert code == 250, said
            return said

    def submit_until_taken(self, letter: bytes, *recipients: str, over: threading.Event) -> None:
        """Hand a letter over as a storage server does: again and again until there is a 250."""
        while not over.is_set():
            try:
                self.submit(letter, *recipients)
                return
            except (OSError, smtplib.SMTPException, AssertionError):
                over.wait(0.02)

    def status(self, submission: str) -> list[dict[str, str]]:
        return self.peer.call("relay.status", submission=submission)["recipients"]

    def wait_until_empty(self) -> None:
        def empty() -> bool:
            health = self.health()
            return health is not None and not health["items"] and not health["unreported"]

        wait_for(empty, "the queue to empty")


def letter(submission: str, text: str = "Hola", user: str = "ana") -> bytes:
    """Return a small letter as a storage server hands it over."""
    return (
        f"Restante-Submission: {user} {submission}\r\nFrom: ana@uno.example\r\nTo: someone@dos.example\r\n"
        f"Bcc: hidden@dos.example\r\nSubject: {submission}\r\nMessage-ID: <{submission}@uno.example>\r\n"
        f"Date: Mon, 23 Nov 2026 15:00:00 +0000\r\n\r\n{text}\r\n"
    ).encode()
