"""The client's only way out: JSON-RPC 2.0 over one kept HTTP connection an origin.

Standard library alone. TLS is always verified (a `ca_file` replaces the terminal's own authorities);
plain HTTP goes to this very machine only. Whatever is not a proper answer becomes a TransportError with a
kind of its own; an error object becomes ServerTrouble. A Wire is used by one thread at a time; the Meter
may be shared.
"""

from __future__ import annotations

import http.client
import json
import select
import socket
import ssl
import threading
import time
import zlib
from email.utils import parsedate_to_datetime
from typing import Any, BinaryIO, Dict, List, Mapping, NamedTuple, Optional, Sequence, Union

from tkclient.origin import Origin, parse_address
from tkclient.trouble import ServerTrouble, TransportError

ANSWER_LIMIT_OCTETS = 16 * 1024 * 1024
READ_SIZE_OCTETS = 64 * 1024
CONNECT_SECONDS = 12.0


class Call(NamedTuple):
    """One method to be called. `params` by name."""

    method: str
    params: Mapping[str, Any]

    @property
    def repeatable(self) -> bool:
        """True where the method only reads, so that asking twice cannot do anything twice."""
        return self.method.rsplit(".", 1)[-1] in ("get", "list", "page", "status", "changes", "touch")


Outcome = Union[Any, ServerTrouble]
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


class Wire:
    """The kept connections of one thread. `ca_file` names the authorities to be believed, if not all."""

    def __init__(self, meter: Meter, ca_file: str = "", seconds: float = 35.0) -> None:
        self._meter = meter
        self._ca_file = ca_file
        self._seconds = seconds
        self._tls: Optional[ssl.SSLContext] = None
        self._lines: Dict[Origin, Line] = {}

    def line(self, origin: Origin) -> Line:
        """Return the kept connection to `origin`, not yet connected if it is new."""
        if origin not in self._lines:
            tls = None if origin.plain else self._context()
            self._lines[origin] = Line(origin, tls, self._meter, self._seconds)
        return self._lines[origin]

    def _context(self) -> ssl.SSLContext:
        if self._tls is None:
            try:
                self._tls = ssl.create_default_context(cafile=self._ca_file or None)
            except (OSError, ssl.SSLError) as problem:
                raise TransportError("bad_certificate", self._ca_file, str(problem)) from problem
            self._tls.minimum_version = ssl.TLSVersion.TLSv1_2
        return self._tls

    def call(self, url: str, call: Call, token: str = "") -> Any:
        """Return the result of one method. Raises ServerTrouble, TransportError. Blocks until answered."""
        (outcome,) = self.batch(url, [call], token)
        if isinstance(outcome, ServerTrouble):
            raise outcome
        return outcome

    def batch(self, url: str, calls: Sequence[Call], token: str = "") -> List[Outcome]:
        """Call several methods in one request; return a result, or the ServerTrouble, for each in order.

        Raises TransportError, and ServerTrouble where the whole request was refused.
        """
        origin, path = parse_address(url)
        items = [
            {"jsonrpc": "2.0", "id": number, "method": call.method, "params": dict(call.params)}
            for number, call in enumerate(calls)
        ]
        body = json.dumps(items[0] if len(items) == 1 else items, ensure_ascii=False, separators=(",", ":"))
        repeatable = all(call.repeatable for call in calls)
        line = self.line(origin)
        answer = line.begin(
            "POST", path + "jsonrpc", _headers(token), body.encode("utf-8", "replace"), repeatable
        )
        octets = line.read(answer, ANSWER_LIMIT_OCTETS)
        return _outcomes(_decode(octets, answer, origin), len(calls), origin)

    def close(self) -> None:
        for line in self._lines.values():
            line.close()
        self._lines.clear()


def _headers(token: str) -> Dict[str, str]:
    headers = {"Content-Type": "application/json", "Accept-Encoding": "gzip"}
    if token:
        headers["Authorization"] = "Bearer " + token
    return headers


def _decode(octets: bytes, answer: http.client.HTTPResponse, origin: Origin) -> Any:
    """Return the JSON of an answer; unpack gzip up to the same limit."""
    try:
        if answer.getheader("Content-Encoding", "").strip().lower() == "gzip":
            unpacker = zlib.decompressobj(31)
            octets = unpacker.decompress(octets, ANSWER_LIMIT_OCTETS)
            if unpacker.unconsumed_tail or not unpacker.eof:
                raise TransportError("bad_answer", origin.text, "gzip")
        return json.loads(octets.decode("utf-8"))
    except (ValueError, zlib.error, RecursionError) as problem:
        detail = "HTTP %d, %s" % (answer.status, type(problem).__name__)
        raise TransportError("bad_answer", origin.text, detail) from problem


def _outcomes(decoded: Any, count: int, origin: Origin) -> List[Outcome]:
    """Put the answers in the order of the questions."""
    answers = decoded if isinstance(decoded, list) else [decoded]
    found: Dict[Any, Outcome] = {}
    for item in answers:
        if not isinstance(item, dict):
            raise TransportError("bad_answer", origin.text, "not an answer")
        if isinstance(item.get("error"), dict):
            trouble = ServerTrouble(item["error"])
            if not isinstance(decoded, list):
                return _refused(trouble, count)
            found[item.get("id")] = trouble
        elif "result" in item:
            found[item.get("id")] = item["result"]
    if any(number not in found for number in range(count)):
        raise TransportError("bad_answer", origin.text, "an answer is missing")
    return [found[number] for number in range(count)]


def _refused(trouble: ServerTrouble, count: int) -> List[Outcome]:
    if count > 1:
        raise trouble
    return [trouble]
