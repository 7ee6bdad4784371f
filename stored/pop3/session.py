"""A session with one maildrop: listing it, fetching from it, deleting, taking leave.

RFC 1939, with CAPA (2449), STLS (2595), response codes (2449, 3206) and PIPELINING; logging in is in `login`.
One session is for one thread. Nothing is deleted unless `quit` returns that it is.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from ssl import SSLContext
from types import TracebackType

from restante.errors import RemoteError, RemoteProtocol, RemoteRefused, RestanteError, TlsUnavailable
from stored.pop3.capabilities import Capabilities
from stored.pop3.entries import ENTRY_OCTETS, Entry, Rest, entries_of, number, numbered
from stored.pop3.login import Login
from stored.pop3.replies import Reply, refusal, understood
from stored.pop3.wire import Limits, MessageTooLarge, Wire

CAPA_OCTETS = 16 * 1024
# Of a header block asked for alone so much is kept, and reckoned when asking ahead.
HEAD_OCTETS = 256 * 1024  # letters to a thousand people have that much
HEAD_USUAL_OCTETS = 4096


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
        self.capabilities = Capabilities()
        #: What the server said when it last refused to delete, or to have deleted; see `Reply.said`.
        self.objection = ""
        self._wire = wire
        self._limits = limits
        self._banner = ""
        self._entries: list[Entry] | None = None
        self._unread = 0
        self._deleting = False
        self._leaving = False

    def __enter__(self) -> "Session":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # Opening, called by PopClient in this order.

    @property
    def certificate(self) -> bytes:
        return self._wire.certificate()

    def greet(self) -> None:
        reply = self._reply()
        if not reply.ok:
            raise refusal(self.host, reply, doing="to talk")
        self._banner = reply.text

    def ask_capabilities(self) -> None:
        """Ask CAPA (RFC 2449). A server without it has none, which is no fault."""
        self._send("CAPA")
        self._take_capabilities()

    def _take_capabilities(self) -> None:
        self.capabilities = Capabilities.of(self._lines(CAPA_OCTETS) if self._reply().ok else ())

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

    def log_in(self, login: Login) -> None:
        """Log in with the best of what the server offers; see `login`.

        Raises RemoteLoginRefused, MaildropInUse, RemoteTemporary, RemoteRefused.
        """
        self._be_let_in(login.perform(self.capabilities, self._banner, self._say), login)
        if self.capabilities.differ_by_user:
            self.ask_capabilities()

    def log_in_at_once(self, login: Login, lines: list[str]) -> None:
        """Ask for capabilities, log in by `lines` and list the maildrop, all in one flight; see `habits`.

        Raises as `log_in` and `entries` do, which then gives what was listed.
        """
        self._send("CAPA", *lines, "UIDL", "LIST")
        self._take_capabilities()
        for _ in lines:
            reply = self._reply()
            if not reply.ok:
                break
        self._be_let_in(reply, login)
        self._entries = self._take_entries(sizes_asked=True)
        if self.capabilities.differ_by_user:
            self.ask_capabilities()

    def _be_let_in(self, reply: Reply, login: Login) -> None:
        """Raise what the answer to a login means, unless it agrees."""
        reply.hide(*login.secrets)
        if not reply.ok:
            telling = self.capabilities.tells_of_passwords
            raise refusal(self.host, reply, doing="the login", login=True, telling=telling)

    def _say(self, line: str) -> bytes:
        """Send one line of logging in and return the answer, which may ask for more ("+ ")."""
        self._send(line)
        return self._wire.line()

    # The maildrop.

    def stat(self) -> tuple[int, int]:
        """Return how many messages there are and their octets together, as the server says."""
        reply = self._ask("STAT")
        if not reply.ok:
            raise refusal(self.host, reply, doing="to count its messages")
        numbers = [number(word.encode()) for word in reply.text.split()[:2]]
        if len(numbers) < 2 or min(numbers) < 0:
            raise self._garbled("its count of messages")
        return numbers[0], numbers[1]

    def entries(self) -> list[Entry]:
        """Return every message of the maildrop in its order, with an empty unique-id where it has none.

        Asked whether the server says so in CAPA or not. Sizes are advice; -1 where the server gives none.
        """
        found, self._entries = self._entries, None
        if found is not None:
            return found
        self._send("UIDL", "LIST") if self.capabilities.pipelining else self._send("UIDL")
        return self._take_entries(sizes_asked=self.capabilities.pipelining)

    def _take_entries(self, *, sizes_asked: bool) -> list[Entry]:
        reply = self._reply()
        uidls = self._numbered() if reply.ok else {}
        if not reply.ok and not reply.is_unknown_command and (reply.code or "UIDL" in self.capabilities):
            # A server that has names for its messages does not give them just now.
            raise refusal(self.host, reply, doing="to list its messages")
        if not sizes_asked:
            self._send("LIST")
        listed = self._reply()
        sizes = self._numbered() if listed.ok else {}
        if not reply.ok and not listed.ok:
            raise refusal(self.host, listed, doing="to list its messages")
        return entries_of(uidls, sizes, by_size=not reply.ok)

    def retrieve(self, entries: Iterable[Entry]) -> Iterator[Arriving]:
        """Yield each of `entries` as it arrives, in the order given, asking ahead where the server allows it.

        What is asked ahead is bounded in number and in octets. A message the server refuses is yielded as
        such and the rest goes on; whoever stops half way can only close the session.
        """
        for entry, line in self._each(
            entries, lambda entry: f"RETR {entry.msgno}", lambda entry: entry.octets
        ):
            if line.startswith(b"+OK"):
                arriving = Arriving(entry, self._wire.body(self._limits.message_octets))
                yield arriving
                for _ in arriving.chunks():
                    pass
            else:
                reply = understood(self.host, line)
                yield Arriving(entry, iter(()), refusal(self.host, reply, doing="to give a message"))

    def heads(
        self, entries: Iterable[Entry], *, leaving: bool = False
    ) -> Iterator[tuple[Entry, bytes | None]]:
        """Yield the header block of each of `entries` (TOP), None where the server will not give it.

        Asked whether the server offers it in CAPA or not. Of a block beyond 256 KiB the beginning is given.
        `leaving`: nothing but `quit` comes after this, so that QUIT may go with the last of them; unless
        it is to delete something, for then every answer is looked at before.
        """
        for entry, line in self._each(
            entries,
            lambda entry: f"TOP {entry.msgno} 0",
            lambda entry: HEAD_USUAL_OCTETS,
            leaving=leaving,
        ):
            if not line.startswith(b"+OK"):
                understood(self.host, line)
                yield entry, None
                continue
            head = b""
            for chunk in self._wire.body(self._limits.message_octets):
                head += chunk[: HEAD_OCTETS - len(head)]
            yield entry, head

    def delete(self, entries: Iterable[Entry]) -> list[Entry]:
        """Mark messages as deleted and return those the server agreed to; `quit` carries it out."""
        self._deleting = True
        done = []
        for entry, line in self._each(entries, lambda entry: f"DELE {entry.msgno}", lambda entry: 0):
            reply = understood(self.host, line)
            if reply.ok:
                done.append(entry)
            else:
                self.objection = reply.said
        return done

    def _each(
        self,
        entries: Iterable[Entry],
        command: Callable[[Entry], str],
        octets: Callable[[Entry], int],
        *,
        leaving: bool = False,
    ) -> Iterator[tuple[Entry, bytes]]:
        """Give a command for each entry, some ahead where the server allows it; yield the status lines.

        The rest of an answer must be read before the next one is asked for. `entries` are taken as they are
        asked for, one before.
        """
        rest = Rest(entries)
        asked: deque[Entry] = deque()
        while rest.next or asked:
            if not asked:
                self._wire.expect_silence()
            # Early enough for what is asked to be on its way before what was asked has come.
            if len(asked) <= self._limits.window_messages * 3 // 4:
                self._ask_ahead(rest, asked, command, octets, leaving=leaving)
            self._unread = len(asked)
            yield asked[0], self._wire.line()
            asked.popleft()
        self._unread = 0

    def _ask_ahead(
        self,
        rest: Rest,
        asked: deque[Entry],
        command: Callable[[Entry], str],
        octets: Callable[[Entry], int],
        *,
        leaving: bool,
    ) -> None:
        """Send as many commands in one go as the window holds, one at least."""
        window = self._limits.window_messages if self.capabilities.pipelining else 1
        room = self._limits.window_octets - sum(map(octets, asked))
        commands: list[str] = []
        while rest.next and len(asked) < window:
            room -= octets(rest.next)
            if asked and room < 0:
                break
            asked.append(rest.take())
            commands.append(command(asked[-1]))
        if commands and not rest.next and leaving and self.capabilities.pipelining and not self._deleting:
            self._leaving = True
            commands.append("QUIT")
        if commands:
            self._send(*commands)

    def quit(self) -> bool:
        """Take leave and close; return whether the server said that it has done what it was told.

        Otherwise what was to be deleted may still be there (F32). To a server that answers more than it was
        asked, nothing is said: what it agreed to may have been something else. Never raises.
        """
        try:
            if not self._unread and not self._leaving:
                self._wire.expect_silence()
                self._send("QUIT")
            if self._unread:
                return False
            reply = self._reply()
            if not reply.ok:
                self.objection = reply.said
            return reply.ok
        except RestanteError:
            return False
        finally:
            self.close()

    def close(self) -> None:
        """Close the connection without a word. Never raises."""
        self._wire.close()

    # Asking and being answered.

    def _send(self, *commands: str) -> None:
        self._wire.send("".join(f"{command}\r\n" for command in commands).encode())

    def _ask(self, command: str) -> Reply:
        self._send(command)
        return self._reply()

    def _reply(self) -> Reply:
        return understood(self.host, self._wire.line())

    def _lines(self, limit_octets: int) -> list[bytes]:
        try:
            return b"".join(self._wire.body(limit_octets)).split(b"\r\n")[:-1]
        except MessageTooLarge:
            raise RemoteProtocol(
                f"{self.host} sends a list that does not end. It was given up at {limit_octets} octets.",
                about=self.host,
            ) from None

    def _numbered(self) -> dict[int, bytes]:
        """Return the entries of a UIDL or LIST answer by number."""
        lines = self._lines(self._limits.list_entries * ENTRY_OCTETS)
        if len(lines) > self._limits.list_entries:
            raise RemoteRefused(
                f"{self.host} holds more than {self._limits.list_entries} messages, which is more than this "
                "service takes. Move some of them elsewhere.",
                about=self.host,
            )
        found = numbered(lines)
        if found is None:
            raise self._garbled("its list of messages")
        return found

    def _garbled(self, what: str) -> RemoteProtocol:
        return RemoteProtocol(f"{self.host} answers nonsense for {what}.", about=self.host)
