"""JSON-RPC 2.0: every example of the specification, and what jsonrpcserver leaves open."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restante.errors import wire_errors
from restante.rpc.jsonrpc import JsonRpc
from restante.rpc.system import BATCH
from tests.unit.restante.example import ANA, EVERYTHING, STORED, asker, methods, raised

TABLE, EXAMPLE = methods()
PUBLIC = JsonRpc(TABLE.on("public"))
INTERNAL = JsonRpc(TABLE.on("internal"))


def answer(body, principal=ANA, rpc=PUBLIC):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    reply = rpc.answer(raw, asker(principal))
    return json.loads(reply.body) if reply.body is not None else reply.status


def call(name, params=None, **more):
    request = {"jsonrpc": "2.0", "method": name, "id": 1} | ({} if params is None else {"params": params})
    return answer(request, **more)


def error_of(name, params=None, **more):
    return call(name, params, **more)["error"]


def without_data(response):
    """Return the response as the specification compares it: code, id and version of an error only."""
    if isinstance(response, list):
        return [without_data(one) for one in response]
    if isinstance(response, dict) and "error" in response:
        return response | {"error": {"code": response["error"]["code"]}}
    return response


def failed(code, id=None):
    return {"jsonrpc": "2.0", "error": {"code": code}, "id": id}


def done(result, id):
    return {"jsonrpc": "2.0", "result": result, "id": id}


# https://www.jsonrpc.org/specification, section 7, one by one. Methods carry our names, and results are
# structs, since every one of our methods answers in a struct; everything else is as printed there.
SPECIFICATION = {
    "positional parameters": (
        '{"jsonrpc": "2.0", "method": "spec.subtract", "params": [42, 23], "id": 1}',
        done({"sum": 19}, 1),
    ),
    "positional parameters, the other way": (
        '{"jsonrpc": "2.0", "method": "spec.subtract", "params": [23, 42], "id": 2}',
        done({"sum": -19}, 2),
    ),
    "named parameters": (
        '{"jsonrpc": "2.0", "method": "spec.subtract", "params": {"subtrahend": 23, "minuend": 42}, "id": 3}',
        done({"sum": 19}, 3),
    ),
    "named parameters, in another order": (
        '{"jsonrpc": "2.0", "method": "spec.subtract", "params": {"minuend": 42, "subtrahend": 23}, "id": 4}',
        done({"sum": 19}, 4),
    ),
    "a notification": ('{"jsonrpc": "2.0", "method": "update", "params": [1,2,3,4,5]}', 204),
    "another notification": ('{"jsonrpc": "2.0", "method": "foobar"}', 204),
    "non-existent method": ('{"jsonrpc": "2.0", "method": "foobar", "id": "1"}', failed(-32601, "1")),
    "invalid JSON": (
        '{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]',
        failed(-32700),
    ),
    "invalid request object": ('{"jsonrpc": "2.0", "method": 1, "params": "bar"}', failed(-32600)),
    "batch, invalid JSON": (
        '[{"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"}, {"jsonrpc": "2.0", "method"]',
        failed(-32700),
    ),
    "an empty array": ("[]", failed(-32600)),
    "an invalid batch, but not empty": ("[1]", [failed(-32600)]),
    "an invalid batch": ("[1,2,3]", [failed(-32600)] * 3),
    "batch": (
        """[
        {"jsonrpc": "2.0", "method": "spec.sum", "params": [1,2,4], "id": "1"},
        {"jsonrpc": "2.0", "method": "spec.hello", "params": [7]},
        {"jsonrpc": "2.0", "method": "spec.subtract", "params": [42,23], "id": "2"},
        {"foo": "boo"},
        {"jsonrpc": "2.0", "method": "foo.get", "params": {"name": "myself"}, "id": "5"},
        {"jsonrpc": "2.0", "method": "spec.data", "id": "9"}
        ]""",
        [
            done({"sum": 7}, "1"),
            done({"sum": 19}, "2"),
            failed(-32600),
            failed(-32601, "5"),
            done({"text": "hello"}, "9"),
        ],
    ),
    "batch, all notifications": (
        """[
        {"jsonrpc": "2.0", "method": "spec.sum", "params": [1,2,4]},
        {"jsonrpc": "2.0", "method": "spec.hello", "params": [7]}
        ]""",
        204,
    ),
}


@pytest.mark.parametrize("example", SPECIFICATION)
def test_example_of_the_specification(example):
    asked, answered = SPECIFICATION[example]
    assert without_data(answer(asked.encode())) == answered


@pytest.mark.parametrize(
    "request_object",
    [
        {"method": "echo.say", "id": 1},
        {"jsonrpc": "1.0", "method": "echo.say", "id": 1},
        {"jsonrpc": 2.0, "method": "echo.say", "id": 1},
        {"jsonrpc": "2.0", "id": 1},
        {"jsonrpc": "2.0", "method": None, "id": 1},
        {"jsonrpc": "2.0", "method": ["echo.say"], "id": 1},
        {"jsonrpc": "2.0", "method": "echo.say", "params": None, "id": 1},
        {"jsonrpc": "2.0", "method": "echo.say", "params": 5, "id": 1},
        {"jsonrpc": "2.0", "method": "echo.say", "id": {}},
        {"jsonrpc": "2.0", "method": "echo.say", "id": [1]},
        {"jsonrpc": "2.0", "method": "echo.say", "id": True},
        {"jsonrpc": "2.0", "method": "echo.say", "id": 2**53},
        {"jsonrpc": "2.0", "method": "echo.say", "id": "x" * 201},
        {"jsonrpc": "2.0", "method": "echo.say", "id": "\ud800"},
        {},
        "text",
        1,
        None,
    ],
    ids=str,
)
def test_what_is_not_a_request_is_said_to_be_none(request_object):
    assert without_data(answer(request_object)) == failed(-32600)
    assert without_data(answer([request_object])) == [failed(-32600)]


@pytest.mark.parametrize("id", ["", "añó", 0, -1, 1.5, None, 2**53 - 1])
def test_the_id_comes_back_as_it_was(id):
    response = answer({"jsonrpc": "2.0", "method": "spec.data", "id": id})
    assert response["id"] == id
    assert response["result"] == {"text": "hello"}


def test_every_type_goes_there_and_back():
    sent = EVERYTHING | {"octets": "AP8gb2N0ZXRz", "moment": "2026-11-23T14:50:00Z"}
    assert call("echo.everything", {"value": sent, "note": "n"})["result"] == sent


def test_ready_made_rows_are_spliced():
    assert call("ready.rows")["result"] == {"rows": [{"text": "one"}, {"text": "añó"}]}


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ([], "parameter text is missing; echo.say takes text, times."),
        (["a", 1, 2], "echo.say was given 3 parameters; echo.say takes text, times."),
        ({"text": "a", "self": 1}, "echo.say has no parameter self; echo.say takes text, times."),
        ({"text": "a", "call": 1}, "echo.say has no parameter call; echo.say takes text, times."),
        ({"text": "a", "context": 1}, "echo.say has no parameter context; echo.say takes text, times."),
        ({"text": 5}, "parameter text must be text"),
        ({"text": "a", "times": None}, "parameter times must be a whole number from 0 to 2147483647"),
        (["a", -1], "parameter times must be a whole number from 0 to 2147483647"),
    ],
)
def test_wrong_parameters_are_named(params, sentence):
    error = error_of("echo.say", params)
    assert (error["code"], error["message"]) == (-32602, sentence)


def test_the_caller_cannot_choose_who_it_is():
    """The context is positional only: a parameter called like it is just an unknown parameter."""
    told = call("echo.who")["result"]
    assert told["name"] == "ana"
    assert error_of("echo.who", {"call": {"principal": "root"}})["code"] == -32602
    assert error_of("echo.who", [{"principal": "root"}])["code"] == -32602


def test_nothing_is_registered_for_the_whole_process():
    from jsonrpcserver.methods import global_methods

    assert global_methods == {}


# What jsonrpcserver leaves open (FAULTS.md, item 6)


def test_a_bad_item_does_not_reject_the_batch():
    """Answer: batches are split, so that each item answers for itself."""
    good = {"jsonrpc": "2.0", "method": "spec.data", "id": 1}
    bad = [1, None, [], [good], {"jsonrpc": "2.0", "method": "broken.result", "params": ["object"], "id": 2}]
    answers = answer([good, *bad, good])
    assert answers[0] == answers[-1] == done({"text": "hello"}, 1)
    assert [one["error"]["code"] for one in answers[1:-1]] == [-32600] * 4 + [-32603]


def test_a_list_of_requests_has_a_cap():
    one = {"jsonrpc": "2.0", "method": "spec.data", "id": 1}
    assert len(answer([one] * BATCH)) == BATCH == 50
    refused = answer([one] * (BATCH + 1))
    assert refused["error"]["code"] == -32600
    assert "at most 50" in refused["error"]["message"]


def test_nobody_known_sends_no_batch():
    one = {"jsonrpc": "2.0", "method": "spec.data", "id": 1}
    refused = answer([one], principal=asker().principal)
    assert refused["error"]["code"] == -32600
    assert "needs credentials" in refused["error"]["message"]


@pytest.mark.parametrize("body", [b"[" + b"1," * 100_000 + b"1]", b"[" + b'{"a":1},' * 50_000 + b"1]"])
def test_a_long_list_costs_nothing_even_with_credentials(body):
    """Measured without the answer: 4.6 s for 200 kB of `[1,1,...]`."""
    started = time.process_time()
    assert answer(body)["error"]["code"] == -32600
    assert time.process_time() - started < 0.5


@pytest.mark.parametrize("kind", ["broken.unforeseen", "broken.result"])
def test_what_went_wrong_inside_stays_inside(kind, caplog):
    params = ["object"] if kind == "broken.result" else []
    reply = PUBLIC.answer(
        json.dumps({"jsonrpc": "2.0", "method": kind, "params": params, "id": 1}).encode(), asker(ANA)
    )
    body = (reply.body or b"").decode()
    assert "SECRET" not in body
    assert "object" not in body
    error = json.loads(body)["error"]
    assert error["code"] == -32603
    ref = error["data"]["ref"]
    assert ref in error["message"]
    failed = [record for record in caplog.records if getattr(record, "fields", {}).get("ref") == ref]
    assert len(failed) == 1


@pytest.mark.parametrize("how", ["none", "null inside", "nan", "object"])
def test_null_and_nan_never_leave(how):
    assert error_of("broken.result", [how])["data"]["kind"] == "internal"


def test_an_error_that_is_not_for_the_wire_becomes_neutral(monkeypatch):
    from restante.errors import AlreadyRunning

    served = TABLE.on("public")["spec.data"]

    def start(call, /):
        raise AlreadyRunning("another process has /srv/mail/data.fs")

    odd = JsonRpc({"spec.data": type(served)(served.declared, start, False)})
    error = call("spec.data", rpc=odd)["error"]
    assert error["data"]["kind"] == "internal"
    assert "/srv" not in error["message"]


@pytest.mark.parametrize("kind", sorted(wire_errors()))
def test_a_method_that_raises_answers_in_the_one_shape(kind):
    error = error_of("echo.raise", [kind])
    assert error == raised(kind)


@pytest.mark.parametrize("kind", sorted(wire_errors()))
def test_a_single_call_has_the_status_of_its_error(kind):
    body = json.dumps({"jsonrpc": "2.0", "method": "echo.raise", "params": [kind], "id": 1}).encode()
    reply = PUBLIC.answer(body, asker(ANA))
    assert reply.status == wire_errors()[kind].http_status
    assert reply.headers == {"Retry-After": "7"}


def test_a_batch_has_status_200_whatever_is_in_it():
    one = {"jsonrpc": "2.0", "method": "echo.raise", "params": ["unauthenticated"], "id": 1}
    assert PUBLIC.answer(json.dumps([one]).encode(), asker(ANA)).status == 200


def test_a_method_of_the_other_listener_is_as_if_it_did_not_exist():
    def of(name, **more):
        error = error_of(name, **more)
        return error | {"message": error["message"].replace(name, "")}

    nothing = of("no.such")
    assert of("example.lease") == nothing
    assert of("admin.count") == nothing
    assert of("admin.count", principal=STORED, rpc=INTERNAL) == nothing
    assert of("echo.say", principal=STORED, rpc=INTERNAL) == nothing
    assert call("example.lease", principal=STORED, rpc=INTERNAL)["result"] == {"text": "stored"}


def test_the_system_methods_are_everywhere():
    for rpc in (PUBLIC, INTERNAL):
        assert call("system.version", rpc=rpc)["result"]["daemon"] == "example"
        assert call("system.limits", rpc=rpc)["result"] == {
            "body_octets": 1048576,
            "anonymous_body_octets": 16384,
            "batch": 50,
            "depth": 32,
        }


def test_a_notification_is_carried_out():
    EXAMPLE.done.clear()
    assert answer({"jsonrpc": "2.0", "method": "example.note", "params": ["here"]}) == 204
    assert EXAMPLE.done == ["here"]


def test_each_call_is_one_line_in_the_log(caplog):
    caplog.set_level("INFO", logger="restante.rpc")
    call("spec.data")
    call("spec.sum", [1])
    lines = [record.fields for record in caplog.records if record.msg == "rpc.call"]
    assert [(line["method"], line["kind"], line["principal"]) for line in lines] == [
        ("spec.data", "ok", "ana"),
        ("spec.sum", "invalid_params", "ana"),
    ]


def test_a_slow_call_is_a_warning(caplog, monkeypatch):
    from restante.rpc import methods as module

    monkeypatch.setattr(module, "SLOW_SECONDS", 0)
    call("spec.data")
    assert [record.levelname for record in caplog.records if record.msg == "rpc.call"] == ["WARNING"]


SEEDS = [asked for asked, _ in SPECIFICATION.values()]


@given(st.sampled_from(SEEDS), st.data())
def test_a_damaged_body_gets_an_answer(seed, data):
    """A small share of promise 9: whatever is cut, changed or put in, the answer is an answer."""
    raw = bytearray(seed.encode())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(raw)))
        length = data.draw(st.integers(0, 8))
        raw[place : place + length] = data.draw(
            st.binary(max_size=6)
            | st.sampled_from([b"[", b"{", b'"', b"null", b"1e999", b"\\ud800", b'"id":'])
        )
    reply = PUBLIC.answer(bytes(raw), asker(ANA))
    if reply.body is None:
        assert reply.status == 204
        return
    answers = json.loads(reply.body)
    for one in answers if isinstance(answers, list) else [answers]:
        assert ("result" in one) != ("error" in one)
        assert one["jsonrpc"] == "2.0"
        assert "id" in one
