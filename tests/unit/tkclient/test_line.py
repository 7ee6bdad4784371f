"""One kept connection, against real sockets that answer well, badly, late or not at all."""

import json
import socket
import ssl
import threading

import pytest
import trustme

from tests.unit.tkclient.peers import READ, WRITE, http, kind_of, result
from tkclient.rpc import Wire
from tkclient.trouble import TransportError


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
    answers = []
    for call in (READ, WRITE, READ):
        answers.append(wire.call(there.url, call))
        there.wait_over()
    assert answers == ["a", "b", "c"]


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
