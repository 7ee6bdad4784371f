"""A real server on a port of the system's choosing, and plain ways to talk to it."""

import http.client
import json
import socket
import threading
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from restante.config import HttpSettings
from restante.serve import Application, Server
from tests.unit.restante.example import Example, authenticate, methods

JSON = {"Content-Type": "application/json"}
ANA = {"Authorization": "Bearer ana"}
DEADLINE_SECONDS = 20


@dataclass
class Running:
    """A server with the example's methods: public at `/mail/`, internal at `/`."""

    server: Server
    example: Example
    public: Application

    def address(self, internal: bool = False) -> tuple[str, int]:
        host, _, port = self.server.addresses[int(internal)].rpartition(":")
        return host, int(port)

    def connect(self, **options: Any) -> socket.socket:
        """Return a bare connection to the public listener."""
        return socket.create_connection(self.address(), timeout=DEADLINE_SECONDS, **options)

    def ask(
        self, verb: str, path: str, body: Any = None, headers: dict[str, str] | None = None, *, internal=False
    ) -> "Answer":
        connection = http.client.HTTPConnection(*self.address(internal), timeout=DEADLINE_SECONDS)
        try:
            connection.request(verb, path, body, headers or {})
            return read(connection.getresponse())
        finally:
            connection.close()

    def call(self, name: str, params: Any = None, headers: dict[str, str] | None = None, **more) -> "Answer":
        request = {"jsonrpc": "2.0", "method": name, "params": params or [], "id": 1}
        path = "/jsonrpc" if more.get("internal") else "/mail/jsonrpc"
        return self.ask("POST", path, json.dumps(request).encode(), JSON | (headers or {}), **more)


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def kind(self) -> str:
        return str(self.json["error"]["data"]["kind"])


def read(response: http.client.HTTPResponse) -> Answer:
    headers = {name.lower(): value for name, value in response.getheaders()}
    return Answer(response.status, headers, response.read())


def read_answer(connection: socket.socket) -> Answer:
    """Read one answer from a bare connection."""
    response = http.client.HTTPResponse(connection)
    response.begin()
    return read(response)


def request(verb: str, path: str, body: bytes = b"", **headers: str) -> bytes:
    """Return the octets of a request with its length."""
    lines = [f"{verb} {path} HTTP/1.1", "Host: x", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def rpc(name: str, *params: Any) -> bytes:
    """Return the octets of a call with Ana's credentials."""
    body = json.dumps({"jsonrpc": "2.0", "method": name, "params": params, "id": 1}).encode()
    return request("POST", "/mail/jsonrpc", body, Content_Type="application/json", Authorization="Bearer ana")


def wait_until(true: Callable[[], object]) -> None:
    """Return once `true()` is; fail after the deadline."""
    until = time.monotonic() + DEADLINE_SECONDS
    while not true():
        assert time.monotonic() < until, "it did not come to pass"
        threading.Event().wait(0.005)


@contextmanager
def running(*, routes=(), health=None, settings: HttpSettings | None = None, **timing: float):
    """Run the example; drained within a second at the end, whatever still runs."""
    table, example = methods(check_returns=True)
    public = Application(table, authenticate, audience="public", path="/mail/", routes=routes, health=health)
    internal = Application(table, authenticate, audience="internal")
    server = Server(
        [(public, "127.0.0.1:0"), (internal, "127.0.0.1:0")], settings or HttpSettings(), **timing
    )
    server.start()
    try:
        yield Running(server, example, public)
    finally:
        example.gate.set()
        server.drain(1)
