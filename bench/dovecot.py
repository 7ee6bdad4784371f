"""A Dovecot of our own: a child process on free loopback ports, with its own directory and users.

    with Dovecot() as dovecot:
        dovecot.add("ana", "secret", letters)
        ...POP3 on dovecot.pop3_port, IMAP on dovecot.imap_port, both in the clear...

With a certificate it refuses passwords in the clear and has POP3 with TLS on `tls_port` and with STLS on
`pop3_port`. It runs as root only (Dovecot gives its parts other users).
"""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Self

from bench.processes import end, pinned, wait_until
from demo.ports import free_ports

START_SECONDS = 20
PROGRAM = shutil.which("dovecot", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
_PARTS = Path("/usr/lib/dovecot")

_CONFIGURATION = """
base_dir = {directory}/run
state_dir = {directory}/state
log_path = {directory}/dovecot.log
instance_name = {directory.name}
protocols = pop3 {imap}
listen = 127.0.0.1
{security}
first_valid_uid = 1
auth_username_format = %u
mail_max_userip_connections = 500
mail_location = maildir:{directory}/mail/%u
mail_plugins = zlib
pop3_no_flag_updates = yes
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {directory}/users
}}
userdb {{
  driver = passwd-file
  args = username_format=%u {directory}/users
}}
namespace inbox {{
  inbox = yes
}}
service imap {{
  vsz_limit = 2G
}}
service pop3-login {{
  inet_listener pop3 {{
    port = {pop3_port}
  }}
  inet_listener pop3s {{
    port = {tls_port}
    ssl = yes
  }}
}}
service imap-login {{
  inet_listener imap {{
    port = {imap_port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
"""


def missing(*, imap: bool = False) -> str:
    """Return why there can be no Dovecot here, or nothing."""
    if PROGRAM is None or not (_PARTS / "pop3").exists():
        return "Dovecot with POP3 is not installed (Debian: dovecot-pop3d)"
    if imap and not (_PARTS / "imap").exists():
        return "Dovecot with IMAP is not installed (Debian: dovecot-imapd)"
    return "" if os.geteuid() == 0 else "Dovecot is started by root only"


class Dovecot:
    """Runs from `__enter__` to `__exit__`, on one `core` if one is named."""

    def __init__(self, certificate: tuple[Path, Path] | None = None, *, core: int | None = None) -> None:
        """`certificate`: the files of a certificate for 127.0.0.1 and of its key."""
        # Not below a directory that only root may enter: Dovecot's own users could not reach it there.
        self.directory = Path(tempfile.mkdtemp(prefix="restante-dovecot-"))
        self.directory.chmod(0o755)
        self._owner = pwd.getpwnam("mail")
        self._core = core
        self.pop3_port, self.imap_port, tls_port = free_ports(3)
        self.tls_port = tls_port if certificate else 0
        for name in ("run", "state", "mail"):
            (self.directory / name).mkdir(mode=0o755)
        self._chown(self.directory / "mail")
        self._users = self.directory / "users"
        self._users.touch()
        self.configuration = self.directory / "dovecot.conf"
        self.configuration.write_text(
            _CONFIGURATION.format(
                directory=self.directory,
                imap="imap" if (_PARTS / "imap").exists() else "",
                security=self._security(certificate),
                pop3_port=self.pop3_port,
                tls_port=self.tls_port,
                imap_port=self.imap_port,
            )
        )
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process whose descendants are all of the server."""
        assert self._process is not None
        return self._process.pid

    def maildir(self, user: str) -> Path:
        return self.directory / "mail" / user

    def add(self, user: str, secret: str, letters: Iterable[bytes]) -> None:
        """Make a user whose maildrop holds `letters`, or put more of them into it."""
        self._make(user, secret)
        there = sum(len(list((self.maildir(user) / name).iterdir())) for name in ("cur", "new"))
        for number, raw in enumerate(letters, there + 1):
            (self.maildir(user) / "new" / f"{1_000_000_000 + number}.M{number}P1.test").write_bytes(raw)
        for path in (self.maildir(user), *self.maildir(user).rglob("*")):
            self._chown(path)

    def link(self, user: str, secret: str, files: Iterable[Path]) -> None:
        """Make a user whose maildrop holds these Maildir files, or put more into it, without copying."""
        self._make(user, secret)
        for file in files:
            self._chown(file)
            (self.maildir(user) / "cur" / file.name).hardlink_to(file)

    def log(self) -> str:
        path = self.directory / "dovecot.log"
        return path.read_text() if path.exists() else ""

    def __enter__(self) -> Self:
        assert PROGRAM is not None
        command = pinned([PROGRAM, "-F", "-c", str(self.configuration)], self._core)
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        ports = [self.pop3_port, *([self.tls_port] if self.tls_port else [])]
        wait_until(lambda: self._answers(ports), "Dovecot to answer", START_SECONDS)
        return self

    def __exit__(self, *exc: object) -> None:
        if self._process is not None:
            end(self._process)
        shutil.rmtree(self.directory, ignore_errors=True)

    def _answers(self, ports: list[int]) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, f"Dovecot ended: {self.log()}"
        return all(map(_answers, ports))

    def _security(self, certificate: tuple[Path, Path] | None) -> str:
        if certificate is None:
            return "ssl = no\ndisable_plaintext_auth = no"
        chain, key = (shutil.copy(file, self.directory) for file in certificate)
        return f"ssl = yes\nssl_cert = <{chain}\nssl_key = <{key}\ndisable_plaintext_auth = yes"

    def _make(self, user: str, secret: str) -> None:
        if f"{user}:" not in self._users.read_text():
            owner = f"{self._owner.pw_uid}:{self._owner.pw_gid}"
            with self._users.open("a") as file:
                file.write(f"{user}:{{PLAIN}}{secret}:{owner}::{self.maildir(user)}::\n")
        for name in ("cur", "new", "tmp"):
            (self.maildir(user) / name).mkdir(parents=True, exist_ok=True)
        for path in (self.maildir(user), *self.maildir(user).iterdir()):
            self._chown(path)

    def _chown(self, path: Path) -> None:
        os.chown(path, self._owner.pw_uid, self._owner.pw_gid)


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False
