"""The client's only way out: JSON-RPC 2.0 over one kept HTTP connection an origin.

Standard library alone. TLS is always verified (a `ca_file` replaces the terminal's own authorities);
plain HTTP goes to this very machine only. Whatever is not a proper answer becomes a TransportError with a
kind of its own; an error object becomes ServerTrouble. A Wire is used by one thread at a time.
"""

from __future__ import annotations

import http.client
import json
import ssl
import zlib
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Union

from tkclient.line import Line, Meter
from tkclient.origin import Origin, parse_address
from tkclient.trouble import ServerTrouble, TransportError

ANSWER_LIMIT_OCTETS = 16 * 1024 * 1024


class Call(NamedTuple):
    """One method to be called. `params` by name."""

    method: str
    params: Mapping[str, Any]

    @property
    def repeatable(self) -> bool:
        """True where the method only reads, so that asking twice cannot do anything twice."""
        return self.method.rsplit(".", 1)[-1] in ("get", "list", "page", "status", "changes", "touch")


Outcome = Union[Any, ServerTrouble]


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
