"""JSON-RPC on the wire: batches, refusals, and what is not an answer."""

import gzip
import json

import pytest

from tests.unit.tkclient.peers import READ, WRITE, http, kind_of, result
from tkclient.trouble import ServerTrouble


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
