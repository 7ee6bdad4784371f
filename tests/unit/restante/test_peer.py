"""Calls between daemons: over real sockets, to a real server and to ones that behave badly."""

import contextlib
import json
import socket
import threading
import time
from datetime import UTC, datetime

import pytest
from persistent.mapping import PersistentMapping

from restante import log, peer
from restante.config import HttpSettings
from restante.credentials import Keys
from restante.db import Database
from restante.errors import (
    Damaged,
    Draining,
    InternalError,
    NotFound,
    RestanteError,
    SessionEnded,
    TooManyTries,
    Unavailable,
)
from restante.peer import Peer, internal_authenticator
from restante.rpc import Call, Methods, daemons, method
from restante.serve import Application, Basic, Server


class EchoService:
    """What the other daemon offers."""

    error: Exception = NotFound("There is no such thing.")

    @method("echo.say", caller=daemons("stored"))
    def say(
        self, call: Call, /, text: str = "", at: datetime | None = None, octets: bytes = b""
    ) -> dict[str, str]:
        """Return what was said, and who said it."""
        return {"text": text, "name": call.principal.name, "request": call.request_id, "octets": octets.hex()}

    @method("echo.raise", caller=daemons("stored"))
    def fail(self, call: Call, /) -> dict[str, str]:
        """Raise."""
        raise self.error

    @method("echo.relayd", caller=daemons("relayd"))
    def other(self, call: Call, /) -> dict[str, str]:
        """Answer another daemon only."""
        return {}


@pytest.fixture
def keys(tmp_path):
    return {name: Keys.load(tmp_path / "keys", name) for name in ("stored", "profiled")}


@pytest.fixture
def echo():
    return EchoService()


@pytest.fixture
def server(keys, echo):
    application = Application(
        Methods.of(echo, system="profiled"), internal_authenticator(keys["profiled"]), audience="internal"
    )
    with Server([(application, "127.0.0.1:0")], HttpSettings()) as server:
        yield server


@pytest.fixture
def profiled(server, keys):
    return Peer("profiled", server.urls[0], keys["stored"], 5)


NEVER = threading.Event()


class Listener:
    """A server of one's own making: each connection is given to `behave(connection, number)`."""

    def __init__(self, behave):
        self._behave = behave
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.connections = 0
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/"
        self._open = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                self._open.append(connection)
                self.connections += 1
                threading.Thread(target=self._serve, args=(connection, self.connections), daemon=True).start()

    def _serve(self, connection, number):
        with contextlib.suppress(OSError), connection:
            self._behave(connection, number)

    def close(self):
        self._socket.close()
        for connection in self._open:
            connection.close()


@pytest.fixture
def listening():
    listeners = []

    def listen(behave):
        listeners.append(Listener(behave))
        return listeners[-1]

    yield listen
    for listener in listeners:
        listener.close()


def request_of(connection):
    """Read one whole request; return its body as an object, or None at the end of the connection."""
    octets = b""
    while b"\r\n\r\n" not in octets:
        piece = connection.recv(65536)
        if not piece:
            return None
        octets += piece
    head, _, body = octets.partition(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
    while len(body) < length:
        body += connection.recv(65536)
    return json.loads(body)


def answer(connection, body, status="200 OK"):
    connection.sendall(f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)


def result(request):
    return json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": {"n": 1}}).encode()


def test_a_call_says_who_calls_and_under_which_request(profiled):
    token = log.request_id.set("abcdef0123456789")
    said = profiled.call("echo.say", text="¿qué tal?\x00", at=datetime.now(UTC), octets=b"\x00\xff")
    log.request_id.reset(token)
    assert said == {"text": "¿qué tal?", "name": "stored", "request": "abcdef0123456789", "octets": "00ff"}
    assert len(profiled.call("echo.say")["request"]) >= 8


@pytest.mark.parametrize(
    "error",
    [
        NotFound("There is no message m12."),
        SessionEnded("The session is over; log in again."),
        Damaged("A stored record is damaged.", about="m12"),
        TooManyTries("Too many tries; wait.", retry_after_seconds=30),
    ],
    ids=lambda error: error.kind,
)
def test_what_the_other_raises_is_raised_here(profiled, echo, error):
    echo.error = error
    with pytest.raises(type(error)) as raised:
        profiled.call("echo.raise")
    assert raised.value.message == error.message
    assert raised.value.about == error.about
    assert raised.value.retry_after_seconds == error.retry_after_seconds
    assert "profiled" in raised.value.cause


def test_a_fault_of_the_other_is_internal_with_its_reference(profiled, echo):
    echo.error = RuntimeError("Dear Ana")
    with pytest.raises(InternalError) as raised:
        profiled.call("echo.raise")
    assert raised.value.ref
    assert "Ana" not in raised.value.message


@pytest.mark.parametrize("name", ["echo.relayd", "echo.none"])
def test_a_method_that_is_not_ours_makes_the_other_away_and_not_the_user_wrong(profiled, name):
    with pytest.raises(Unavailable, match="profiled does not answer") as raised:
        profiled.call(name)
    assert "method_not_found" in raised.value.cause


def test_keys_that_the_other_does_not_know_do_not_end_the_users_session(server, tmp_path):
    strange = Keys.load(tmp_path / "elsewhere", "stored")
    with pytest.raises(Unavailable) as raised:
        Peer("profiled", server.urls[0], strange).call("echo.say")
    assert "unauthenticated" in raised.value.cause


def test_one_that_is_stopping_is_away(profiled, echo):
    echo.error = Draining("Stopping; ask again.")
    with pytest.raises(Unavailable):
        profiled.call("echo.raise")


def test_the_second_listener_knows_no_passwords(keys):
    with pytest.raises(RestanteError, match="token"):
        internal_authenticator(keys["profiled"])(Basic("ana", "secret"), "127.0.0.1")


def test_nobody_is_called_from_inside_a_unit_of_work(profiled, tmp_path):
    database = Database.open(tmp_path / "one.fs", PersistentMapping)
    for unit in (database.read, database.write):
        with pytest.raises(RuntimeError, match="inside a unit of work"):
            unit(lambda root: profiled.call("echo.say"))
    database.close()


def test_a_refused_connection_names_the_daemon(keys, listening):
    listener = listening(lambda connection, number: None)
    listener.close()
    with pytest.raises(Unavailable, match="profiled") as raised:
        Peer("profiled", listener.url, keys["stored"]).call("echo.say")
    assert raised.value.about == "profiled"
    assert raised.value.retryable


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>Bad gateway</html>",
        b"null",
        b"[]",
        b"[1]",
        b'"text"',
        b"{}",
        b'{"jsonrpc": "2.0", "id": 1}',
        b'{"jsonrpc": "2.0", "id": 1, "error": 5}',
        b'[{"jsonrpc": "2.0", "id": 1, "result": 1}, {"jsonrpc": "2.0", "id": 2, "result": 1}]',
        b"\xff\xfe",
    ],
)
def test_an_answer_that_is_none_is_away(keys, listening, body):
    def behave(connection, number):
        request_of(connection)
        answer(connection, body, "502 Bad Gateway")

    with pytest.raises(Unavailable):
        Peer("profiled", listening(behave).url, keys["stored"], 5).call("echo.say")


def test_an_error_of_an_unknown_kind_is_internal(keys, listening):
    def behave(connection, number):
        request_of(connection)
        answer(connection, b'{"jsonrpc": "2.0", "id": 1, "error": {"code": 1, "message": "x", "data": [1]}}')

    with pytest.raises(InternalError):
        Peer("profiled", listening(behave).url, keys["stored"], 5).call("echo.say")


def silent(connection, number):
    request_of(connection)
    connection.recv(1)


def trickling(connection, number):
    request_of(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while True:
        connection.sendall(b" ")
        NEVER.wait(0.02)


def endless(connection, number):
    request_of(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n")
    while True:
        connection.sendall(b" " * 65536)


def cut(connection, number):
    request_of(connection)
    connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"json')


def redirecting(connection, number):
    request_of(connection)
    answer(connection, b"", "302 Found\r\nLocation: http://127.0.0.1:9/")


def not_http(connection, number):
    connection.sendall(b"+OK POP3 ready\r\n")


@pytest.mark.parametrize("behave", [silent, trickling, endless, cut, redirecting, not_http])
def test_whatever_the_other_does_the_call_ends_in_time(keys, listening, behave, monkeypatch):
    monkeypatch.setattr(peer, "ANSWER_LIMIT_OCTETS", 1_000_000)
    listener = listening(behave)
    before = time.monotonic()
    with pytest.raises(Unavailable):
        Peer("profiled", listener.url, keys["stored"], 0.5, repeatable=["echo.say"]).call("echo.say")
    assert time.monotonic() - before < 3
    assert listener.connections == 1


def closing_after_one(connection, number):
    """Answer once, then close as soon as the next request has come: a kept connection gone stale."""
    request = request_of(connection)
    answer(connection, result(request))
    if number == 1:
        request_of(connection)
    else:
        while request := request_of(connection):
            answer(connection, result(request))


def test_a_stale_connection_is_tried_again_only_where_that_is_harmless(keys, listening):
    listener = listening(closing_after_one)
    other = Peer("profiled", listener.url, keys["stored"], 5, repeatable=["echo.say"])
    assert [other.call("echo.say") for _ in range(3)] == [{"n": 1}] * 3
    assert listener.connections == 2

    listener = listening(closing_after_one)
    careful = Peer("profiled", listener.url, keys["stored"], 5)
    careful.call("echo.say")
    with pytest.raises(Unavailable):
        careful.call("echo.say")
    assert careful.call("echo.say") == {"n": 1}


def test_a_connection_that_lay_idle_is_not_used_again(keys, listening, monkeypatch):
    listener = listening(closing_after_one)
    other = Peer("profiled", listener.url, keys["stored"], 5)
    other.call("echo.say")
    monkeypatch.setattr(peer, "IDLE_SECONDS", -1)
    assert other.call("echo.say") == {"n": 1}
    assert listener.connections == 2


def test_threads_have_connections_of_their_own_and_keep_them(profiled, keys, listening):
    def behave(connection, number):
        while request := request_of(connection):
            answer(connection, result(request))

    listener = listening(behave)
    other = Peer("profiled", listener.url, keys["stored"], 5)

    def many():
        for _ in range(5):
            other.call("echo.say")

    threads = [threading.Thread(target=many) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert listener.connections == 3


def test_proxies_of_the_environment_are_not_used(profiled, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9/")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9/")
    assert profiled.call("echo.say")["name"] == "stored"
