"""The vocabulary of the wire: what is taken, how it is written, and which sentence refuses the rest."""

import json
import math
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from typing import Annotated, Any, Literal, NotRequired, TypedDict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restante.errors import InvalidArgument, ParseError
from restante.wire import (
    Chars,
    Items,
    Limit,
    Line,
    Name,
    Range,
    Ready,
    check,
    clean_text,
    dumps,
    from_time,
    loads,
    plain,
    schema,
    to_time,
)


class Port(TypedDict):
    """A port and how it is secured."""

    port: Annotated[int, Range(1, 65535)]
    security: NotRequired[Literal["tls", "stls"]]


class House(TypedDict, total=False):
    doors: Annotated[list[Port], Items(2)]
    names: dict[str, Port]


NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)

TAKEN = [
    (str, "añó", "añó"),
    (str, "a\x00b\ud800c\uffff\x0b", "abc"),
    (str, "line\r\n\tnext", "line\r\n\tnext"),
    (int, 2**31 - 1, 2**31 - 1),
    (bool, False, False),
    (bytes, "AP8=", b"\x00\xff"),
    (bytes, b"\x00\xff", b"\x00\xff"),
    (datetime, "2026-11-23T12:00:00Z", NOON),
    (datetime, "2026-11-23T09:00:00-03:00", NOON),
    (datetime, "2026-11-23T12:00:00.250Z", NOON.replace(microsecond=250_000)),
    (datetime, NOON, NOON),
    (list[int], [1, 2], [1, 2]),
    (list[int], (1, 2), [1, 2]),
    (dict[str, int], {"a\x00": 1}, {"a": 1}),
    (Literal["a", "b"], "b", "b"),
    (Name, "x" * 64, "x" * 64),
    (Limit, 200, 200),
    (Port, {"port": 1}, {"port": 1}),
    (House, {}, {}),
    (Annotated[str, Chars(2, 2)], "ab", "ab"),
]

REFUSED: list[tuple[Any, Any, str]] = [
    (str, 1, "parameter p must be text"),
    (str, None, "parameter p must be text"),
    (int, True, "parameter p must be a whole number"),
    (int, 1.0, "parameter p must be a whole number"),
    (int, 2**31, "parameter p must be a whole number from -2147483647 to 2147483647"),
    (bool, 1, "parameter p must be true or false"),
    (bytes, "not base64!", "parameter p must be octets as base64 text"),
    (bytes, 5, "parameter p must be octets as base64 text"),
    (datetime, "2026-11-23 12:00:00Z", "parameter p must be a time such as 2026-11-23T14:50:00Z"),
    (datetime, "2026-02-30T12:00:00Z", "parameter p must be a time such as 2026-11-23T14:50:00Z"),
    (datetime, NOON.replace(tzinfo=None), "parameter p must be a time such as 2026-11-23T14:50:00Z"),
    (list[int], "12", "parameter p must be a list"),
    (list[int], [1, "2"], "parameter p[1] must be a whole number"),
    (Annotated[list[int], Items(1)], [1, 2], "parameter p must have at most 1 items"),
    (Annotated[dict[str, int], Items(1)], {"a": 1, "b": 2}, "parameter p must have at most 1 items"),
    (dict[str, int], [], "parameter p must be a struct"),
    (dict[str, int], {"a": "1"}, "parameter p[a] must be a whole number"),
    (dict[str, int], {1: 1}, "parameter p[1] must be text"),
    (Literal["a", "b"], "c", 'parameter p must be "a" or "b"'),
    (Literal["a", "b"], [], 'parameter p must be "a" or "b"'),
    (Name, "", "parameter p must be from 1 to 64 characters long"),
    (Name, 5, "parameter p must be text"),
    (Name, "a\r\nRCPT TO", "parameter p must be one line of text without control characters"),
    (Line, "a\x85", "parameter p must be one line of text without control characters"),
    (Line, "a\u2028", "parameter p must be one line of text without control characters"),
    (Line, "x" * 999, "parameter p must be at most 998 characters long"),
    (Annotated[str, Chars(2, 2)], "a", "parameter p must be 2 characters long"),
    (Limit, 0, "parameter p must be a whole number from 1 to 200"),
    (Limit, True, "parameter p must be a whole number from 1 to 200"),
    (Port, 1, "parameter p must be a struct"),
    (Port, {}, "parameter p.port is missing"),
    (Port, {"port": 1, "x\x00": 2}, "parameter p.x is not known; known are port, security"),
    (Port, {"port": 1, "security": None}, 'parameter p.security must be "tls" or "stls"'),
    (
        House,
        {"doors": [{"port": 1}, {"port": 65536}]},
        "parameter p.doors[1].port must be a whole number from 1 to 65535",
    ),
    (House, {"names": {"a": {}}}, "parameter p.names[a].port is missing"),
]


@pytest.mark.parametrize(("annotation", "value", "taken"), TAKEN)
def test_takes_and_returns_as_the_method_wants_it(annotation, value, taken):
    assert check(annotation)(value, "p") == taken


@pytest.mark.parametrize(("annotation", "value", "sentence"), REFUSED)
def test_refuses_naming_the_place(annotation, value, sentence):
    with pytest.raises(InvalidArgument) as caught:
        check(annotation)(value, "p")
    assert caught.value.message == sentence
    assert sentence.startswith(f"parameter {caught.value.about} ")


@pytest.mark.parametrize(
    "annotation",
    [
        float,
        object,
        tuple[int],
        dict[int, str],
        str | None,
        Literal[1, 2],
        Annotated[str, Range(1, 2)],
        Annotated[int, Chars(1, 2)],
        Annotated[bool, Items(1)],
        Annotated[int, Range(0, 2**31)],
        Annotated[Port, Items(1)],
    ],
)
def test_what_is_not_of_the_vocabulary_cannot_be_declared(annotation):
    with pytest.raises(TypeError):
        check(annotation)


@pytest.mark.parametrize(
    ("annotation", "described"),
    [
        (str, {"type": "string"}),
        (Name, {"type": "string", "minLength": 1, "maxLength": 64}),
        (Line, {"type": "string", "maxLength": 998}),
        (int, {"type": "integer", "minimum": -(2**31) + 1, "maximum": 2**31 - 1}),
        (Limit, {"type": "integer", "minimum": 1, "maximum": 200}),
        (bool, {"type": "boolean"}),
        (bytes, {"type": "string", "contentEncoding": "base64"}),
        (datetime, {"type": "string", "format": "date-time"}),
        (Literal["a"], {"type": "string", "enum": ["a"]}),
        (list[bool], {"type": "array", "items": {"type": "boolean"}}),
        (Annotated[list[bool], Items(2)], {"type": "array", "items": {"type": "boolean"}, "maxItems": 2}),
        (dict[str, bool], {"type": "object", "additionalProperties": {"type": "boolean"}}),
        (
            Annotated[dict[str, bool], Items(2)],
            {"type": "object", "additionalProperties": {"type": "boolean"}, "maxProperties": 2},
        ),
        (
            Port,
            {
                "type": "object",
                "title": "Port",
                "description": "A port and how it is secured.",
                "properties": {
                    "port": {"type": "integer", "minimum": 1, "maximum": 65535},
                    "security": {"type": "string", "enum": ["tls", "stls"]},
                },
                "required": ["port"],
                "additionalProperties": False,
            },
        ),
    ],
)
def test_describes_itself_as_json_schema(annotation, described):
    assert schema(annotation) == described


def test_structs_are_described_once_under_their_names():
    components: dict[str, Any] = {}
    assert schema(House, components) == {"$ref": "#/components/schemas/House"}
    assert sorted(components) == ["House", "Port"]
    assert components["House"]["properties"]["doors"]["items"] == {"$ref": "#/components/schemas/Port"}


def test_two_structs_of_one_name_are_refused():
    class Other(TypedDict):
        number: int

    Other.__name__ = "Port"
    components: dict[str, Any] = {}
    schema(Port, components)
    schema(Port, components)
    with pytest.raises(TypeError, match="two different structs are called Port"):
        schema(Other, components)


def test_what_cannot_be_declared_cannot_be_described():
    with pytest.raises(TypeError):
        schema(float)


# Times


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-23T14:50:00",
        "2026-11-23t14:50:00z",
        "2026-11-23",
        "20261123T14:50:00Z",
        "2026-13-01T00:00:00Z",
        "2026-11-23T24:00:00Z",
        "2026-11-23T23:59:60Z",
        "2026-11-23T14:50:00+25:00",
        "2026-11-23T14:50:00+0300",
        "0001-01-01T00:00:00+10:00",
        "9999-12-31T23:00:00-10:00",
        "٢٠٢٦-11-23T14:50:00Z",
        " 2026-11-23T14:50:00Z",
        "2026-11-23T14:50:00Z\n",
        "",
    ],
)
def test_dates_are_strict(text):
    with pytest.raises(ValueError):
        from_time(text)


@given(st.datetimes(timezones=st.just(timezone(timedelta(hours=-3)))))
def test_a_time_comes_back_to_the_second(moment):
    try:
        there = moment.astimezone(UTC)
    except OverflowError:
        return
    assert from_time(to_time(moment)) == there.replace(microsecond=0)


def test_a_time_without_a_zone_is_refused():
    with pytest.raises(ValueError):
        to_time(datetime(2026, 1, 1))


# Text


@given(st.text(alphabet=st.characters(codec=None)))
def test_cleaned_text_is_what_xml_and_utf8_carry(text):
    cleaned = clean_text(text)
    cleaned.encode("utf-8")
    assert not set(cleaned) & {chr(c) for c in [*range(9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF]}
    assert clean_text(cleaned) == cleaned


# Writing


def test_writes_every_type():
    value = {"a": "ñ", "n": 1, "t": True, "o": b"\x00", "m": NOON, "l": (1, [2]), "r": Ready(b'{"x":1}')}
    assert dumps(value) == (
        '{"a":"ñ","n":1,"t":true,"o":"AA==","m":"2026-11-23T12:00:00Z","l":[1,[2]],"r":{"x":1}}'.encode()
    )


@pytest.mark.parametrize("dirty", ["a\x00b", "a\x08b", "a\x0cb", "a\ufffeb", "a\ud800b", "a\x1fb"])
def test_writes_clean_text(dirty):
    assert json.loads(dumps({"k" + dirty: [dirty]})) == {"kab": ["ab"]}


@pytest.mark.parametrize("text", ["null", "C:\\bin\\users\\feed", "\\u0000", '"', "a\r\n\tb\x7f"])
def test_innocent_text_is_written_as_it_is(text):
    assert json.loads(dumps([text])) == [text]


@pytest.mark.parametrize("bad", [None, math.nan, math.inf, -math.inf])
def test_refuses_to_write_null_and_what_becomes_null(bad):
    for value in (bad, [bad], {"a": {"b": (bad,)}}):
        with pytest.raises(ValueError):
            dumps(value)


@pytest.mark.parametrize("bad", [object(), {1: 2}, {"a": {1, 2}}, datetime, 2**70])
def test_refuses_to_write_what_cannot_be_sent(bad):
    with pytest.raises((TypeError, ValueError)):
        dumps(bad)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"a": (NOON,)}, {"a": ["2026-11-23T12:00:00Z"]}),
        (Ready(b'{"a":["x\\u0000"]}'), {"a": ["x"]}),
        (b"\x00", b"\x00"),
        (True, True),
        (2**31 - 1, 2**31 - 1),
    ],
)
def test_plain_says_it_in_what_xml_rpc_has(value, said):
    assert plain(value) == said


@pytest.mark.parametrize("bad", [None, 1.5, 2**31, -(2**31), object(), {1: "a"}, {"a": [None]}])
def test_plain_refuses_what_xml_rpc_cannot_say(bad):
    with pytest.raises((TypeError, ValueError)):
        plain(bad)


# Reading

UNREAD = [
    (b"", "is not JSON"),
    (b"{", "is not JSON"),
    (b'{"a":NaN}', "holds NaN"),
    (b"[Infinity]", "holds Infinity"),
    (b"[-Infinity]", "holds -Infinity"),
    (b"[1e400]", "number too large"),
    (b"[" + b"9" * 5000 + b"]", "number too large"),
    (b'{"a":1,"a":2}', "gives the key 'a' twice"),
    (b'[{"b":{"a":1,"\\u0061":2}}]', "gives the key 'a' twice"),
    (b"[" * 33 + b"]" * 33, "more than 32 levels"),
    (b'{"a":' * 33 + b"1" + b"}" * 33, "more than 32 levels"),
    (b"[" * 200_000, "more than 32 levels"),
    (b"\xef\xbb\xbf[]", "is not JSON"),
    ('["ñ"]'.encode("latin-1"), "not UTF-8"),
    ("[]".encode("utf-16"), "not UTF-8"),
    (b"[] []", "is not JSON"),
    (b"['a']", "is not JSON"),
    (b'["a\nb"]', "is not JSON"),
]


@pytest.mark.parametrize(("raw", "sentence"), UNREAD, ids=[str(i) for i in range(len(UNREAD))])
def test_reads_strictly(raw, sentence):
    with pytest.raises(ParseError, match=sentence):
        loads(raw)


@pytest.mark.parametrize(
    "raw",
    [
        b"[" * 32 + b"]" * 32,
        b"[" + b",".join([b"[]"] * 100) + b"]",
        b'["' + b"[" * 100 + b'"]',
        b'["' + b'\\"[' * 100 + b'"]',
        b'["\\\\", ' + b'"[{", ' * 40 + b"{}]",
    ],
)
def test_reads_what_only_looks_deep(raw):
    assert loads(raw) == json.loads(raw)


@pytest.mark.parametrize(
    "unit", [b"[", b"1,", b'"', b'\\"', b'"\\', b'{"a":', b"[],", b'"[', b"\\", b"[[[[]]]],"]
)
def test_reading_a_full_body_takes_no_time_whatever_is_in_it(unit):
    raw = b"[" + b"[]," * 40 + unit * (1024 * 1024 // len(unit))  # brackets enough to be looked at closely
    started = time.process_time()
    with pytest.raises(ParseError):
        loads(raw)
    assert time.process_time() - started < 2


@given(st.binary(max_size=200))
def test_reading_anything_gives_a_value_or_a_parse_error(raw):
    with suppress(ParseError):
        loads(raw)


_JSON = st.recursive(
    st.booleans() | st.integers(-(2**31) + 1, 2**31 - 1) | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(_JSON)
def test_what_is_written_is_read_again_cleaned(value):
    assert loads(dumps(value)) == plain(value)


def test_what_is_ready_is_spliced_in_and_not_looked_at_again(monkeypatch):
    """Else every list of fifty rows is searched octet by octet for what cannot be sent."""
    looked_at = []

    def look(raw):
        looked_at.append(raw)
        return False

    monkeypatch.setattr("restante.wire.encoding._suspect", look)
    ready = Ready(b'[{"x":1},{"x":2}]')
    assert json.loads(dumps({"rows": ready, "total": 2, 'a "key"': ready})) == {
        "rows": [{"x": 1}, {"x": 2}],
        "total": 2,
        'a "key"': [{"x": 1}, {"x": 2}],
    }
    assert json.loads(dumps({"rows": Ready(b"[]")})) == {"rows": []}
    assert not any(b'"x"' in raw for raw in looked_at)
