"""One SMTP session outwards: smtplib, held to deadlines and to bounded replies.

What smtplib leaves open is closed here: it would wait anew for each octet, read a reply of any number
of lines, look the host up by itself, and keep octets that came before TLS began.
"""

import re
import smtplib
import socket
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass

REPLY_LIMIT_OCTETS = 65_536
BLOCK_OCTETS = 65_536

Address = tuple[int, "tuple[str, int] | tuple[str, int, int, int]"]


@dataclass(frozen=True)
class Times:
    """How long each step may take, in seconds (RFC 5321 section 4.5.3.2), and the whole session."""

    connect: float = 30
    command: float = 300
    data: float = 120
    block: float = 180
    final: float = 600
    quit: float = 5
    session: float = 1800


class Broken(Exception):
    """The session cannot go on. The text is a short reason in plain words."""


class Session(smtplib.SMTP):
    """A connection to `address`, called `host`. Open it with `connect_to`; close it always."""

    def __init__(self, host: str, hostname: str, times: Times) -> None:
        super().__init__(local_hostname=hostname)
        self._host = host
        self.times = times
        self._ends_at = time.monotonic() + times.session
        self._step_ends_at = self._ends_at
        self._pending = b""
        self.final_dot_sent = False

    def allow(self, seconds: float) -> None:
        """Give the next step this many seconds, within what is left of the session."""
        self._step_ends_at = min(time.monotonic() + seconds, self._ends_at)

    def connect_to(self, address: Address, tls: ssl.SSLContext | None = None) -> tuple[int, bytes]:
        """Connect, with TLS from the first octet when `tls` is given, and return the greeting."""
        family, where = address
        self.allow(self.times.connect)
        self.sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            self.sock.settimeout(self._left())
            # The final dot is a small packet after a large one, which would wait 40 ms for an ACK.
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.sock.connect(where)
            if tls is not None:
                self.sock = tls.wrap_socket(self.sock, server_hostname=self._host)
        except ssl.SSLCertVerificationError as error:
            self.close()
            raise Broken(f"its certificate is not valid: {error.verify_message}") from error
        except (OSError, ValueError) as error:
            self.close()
            raise Broken(f"no connection: {_words(error)}") from error
        self.allow(self.times.command)
        return self.getreply()

    def secure(self, context: ssl.SSLContext) -> None:
        """Begin TLS; whatever came before it is an attack. Ends with a new EHLO."""
        self.allow(self.times.command)
        try:
            self.starttls(context=context)
        except ssl.SSLCertVerificationError as error:
            raise Broken(f"its certificate is not valid: {error.verify_message}") from error
        except smtplib.SMTPResponseException as error:
            raise Broken(f"it refused STARTTLS: {error.smtp_code}") from error
        except (OSError, ValueError) as error:
            raise Broken(f"TLS failed: {_words(error)}") from error
        if self._pending:
            raise Broken("it sent octets before TLS began")
        self.greet()

    def greet(self) -> tuple[int, bytes]:
        """Say EHLO, then HELO to a server that does not know it. Return the last reply."""
        code, said = self.command("EHLO " + self.local_hostname, self.times.command)
        if code == 250:
            self.does_esmtp = True
            self.esmtp_features = _features(said)
            self.ehlo_resp = said
            return code, said
        if code // 100 == 5:
            code, said = self.command("HELO " + self.local_hostname, self.times.command)
            self.helo_resp = said
        return code, said

    def command(self, line: str, seconds: float) -> tuple[int, bytes]:
        """Send one line and return its reply, both within `seconds`."""
        self.allow(seconds)
        return self.docmd(line)

    def send_content(self, content: bytes) -> tuple[int, bytes]:
        """Send the octets after a 354, with their dots stuffed, and return the reply to their end.

        In blocks: smtplib's own `data` would hold the letter four times. `final_dot_sent` tells whether
        the octets may have been taken although no reply came.
        """
        for block in stuffed(content):
            self.allow(self.times.block)
            self.send(block)
        # It counts as sent even when sending it fails: the server may have it.
        self.final_dot_sent = True
        self.send(b".\r\n" if content.endswith(b"\r\n") else b"\r\n.\r\n")
        self.allow(self.times.final)
        return self.getreply()

    def send(self, s: "bytes | str") -> None:  # type: ignore[override]
        """Send within the time of the step; smtplib sends every command through here."""
        octets = s.encode(self.command_encoding) if isinstance(s, str) else s
        if self.sock is None:
            raise Broken("the connection is gone")
        try:
            self.sock.settimeout(self._left())
            self.sock.sendall(octets)
        except OSError as error:
            self.close()
            raise Broken(f"the connection broke while sending: {_words(error)}") from error

    def getreply(self) -> tuple[int, bytes]:
        """Return the next reply as (code, words), at most 64 KiB of it and within the step's time."""
        lines: list[bytes] = []
        left = REPLY_LIMIT_OCTETS
        while True:
            line = self._line(left)
            left -= len(line)
            found = re.match(rb"([2-5]\d\d)(?:([ -])(.*))?$", line.rstrip(b"\r\n"), re.DOTALL)
            if found is None:
                self.close()
                raise Broken("its reply was not SMTP")
            lines.append((found[3] or b"").strip())
            if found[2] != b"-":
                return int(found[1]), b"\n".join(lines)

    def _line(self, limit: int) -> bytes:
        """Return one line of a reply with its end."""
        while b"\n" not in self._pending:
            if len(self._pending) > limit:
                self.close()
                raise Broken(f"its reply was over {REPLY_LIMIT_OCTETS} octets")
            self._pending += self._receive()
        end = self._pending.index(b"\n") + 1
        line, self._pending = self._pending[:end], self._pending[end:]
        if len(line) > limit:
            self.close()
            raise Broken(f"its reply was over {REPLY_LIMIT_OCTETS} octets")
        return line

    def _receive(self) -> bytes:
        if self.sock is None:
            raise Broken("the connection is gone")
        try:
            self.sock.settimeout(self._left())
            octets: bytes = self.sock.recv(4096)
        except OSError as error:
            self.close()
            raise Broken(f"the connection broke: {_words(error)}") from error
        if not octets:
            self.close()
            raise Broken("it closed the connection")
        return octets

    def _left(self) -> float:
        """Return the seconds this step still has; raise when there are none."""
        left = self._step_ends_at - time.monotonic()
        if left <= 0:
            raise TimeoutError("it took too long")
        return left

    def leave(self) -> None:
        """Say goodbye when the connection still stands, and close it. Never raises."""
        try:
            if self.sock is not None:
                self.command("QUIT", self.times.quit)
        except (Broken, OSError):
            pass
        finally:
            self.close()


def stuffed(content: bytes, block_octets: int = BLOCK_OCTETS) -> Iterator[bytes]:
    """Yield `content` in blocks of whole lines, a dot put before each line's first dot (RFC 5321 4.5.2)."""
    at = 0
    while at < len(content):
        end = content.find(b"\n", at + block_octets) + 1 or len(content)
        block = content[at:end].replace(b"\n.", b"\n..")
        yield b"." + block if block.startswith(b".") else block
        at = end


def _features(said: bytes) -> dict[str, str]:
    """Return EHLO's keywords in lower case with their parameters."""
    features: dict[str, str] = {}
    for line in said.decode("latin-1").split("\n")[1:]:
        keyword, _, parameters = line.replace("=", " ", 1).partition(" ")
        name = keyword.lower()
        features[name] = f"{features.get(name, '')} {parameters}".strip()
    return features


def _words(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "it took too long"
    return str(getattr(error, "strerror", None) or type(error).__name__)
