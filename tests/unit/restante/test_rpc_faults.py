"""The one error shape, over every kind there is."""

import json

import pytest

from restante.errors import RestanteError, StartError, wire_errors
from restante.rpc import ANONYMOUS, OPERATOR, USER
from restante.rpc.faults import error_object, may_cross, neutral, no_such_method, not_a_request, refuse
from restante.wire import dumps
from tests.unit.restante.example import ANA

KINDS = sorted(wire_errors())


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_the_one_shape(kind):
    """{code, message, data: {kind, retryable, retry_after?, ref?, about?}} and nothing else, ever."""
    cls = wire_errors()[kind]
    least = json.loads(dumps(error_object(cls("A sentence.", cause="private"))))
    assert least == {
        "code": cls.code,
        "message": "A sentence.",
        "data": {"kind": kind, "retryable": cls.retryable},
    }
    most = error_object(cls("A sentence.", about="x", cause="private", retry_after_seconds=0, ref="r"))
    assert most["data"] == least["data"] | {"retry_after": 0, "ref": "r", "about": "x"}
    assert "private" not in str(most)


def test_kinds_and_codes_are_one_to_one():
    codes = [cls.code for cls in wire_errors().values()]
    assert len(set(codes)) == len(codes)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_may_cross(kind):
    assert may_cross(wire_errors()[kind]("A sentence."))


@pytest.mark.parametrize(
    "error",
    [
        ValueError("x"),
        RestanteError("x"),
        StartError("x"),
        *(cls("x") for cls in StartError.__subclasses__()),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_has_no_kind_of_its_own_may_not_cross(error):
    assert not may_cross(error)


@pytest.mark.parametrize(
    "error",
    [
        neutral("abc"),
        no_such_method("x" * 500 + "\x00"),
        not_a_request(),
        refuse("a.b", USER, ANONYMOUS),
        refuse("a.b", OPERATOR, ANA),
    ],
    ids=lambda error: type(error).__name__,
)
def test_our_own_sentences_are_short_and_whole(error):
    assert may_cross(error)
    assert 20 < len(error.message) < 200
    assert error.message.endswith(".")
    assert error.message[0].isupper() or error.message.startswith("a.b")
