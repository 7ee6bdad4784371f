"""The POP3 server of a demonstration provider (RFC 1939, 2449, 2595), over TLS or with STLS.

It is honest and small: it serves the maildrops it is given, deletes nothing before QUIT, and asks for TLS
before any password.
"""

import base64
import binascii
import socketserver
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from demo.maildrop import Maildrop, uidl_of

LINE_OCTETS = 512


@dataclass(frozen=True)
class Mailboxes:
    """The people of one provider: the password and the maildrop of each user name."""

    passwords: dict[str, str]
    maildrops: dict[str, Maildrop]


@dataclass
class Session:
    """What one connection has said so far."""

    user: str = ""
    letters: list[Path] = field(default_factory=list)
    deleted: set[int] = field(default_factory=set)
    authenticated: bool = False


class Handler(socketserver.StreamRequestHandler):
    """Talk POP3 with one client until it says QUIT or goes away."""

    server: "Pop3Server"
    timeout = 60

    def handle(self) -> None:
        self.session = Session()
        self.secure = self.server.implicit_tls
        if self.secure and not self._start_tls():
            return
        self._say("+OK demonstration provider ready")
        while line := self.rfile.readline(LINE_OCTETS + 1):
            if len(line) > LINE_OCTETS:
                self._say("-ERR that line is too long")
                return
            verb, _, argument = line.decode("ascii", "replace").strip().partition(" ")
            if not self._answer(verb.upper(), argument):
                return

    def _answer(self, verb: str, argument: str) -> bool:
        """Carry out one command; return whether the session goes on."""
        if verb == "QUIT":
            self._quit()
            return False
        anyone: dict[str, Callable[[str], None]] = {
            "CAPA": self._capa,
            "STLS": self._stls,
            "USER": self._user,
            "PASS": self._pass,
            "AUTH": self._auth,
        }
        owner: dict[str, Callable[[str], None]] = {
            "STAT": self._stat,
            "LIST": lambda which: self._listing(which, lambda path: str(path.stat().st_size)),
            "UIDL": lambda which: self._listing(which, uidl_of),
            "RETR": self._retr,
            "TOP": self._top,
            "DELE": self._dele,
            "NOOP": lambda _: self._say("+OK"),
            "RSET": self._rset,
        }
        if verb in anyone:
            anyone[verb](argument)
        elif verb not in owner:
            self._say("-ERR there is no such command here")
        elif not self.session.authenticated:
            self._say("-ERR log in first")
        else:
            owner[verb](argument)
        return True

    def _say(self, line: str) -> None:
        self.wfile.write(line.encode() + b"\r\n")
        self.wfile.flush()

    def _start_tls(self) -> bool:
        try:
            self.connection = self.server.tls.wrap_socket(self.connection, server_side=True)
        except (OSError, ssl.SSLError):
            return False
        self.request = self.connection
        self.rfile = self.connection.makefile("rb")
        self.wfile = self.connection.makefile("wb")
        return True

    def _capa(self, _: str) -> None:
        lines = ["TOP", "UIDL", "RESP-CODES", "AUTH-RESP-CODE", "PIPELINING"]
        lines += ["USER", "SASL PLAIN"] if self.secure else ["STLS"]
        self._say("\r\n".join(["+OK", *lines, "."]))

    def _stls(self, _: str) -> None:
        if self.secure:
            self._say("-ERR this line is already secure")
            return
        self._say("+OK begin TLS")
        self.secure = self._start_tls()

    def _user(self, user: str) -> None:
        self.session.user = user
        self._say("+OK" if self.secure else "-ERR start TLS first")

    def _pass(self, password: str) -> None:
        self._log_in(self.session.user, password)

    def _auth(self, argument: str) -> None:
        mechanism, _, initial = argument.partition(" ")
        if mechanism.upper() != "PLAIN":
            self._say("-ERR only PLAIN is offered")
            return
        if not initial:
            self._say("+ ")
            initial = self.rfile.readline(LINE_OCTETS).decode("ascii", "replace").strip()
        try:
            _, user, password = base64.b64decode(initial, validate=True).decode().split("\0")
        except (binascii.Error, ValueError):
            self._say("-ERR that is not a PLAIN answer")
            return
        self._log_in(user, password)

    def _log_in(self, user: str, password: str) -> None:
        right = self.server.mailboxes.passwords.get(user)
        if not self.secure or right is None or right != password:
            self._say("-ERR [AUTH] user name or password not right")
            return
        self.session.letters = self.server.mailboxes.maildrops[user].letters()
        self.session.authenticated = True
        self._say(f"+OK {len(self.session.letters)} letters")

    def _present(self) -> list[tuple[int, Path]]:
        kept = enumerate(self.session.letters, 1)
        return [(number, path) for number, path in kept if number not in self.session.deleted]

    def _letter(self, argument: str) -> Path | None:
        """Return the letter that `argument` numbers, or say -ERR and return None."""
        letter = dict(self._present()).get(int(argument)) if argument.isdigit() else None
        if letter is None:
            self._say("-ERR there is no such letter")
        return letter

    def _stat(self, _: str) -> None:
        present = self._present()
        self._say(f"+OK {len(present)} {sum(path.stat().st_size for _, path in present)}")

    def _listing(self, argument: str, value: Callable[[Path], str]) -> None:
        if argument:
            if letter := self._letter(argument):
                self._say(f"+OK {argument} {value(letter)}")
            return
        rows = [f"{number} {value(path)}" for number, path in self._present()]
        self._say("\r\n".join(["+OK", *rows, "."]))

    def _send(self, octets: bytes) -> None:
        stuffed = octets.replace(b"\r\n.", b"\r\n..")
        stuffed = b"." + stuffed if stuffed.startswith(b".") else stuffed
        end = b".\r\n" if stuffed.endswith(b"\r\n") else b"\r\n.\r\n"
        self.wfile.write(b"+OK\r\n" + stuffed + end)
        self.wfile.flush()

    def _retr(self, argument: str) -> None:
        if letter := self._letter(argument):
            self._send(letter.read_bytes())

    def _top(self, argument: str) -> None:
        number, _, lines = argument.partition(" ")
        letter = self._letter(number)
        if letter is not None:
            head, _, body = letter.read_bytes().partition(b"\r\n\r\n")
            wanted = int(lines) if lines.isdigit() else 0
            self._send(head + b"\r\n\r\n" + b"".join(body.splitlines(keepends=True)[:wanted]))

    def _dele(self, argument: str) -> None:
        if self._letter(argument):
            self.session.deleted.add(int(argument))
            self._say("+OK gone when you say QUIT")

    def _rset(self, _: str) -> None:
        self.session.deleted.clear()
        self._say("+OK")

    def _quit(self) -> None:
        for number in self.session.deleted:
            self.session.letters[number - 1].unlink(missing_ok=True)
        self._say("+OK goodbye")


class Pop3Server(socketserver.ThreadingTCPServer):
    """Serve the mailboxes of one provider on a free port of loopback."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, mailboxes: Mailboxes, tls: ssl.SSLContext, implicit_tls: bool) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.mailboxes = mailboxes
        self.tls = tls
        self.implicit_tls = implicit_tls

    @property
    def port(self) -> int:
        """The port the server listens on."""
        return int(self.server_address[1])
