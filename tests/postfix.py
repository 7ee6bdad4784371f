"""A Postfix of the tests' own: its own instance and directories, on a free port, into Maildirs.

    with Postfix({"beto@dos.example": "beto"}) as postfix:
        ...SMTP at 127.0.0.1:postfix.port; postfix.mail("beto") is what came...

It runs as root only (Postfix gives its parts other users), and is skipped with the reason elsewhere.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from demo.ports import free_ports
from tests.certificates import Authority
from tests.daemons import wait_for

MAIN = """
compatibility_level = 3.6
queue_directory = {top}/spool
data_directory = {top}/data
maillog_file = {top}/mail.log
maillog_file_prefixes = {top}
command_directory = /usr/sbin
daemon_directory = {daemons}
mail_owner = postfix
setgid_group = postdrop
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = elsewhere.example
mydestination =
smtpd_peername_lookup = no
smtpd_tls_security_level = may
smtpd_tls_cert_file = {top}/certificate.pem
smtpd_tls_key_file = {top}/key.pem
smtpd_tls_received_header = yes
smtputf8_enable = yes
local_recipient_maps =
virtual_mailbox_domains = {domains}
virtual_mailbox_base = /
virtual_mailbox_maps = inline:{{ {mailboxes} }}
virtual_alias_domains =
virtual_alias_maps = {aliases}
virtual_minimum_uid = 1
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
smtpd_recipient_restrictions = {later} reject_unauth_destination
"""
MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""


def missing() -> str:
    """Return why there can be no Postfix here, or nothing."""
    if shutil.which("postfix") is None or shutil.which("postconf") is None:
        return "Postfix is not installed (Debian: postfix)"
    return "" if os.geteuid() == 0 else "an own Postfix is started by root only"


class Postfix:
    """Runs from `__enter__` to `__exit__`; keeps the mail of `mailboxes` (address → Maildir).

    A Maildir is a path, or a name below its own directory. `later` are addresses it answers with 450,
    `gone` such as it takes letters for, and finds only then that it passes them on to nobody.
    """

    def __init__(
        self,
        mailboxes: Mapping[str, str | Path],
        *,
        owner: str,
        later: Sequence[str] = (),
        gone: Sequence[str] = (),
    ) -> None:
        # Not below pytest's directory: Postfix's own users could not reach it there.
        self.top = Path(tempfile.mkdtemp(prefix="restante-postfix-"))
        self.top.chmod(0o755)
        (self.port,) = free_ports(1)
        for name in ("etc", "spool", "data", "mail"):
            (self.top / name).mkdir()
        shutil.chown(self.top / "data", "postfix")
        shutil.chown(self.top / "mail", owner)
        Authority(self.top).write(self.top, "elsewhere.example")
        (self.top / "etc" / "main.cf").write_text(self._main(mailboxes, pwd.getpwnam(owner), later, gone))
        (self.top / "etc" / "master.cf").write_text(MASTER.format(port=self.port))

    def _main(
        self,
        mailboxes: Mapping[str, str | Path],
        owner: pwd.struct_passwd,
        later: Sequence[str],
        gone: Sequence[str],
    ) -> str:
        daemons = subprocess.run(
            ["postconf", "-h", "daemon_directory"], capture_output=True, text=True, check=True
        ).stdout.strip()
        kept = {address: self.top / "mail" / place for address, place in mailboxes.items()}
        passed_on = " ".join(f"{{{address}=nobody-{address}}}" for address in gone)
        put_off = " ".join(f"{{{address}=450 later}}" for address in later)
        return MAIN.format(
            top=self.top,
            daemons=daemons,
            domains=", ".join({address.rpartition("@")[2] for address in mailboxes}),
            mailboxes=" ".join(f"{{{address}={str(place)[1:]}/}}" for address, place in kept.items()),
            aliases=f"inline:{{ {passed_on} }}" if gone else "",
            uid=owner.pw_uid,
            gid=owner.pw_gid,
            later=f"check_recipient_access inline:{{ {put_off} }}," if later else "",
        )

    def __enter__(self) -> "Postfix":
        started = self._run("start")
        assert started.returncode == 0, started.stderr + self.log()
        return self

    def __exit__(self, *exc: object) -> None:
        self._run("stop")
        shutil.rmtree(self.top, ignore_errors=True)

    def _run(self, command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["postfix", "-c", str(self.top / "etc"), command], capture_output=True, text=True, timeout=60
        )

    def log(self) -> str:
        path = self.top / "mail.log"
        return path.read_text() if path.exists() else ""

    def mail(self, user: str, count: int = 1) -> list[bytes]:
        """Return the letters in the Maildir named `user`, CRLF again, once there are `count`."""
        box = self.top / "mail" / user / "new"

        def arrived() -> list[Path] | None:
            found = sorted(box.iterdir()) if box.exists() else []
            return found if len(found) >= count else None

        try:
            return [path.read_bytes().replace(b"\n", b"\r\n") for path in wait_for(arrived, "mail", 30)]
        except AssertionError:
            raise AssertionError(self.log()[-3000:]) from None
