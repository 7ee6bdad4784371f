"""A POP3 server of the tests' own: well-behaved unless told otherwise, on a real socket.

    with PopServer([b"Subject: one\r\n\r\nhello\r\n"]) as server:
        ...connect to server.port, log in as "user" with "secret"...

Every answer can be replaced: `answers={"UIDL": b"-ERR what?\r\n"}`, or by a function of the conversation
and the argument. "GREETING" is one of the names. `cut_after` drops each connection once that many octets
went out.
"""

import hashlib
import socket
import ssl
from base64 import b64decode
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from threading import Condition, Event, Lock, Thread

#: What a greeting must hold for APOP to be possible.
STAMP = "<1896.697170952@pop.test>"

Answer = bytes | Callable[["Conversation", str], None]


class PopServer:
    """Listens on a free loopback port until closed; one thread a connection."""

    def __init__(
        self,
        messages: Sequence[bytes] = (),
        *,
        user: str = "user",
        secret: str = "secret",
        uidls: Sequence[str] | None = None,
        capabilities: Sequence[str] = ("TOP", "USER", "UIDL", "RESP-CODES", "PIPELINING", "SASL PLAIN"),
        tls: ssl.SSLContext | None = None,
        stls: ssl.SSLContext | None = None,
        answers: Mapping[str, Answer] | None = None,
        cut_after: int | None = None,
    ) -> None:
        self.messages = list(messages)
        self.uidls = list(uidls) if uidls is not None else [f"uidl-{n}" for n in range(1, len(messages) + 1)]
        self.user, self.secret = user, secret
        self.capabilities = capabilities
        self.tls, self.stls = tls, stls
        self.answers: dict[str, Answer] = dict(answers or {})
        self.cut_after = cut_after
        self.sent_octets = 0
        self.expunged = 0
        self.commands: list[str] = []
        #: The commands that came together, without what they carry.
        self.flights: list[str] = []
        self.sessions = 0
        self.most_sessions = 0
        self.connections = 0
        self.stopping = Event()
        self.changed = Condition(Lock())
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = Thread(target=self._accept, daemon=True)
        self._thread.start()

    def __enter__(self) -> "PopServer":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        self.stopping.set()
        # A listener is woken from accept by shutting it down, not by closing it.
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self.changed:
            for connection in self._open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            self.changed.notify_all()
        self._thread.join(5)

    def count(self, command: str) -> int:
        """Return how often a command was received so far."""
        with self.changed:
            return sum(line.split(" ")[0].upper() == command for line in self.commands)

    def wait_for(self, command: str, times: int = 1, seconds: float = 10) -> None:
        """Wait until a command has been received so often."""
        with self.changed:
            seen = self.changed.wait_for(
                lambda: sum(line.split(" ")[0].upper() == command for line in self.commands) >= times, seconds
            )
        assert seen, f"{command} was not received {times} times within {seconds} seconds"

    def _accept(self) -> None:
        while not self.stopping.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            Thread(target=self._converse, args=(connection,), daemon=True).start()

    def _converse(self, connection: socket.socket) -> None:
        with self.changed:
            self.connections += 1
            self._open.add(connection)
        conversation = Conversation(self, connection)
        with suppress(OSError, ssl.SSLError, Cut):
            conversation.run()
        with self.changed:
            self._open.discard(connection)
        conversation.hold(False)
        with suppress(OSError):
            conversation.connection.close()


class Cut(Exception):
    """The connection is to be dropped now."""


class Conversation:
    """One connection, as the functions in `answers` see it."""

    def __init__(self, server: PopServer, connection: socket.socket) -> None:
        self.server = server
        self.connection = connection
        self.left = server.cut_after
        self.deleted: set[int] = set()
        self._buffer = b""
        #: The names of the commands that came with the one being answered.
        self.flight: list[str] = []
        self._name = ""
        self._holds = False

    def run(self) -> None:
        if self.server.tls:
            self.secure(self.server.tls)
        self.answer("GREETING", "")
        while (line := self._line()) is not None:
            with self.server.changed:
                self.server.commands.append(line)
                self.server.changed.notify_all()
            command, _, argument = line.partition(" ")
            self.answer(command.upper(), argument)
            if command.upper() == "QUIT":
                return

    def answer(self, command: str, argument: str) -> None:
        """Answer as the test says, else as a good server does."""
        told = self.server.answers.get(command)
        if isinstance(told, bytes):
            self.send(told)
        elif told is not None:
            told(self, argument)
        else:
            self.usual(command, argument)

    def usual(self, command: str, argument: str) -> None:
        """Answer as a good server does."""
        good = getattr(self, f"_{command.lower()}", None)
        if good is None:
            self.send(b"-ERR unknown command\r\n")
        else:
            good(argument)

    def send(self, octets: bytes) -> None:
        """Send, up to the octet at which the connection is to be cut."""
        if self.left is not None and len(octets) >= self.left:
            self.connection.sendall(octets[: self.left])
            self.connection.shutdown(socket.SHUT_WR)
            raise Cut
        self.connection.sendall(octets)
        self.server.sent_octets += len(octets)
        if self.left is not None:
            self.left -= len(octets)

    def send_lines(self, first: bytes, lines: Sequence[bytes]) -> None:
        self.send(b"\r\n".join([first, *lines, b".", b""]))

    def trickle(self, octets: bytes, seconds: float) -> None:
        """Send one octet, wait, send the next, until the server is stopped."""
        for octet in octets:
            self.send(bytes([octet]))
            if self.server.stopping.wait(seconds):
                raise Cut

    def pause(self) -> None:
        """Say nothing until the server is stopped."""
        self.server.stopping.wait(60)
        raise Cut

    def drop(self) -> None:
        """Close the connection at once."""
        self.connection.shutdown(socket.SHUT_RDWR)
        raise Cut

    def forget_unread(self) -> None:
        """Throw away what came already and was not answered yet."""
        self._buffer = b""

    def hold(self, wanted: bool) -> None:
        """Take the maildrop, or let it go."""
        with self.server.changed:
            self.server.sessions += wanted - self._holds
            self.server.most_sessions = max(self.server.most_sessions, self.server.sessions)
            self._holds = wanted
            self.server.changed.notify_all()

    def expunge(self) -> None:
        """Carry out what was to be deleted, as QUIT does."""
        with self.server.changed:
            for number in sorted(self.deleted, reverse=True):
                del self.server.messages[number - 1]
                del self.server.uidls[number - 1]
            self.server.expunged += len(self.deleted)
            self.deleted.clear()

    def secure(self, context: ssl.SSLContext) -> None:
        self.connection = context.wrap_socket(self.connection, server_side=True)

    def _line(self) -> str | None:
        while b"\r\n" not in self._buffer:
            received = self.connection.recv(65536)
            if not received:
                return None
            self._buffer += received
            self._note_flight()
        line, _, self._buffer = self._buffer.partition(b"\r\n")
        return line.decode("utf-8", "surrogateescape")

    def _note_flight(self) -> None:
        text = self._buffer.decode("utf-8", "surrogateescape")
        self.flight = [line.partition(" ")[0].upper() for line in text.split("\r\n")[:-1]]
        with self.server.changed:
            self.server.flights.append(" ".join(self.flight))

    def _present(self) -> list[int]:
        return [n for n in range(1, len(self.server.messages) + 1) if n not in self.deleted]

    def _greeting(self, _: str) -> None:
        self.send(b"+OK ready\r\n")

    def _capa(self, _: str) -> None:
        offered = list(self.server.capabilities)
        if self.server.stls and not isinstance(self.connection, ssl.SSLSocket):
            offered.append("STLS")
        self.send_lines(b"+OK", [line.encode() for line in offered])

    def _stls(self, _: str) -> None:
        if not self.server.stls:
            self.send(b"-ERR no TLS here\r\n")
            return
        self.send(b"+OK begin\r\n")
        self.secure(self.server.stls)

    def _logged_in(self, name: str, secret: str) -> None:
        good = name == self.server.user and secret == self.server.secret
        self.hold(good)
        self.send(b"+OK logged in\r\n" if good else b"-ERR [AUTH] Authentication failed.\r\n")

    def _auth(self, argument: str) -> None:
        mechanism, _, response = argument.partition(" ")
        if mechanism.upper() == "XOAUTH2":
            self._xoauth2(response)
            return
        if mechanism.upper() != "PLAIN":
            self.send(b"-ERR unknown mechanism\r\n")
            return
        if not response:
            self.send(b"+ \r\n")
            response = self._line() or ""
        _, name, secret = b64decode(response).decode().split("\0")
        self._logged_in(name, secret)

    def _xoauth2(self, response: str) -> None:
        """Two steps; a refusal comes as a question, to be answered with an empty line."""
        if response:
            self.send(b"-ERR [SYS/PERM] in two steps, please\r\n")
            return
        self.send(b"+ \r\n")
        said = b64decode(self._line() or "").decode()
        if said == f"user={self.server.user}\1auth=Bearer {self.server.secret}\1\1":
            self.hold(True)
            self.send(b"+OK logged in\r\n")
            return
        self.send(b"+ eyJzdGF0dXMiOiI0MDAifQ==\r\n")
        assert self._line() == ""
        self.send(b"-ERR [AUTH] token refused\r\n")

    def _apop(self, argument: str) -> None:
        name, _, digest = argument.partition(" ")
        wanted = hashlib.md5(f"{STAMP}{self.server.secret}".encode()).hexdigest()
        self._logged_in(name, self.server.secret if digest == wanted else "")

    def _user(self, argument: str) -> None:
        self._name = argument
        self.send(b"+OK\r\n")

    def _pass(self, argument: str) -> None:
        self._logged_in(self._name, argument)

    def _stat(self, _: str) -> None:
        octets = sum(len(self.server.messages[n - 1]) for n in self._present())
        self.send(f"+OK {len(self._present())} {octets}\r\n".encode())

    def _uidl(self, _: str) -> None:
        self.send_lines(b"+OK", [f"{n} {self.server.uidls[n - 1]}".encode() for n in self._present()])

    def _list(self, _: str) -> None:
        self.send_lines(b"+OK", [f"{n} {len(self.server.messages[n - 1])}".encode() for n in self._present()])

    def _retr(self, argument: str) -> None:
        if not argument.isdigit() or int(argument) not in self._present():
            self.send(b"-ERR no such message\r\n")
            return
        self.send(b"+OK\r\n" + stuffed(self.server.messages[int(argument) - 1]))

    def _top(self, argument: str) -> None:
        number, _, lines = argument.partition(" ")
        if not number.isdigit() or int(number) not in self._present():
            self.send(b"-ERR no such message\r\n")
            return
        head, _, body = self.server.messages[int(number) - 1].partition(b"\r\n\r\n")
        kept = b"".join(line + b"\r\n" for line in body.split(b"\r\n")[: int(lines)])
        self.send(b"+OK\r\n" + stuffed(head + b"\r\n\r\n" + kept))

    def _dele(self, argument: str) -> None:
        self.deleted.add(int(argument))
        self.send(b"+OK\r\n")

    def _noop(self, _: str) -> None:
        self.send(b"+OK\r\n")

    def _rset(self, _: str) -> None:
        self.deleted.clear()
        self.send(b"+OK\r\n")

    def _quit(self, _: str) -> None:
        self.expunge()
        self.hold(False)
        self.send(b"+OK bye\r\n")


def stuffed(raw: bytes) -> bytes:
    """Return a message as RETR sends it: a CRLF at its end, dots doubled at line starts, the final dot."""
    if raw and not raw.endswith(b"\r\n"):
        raw += b"\r\n"
    return (b"\r\n" + raw).replace(b"\r\n.", b"\r\n..")[2:] + b".\r\n"
