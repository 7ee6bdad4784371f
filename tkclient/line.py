"""One kept HTTP connection to one origin, and the meter of what passes through.

Knows nothing of what is asked. Whatever goes wrong becomes a TransportError with a kind of its own. A Line
is used by one thread at a time; the Meter may be shared.
"""

from __future__ import annotations

import http.client
import select
import socket
import ssl
import threading
import time
from email.utils import parsedate_to_datetime
from typing import Any, BinaryIO, List, Mapping, Optional

from tkclient.origin import Origin
from tkclient.trouble import TransportError

READ_SIZE_OCTETS = 64 * 1024
CONNECT_SECONDS = 12.0

Answer = http.client.HTTPResponse


class Meter:
    """Counts what a visit costs in octets (headers included) and how fast the line has proved."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.sent_octets = 0
        self.received_octets = 0
        self.octets_per_second = 0.0
        self.server_ahead_seconds = 0.0

    def begin_anew(self) -> None:
        """Count from nothing, for another visit; what was learned of the line and the clock is kept."""
        with self._lock:
            self.sent_octets = self.received_octets = 0

    @property
    def octets(self) -> int:
        return self.sent_octets + self.received_octets

    def sent(self, octets: int) -> None:
        with self._lock:
            self.sent_octets += octets

    def received(self, octets: int) -> None:
        with self._lock:
            self.received_octets += octets

    def moved(self, octets: int, seconds: float) -> None:
        """Note a transfer; those too small to tell anything about the line are ignored."""
        if octets >= 32 * 1024 and seconds > 0:
            self.octets_per_second = octets / seconds

    def server_said(self, date: Optional[str]) -> None:
        """Learn the server's clock from its Date header: a terminal's own may be anything."""
        try:
            if date:
                self.server_ahead_seconds = parsedate_to_datetime(date).timestamp() - time.time()
        except (TypeError, ValueError):
            pass


class _CountedFile:
    """The file an HTTPResponse reads from, telling a meter what passes."""

    def __init__(self, file: BinaryIO, meter: Meter) -> None:
        self._file = file
        self._meter = meter

    def read(self, octets: int = -1) -> bytes:
        got = self._file.read(octets)
        self._meter.received(len(got))
        return got

    def read1(self, octets: int = -1) -> bytes:
        got: bytes = self._file.read1(octets)  # type: ignore[attr-defined]
        self._meter.received(len(got))
        return got

    def readline(self, limit: int = -1) -> bytes:
        got = self._file.readline(limit)
        self._meter.received(len(got))
        return got

    def readinto(self, buffer: Any) -> int:
        got: int = self._file.readinto(buffer)  # type: ignore[attr-defined]
        self._meter.received(got)
        return got

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


class Line:
    """One kept connection to one origin."""

    def __init__(self, origin: Origin, tls: Optional[ssl.SSLContext], meter: Meter, seconds: float) -> None:
        self.origin = origin
        self._meter = meter
        self._seconds = seconds
        self._connection: http.client.HTTPConnection
        if tls is None:
            self._connection = http.client.HTTPConnection(origin.host, origin.port, timeout=seconds)
        else:
            self._connection = http.client.HTTPSConnection(
                origin.host, origin.port, timeout=seconds, context=tls
            )
        self._used = False

    def begin(
        self, verb: str, path: str, headers: Mapping[str, str], body: bytes = b"", repeatable: bool = False
    ) -> http.client.HTTPResponse:
        """Send one request and return its answer with the body still to be read.

        A kept connection that the server has closed meanwhile is replaced; when the loss shows only after
        sending, the request is repeated once if `repeatable`.
        """
        kept = self._used and self._connection.sock is not None
        if kept and self._is_stale():
            self.close()
            kept = False
        try:
            return self._send(verb, path, headers, body)
        except TransportError as lost:
            if not (kept and repeatable and lost.kind == "connection_lost"):
                raise
        return self._send(verb, path, headers, body)

    def _is_stale(self) -> bool:
        """Say whether the server has closed the idle connection: it is readable though nothing was asked."""
        try:
            return bool(select.select([self._connection.sock], [], [], 0)[0])
        except (OSError, ValueError):
            return True

    def _send(
        self, verb: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> http.client.HTTPResponse:
        try:
            if self._connection.sock is None:
                self._connect()
            self._connection.request(verb, path, body=body or None, headers=dict(headers))
            self._meter.sent(_octets_of_request(verb, path, headers, body))
            self._connection.response_class = self._counted_response  # type: ignore[assignment]
            self._used = True
            answer = self._connection.getresponse()
        except (OSError, http.client.HTTPException) as problem:
            self.close()
            raise transport_error(problem, self.origin) from problem
        self._meter.server_said(answer.getheader("Date"))
        return answer

    def _connect(self) -> None:
        """Connect with less patience than an answer is given."""
        self._connection.timeout = min(CONNECT_SECONDS, self._seconds)
        self._connection.connect()
        self._connection.sock.settimeout(self._seconds)

    def _counted_response(self, sock: socket.socket, *args: Any, **options: Any) -> http.client.HTTPResponse:
        response = http.client.HTTPResponse(sock, *args, **options)
        response.fp = _CountedFile(response.fp, self._meter)  # type: ignore[assignment]
        return response

    def read(self, answer: http.client.HTTPResponse, limit_octets: int) -> bytes:
        """Return the whole body; a trickle is cut after twice the time-out, a flood at `limit_octets`."""
        ends = time.monotonic() + 2 * self._seconds
        pieces: List[bytes] = []
        total = 0
        try:
            while True:
                piece = answer.read1(READ_SIZE_OCTETS)
                if not piece:
                    break
                pieces.append(piece)
                total += len(piece)
                if total > limit_octets:
                    raise TransportError("bad_answer", self.origin.text, "too long")
                if time.monotonic() > ends:
                    raise TransportError("no_answer", self.origin.text, "a trickle")
            promised = answer.getheader("Content-Length")
            if promised is not None and promised.isdigit() and int(promised) != total:
                raise TransportError("connection_lost", self.origin.text, "cut short")
            # read1 stops short of telling the connection that this answer is over.
            answer.close()
        except (OSError, http.client.HTTPException) as problem:
            self.close()
            raise transport_error(problem, self.origin) from problem
        except TransportError:
            self.close()
            raise
        return b"".join(pieces)

    def read_some(self, answer: http.client.HTTPResponse) -> bytes:
        """Return what has come of a body that is not over yet."""
        try:
            piece = answer.read1(READ_SIZE_OCTETS)
        except (OSError, http.client.HTTPException) as problem:
            raise transport_error(problem, self.origin) from problem
        if not piece:
            raise TransportError("connection_lost", self.origin.text, "cut short")
        return piece

    def close(self) -> None:
        self._used = False
        self._connection.close()


def _octets_of_request(verb: str, path: str, headers: Mapping[str, str], body: bytes) -> int:
    """Count a request as http.client writes it, with the Host, Accept-Encoding and length lines it adds."""
    lines = sum(len(name) + len(value) + 4 for name, value in headers.items())
    return len(verb) + len(path) + 12 + lines + 60 + len(body)


def transport_error(problem: BaseException, origin: Origin) -> TransportError:
    """Return the TransportError that tells a person best what `problem` was."""
    detail = type(problem).__name__
    if isinstance(problem, ssl.SSLCertVerificationError):
        return TransportError("bad_certificate", origin.host, detail)
    if isinstance(problem, socket.timeout):
        return TransportError("no_answer", origin.text, detail)
    if isinstance(problem, (socket.gaierror, ConnectionRefusedError)):
        return TransportError("unreachable", origin.text, detail)
    if isinstance(problem, http.client.RemoteDisconnected):
        return TransportError("connection_lost", origin.text, detail)
    if isinstance(problem, (http.client.IncompleteRead, ConnectionError, ssl.SSLError)):
        return TransportError("connection_lost", origin.text, detail)
    if isinstance(problem, http.client.HTTPException):
        return TransportError("bad_answer", origin.text, detail)
    return TransportError("unreachable", origin.text, detail)
