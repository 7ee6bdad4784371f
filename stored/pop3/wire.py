"""Reading and writing one POP3 connection: framed, buffered, bounded, and never for longer than its deadline.

Everything a server sends passes through one buffer of fixed size. A line has a limit, a body is handed on in
chunks as it comes, every wait ends at the earlier of the idle limit and the session's deadline.
Knows the framing of RFC 1939 section 3 and nothing of commands.
"""

import hashlib
import re
from collections.abc import Callable, Iterator
from functools import partial
from select import POLLIN, POLLOUT, poll
from socket import socket
from ssl import SSLContext, SSLSocket, SSLWantReadError, SSLWantWriteError
from time import monotonic
from typing import Protocol

from restante.errors import ConnectionFailed, RemoteProtocol, RemoteSilent
from stored.pop3.breaker import Breaker
from stored.pop3.tls import handshake

BUFFER_OCTETS = 256 * 1024
#: With less room than this behind what is there, what is there moves to the front of the buffer.
ROOM_OCTETS = 64 * 1024
TERMINATOR = b"\r\n.\r\n"
# A line that is a dot, or begins with a stuffed one.
_AT_A_DOT = re.compile(rb"\r\n\.(?:\r\n|\.)")
_CR = ord("\r")
# What TLS waits for may be the other direction.
_EVENTS: dict[type[OSError], int] = {SSLWantReadError: POLLIN, SSLWantWriteError: POLLOUT}


class Limits(Protocol):
    """What the operator allows a session; the settings of `[pop3]` are one."""

    @property
    def connect_seconds(self) -> float: ...
    @property
    def idle_seconds(self) -> float: ...
    @property
    def session_seconds(self) -> float: ...
    @property
    def line_octets(self) -> int: ...
    @property
    def list_entries(self) -> int: ...
    @property
    def message_octets(self) -> int: ...
    @property
    def window_messages(self) -> int: ...
    @property
    def window_octets(self) -> int: ...


class MessageTooLarge(RemoteProtocol):
    """A body went past its limit. The connection is of no more use: the rest is still on its way."""


class Wire:
    """One connection, read strictly. Not for use by two threads.

    Every method may raise ConnectionFailed, RemoteSilent (both worth another try) or RemoteProtocol.
    """

    def __init__(
        self, connection: socket, host: str, limits: Limits, deadline: float, breaker: Breaker
    ) -> None:
        """`deadline`, a time of `monotonic()`, is that of connecting; it holds until `extend`."""
        self._breaker = breaker
        self._socket = connection
        connection.setblocking(False)
        self._host = host
        self._limits = limits
        self._deadline = deadline
        self._session_seconds: float | None = None
        self._buffer = bytearray(BUFFER_OCTETS)
        self._view = memoryview(self._buffer)
        self._start = 0
        self._end = 0

    def extend(self, began: float, seconds: float) -> None:
        """The greeting has come: set when the session is over, so many seconds after it `began`."""
        self._deadline = began + seconds
        self._session_seconds = seconds

    def line(self) -> bytes:
        """Return the next line without its CRLF. The whole of it must come within the idle limit."""
        until = monotonic() + self._limits.idle_seconds
        searched = 0
        while (at := self._buffer.find(b"\n", self._start + searched, self._end)) < 0:
            searched = self._end - self._start
            if searched > self._limits.line_octets:
                raise self._line_too_long()
            self._receive(until)
        line = bytes(self._view[self._start : at])
        if len(line) > self._limits.line_octets:
            raise self._line_too_long()
        if not line.endswith(b"\r"):
            raise self._garbled("ends a line without a carriage return")
        self._start = at + 1
        return line[:-1]

    def body(self, limit_octets: int) -> Iterator[bytes]:
        """Yield the multi-line answer that follows the line just read, unstuffed, in chunks.

        Ends only at CRLF.CRLF (RFC 1939 section 3); `LF.LF`, NUL and bare CR are octets like any other.
        Must be begun before anything else is read, and read to its end.
        Raises MessageTooLarge once more than `limit_octets` have come.
        """
        # The CRLF of the status line is still in the buffer. Counted in, it makes a terminator of the dot of
        # an empty body, so that there is one rule for all.
        self._start -= 2
        first, stuffed, searched, total = True, False, 0, 0
        while True:
            at, dots = self._terminator(self._start + searched)
            stuffed = stuffed or dots
            reached = at if at >= 0 else self._end - len(TERMINATOR)
            if total + reached - self._start > limit_octets:
                raise MessageTooLarge(
                    f"{self._host} sent a message of more than {limit_octets} octets, which is not taken.",
                    about=self._host,
                )
            if at < 0 and self._end - self._start < BUFFER_OCTETS:
                searched = max(0, self._end - self._start - len(TERMINATOR) + 1)
                self._receive(monotonic() + self._limits.idle_seconds)
                continue
            cut = at + 2 if at >= 0 else self._cut()
            chunk = bytes(self._view[self._start + 2 if first else self._start : cut])
            if stuffed:
                chunk = _unstuffed(chunk, first)
            self._start = at + len(TERMINATOR) if at >= 0 else cut
            total += len(chunk)
            if chunk:
                yield chunk
            if at >= 0:
                return
            first, stuffed, searched = False, False, 0

    def _terminator(self, begin: int) -> tuple[int, bool]:
        """Return where the terminator is from `begin` on, or -1; and whether there are dots to be unstuffed.

        One search tells both of nearly every message, since hardly a line begins with a dot.
        """
        found = _AT_A_DOT.search(self._buffer, begin, self._end)
        if found is None:
            return -1, False
        at = found.start()
        if self._buffer[at + 3] == _CR:
            return at, False
        return self._buffer.find(TERMINATOR, at + 2, self._end), True

    def _cut(self) -> int:
        """Return where a full buffer may be cut: before the last CRLF, so that no `CRLF.` is torn."""
        at = self._buffer.rfind(b"\r\n", self._start + 2, self._end)
        return at if at > self._start else self._end - 1

    def send(self, octets: bytes) -> None:
        """Send all of `octets`, within the idle limit."""
        until = monotonic() + self._limits.idle_seconds
        left = memoryview(octets)
        while left:
            left = left[self._patiently(partial(self._socket.send, left), POLLOUT, until) :]

    def secure(self, context: SSLContext) -> None:
        """Go over to TLS. What the server sent before it was asked is refused, never read on (F28)."""
        if self._start != self._end:
            raise self._garbled("spoke before encryption had begun; somebody may be tampering with the line")
        deadline = min(self._deadline, monotonic() + self._limits.idle_seconds)
        self._socket = handshake(self._socket, self._host, context, deadline, self._breaker)
        self._socket.setblocking(False)

    def certificate(self) -> bytes:
        """Return the hash of the certificate that the server showed, nothing in the clear."""
        shown = self._socket.getpeercert(binary_form=True) if isinstance(self._socket, SSLSocket) else None
        return hashlib.sha256(shown).digest() if shown else b""

    def expect_silence(self) -> None:
        """Raise RemoteProtocol if the server has already sent more than it was asked for."""
        if self._start != self._end:
            raise self._garbled("answers before it is asked; somebody may be tampering with the line")

    def close(self) -> None:
        """Close the connection. Never raises."""
        self._socket.close()

    def _receive(self, until: float) -> None:
        """Wait for more octets and put them behind what is there."""
        if BUFFER_OCTETS - self._end < ROOM_OCTETS:
            self._move_to_front()
        count = self._patiently(partial(self._socket.recv_into, self._view[self._end :]), POLLIN, until)
        if not count:
            raise ConnectionFailed(
                f"{self._host} closed the connection in the middle. Try again later.", about=self._host
            )
        self._end += count

    def _patiently(self, attempt: Callable[[], int], event: int, until: float) -> int:
        """Return what `attempt` does, made again whenever `event` shows that it need not wait."""
        try:
            while True:
                left = self._left(until)
                try:
                    return attempt()
                except (BlockingIOError, SSLWantReadError, SSLWantWriteError) as blocked:
                    self._wait(_EVENTS.get(type(blocked), event), left)
        except TimeoutError:
            raise self._late() from None
        except OSError as exc:
            raise self._broken(exc) from None

    def _wait(self, event: int, seconds: float) -> None:
        poller = poll()
        poller.register(self._socket, event)
        poller.poll(seconds * 1000)

    def _move_to_front(self) -> None:
        # A memoryview copies correctly onto itself; a bytearray does not promise to.
        length = self._end - self._start
        self._view[:length] = self._view[self._start : self._end]
        self._start, self._end = 0, length

    def _left(self, until: float) -> float:
        left = min(until, self._deadline) - monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def _late(self) -> RemoteSilent:
        opening = self._session_seconds is None
        if not opening and monotonic() >= self._deadline:
            return RemoteSilent(
                f"{self._host} was not done after {self._session_seconds:g} seconds. "
                "What came so far is kept; the rest is for next time.",
                about=self._host,
            )
        seconds = self._limits.idle_seconds
        if opening:
            seconds = min(seconds, self._limits.connect_seconds)
        return RemoteSilent(
            f"{self._host} did not answer within {seconds:g} seconds. Try again later.", about=self._host
        )

    def _broken(self, exc: OSError) -> ConnectionFailed:
        return ConnectionFailed(
            f"The connection to {self._host} broke off. Try again later.", about=self._host, cause=repr(exc)
        )

    def _line_too_long(self) -> RemoteProtocol:
        return self._garbled(f"sends a line of more than {self._limits.line_octets} octets")

    def _garbled(self, what: str) -> RemoteProtocol:
        return RemoteProtocol(
            f"{self._host} {what}. Check that the host and the port are those of a POP3 server.",
            about=self._host,
        )


def _unstuffed(chunk: bytes, first: bool) -> bytes:
    """Return a chunk without the dots put before dots at line starts; `first`: it begins with a line."""
    if first and chunk.startswith(b".."):
        chunk = chunk[1:]
    return chunk.replace(b"\r\n..", b"\r\n.")
