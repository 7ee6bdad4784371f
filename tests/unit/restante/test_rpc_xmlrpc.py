"""XML-RPC: the same methods, and what the standard reader would let pass (FAULTS.md, item 10)."""

import gzip
import json
import time
import tracemalloc
import xmlrpc.client
from datetime import UTC, datetime
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restante.errors import RestanteError, wire_errors
from restante.rpc.xmlrpc import XmlRpc, read_call
from tests.unit.restante.example import ANA, EVERYTHING, asker, methods, raised

TABLE, _ = methods()
PUBLIC = XmlRpc(TABLE.on("public"))


def answer(body, principal=ANA):
    reply = PUBLIC.answer(body if isinstance(body, bytes) else body.encode(), asker(principal))
    assert reply.status == 200
    return reply


def call(name, *args, principal=ANA):
    """Call as the standard client does; faults come as xmlrpc.client.Fault."""
    body = answer(xmlrpc.client.dumps(args, name), principal).body
    ((result,), _) = xmlrpc.client.loads(body, use_builtin_types=True)
    return result


def fault_of(body, principal=ANA):
    with pytest.raises(xmlrpc.client.Fault) as caught:
        xmlrpc.client.loads(answer(body, principal).body)
    return caught.value


def echo(value):
    """Return the document that calls echo.say with `value`, an XML-RPC value as text."""
    return (
        "<?xml version='1.0'?><methodCall><methodName>echo.say</methodName>"
        f"<params><param><value>{value}</value></param></params></methodCall>"
    )


def test_every_type_goes_there_and_back():
    # The standard client writes a carriage return bare, which XML reads as a line feed.
    sent = EVERYTHING | {"moment": "2026-11-23T14:50:00Z", "text": "ñandú & <más>\n\ttab"}
    assert call("echo.everything", sent, "note") == sent


def test_parameters_by_position_and_by_name():
    assert call("echo.say", "a", 2) == {"text": "aa"}
    assert call("echo.say", {"text": "a", "times": 2}) == {"text": "aa"}
    assert call("echo.who", {})["name"] == "ana"
    assert call("echo.who")["method"] == "echo.who"


def test_a_struct_is_the_parameter_where_the_first_parameter_is_a_struct():
    with pytest.raises(xmlrpc.client.Fault, match=r"parameter value.number is missing"):
        call("echo.everything", {"text": "a"})


def test_ready_made_rows_are_read_again():
    assert call("ready.rows") == {"rows": [{"text": "one"}, {"text": "añó"}]}


def test_a_dateTime_is_taken_in_utc():
    moment = datetime(2026, 11, 23, 14, 50)
    sent = EVERYTHING | {"moment": moment}
    assert call("echo.everything", sent)["moment"] == "2026-11-23T14:50:00Z"


@pytest.mark.parametrize(
    "text", ["\r\n", "a\rb", "]]>", "&amp; <b>", "ñ 日本 😀", "\t", "\u2028", "\x7f\x85", " spaced "]
)
def test_text_comes_back_as_it_was(text):
    body = answer(echo(escape(text, {"\r": "&#13;"}))).body or b""
    assert xmlrpc.client.loads(body)[0] == ({"text": text},)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("<int>5</int>", "parameter text must be text"),
        ("<i4>-5</i4>", "parameter text must be text"),
        ("<int>2147483648</int>", "An integer must be from"),
        ("<int>-2147483648</int>", "An integer must be from"),
        ("<int>99999999999999999999</int>", "An integer must be from"),
        ("<int>1_0</int>", "An integer must be from"),
        ("<int> 5</int>", "An integer must be from"),
        ("<int>٥</int>", "An integer must be from"),
        ("<int></int>", "An integer must be from"),
        ("<boolean>true</boolean>", "A boolean must be 0 or 1."),
        ("<base64>!</base64>", "A base64 value is not base64."),
        ("<base64>AAA</base64>", "A base64 value is not base64."),
        ("<dateTime.iso8601>tomorrow</dateTime.iso8601>", "A dateTime.iso8601 must be"),
        ("<dateTime.iso8601>2026-11-23T14:50:00</dateTime.iso8601>", "A dateTime.iso8601 must be"),
        ("<dateTime.iso8601>20260230T00:00:00</dateTime.iso8601>", "A dateTime.iso8601 must be"),
        ("<nil/>", "nil cannot be sent; leave the name out instead."),
        ("<ex:nil xmlns:ex='http://ws.apache.org/xmlrpc'/>", "nil cannot be sent"),
        ("<i8>5</i8>", "values of type i8 are not taken"),
        ("<double>1.5</double>", "values of type double are not taken"),
        ("<bigdecimal>1.5</bigdecimal>", "values of type bigdecimal are not taken"),
    ],
)
def test_values_are_strict(value, said):
    refused = fault_of(echo(value))
    assert refused.faultCode == -32602
    assert said in refused.faultString


STRUCT = "<struct>{}</struct>"
MEMBER = "<member><name>a</name><value>b</value></member>"


@pytest.mark.parametrize(
    "document",
    [
        "<methodCall/>",
        "<methodCall><params/></methodCall>",
        "<methodCall><methodName>echo.say</methodName><methodName>echo.who</methodName></methodCall>",
        "<methodCall><methodName>echo.say</methodName><params/><params/></methodCall>",
        "<methodCall><params/><methodName>echo.say</methodName></methodCall>",
        "<methodResponse><params/></methodResponse>",
        "<value>a</value>",
        "<methodCall><methodName><b>echo.say</b></methodName></methodCall>",
        "<methodCall><methodName>echo.say</methodName><params><value>a</value></params></methodCall>",
        "<methodCall><methodName>echo.say</methodName><params><param/></params></methodCall>",
        echo("<string>a</string><string>b</string>"),
        echo("<array/>"),
        echo("<array><data/><data/></array>"),
        echo("<array><value>a</value></array>"),
        echo("<struct><member><name>a</name></member></struct>"),
        echo("<struct><member><value>a</value></member></struct>"),
        echo("<struct><member><name>a</name><value>b</value><value>c</value></member></struct>"),
        echo("<struct><member><value>b</value><name>a</name></member></struct>"),
        echo("<struct><value>b</value></struct>"),
        echo(STRUCT.format(MEMBER * 2)),
    ],
)
def test_what_is_not_a_call_is_refused(document):
    assert fault_of(document).faultCode == -32600


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"not xml",
        b"<methodCall>",
        b"\x1f\x8b" + b"0" * 20,
        echo("<string>\x00</string>").encode(),
        echo("<string>&#0;</string>").encode(),
        echo("<string>&undefined;</string>").encode(),
        b"<?xml version='1.0' encoding='utf-7'?><methodCall/>",
        b"<?xml version='1.0' encoding='nonsense'?><methodCall/>",
        b"<?xml version='1.0' encoding='big5'?><methodCall/>",
        echo("<string>\xff</string>").encode("latin-1"),
        echo("a").encode() * 2,
    ],
)
def test_what_is_not_xml_is_refused(document):
    assert fault_of(document).faultCode == -32700


BOMB = (
    "<!DOCTYPE b [<!ENTITY a '"
    + "a" * 1000
    + "'>"
    + "".join(f"<!ENTITY a{n} '{f'&a{n - 1 if n else chr(32)};'.replace(' ', '') * 10}'>" for n in range(6))
    + "]>"
)


@pytest.mark.parametrize(
    "doctype",
    [
        "<!DOCTYPE methodCall>",
        "<!DOCTYPE methodCall SYSTEM 'http://127.0.0.1:1/dtd'>",
        "<!DOCTYPE methodCall [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>",
        BOMB,
    ],
)
def test_a_document_type_is_refused_before_it_costs_anything(doctype):
    """Measured without the answer: an expansion to 8 MB is accepted. Here memory stays under 16 MB (F47)."""
    document = doctype + echo("<string>&a;</string>").removeprefix("<?xml version='1.0'?>")
    tracemalloc.start()
    refused = fault_of(document)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert refused.faultCode == -32700
    assert "document type" in refused.faultString
    assert peak < 16 * 1024 * 1024


def nested(levels):
    return echo("<array><data><value>" * (levels - 1) + "a" + "</value></data></array>" * (levels - 1))


def test_nesting_has_an_end():
    assert "must be text" in fault_of(nested(32)).faultString
    assert "more than 32 levels" in fault_of(nested(33)).faultString
    assert "more than 32 levels" in fault_of(nested(100_000)).faultString


def test_a_compressed_body_is_not_unpacked():
    assert fault_of(gzip.compress(echo("a").encode())).faultCode == -32700


def test_there_is_no_multicall():
    for name in ("system.multicall", "system.listMethods", "system.methodHelp"):
        assert fault_of(xmlrpc.client.dumps(([],), name)).faultCode == -32601


@pytest.mark.parametrize("dirty", ["a\x00b", "a\x0bb", "a\ud800b", "a\ufffeb"])
def test_replies_carry_nothing_that_xml_cannot(dirty):
    """Measured without the answer: NUL makes XML that the standard parser rejects."""
    served = TABLE.on("public")["echo.say"]
    odd = XmlRpc({"echo.say": type(served)(served.declared, lambda call, /, text: {dirty: dirty}, False)})
    reply = odd.answer(echo("x").encode(), asker(ANA))
    assert xmlrpc.client.loads(reply.body or b"")[0] == ({"ab": "ab"},)


@pytest.mark.parametrize("how", ["none", "null inside", "nan", "large", "object"])
def test_a_result_that_cannot_be_said_is_a_fault_of_ours(how):
    """Measured without the answer: integers over 31 bits overflow and None is refused, as an exception."""
    refused = fault_of(xmlrpc.client.dumps((how,), "broken.result"))
    assert refused.faultCode == -32603


@pytest.mark.parametrize("kind", sorted(wire_errors()))
def test_a_fault_tells_the_same_as_the_error_object(kind):
    reply = answer(xmlrpc.client.dumps((kind,), "echo.raise"))
    with pytest.raises(xmlrpc.client.Fault) as caught:
        xmlrpc.client.loads(reply.body or b"")
    error = raised(kind)
    assert (caught.value.faultCode, caught.value.faultString) == (error["code"], error["message"])
    assert reply.headers["Retry-After"] == "7"
    assert json.loads(reply.headers["X-Restante-Error"]) == error


def test_the_header_of_a_fault_is_ascii_on_one_line():
    reply = answer(xmlrpc.client.dumps(("x",), "no.ñandú\r\n\x85\x7f"))
    header = reply.headers["X-Restante-Error"]
    assert header.isascii()
    assert header.isprintable()


def test_what_went_wrong_inside_stays_inside():
    reply = answer(xmlrpc.client.dumps((), "broken.unforeseen"))
    assert b"SECRET" not in (reply.body or b"")
    assert "SECRET" not in reply.headers["X-Restante-Error"]


def test_a_full_body_is_read_in_no_time():
    document = echo("<array><data>" + "<value><int>1</int></value>" * 38_000 + "</data></array>")
    started = time.process_time()
    answer(document)
    assert time.process_time() - started < 3


def test_a_time_is_read_in_utc():
    name, args = read_call(echo("<dateTime.iso8601>20261123T14:50:00Z</dateTime.iso8601>").encode())
    assert (name, args) == ("echo.say", (datetime(2026, 11, 23, 14, 50, tzinfo=UTC),))


@given(st.sampled_from([echo("a"), echo("<int>5</int>"), echo(STRUCT.format(MEMBER)), nested(4)]), st.data())
def test_a_damaged_body_gets_an_answer(seed, data):
    """A small share of promise 9: whatever is cut, changed or put in, it is read or refused in our words."""
    raw = bytearray(seed.encode())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(raw)))
        length = data.draw(st.integers(0, 12))
        raw[place : place + length] = data.draw(
            st.binary(max_size=6)
            | st.sampled_from(
                [b"<value>", b"</value>", b"<nil/>", b"<!DOCTYPE a>", b"&lt;", b"<fault>", b"]]>"]
            )
        )
    try:
        read_call(bytes(raw))
    except RestanteError:
        xmlrpc_reply = answer(bytes(raw))
        assert b"faultCode" in (xmlrpc_reply.body or b"")
