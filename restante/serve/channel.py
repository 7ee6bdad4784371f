"""One connection as waitress keeps it: how a request is read, with our limits on it, and answered.

With `listener` the only file that knows waitress; its table says what is answered here.
"""

import socket
import time
from collections.abc import Callable
from email.utils import formatdate
from functools import lru_cache
from typing import Any

from waitress.adjustments import Adjustments
from waitress.buffers import OverflowableBuffer
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.receiver import FixedStreamReceiver
from waitress.task import WSGITask
from waitress.utilities import BadRequest, RequestEntityTooLarge

from restante.serve.refusals import Refusal

REQUEST_SECONDS = 30
"""How long a request may take to arrive, beyond what it brings at 4 KiB a second."""

SLOWEST_OCTETS_A_SECOND = 4096
_FRAMING_OCTETS = 64 * 1024  # what chunks may cost beside their octets: waitress keeps all of a chunk's line


HEADS_KEPT = 4
HEAD_OCTETS = 4096
"""The last headers of a connection are remembered: so many, of so many octets at most."""

_SAID = (
    *("first_line", "command", "request_uri", "version", "url_scheme", "path", "query", "fragment"),
    *("proxy_scheme", "proxy_netloc", "headers", "content_length", "connection_close", "limit_octets"),
)


class ListenerAdjustments(Adjustments):  # type: ignore[misc]
    """waitress's settings, and what our parser and channel must know of the listener they belong to."""

    body_limit_octets: Callable[..., int]
    request_seconds: float = REQUEST_SECONDS
    draining_since: float = float("inf")


class _Nowhere:
    """A buffer that only counts: where the rest of a refused body goes."""

    def __init__(self, octets: int) -> None:
        self._octets = octets

    def append(self, data: bytes) -> None:
        self._octets += len(data)

    def close(self) -> None:
        """Nothing was kept."""

    def __len__(self) -> int:
        return self._octets


class _Head:
    """What the header of a request says, as the parser's attributes and as the application's environment."""

    def __init__(self, said: dict[str, Any]) -> None:
        self.said = said
        self.environ: dict[str, Any] | None = None


class _Parser(HTTPRequestParser):  # type: ignore[misc]
    """One request as it arrives, with our limits on it."""

    _error: Refusal | None = None
    expect_continue: bool = False
    head: _Head | None = None

    def __init__(self, adj: ListenerAdjustments, heads: dict[bytes, _Head]) -> None:
        """`heads` are those that came by the same connection: most clients send the same ones again."""
        super().__init__(adj)
        self.started_at = time.monotonic()
        self.limit_octets = 0
        self._heads = heads

    @property
    def error(self) -> Refusal | None:
        return self._error

    @error.setter
    def error(self, error: Any) -> None:
        self._error = error if isinstance(error, Refusal) else Refusal(error)

    def parse_header(self, header_plus: bytes) -> None:
        """Read the header, or know it again: the same octets say the same."""
        known = self._heads.get(header_plus)
        if known is None:
            self._read_header(header_plus)
            if self.content_length and not self.expect_continue and len(header_plus) <= HEAD_OCTETS:
                self._keep_head(header_plus)
            return
        self.__dict__.update(known.said)
        self.head = known
        self.body_rcv = FixedStreamReceiver(self.content_length, OverflowableBuffer(self.adj.inbuf_overflow))

    def _keep_head(self, header_plus: bytes) -> None:
        if len(self._heads) >= HEADS_KEPT:
            self._heads.clear()
        self.head = _Head({name: getattr(self, name) for name in _SAID})
        self._heads[header_plus] = self.head

    def _read_header(self, header_plus: bytes) -> None:
        """Read the header; refuse what two readers could understand in two ways."""
        try:
            super().parse_header(header_plus)
        except ValueError as exc:  # a length of thousands of digits
            raise ParsingError("a number that cannot be read") from exc
        if "TRANSFER_ENCODING" in self.headers or (self.chunked and "CONTENT_LENGTH" in self.headers):
            raise ParsingError("two lengths")
        authorized = "AUTHORIZATION" in self.headers
        self.limit_octets = self.adj.body_limit_octets(self.path, authorized=authorized)

    def received(self, data: bytes) -> int:
        consumed: int = super().received(data)
        body = self.body_rcv
        if (
            body is not None
            and self.error is None
            and max(self.content_length, len(body)) > self.limit_octets
        ):
            self._refuse_body()
        if self.chunked and self.body_bytes_received - len(body) > _FRAMING_OCTETS:
            self.error = self.error or BadRequest("")
            self.completed = True
        return consumed

    def _refuse_body(self) -> None:
        """Answer 413: at once if the client waits for leave, else after reading the body into nowhere.

        Closing on a client that still writes would lose the answer.
        """
        self.error = RequestEntityTooLarge("")
        kept = self.body_rcv.getbuf()
        self.body_rcv.buf = _Nowhere(len(kept))
        kept.close()
        if self.expect_continue:
            self.expect_continue = False
            self.completed = True

    def overdue(self) -> bool:
        allowed: float = self.adj.request_seconds + self.body_bytes_received / SLOWEST_OCTETS_A_SECOND
        return time.monotonic() - self.started_at > allowed


class _Task(WSGITask):  # type: ignore[misc]
    """One request being answered."""

    wrote_header: bool = False

    def get_environment(self) -> dict[str, Any]:
        head = self.request.head
        environ: dict[str, Any]
        if head is None or head.environ is None:
            environ = super().get_environment()
            if self.channel.server.family == socket.AF_UNIX:
                environ["REMOTE_ADDR"] = "unix"
            if head is not None:
                head.environ = environ | {"wsgi.input": None}
        else:
            environ = head.environ | {"wsgi.input": self.request.get_body_stream()}
        environ["restante.late"] = self.request.started_at > self.channel.adj.draining_since
        return environ

    def write(self, data: bytes) -> None:
        """Send the header together with what follows it, where that is all: one packet, one waking up."""
        if self.wrote_header or not data or len(data) != self.content_length or not self.has_body:
            super().write(data)
            return
        header = self.build_response_header()
        self.wrote_header = True
        self.content_bytes_written = len(data)
        self.channel.write_soon(header + data)

    def build_response_header(self) -> bytes:
        """Return status and headers as octets, as the application gave them and in that order."""
        measured = self.content_length is not None and self.has_body
        if not self._may_last(measured):
            self.set_close_on_finish()
        lines = [f"HTTP/{self.version} {self.status}"]
        lines += [f"{name}: {value}" for name, value in self.response_headers if name != "Content-Length"]
        if measured:
            lines.append(f"Content-Length: {self.content_length}")
        if self.version == "1.0" and not self.close_on_finish:
            lines.append("Connection: Keep-Alive")
        lines.append(f"Server: {self.channel.adj.ident}")
        lines.append(f"Date: {_date(int(self.start_time))}\r\n\r\n")
        return "\r\n".join(lines).encode("latin-1")

    def _may_last(self, measured: bool) -> bool:
        """Tell whether the connection stays open: not where its end alone tells that of the answer."""
        asked = self.request.headers.get("CONNECTION", "").lower()
        if self.channel.adj.draining_since < float("inf"):
            return False
        if self.version == "1.0":
            return measured and asked == "keep-alive"
        return (measured or not self.has_body) and asked != "close"


@lru_cache(maxsize=4)
def _date(second: int) -> str:
    return formatdate(second, usegmt=True)


class Channel(HTTPChannel):  # type: ignore[misc]
    """One connection."""

    task_class = _Task

    def __init__(self, *args: Any, **named: Any) -> None:
        self._heads: dict[bytes, _Head] = {}
        super().__init__(*args, **named)

    def parser_class(self, adj: ListenerAdjustments) -> _Parser:
        return _Parser(adj, self._heads)

    def write_soon(self, data: Any) -> int:
        """Send at once what the system takes; only the rest is kept."""
        with self.outbuf_lock:
            octets = len(data)
            if self.connected and not self.total_outbufs_len and isinstance(data, bytes):
                data = data[self._send_some(data) :]
            if data:
                super().write_soon(data)
            return octets

    def _send_some(self, data: bytes) -> int:
        try:
            return int(self.send(data, do_close=False))
        except OSError:
            return 0  # waitress meets it again, and knows what to do

    def is_idle(self) -> bool:
        """Tell whether nothing is asked, arriving or waiting to be sent."""
        return not bool(self.requests or self.request or self.total_outbufs_len)

    def waiting_since(self) -> float:
        """Return how old this is for making room: a trickled request counts from its beginning."""
        if self.request is not None:
            return float(time.time() - (time.monotonic() - self.request.started_at))
        return float(self.last_activity)
