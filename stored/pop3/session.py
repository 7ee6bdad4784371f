"""A session with one maildrop: listing it, fetching from it, taking leave.

RFC 1939, with CAPA (2449), STLS (2595), SASL PLAIN (5034), response codes (2449, 3206) and PIPELINING.
One session is for one thread. Nothing is deleted here.
"""

from base64 import b64encode
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ssl import SSLContext
from types import TracebackType

from restante.errors import RemoteError, RemoteProtocol, RemoteRefused, RestanteError, TlsUnavailable
from stored.pop3.replies import Reply, not_pop3, refusal
from stored.pop3.wire import Limits, MessageTooLarge, Wire

# A unique-id has 70 octets at most (RFC 1939 section 7); servers that go somewhat beyond do no harm.
UIDL_OCTETS = 255
# What a list entry takes at most: number, space, unique-id of 70, CRLF.
ENTRY_OCTETS = 84
CAPA_OCTETS = 16 * 1024
# RFC 5034 section 4: a longer initial response goes in a line of its own.
COMMAND_OCTETS = 255
# Longer numbers are no numbers of messages or octets, whatever their digits.
NUMBER_DIGITS = 18


@dataclass(frozen=True, slots=True)
class Entry:
    """A message as listed: its number in this session, unique-id, and size as the server says."""

    msgno: int
    uidl: str
    octets: int


class Arriving:
    """A message on its way. Read it before asking the session for the next one.

    `refused` is set, and there is nothing to read, when the server would not give it (F33: gone meanwhile).
    """

    def __init__(self, entry: Entry, body: Iterator[bytes], refused: RemoteError | None = None) -> None:
        self.entry = entry
        self.refused = refused
        self._body = body

    def chunks(self) -> Iterator[bytes]:
        """Yield the raw octets in pieces of some 256 KiB at most; memory need not hold the message."""
        yield from self._body

    def read(self) -> bytes:
        """Return the raw octets whole. Raises MessageTooLarge, after which the session is over."""
        pieces = list(self._body)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)


class Session:
    """A conversation with one maildrop. Close it, or use it as a context manager."""

    def __init__(self, wire: Wire, host: str, limits: Limits) -> None:
        self.host = host
        self.capabilities: dict[str, list[str]] = {}
        self._wire = wire
        self._limits = limits
        self._unread = 0

    def __enter__(self) -> "Session":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # Opening, called by PopClient in this order.

    def greet(self) -> None:
        reply = self._reply()
        if not reply.ok:
            raise refusal(self.host, reply, doing="to talk")

    def ask_capabilities(self) -> None:
        """Ask CAPA (RFC 2449). A server without it has none, which is no fault."""
        self.capabilities = {}
        if self._ask("CAPA").ok:
            for line in self._lines(CAPA_OCTETS):
                name, *arguments = line.decode("ascii", "replace").upper().split() or [""]
                self.capabilities[name] = arguments

    def start_tls(self, context: SSLContext) -> None:
        """Go over to TLS, or raise: the password is never sent in the clear instead (F28)."""
        offered = not self.capabilities or "STLS" in self.capabilities
        self._wire.expect_silence()
        if not offered or not self._ask("STLS").ok:
            raise TlsUnavailable(
                f"{self.host} does not offer encryption on this port, so the password was not sent. "
                "Try TLS on port 995.",
                about=self.host,
            )
        self._wire.secure(context)
        self.ask_capabilities()

    def log_in(self, user: str, secret: str) -> None:
        """Log in with what the server offers: SASL PLAIN, else USER and PASS.

        Raises RemoteLoginRefused, MaildropInUse, RemoteTemporary, RemoteRefused.
        """
        response = b64encode(f"\0{user}\0{secret}".encode()).decode()
        reply = None
        if "PLAIN" in self.capabilities.get("SASL", []):
            reply = self._auth_plain(response)
        if reply is None or reply.is_unknown_command:
            reply = self._ask(f"USER {user}")
            if reply.ok:
                reply = self._ask(f"PASS {secret}")
        reply.hide(secret, response)
        if not reply.ok:
            raise refusal(self.host, reply, doing="the login", login=True)

    def _auth_plain(self, response: str) -> Reply:
        """RFC 4616 and RFC 5034: the response goes with the command where it fits."""
        command = f"AUTH PLAIN {response}"
        if len(command) + 2 <= COMMAND_OCTETS:
            self._send(command)
            line = self._wire.line()
        else:
            self._send("AUTH PLAIN")
            line = self._wire.line()
            if line.startswith(b"+ ") or line == b"+":
                self._send(response)
                line = self._wire.line()
        return self._understood(line)

    # The maildrop.

    def stat(self) -> tuple[int, int]:
        """Return how many messages there are and their octets together, as the server says."""
        reply = self._ask("STAT")
        if not reply.ok:
            raise refusal(self.host, reply, doing="to count its messages")
        numbers = [_number(word.encode()) for word in reply.text.split()[:2]]
        if len(numbers) < 2 or min(numbers) < 0:
            raise self._garbled("its count of messages")
        return numbers[0], numbers[1]

    def entries(self) -> list[Entry]:
        """Return every message with its unique-id, in the server's order. Sizes are 0 where it tells none.

        A unique-id may appear twice; a faulty server did that, and the caller must not lose mail by it.
        Raises RemoteRefused for a server without UIDL, RemoteProtocol for a list that makes no sense.
        """
        self._send(*(["UIDL", "LIST"] if self.pipelining else ["UIDL"]))
        reply = self._reply()
        if not reply.ok:
            self.close()
            if reply.code:
                raise refusal(self.host, reply, doing="to list its messages")
            raise RemoteRefused(
                f"{self.host} gives its messages no lasting names (UIDL), so new mail cannot be told "
                "from old. This account cannot be collected yet.",
                about=self.host,
            )
        uidls = [(msgno, _uidl(rest)) for msgno, rest in self._numbered()]
        if not self.pipelining:
            self._send("LIST")
        sizes = {}
        if self._reply().ok:
            sizes = {msgno: _number(rest.partition(b" ")[0]) for msgno, rest in self._numbered()}
        if any(not uidl for _, uidl in uidls):
            raise self._garbled("its list of messages")
        return [Entry(msgno, uidl, max(0, sizes.get(msgno, 0))) for msgno, uidl in uidls]

    @property
    def pipelining(self) -> bool:
        return "PIPELINING" in self.capabilities

    def retrieve(self, entries: Iterable[Entry]) -> Iterator[Arriving]:
        """Yield each of `entries` as it arrives, in the order given, asking ahead where the server allows it.

        What is asked ahead is bounded in number and in octets. A message the server refuses is yielded as
        such and the rest goes on; whoever stops half way can only close the session.
        """
        rest = deque(entries)
        asked: deque[Entry] = deque()
        asked_octets = 0
        while rest or asked:
            if len(asked) <= self._limits.window_messages // 2:
                asked_octets += self._ask_ahead(rest, asked, asked_octets)
            entry = asked[0]
            self._unread = len(asked)
            reply_line = self._wire.line()
            if reply_line.startswith(b"+OK"):
                arriving = Arriving(entry, self._wire.body(self._limits.message_octets))
                yield arriving
                for _ in arriving.chunks():
                    pass
            else:
                reply = self._understood(reply_line)
                yield Arriving(entry, iter(()), refusal(self.host, reply, doing="to give a message"))
            asked.popleft()
            asked_octets -= entry.octets
        self._unread = 0

    def _ask_ahead(self, rest: deque[Entry], asked: deque[Entry], octets: int) -> int:
        """Send as many RETR in one go as the window holds, one at least; return the octets they add."""
        window = self._limits.window_messages if self.pipelining else 1
        commands: list[str] = []
        added = 0
        while rest and len(asked) < window:
            if asked and octets + added + rest[0].octets > self._limits.window_octets:
                break
            entry = rest.popleft()
            asked.append(entry)
            added += entry.octets
            commands.append(f"RETR {entry.msgno}")
        if commands:
            self._send(*commands)
        return added

    def quit(self) -> None:
        """Take leave and close. A server that does not answer its last word has done its work: no error."""
        try:
            if not self._unread:
                self._ask("QUIT")
        except RestanteError:
            pass
        finally:
            self.close()

    def close(self) -> None:
        """Close the connection without a word. Never raises."""
        self._wire.close()

    def abort(self) -> None:
        """Break the session off while another thread is in it, which then gets a ConnectionFailed."""
        self._wire.abort()

    # Asking and being answered.

    def _send(self, *commands: str) -> None:
        self._wire.send("".join(f"{command}\r\n" for command in commands).encode())

    def _ask(self, command: str) -> Reply:
        self._send(command)
        return self._reply()

    def _reply(self) -> Reply:
        return self._understood(self._wire.line())

    def _understood(self, line: bytes) -> Reply:
        reply = Reply(line)
        if reply.garbage:
            raise not_pop3(self.host, line)
        return reply

    def _lines(self, limit_octets: int) -> list[bytes]:
        try:
            return b"".join(self._wire.body(limit_octets)).split(b"\r\n")[:-1]
        except MessageTooLarge:
            raise RemoteProtocol(
                f"{self.host} sends a list that does not end. It was given up at {limit_octets} octets.",
                about=self.host,
            ) from None

    def _numbered(self) -> list[tuple[int, bytes]]:
        """Return the entries of a UIDL or LIST answer as number and rest."""
        found = []
        lines = self._lines(self._limits.list_entries * ENTRY_OCTETS)
        if len(lines) > self._limits.list_entries:
            raise RemoteRefused(
                f"{self.host} holds more than {self._limits.list_entries} messages, which is more than this "
                "service takes. Move some of them elsewhere.",
                about=self.host,
            )
        for line in lines:
            number, _, rest = line.partition(b" ")
            msgno = _number(number)
            if msgno < 1:
                raise self._garbled("its list of messages")
            found.append((msgno, rest.strip()))
        return found

    def _garbled(self, what: str) -> RemoteProtocol:
        return RemoteProtocol(f"{self.host} answers nonsense for {what}.", about=self.host)


def _uidl(octets: bytes) -> str:
    """Return a unique-id as text, or "" where it is none: 0x21 to 0x7E only (RFC 1939 section 7)."""
    if len(octets) > UIDL_OCTETS or not octets.isascii():
        return ""
    text = octets.decode("ascii")
    return text if text.isprintable() and " " not in text else ""


def _number(octets: bytes) -> int:
    """Return a decimal number, or -1 where it is none."""
    return int(octets) if octets.isdigit() and len(octets) <= NUMBER_DIGITS else -1
