"""relayd delivering to a real Postfix: its own instance, with its own directories, on a free port."""

import email
import getpass
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from tests.certificates import Authority
from tests.daemons import wait_for
from tests.integration.relayd_process import Relayd, Storage, free_ports, letter

pytestmark = pytest.mark.postfix

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
myhostname = dos.example
mydestination =
smtpd_peername_lookup = no
smtpd_tls_security_level = may
smtpd_tls_cert_file = {top}/certificate.pem
smtpd_tls_key_file = {top}/key.pem
smtpd_tls_received_header = yes
smtputf8_enable = yes
local_recipient_maps =
virtual_mailbox_domains = dos.example, uno.example
virtual_mailbox_base = {top}/mail
virtual_mailbox_maps = inline:{{ {{beto@dos.example=beto/}} {{josé@dos.example=jose/}}
    {{ana@uno.example=ana/}} }}
virtual_uid_maps = static:65534
virtual_gid_maps = static:65534
smtpd_recipient_restrictions = check_recipient_access inline:{{ {{later@dos.example=450 later}} }},
    reject_unauth_destination
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


class Postfix:
    """A Postfix that keeps mail for dos.example and uno.example in Maildirs under `top`."""

    def __init__(self, top: Path) -> None:
        self.top = top
        (self.port,) = free_ports(1)
        daemons = subprocess.run(
            ["postconf", "-h", "daemon_directory"], capture_output=True, text=True, check=True
        ).stdout.strip()
        for name in ("etc", "spool", "data", "mail"):
            (top / name).mkdir()
        shutil.chown(top / "data", "postfix")
        shutil.chown(top / "mail", "nobody")
        Authority(top).write(top, "elsewhere.example")
        (top / "etc" / "main.cf").write_text(MAIN.format(top=top, daemons=daemons))
        (top / "etc" / "master.cf").write_text(MASTER.format(port=self.port))

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["postfix", "-c", str(self.top / "etc"), command], capture_output=True, text=True, timeout=60
        )

    def log(self) -> str:
        path = self.top / "mail.log"
        return path.read_text() if path.exists() else ""

    def mail(self, user: str, count: int = 1) -> list[bytes]:
        """Return the letters of a user, CRLF again, once there are `count`."""
        box = self.top / "mail" / user / "new"

        def arrived() -> list[Path] | None:
            found = sorted(box.iterdir()) if box.exists() else []
            return found if len(found) >= count else None

        try:
            return [path.read_bytes().replace(b"\n", b"\r\n") for path in wait_for(arrived, "mail", 30)]
        except AssertionError:
            raise AssertionError(self.log()[-3000:]) from None


@pytest.fixture(scope="module")
def postfix():
    if shutil.which("postfix") is None or shutil.which("postconf") is None:
        pytest.skip("Postfix is not installed (package postfix)")
    if os.geteuid() != 0:
        pytest.skip(f"an own Postfix needs root; this is {getpass.getuser()}")
    # Postfix's own users must be able to enter, which pytest's directories do not allow.
    with tempfile.TemporaryDirectory(prefix="restante-postfix-") as directory:
        top = Path(directory)
        top.chmod(0o755)
        server = Postfix(top)
        started = server.run("start")
        assert started.returncode == 0, started.stderr + server.log()
        try:
            yield server
        finally:
            server.run("stop")


@pytest.fixture
def relayd(tmp_path, postfix):
    storage = Storage(tmp_path)
    hop = f'"127.0.0.1:{postfix.port}"'
    routes = f'[routes.domains]\n"dos.example" = {hop}\n"uno.example" = {hop}\n'
    daemon = Relayd(tmp_path, storage, routes).start()
    yield daemon
    daemon.terminate()
    storage.close()


TRACE = (b"return-path:", b"x-original-to:", b"delivered-to:", b"received:")


def without_trace(content: bytes) -> bytes:
    """Return a letter without the trace fields in front of it."""
    lines = content.split(b"\r\n")
    while lines[0].lower().startswith(TRACE):
        lines.pop(0)
        while lines[0][:1] in (b" ", b"\t"):
            lines.pop(0)
    return b"\r\n".join(lines)


def without_ours(content: bytes) -> bytes:
    """Return what a storage server handed over, without the fields that do not travel."""
    return b"".join(
        line
        for line in content.splitlines(keepends=True)
        if not line.startswith((b"Restante-Submission:", b"Bcc:"))
    )


TEXTS = {
    "dots": ".\r\n..\r\n.punto\r\n\r\n.",
    "long lines": "x" * 998 + "\r\n" + "." + "y" * 997,
    "8 bit": "Mañana, ¿cómo andás? 日本語",
    "trailing blanks": "uno  \r\n\t\r\n  dos\r\n\r\n\r\n",
    "large": "0123456789" * 9 + "\r\n" + "línea de sesenta letras más o menos, que se repite\r\n" * 40_000,
}


def test_every_octet_arrives(relayd, postfix):
    sent = [letter(f"s{number}", text) for number, text in enumerate(TEXTS.values())]
    for one in sent:
        relayd.submit(one, "beto@dos.example")
    received = {without_trace(one) for one in postfix.mail("beto", len(sent))}
    assert received == {without_ours(one) for one in sent}
    relayd.wait_until_empty()
    # It offered TLS with a certificate of nobody's; that is used all the same, and Postfix says so.
    assert all(b"using TLSv1" in one for one in postfix.mail("beto", len(sent)))


def test_each_recipient_gets_the_answer_of_postfix(relayd, postfix):
    relayd.submit(letter("mixed"), "beto@dos.example", "nadie@dos.example", "later@dos.example")

    def told() -> dict[str, tuple[str, str]] | None:
        status = {one["address"]: (one["outcome"], one["detail"]) for one in relayd.status("mixed")}
        return status if all(outcome != "queued" for outcome, _ in status.values()) else None

    status = wait_for(told, "an outcome for each")
    assert status["beto@dos.example"][0] == "delivered"
    assert status["nadie@dos.example"][0] == "failed"
    assert "550 5.1.1" in status["nadie@dos.example"][1]
    assert status["later@dos.example"][0] == "deferred"
    assert "450" in status["later@dos.example"][1]
    (bounce,) = postfix.mail("ana")
    report = email.message_from_bytes(bounce)
    assert report["Return-Path"] == "<>"
    assert report.get_content_type() == "multipart/report"
    assert b"Final-Recipient: rfc822; nadie@dos.example" in bounce


def test_an_address_beyond_ascii_arrives(relayd, postfix):
    with relayd.connect() as session:
        session.ehlo()
        session.mail("ana@uno.example", ["SMTPUTF8", "BODY=8BITMIME"])
        assert session.rcpt("josé@dos.example")[0] == 250
        assert session.data(letter("utf8"))[0] == 250
    assert b"Subject: utf8" in postfix.mail("jose")[0]
