"""Servers of the tests' own on real sockets: an SMTP server that does as it is told, and a DNS server."""

import contextlib
import socket
import threading
from dataclasses import dataclass, field

import dns.message
import dns.rcode
import dns.rrset

BODY = b"Message-ID: <1@uno.example>\r\nSubject: hola\r\n\r\nHola\r\n"
DROP = b"<drop>"
HANG = b"<hang>"


@dataclass
class Taken:
    """A letter as it came over the wire, dots unstuffed."""

    sender: str
    recipients: list[str]
    content: bytes
    options: str = ""
    answered: bool = True


@dataclass
class _State:
    sender: str = ""
    options: str = ""
    recipients: list[str] = field(default_factory=list)


class SmtpPeer:
    """Answers every line by `answers[verb]`, then as a plain server would.

    An answer is octets, DROP (close without a word), HANG (say nothing until the end), a list (one for
    each time, the last for ever) or a function of the line. `greeting` and `final` (the reply to the
    end of data) likewise.
    """

    def __init__(self, answers=None, *, greeting=b"220 peer.example ESMTP", final=b"250 2.0.0 taken",
                 features=("SIZE 100000000", "8BITMIME"), tls=None, implicit_tls=None):  # fmt: skip
        self.answers = {"GREETING": greeting, "FINAL": final} | (answers or {})
        self.features = list(features) + (["STARTTLS"] if tls else [])
        self.taken: list[Taken] = []
        self.lines: list[bytes] = []
        self.sessions = 0
        self.changed = threading.Condition()
        self._tls, self._implicit_tls = tls, implicit_tls
        self._over = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._listen, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self._over.set()
        self._listener.close()

    def wait_for(self, count, seconds=20):
        """Return the letters once there are `count` of them."""
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.taken) >= count, seconds), self.taken
            return list(self.taken)

    def _listen(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.sessions += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with contextlib.suppress(OSError, EOFError), connection:
            if self._implicit_tls:
                connection = self._implicit_tls.wrap_socket(connection, server_side=True)
            self._session(connection)

    def _session(self, connection):
        self._send(connection, self._answer("GREETING", b""))
        state, reader = _State(), connection.makefile("rb")
        while line := reader.readline():
            self.lines.append(line)
            verb = line[:4].upper().decode("latin-1").strip()
            told = self._answer(verb, line)
            if told is None:
                told = self._plain_answer(verb, line, state)
            elif told.startswith(b"2"):
                self._plain_answer(verb, line, state)
            self._send(connection, told)
            if verb == "QUIT":
                return
            if verb == "STAR":
                connection = self._tls.wrap_socket(connection, server_side=True)
                reader = connection.makefile("rb")
            if verb == "DATA" and told.startswith(b"354"):
                self._take(connection, reader, state)
                state = _State()

    def _take(self, connection, reader, state):
        lines = []
        while (line := reader.readline()) != b".\r\n":
            if not line:
                raise EOFError
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        told = self._answer("FINAL", b"")
        # A server that drops here may well have kept the letter; a refusal means that it has not.
        if told.startswith(b"2") or told in (DROP, HANG):
            with self.changed:
                content, answered = b"".join(lines), told.startswith(b"2")
                self.taken.append(Taken(state.sender, state.recipients, content, state.options, answered))
                self.changed.notify_all()
        self._send(connection, told)

    def _answer(self, verb, line):
        told = self.answers.get(verb)
        if callable(told):
            told = told(line)
        if isinstance(told, list):
            told = told.pop(0) if len(told) > 1 else told[0]
        return told

    def _plain_answer(self, verb, line, state):
        text = line.decode("utf-8").strip()
        if verb == "EHLO":
            *first, last = ["peer.example", *self.features]
            return "\r\n".join([*(f"250-{one}" for one in first), f"250 {last}"]).encode()
        if verb == "MAIL":
            state.sender, _, state.options = text.partition("<")[2].partition(">")
            state.recipients = []
        if verb == "RCPT":
            state.recipients.append(text.partition("<")[2].partition(">")[0])
        return {"DATA": b"354 go on", "QUIT": b"221 bye", "STAR": b"220 go on"}.get(verb, b"250 2.0.0 ok")

    def _send(self, connection, told):
        if told == HANG:
            self._over.wait(60)
        if told in (HANG, DROP):
            # Also ends what makefile still holds open.
            connection.shutdown(socket.SHUT_RDWR)
            raise EOFError
        connection.sendall(told + b"\r\n")


class NameServer:
    """A DNS server on UDP. `records` is {(name, kind): [text, ...]}; a name with none is NXDOMAIN.

    A value may also be the name of an rcode, such as "SERVFAIL".
    """

    def __init__(self, records):
        self.records = records
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self._socket.close()

    def _serve(self):
        while True:
            try:
                octets, sender = self._socket.recvfrom(4096)
                self._socket.sendto(self._reply(octets), sender)
            except OSError:
                return

    def _reply(self, octets):
        question = dns.message.from_wire(octets)
        reply = dns.message.make_response(question)
        asked = question.question[0]
        name = asked.name.to_text().rstrip(".").lower()
        kind = dns.rdatatype.to_text(asked.rdtype)
        found = self.records.get((name, kind), [])
        if isinstance(found, str):
            reply.set_rcode(dns.rcode.from_text(found))
        elif found:
            reply.answer.append(dns.rrset.from_text(asked.name, 60, "IN", kind, *found))
        elif not any(known == name for known, _ in self.records):
            reply.set_rcode(dns.rcode.NXDOMAIN)
        return reply.to_wire()
