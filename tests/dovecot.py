"""A Dovecot of the tests' own: a child process on free loopback ports, with its own directory and users.

    with Dovecot(authority) as dovecot:
        dovecot.add("ana@uno.test", "secret", letters)
        ...POP3 with TLS on dovecot.tls_port, with STLS on dovecot.stls_port...

It runs as root only (Dovecot gives its parts other users), and is skipped with the reason elsewhere.
"""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from time import monotonic, sleep

from tests.certificates import Authority

START_SECONDS = 20
STOP_SECONDS = 20
PROGRAM = shutil.which("dovecot", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")

_CONFIGURATION = """
base_dir = {directory}/run
state_dir = {directory}/state
log_path = {directory}/dovecot.log
instance_name = {directory.name}
protocols = pop3
listen = 127.0.0.1
ssl = {ssl}
ssl_cert = <{certificate}
ssl_key = <{key}
disable_plaintext_auth = yes
first_valid_uid = 1
mail_max_userip_connections = 100
mail_location = maildir:{directory}/mail/%u
pop3_no_flag_updates = yes
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {directory}/users
}}
userdb {{
  driver = passwd-file
  args = username_format=%u {directory}/users
}}
service pop3-login {{
  inet_listener pop3 {{
    port = {stls_port}
  }}
  inet_listener pop3s {{
    port = {tls_port}
    ssl = yes
  }}
}}
"""


def missing() -> str:
    """Return why there can be no Dovecot here, or nothing."""
    if PROGRAM is None or not Path("/usr/lib/dovecot/pop3").exists():
        return "Dovecot with POP3 is not installed (Debian: dovecot-pop3d)"
    return "" if os.geteuid() == 0 else "Dovecot is started by root only"


class Dovecot:
    """Runs from `__enter__` to `__exit__`."""

    def __init__(self, authority: Authority) -> None:
        # Not below pytest's directory: Dovecot's own users could not reach it there.
        self.directory = Path(tempfile.mkdtemp(prefix="restante-dovecot-"))
        self.directory.chmod(0o755)
        self._owner = pwd.getpwnam("mail")
        self.tls_port, self.stls_port = _free_ports(2)
        certificate, key = authority.write(self.directory, "127.0.0.1", "localhost", "pop.test")
        for name in ("run", "state", "mail"):
            (self.directory / name).mkdir(mode=0o755)
        self._chown(self.directory / "mail")
        (self.directory / "users").touch()
        (self.directory / "dovecot.conf").write_text(
            _CONFIGURATION.format(
                directory=self.directory,
                ssl="yes",
                certificate=certificate,
                key=key,
                tls_port=self.tls_port,
                stls_port=self.stls_port,
            )
        )
        self._process: subprocess.Popen[bytes] | None = None

    def add(self, user: str, secret: str, letters: Sequence[bytes]) -> None:
        """Make a user whose maildrop holds `letters`, or put more of them into it."""
        users = self.directory / "users"
        if f"{user}:" not in users.read_text():
            owner = f"{self._owner.pw_uid}:{self._owner.pw_gid}"
            with users.open("a") as file:
                file.write(f"{user}:{{PLAIN}}{secret}:{owner}::{self.directory}/mail/{user}::\n")
        maildir = self.directory / "mail" / user
        for name in ("cur", "new", "tmp"):
            (maildir / name).mkdir(parents=True, exist_ok=True)
        there = len(list((maildir / "new").iterdir())) + len(list((maildir / "cur").iterdir()))
        for number, raw in enumerate(letters, there + 1):
            (maildir / "new" / f"{1_000_000_000 + number}.M{number}P1.test").write_bytes(raw)
        for path in (maildir, *maildir.rglob("*")):
            self._chown(path)

    def log(self) -> str:
        path = self.directory / "dovecot.log"
        return path.read_text() if path.exists() else ""

    def __enter__(self) -> "Dovecot":
        assert PROGRAM is not None
        command = [PROGRAM, "-F", "-c", str(self.directory / "dovecot.conf")]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = monotonic() + START_SECONDS
        while not (_answers(self.tls_port) and _answers(self.stls_port)):
            assert self._process.poll() is None, f"Dovecot ended: {self.log()}"
            assert monotonic() < deadline, f"Dovecot does not answer: {self.log()}"
            sleep(0.02)
        return self

    def __exit__(self, *exc: object) -> None:
        assert self._process is not None
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        finally:
            self._process.kill()
            shutil.rmtree(self.directory, ignore_errors=True)

    def _chown(self, path: Path) -> None:
        os.chown(path, self._owner.pw_uid, self._owner.pw_gid)


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        taken = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [one.getsockname()[1] for one in taken]


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False
