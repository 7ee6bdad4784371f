"""What HTTP sees: addresses, verbs, types, lengths, credentials, headers, routes."""

import io
import json
import os
import subprocess
import xmlrpc.client
from typing import Any

import jsonrpcclient
import pytest
import requests

from restante.config import HttpSettings
from restante.errors import Damaged, NotFound, OverQuota, Unavailable, wire_errors
from restante.rpc import ANYONE
from restante.serve import Response, Route
from restante.serve.messages import route_status
from tests.unit.restante.example import authenticate, basic
from tests.unit.restante.listening import ANA, JSON, running, wait_until

LARGE = bytes(range(256)) * 4096


class Files:
    """The handler of a route, as blobs would be: it remembers what it was asked."""

    def __init__(self, directory):
        self.path = directory / "large"
        self.path.write_bytes(LARGE)
        self.asked = []
        self.opened = []

    def open(self, path):
        self.opened.append(open(path, "rb"))  # noqa: SIM115, PTH123 - the server closes it
        return self.opened[-1]

    def __call__(self, request):
        self.asked.append(request)
        match request.path:
            case "large":
                return Response(200, {"Content-Type": "application/octet-stream"}, self.open(self.path))
            case "part":
                file = self.open(self.path)
                file.seek(1000)
                return Response(206, {"Content-Length": "10"}, file)
            case "empty":
                return Response(200, {}, self.open(os.devnull))
            case "kept":
                return Response(204, {"Upload-Offset": str(len(request.body.read()))})
            case "away":
                raise Unavailable("away")
            case "broken":
                raise RuntimeError("SECRET")
        raise NotFound("There is no such blob.", about=request.path)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return Files(tmp_path_factory.mktemp("files"))


@pytest.fixture(scope="module")
def house(files):
    routes = [
        Route("blobs/", files, ("GET", "HEAD", "PATCH"), body_limit_octets=2 * 1024 * 1024),
        Route("open/", files, ("GET",), caller=ANYONE),
    ]
    with running(routes=routes) as house:
        yield house


# Clients that people have


def test_jsonrpcclient_calls(house):
    url = house.server.urls[0] + "jsonrpc"
    answer = requests.post(url, json=jsonrpcclient.request("echo.say", {"text": "añó"}), timeout=20)
    assert jsonrpcclient.parse(answer.json()) == jsonrpcclient.Ok({"text": "añó"}, answer.json()["id"])


def test_the_standard_xmlrpc_client_calls(house):
    url = house.server.urls[0] + "RPC2"
    with xmlrpc.client.ServerProxy(url, headers=[("Authorization", "Bearer ana")]) as server:
        assert server.echo.say("añó", 2) == {"text": "añóañó"}
        who: Any = server.echo.who()
        assert who["name"] == "ana"
        with pytest.raises(xmlrpc.client.Fault) as caught:
            server.no.such()
        assert caught.value.faultCode == -32601


def test_a_caller_by_xml_rpc_reaches_the_whole_error(house):
    """As docs/rpc.md tells it: XML-RPC has no room for `data`, so it stands in a header."""

    class Transport(xmlrpc.client.Transport):
        error: Any = None

        def parse_response(self, response):
            self.error = json.loads(response.getheader("X-Restante-Error", "null"))
            return super().parse_response(response)

    transport = Transport()
    with xmlrpc.client.ServerProxy(house.server.urls[0] + "RPC2", transport) as server:
        with pytest.raises(xmlrpc.client.Fault):
            server.__getattr__("echo.raise")("busy")
        assert transport.error["data"]["kind"] == "busy"
        server.echo.say("a")
        assert transport.error is None


def test_curl_calls(house):
    curl = ["curl", "-sS", "--max-time", "20", "-u", "ana:contraseña"]
    body = ["-H", "Content-Type: application/json", "-d", '{"jsonrpc": "2.0", "method": "echo.who", "id": 1}']
    told = subprocess.run([*curl, *body, house.server.urls[0] + "jsonrpc"], capture_output=True, check=True)
    assert json.loads(told.stdout)["result"]["name"] == "ana"


# Addresses, verbs, types and lengths


@pytest.mark.parametrize(
    "path", ["/", "/mail", "/jsonrpc", "/mail/", "/mail/nothing", "/mail/jsonrpc/", "/x/.."]
)
def test_nothing_is_at_other_addresses(house, path):
    answer = house.ask("POST", path, b"{}", JSON)
    assert (answer.status, answer.kind) == (404, "not_found")


@pytest.mark.parametrize(
    ("verb", "path", "allowed"),
    [
        ("GET", "jsonrpc", "POST"),
        ("PUT", "jsonrpc", "POST"),
        ("OPTIONS", "jsonrpc", "POST"),
        ("GET", "RPC2", "POST"),
        ("POST", "openrpc.json", "GET, HEAD"),
        ("DELETE", "healthz", "GET, HEAD"),
        ("POST", "blobs/large", "GET, HEAD, PATCH"),
    ],
)
def test_other_verbs_are_refused(house, verb, path, allowed):
    answer = house.ask(verb, f"/mail/{path}")
    assert (answer.status, answer.kind) == (405, "invalid_request")
    assert answer.headers["allow"] == allowed


@pytest.mark.parametrize("path", ["jsonrpc", "RPC2"])
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "multipart/form-data"},
        {"Content-Type": "application/json; charset=latin-1", "X": "RPC2 has another type anyway"},
        {"Content-Type": "text/xml; charset=utf-16"},
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
        {"Content-Type": "text/xml", "Content-Encoding": "deflate"},
    ],
    ids=str,
)
def test_other_types_and_compressed_bodies_are_refused(house, path, headers):
    answer = house.ask("POST", f"/mail/{path}", b"{}", headers)
    assert (answer.status, answer.kind) == (415, "invalid_request")


@pytest.mark.parametrize(
    "kind", ["application/json", "APPLICATION/JSON; charset=UTF-8", 'application/json-rpc;charset="utf-8"']
)
def test_types_are_read_generously(house, kind):
    answer = house.ask("POST", "/mail/jsonrpc", b"[]", {"Content-Type": kind})
    assert answer.json["error"]["code"] == -32600


def test_a_length_is_required(house):
    with house.connect() as connection:
        connection.sendall(
            b"POST /mail/jsonrpc HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Connection: close\r\n\r\n"
        )
        answer = connection.makefile("rb").read()
    assert answer.startswith(b"HTTP/1.1 411 ")
    assert b"Content-Length" in answer


def test_a_chunked_body_has_its_length(house):
    body = iter([b'{"jsonrpc": "2.0", ', b'"method": "system.version", "id": 1}'])
    assert house.ask("POST", "/mail/jsonrpc", body, JSON).json["result"]["daemon"] == "example"


# Headers


@pytest.mark.parametrize(
    ("verb", "path", "status"),
    [
        ("POST", "/mail/jsonrpc", 415),
        ("GET", "/mail/openrpc.json", 200),
        ("GET", "/mail/healthz", 200),
        ("GET", "/mail/open/large", 200),
        ("GET", "/mail/open/none", 404),
        ("GET", "/nothing", 404),
    ],
)
def test_every_answer_forbids_keeping_and_guessing(house, verb, path, status):
    answer = house.ask(verb, path, headers={"Origin": "https://elsewhere.example"})
    assert answer.status == status
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert not any(name.startswith("access-control") for name in answer.headers)


@pytest.mark.parametrize("good", ["abcdefgh", "A-1" * 20])
def test_a_request_id_follows_the_call(house, good):
    answer = house.call("echo.who", headers=ANA | {"X-Request-Id": good})
    assert answer.headers["x-request-id"] == good
    assert answer.json["result"]["request"] == good


@pytest.mark.parametrize("bad", ["", "short", "x" * 65, "with space here", "añadidos"])
def test_a_bad_request_id_is_replaced(house, bad):
    answer = house.call("echo.who", headers=ANA | {"X-Request-Id": bad})
    given = answer.headers["x-request-id"]
    assert given != bad
    assert len(given) >= 8
    assert answer.json["result"]["request"] == given


# Credentials


@pytest.mark.parametrize(
    ("header", "kind", "status"),
    [
        ("Bearer nobody", "session_ended", 401),
        ("Bearer", "unauthenticated", 401),
        ("Bearer a b", "unauthenticated", 401),
        ("Digest x", "unauthenticated", 401),
        ("Basic !", "unauthenticated", 401),
        ("Basic bm9jb2xvbg==", "unauthenticated", 401),
        ("Basic Og==", "unauthenticated", 401),
        ("Basic /zrDqQ==", "unauthenticated", 401),
        (basic("ana", "wrong"), "login_refused", 401),
        ("Bearer often", "too_many_tries", 429),
        ("Bearer away", "unavailable", 200),
    ],
)
def test_bad_credentials_are_refused_before_anything_is_parsed(house, header, kind, status):
    answer = house.ask("POST", "/mail/jsonrpc", b"not even json", JSON | {"Authorization": header})
    assert (answer.status, answer.kind) == (status, kind)
    assert ("www-authenticate" in answer.headers) == (status == 401)
    assert ("retry-after" in answer.headers) == (status == 429)


def test_xml_rpc_tells_bad_credentials_as_a_fault(house):
    url = house.server.urls[0] + "RPC2"
    with (
        xmlrpc.client.ServerProxy(url, headers=[("Authorization", "Bearer nobody")]) as server,
        pytest.raises(xmlrpc.client.Fault) as caught,
    ):
        server.echo.say("a")
    assert caught.value.faultCode == wire_errors()["session_ended"].code


def test_a_method_for_users_wants_a_user(house):
    answer = house.call("echo.who")
    assert (answer.status, answer.kind) == (401, "unauthenticated")
    assert answer.json["error"]["code"] == 1002
    assert answer.json["id"] == 1


def test_authentication_happens_once_a_request(house, monkeypatch):
    asked: list[tuple[Any, str]] = []

    def count(credentials, remote):
        asked.append((credentials, remote))
        return authenticate(credentials, remote)

    monkeypatch.setattr(house.public, "_authenticate", count)
    one = {"jsonrpc": "2.0", "method": "echo.who", "id": 1}
    answer = house.ask("POST", "/mail/jsonrpc", json.dumps([one] * 5).encode(), JSON | ANA)
    assert len(answer.json) == 5
    assert len(asked) == 1
    assert asked[0][1] == "127.0.0.1"
    assert "ana" not in repr(asked[0][0])


def test_the_second_listener_knows_daemons(house):
    stored = {"Authorization": "Bearer stored"}
    relayd = {"Authorization": "Bearer relayd"}
    assert house.call("example.lease", headers=stored, internal=True).json["result"] == {"text": "stored"}
    assert house.call("example.lease", headers=relayd, internal=True).kind == "method_not_found"
    assert house.call("example.lease", internal=True).status == 401
    assert house.call("example.lease", headers=ANA).kind == "method_not_found"
    assert house.call("echo.say", ["a"], headers=stored, internal=True).kind == "method_not_found"


# Limits


@pytest.mark.parametrize(
    ("octets", "headers", "status"),
    [
        (16 * 1024, {}, 200),
        (16 * 1024 + 1, {}, 413),
        (1024 * 1024, ANA, 200),
        (1024 * 1024 + 1, ANA, 413),
    ],
)
@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_has_a_limit(house, octets, headers, status, chunked):
    body = b'{"jsonrpc": "2.0", "method": "system.version", "id": 1}'.ljust(octets)
    answer = house.ask("POST", "/mail/jsonrpc", iter([body]) if chunked else body, JSON | headers)
    assert answer.status == status
    if status == 413:
        assert answer.kind == "too_large"
        assert answer.headers["cache-control"] == "no-store"


def test_the_settings_set_the_limit_and_it_is_told():
    with running(settings=HttpSettings(body_limit_octets=20_000)) as house:
        assert house.call("system.limits").json["result"]["body_octets"] == 20_000
        assert house.ask("POST", "/mail/jsonrpc", b" " * 20_001, JSON | ANA).status == 413


@pytest.mark.parametrize(("length", "credentials"), [(16 * 1024 + 1, ""), (1024 * 1024 + 1, "Bearer ana")])
def test_the_application_itself_holds_the_limits(house, length, credentials):
    """Whatever server runs it: the server's own limit is only there to keep less in memory."""
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/mail/jsonrpc",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(length),
        "HTTP_AUTHORIZATION": credentials,
        "wsgi.input": io.BytesIO(b" " * length),
    }
    told: list[str] = []
    house.public(environ, lambda status, headers: told.append(status))
    assert told == ["413 Request Entity Too Large"]


# Plain routes


def test_a_file_is_sent_whole(house):
    answer = house.ask("GET", "/mail/blobs/large", headers=ANA)
    assert answer.body == LARGE
    assert answer.headers["content-length"] == str(len(LARGE))


def test_a_file_is_sent_in_part(house):
    answer = house.ask("GET", "/mail/blobs/part", headers=ANA)
    assert (answer.status, answer.body) == (206, LARGE[1000:1010])


def test_an_empty_file_is_sent(house):
    assert house.ask("GET", "/mail/blobs/empty", headers=ANA).body == b""


@pytest.mark.parametrize("path", ["large", "part", "empty"])
def test_files_are_closed_and_HEAD_sends_no_body(house, files, path):
    files.opened.clear()
    with requests.Session() as session:
        url = f"{house.server.urls[0]}blobs/{path}"
        for ask in (session.head, session.head, session.get, session.head):
            answer = ask(url, headers=ANA, timeout=20)
            assert answer.ok
    assert len(files.opened) == 4
    wait_until(lambda: all(file.closed for file in files.opened))


def test_a_route_has_a_limit_of_its_own(house):
    assert house.ask("PATCH", "/mail/blobs/kept", LARGE, ANA).headers["upload-offset"] == str(len(LARGE))
    assert house.ask("PATCH", "/mail/blobs/kept", LARGE * 2 + b"x", ANA).status == 413


def test_a_route_wants_a_user_unless_it_says_otherwise(house):
    assert (house.ask("GET", "/mail/blobs/large").status) == 401
    assert house.ask("GET", "/mail/open/empty").status == 200
    assert house.ask("GET", "/mail/blobs/large", headers={"Authorization": "Bearer nobody"}).status == 401


def test_a_route_sees_the_request_without_its_credentials(house, files):
    house.ask("PATCH", "/mail/blobs/kept", b"abc", ANA | {"Upload-Offset": "0", "Content-Type": "a/b"})
    request = files.asked[-1]
    assert (request.verb, request.path, request.length) == ("PATCH", "kept", 3)
    assert request.headers["upload-offset"] == "0"
    assert request.headers["content-type"] == "a/b"
    assert request.principal.name == "ana"
    assert "authorization" not in request.headers


@pytest.mark.parametrize(
    ("path", "status", "kind"),
    [("none", 404, "not_found"), ("away", 503, "unavailable"), ("broken", 500, "internal")],
)
def test_a_route_that_fails_answers_in_the_one_shape(house, path, status, kind):
    answer = house.ask("GET", f"/mail/blobs/{path}", headers=ANA)
    assert (answer.status, answer.kind) == (status, kind)
    assert b"SECRET" not in answer.body


@pytest.mark.parametrize("kind", sorted(wire_errors()))
def test_every_error_has_a_status_on_a_route(kind):
    assert 400 <= route_status(wire_errors()[kind]("x")) < 600


def test_errors_that_have_a_status_of_their_own_keep_it():
    assert route_status(OverQuota("x")) == 507
    assert route_status(Damaged("x")) == 500
    assert route_status(wire_errors()["too_many_tries"]("x")) == 429


# Health, description, where from


def test_health_tells_what_the_daemon_adds():
    told = [{"queue": 3}, Unavailable("The database is away.")]

    def health():
        one = told.pop(0)
        if isinstance(one, Exception):
            raise one
        return one

    with running(health=health) as house:
        well = house.ask("GET", "/mail/healthz")
        assert (well.status, well.json["status"], well.json["queue"]) == (200, "ok", 3)
        ill = house.ask("GET", "/mail/healthz")
        assert (ill.status, ill.json["status"]) == (503, "failing")
        assert ill.json["message"] == "The database is away."


def test_each_listener_describes_itself(house):
    public = {one["name"] for one in house.ask("GET", "/mail/openrpc.json").json["methods"]}
    internal = {one["name"] for one in house.ask("GET", "/openrpc.json", internal=True).json["methods"]}
    assert "echo.who" in public
    assert internal == {"system.version", "system.limits"}
    assert not public & {"example.lease", "admin.count"}
    stored = house.ask("GET", "/openrpc.json", headers={"Authorization": "Bearer stored"}, internal=True)
    assert "example.lease" in {one["name"] for one in stored.json["methods"]}
    assert house.ask("GET", "/mail/openrpc.json", headers={"Authorization": "Bearer nobody"}).status == 401


@pytest.mark.parametrize(
    ("trusted", "forwarded", "seen"),
    [
        ("", "198.51.100.1", "127.0.0.1"),
        ("192.0.2.0/24", "198.51.100.1", "127.0.0.1"),
        ("unix", "198.51.100.1", "127.0.0.1"),
        ("127.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("127.0.0.0/8", "198.51.100.1", "198.51.100.1"),
        ("127.0.0.1", "203.0.113.9, 198.51.100.1", "198.51.100.1"),
        ("127.0.0.1", "[2001:db8::1]", "2001:db8::1"),
        ("127.0.0.1", "not an address", "127.0.0.1"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("nonsense", "198.51.100.1", "127.0.0.1"),
    ],
)
def test_where_a_request_came_from_is_believed_from_the_proxy_only(
    house, monkeypatch, trusted, forwarded, seen
):
    monkeypatch.setattr(house.public, "trusted_proxy", trusted)
    answer = house.call("echo.who", headers=ANA | {"X-Forwarded-For": forwarded})
    assert answer.json["result"]["remote"] == seen


def test_the_settings_name_the_proxy():
    with running(settings=HttpSettings(trusted_proxy="127.0.0.1")) as house:
        answer = house.call("echo.who", headers=ANA | {"X-Forwarded-For": "198.51.100.1"})
        assert answer.json["result"]["remote"] == "198.51.100.1"


def test_what_fails_outside_any_method_is_neutral(house, monkeypatch):
    def fail(*args):
        raise RuntimeError("SECRET")

    monkeypatch.setattr(house.public, "_authenticate", fail)
    answer = house.call("echo.who", headers=ANA)
    assert (answer.status, answer.kind) == (500, "internal")
    assert b"SECRET" not in answer.body
