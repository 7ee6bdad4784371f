"""The wire, against real sockets that answer well, badly, late or not at all."""

import gzip
import json
import socket
import ssl
import threading

import pytest
import trustme

from tkclient.origin import parse_address
from tkclient.rpc import Call, Meter, Wire
from tkclient.trouble import ServerTrouble, TransportError

READ = Call("folder.list", {})
WRITE = Call("message.set", {"ids": ["m1"], "set": {"seen": True}})


class Peer:
    """Plays `scripts` to one connection after another: each is what to send for each request."""

    def __init__(self, *scripts, tls=None):
        self.requests = []
        self.connections = 0
        self._scripts = scripts
        self._tls = tls
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.done = threading.Event()
        self.port = self._socket.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://localhost:{self.port}/profile/"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        for script in self._scripts:
            try:
                connection, _ = self._socket.accept()
                if self._tls:
                    connection = self._tls.wrap_socket(connection, server_side=True)
            except OSError:
                continue
            self.connections += 1
            with connection:
                for answer in script:
                    self.requests.append(read_request(connection))
                    connection.sendall(answer) if isinstance(answer, bytes) else answer(connection)

    def close(self):
        self.done.set()
        self._socket.close()


def read_request(connection):
    head = b""
    while b"\r\n\r\n" not in head:
        piece = connection.recv(4096)
        if not piece:
            return head
        head += piece
    head, _, body = head.partition(b"\r\n\r\n")
    length = next(
        (int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0
    )
    while len(body) < length:
        body += connection.recv(4096)
    return head, body


def http(body, status="200 OK", extra=b""):
    return b"HTTP/1.1 %s\r\nContent-Length: %d\r\n%s\r\n" % (status.encode(), len(body), extra) + body


def result(value, number=0):
    return json.dumps({"jsonrpc": "2.0", "id": number, "result": value}).encode()


@pytest.fixture
def peer():
    made = []

    def make(*scripts, **options):
        made.append(Peer(*scripts, **options))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def meter():
    return Meter()


@pytest.fixture
def wire(meter):
    wire = Wire(meter, seconds=0.6)
    yield wire
    wire.close()


def kind_of(wire, peer, call=READ):
    with pytest.raises(TransportError) as caught:
        wire.call(peer.url, call)
    return caught.value.kind


def test_one_connection_serves_many_calls(wire, peer, meter):
    there = peer([http(result("a")), http(result("b"))])
    assert wire.call(there.url, READ, "tok") == "a"
    assert wire.call(there.url, READ, "tok") == "b"
    assert there.connections == 1
    head, body = there.requests[0]
    assert b"Authorization: Bearer tok" in head and head.startswith(b"POST /profile/jsonrpc ")
    assert json.loads(body) == {"jsonrpc": "2.0", "id": 0, "method": "folder.list", "params": {}}


def test_the_meter_counts_what_crossed(wire, peer, meter):
    answer = http(result("a" * 5000))
    there = peer([answer])
    wire.call(there.url, READ)
    head, body = there.requests[0]
    assert meter.received_octets == len(answer)
    assert abs(meter.sent_octets - len(head) - len(body) - 4) < 60


def test_a_batch_is_one_request_and_each_answers_for_itself(wire, peer):
    refused = {
        "jsonrpc": "2.0",
        "id": 1,
        "error": {"code": 1007, "message": "no", "data": {"kind": "not_found"}},
    }
    there = peer([http(json.dumps([refused, json.loads(result("a"))]).encode())])
    first, second = wire.batch(there.url, [READ, WRITE])
    assert first == "a" and isinstance(second, ServerTrouble) and second.kind == "not_found"
    assert len(there.requests) == 1


def test_a_refusal_carries_its_kind_and_reference(wire, peer):
    error = {
        "code": 1004,
        "message": "over",
        "data": {
            "kind": "session_ended",
            "retryable": False,
            "ref": "r1",
            "retry_after": 5,
            "about": "maria",
        },
    }
    body = json.dumps({"jsonrpc": "2.0", "id": None, "error": error}).encode()
    there = peer([http(body, "401 Unauthorized"), http(body, "401 Unauthorized")])
    with pytest.raises(ServerTrouble) as caught:
        wire.call(there.url, READ)
    assert (caught.value.kind, caught.value.ref, caught.value.retry_after_seconds) == (
        "session_ended",
        "r1",
        5,
    )
    with pytest.raises(ServerTrouble):
        wire.batch(there.url, [READ, WRITE])


def test_gzip_is_understood_and_asked_for(wire, peer):
    there = peer([http(gzip.compress(result("zipped")), extra=b"Content-Encoding: gzip\r\n")])
    assert wire.call(there.url, READ) == "zipped"
    assert b"Accept-Encoding: gzip" in there.requests[0][0]


@pytest.mark.parametrize(
    "answer",
    [
        http(b"<html>sign in</html>"),
        http(b"Service Unavailable", "503 Service Unavailable"),
        http(b"\xff\xfe"),
        http(b"[]"),
        http(b"[1]"),
        http(b"7"),
        http(result("other", 9)),
        http(b"[" * 100_000),
        http(b"not gzip", extra=b"Content-Encoding: gzip\r\n"),
        http(gzip.compress(result("cut"))[:-4], extra=b"Content-Encoding: gzip\r\n"),
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
    ],
)
def test_what_is_not_an_answer(wire, peer, answer):
    assert kind_of(wire, peer([answer])) == "bad_answer"


def test_a_gzip_bomb_is_not_unpacked(wire, peer):
    bomb = gzip.compress(b" " * 40_000_000)
    assert kind_of(wire, peer([http(bomb, extra=b"Content-Encoding: gzip\r\n")])) == "bad_answer"


def test_a_dropped_connection(wire, peer):
    assert kind_of(wire, peer([b""])) == "connection_lost"
    cut = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"
    assert kind_of(wire, peer([cut])) == "connection_lost"


def test_silence_and_a_trickle_end_in_time(wire, peer):
    silent = peer([lambda connection: silent_until_closed(connection)])
    assert kind_of(wire, silent) == "no_answer"

    def trickle(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        stop = threading.Event()
        try:
            while not stop.wait(0.05):
                connection.sendall(b" ")
        except OSError:
            pass

    assert kind_of(wire, peer([trickle])) == "no_answer"


def silent_until_closed(connection):
    connection.recv(1)


def test_nobody_there(wire):
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    with pytest.raises(TransportError) as caught:
        wire.call(f"http://127.0.0.1:{port}/profile/", READ)
    assert caught.value.kind == "unreachable" and caught.value.about == f"127.0.0.1:{port}"


def test_a_kept_connection_closed_meanwhile_is_replaced(wire, peer):
    """The server closes after each answer without saying so: neither reading nor writing is lost."""
    there = peer([http(result("a"))], [http(result("b"))], [http(result("c"))])
    assert [wire.call(there.url, call) for call in (READ, WRITE, READ)] == ["a", "b", "c"]


def test_only_what_reads_is_asked_twice(wire, peer):
    """The connection dies after the question was sent: a change may have been made, so it is not repeated."""
    there = peer([http(result("a")), b""], [http(result("again"))])
    wire.call(there.url, READ)
    assert wire.call(there.url, READ) == "again"
    there = peer([http(result("a")), b""], [http(result("never"))])
    wire.call(there.url, READ)
    assert kind_of(wire, there, WRITE) == "connection_lost"


def test_an_unknown_certificate_is_refused_and_ours_believed(meter, peer, tmp_path):
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    strange = peer([http(result("a"))], tls=context)
    assert kind_of(Wire(meter, seconds=5), strange) == "bad_certificate"
    assert strange.requests == [], "it was told nothing"
    known = peer([http(result("a"))], tls=context)
    assert Wire(meter, str(tmp_path / "ca.pem"), seconds=5).call(known.url, READ) == "a"


def test_a_missing_authority_file_is_said(meter):
    with pytest.raises(TransportError) as caught:
        Wire(meter, "/nowhere/ca.pem").call("https://localhost:1/profile/", READ)
    assert caught.value.kind == "bad_certificate"


@pytest.mark.parametrize(
    ("url", "host", "port", "path"),
    [
        ("http://127.0.0.1:8601/profile/", "127.0.0.1", 8601, "/profile/"),
        ("http://localhost/profile", "localhost", 80, "/profile/"),
        ("https://correo.example", "correo.example", 443, "/"),
        ("http://[::1]:8601/profile/", "::1", 8601, "/profile/"),
    ],
)
def test_addresses(url, host, port, path):
    origin, found = parse_address(url)
    assert (origin.host, origin.port, found) == (host, port, path)


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("", "bad_address"),
        ("correo.example", "bad_address"),
        ("ftp://x/", "bad_address"),
        ("http://", "bad_address"),
        ("http://a b/", "bad_address"),
        ("http://[::1/", "bad_address"),
        ("http://x:99999/", "bad_address"),
        ("http://correo.example/profile/", "not_private"),
        ("http://192.168.1.5:8601/", "not_private"),
    ],
)
def test_bad_addresses(url, kind):
    with pytest.raises(TransportError) as caught:
        parse_address(url)
    assert caught.value.kind == kind and not caught.value.retryable


def test_the_servers_clock_is_learnt(wire, peer, meter):
    there = peer(
        [
            http(result("a"), extra=b"Date: Mon, 23 Nov 2099 15:00:00 GMT\r\n"),
            http(result("b"), extra=b"Date: some day\r\n"),
        ]
    )
    wire.call(there.url, READ)
    ahead = meter.server_ahead_seconds
    assert ahead > 10**9
    wire.call(there.url, READ)
    assert meter.server_ahead_seconds == ahead
