"""The server against clients that are slow, greedy or ambiguous (FAULTS.md item 5, F13, F46-F49)."""

import json
import resource
import select
import socket
import subprocess
import sys
import textwrap
import time
from email.utils import parsedate_to_datetime

import pytest

from restante.config import HttpSettings
from restante.errors import AlreadyRunning, ConfigError, StartError
from restante.rpc import ANYONE, Methods
from restante.serve import Application, Response, Route, Server
from tests.unit.restante.example import authenticate, methods
from tests.unit.restante.listening import ANA, read_answer, request, rpc, running, wait_until


def closed_by_server(connection):
    """Read to the end and return what came."""
    received = b""
    try:
        while more := connection.recv(65536):
            received += more
    except ConnectionResetError:
        pass
    return received


# Idle and slow clients


def test_idle_connections_do_not_keep_anybody_out():
    """Without the answer: waitress stops accepting at its limit until somebody leaves."""
    with running(settings=HttpSettings(connection_limit=20, threads=2)) as house:
        idle = [house.connect() for _ in range(40)]
        try:
            assert house.call("echo.say", ["a"]).json["result"] == {"text": "a"}
        finally:
            for connection in idle:
                connection.close()


def test_half_sent_requests_do_not_keep_anybody_out():
    with running(settings=HttpSettings(connection_limit=20, threads=2)) as house:
        slow = [house.connect() for _ in range(40)]
        try:
            for connection in slow:
                connection.sendall(b"POST /mail/jsonrpc HTTP/1.1\r\nHost: x\r\nContent-Le")
            assert house.call("echo.say", ["a"]).json["result"] == {"text": "a"}
        finally:
            for connection in slow:
                connection.close()


def test_more_connections_than_select_can_hold():
    """Without the answer: `select` raises over descriptor 1,023 and the loop dies."""
    if 0 <= resource.getrlimit(resource.RLIMIT_NOFILE)[1] < 3000:
        pytest.skip("this machine's hard limit of open files is under 3,000")
    code = """
        import resource
        from restante.config import HttpSettings
        from tests.unit.restante.listening import running
        resource.setrlimit(resource.RLIMIT_NOFILE, (3000, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
        with running(settings=HttpSettings(connection_limit=2000)) as house:
            held = [house.connect() for _ in range(1200)]
            print(house.call("echo.say", ["here"]).json["result"]["text"], len(held))
    """
    assert run_python(code).split() == ["here", "1200"]


def test_out_of_descriptors_it_sheds_load_and_recovers():
    """F13. Without the answer: nobody is let in until somebody leaves, and the loop spins on accept."""
    code = """
        import resource, sys
        from tests.unit.restante.listening import running
        resource.setrlimit(resource.RLIMIT_NOFILE, (80, 80))
        with running() as house:
            print(*house.address(), flush=True)
            sys.stdin.read()
    """
    server = [sys.executable, "-c", textwrap.dedent(code)]
    pipe = subprocess.PIPE
    with subprocess.Popen(server, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout is not None
        host, port = process.stdout.readline().split()
        held = [socket.create_connection((host, int(port)), timeout=20) for _ in range(150)]
        with socket.create_connection((host, int(port)), timeout=20) as good:
            good.sendall(rpc("echo.say", "here"))
            assert read_answer(good).json["result"] == {"text": "here"}
        for connection in held:
            connection.close()
        process.communicate()


def run_python(code):
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, timeout=100
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    "beginning",
    [
        b"POST /mail/js",
        b"POST /mail/jsonrpc HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nX: ",
        request("POST", "/mail/jsonrpc", b" " * 1000, Content_Type="application/json")[:-1],
    ],
)
def test_a_trickled_request_ends(beginning):
    """F48. Without the answer: each octet starts waitress's 120 seconds anew, for ever."""
    with running(request_seconds=0.3, cleanup_seconds=0.1) as house, house.connect() as connection:
        connection.sendall(beginning)
        started = time.monotonic()
        while time.monotonic() - started < 15:
            try:
                connection.sendall(b"a")
                connection.settimeout(0.05)
                if connection.recv(1) == b"":
                    return
            except TimeoutError:
                continue
            except OSError:
                return
        pytest.fail("the server still listens to the trickle")


def test_a_request_may_take_long_if_it_brings_enough():
    parser_allows = 0.3 + 200_000 / 4096
    assert parser_allows > 40
    with running(request_seconds=0.3, cleanup_seconds=0.1) as house, house.connect() as connection:
        whole = rpc("echo.say", "a" * 200_000)
        connection.sendall(whole[:-10])
        wait = time.monotonic() + 1
        wait_until(lambda: time.monotonic() > wait)
        connection.sendall(whole[-10:])
        assert read_answer(connection).status == 200


def test_a_client_that_does_not_read_lets_the_thread_go():
    """Without the answer: 4 such clients held a server of 4 threads for ever."""
    large = b"x" * 32 * 1024 * 1024
    routes = [Route("large", lambda _: Response(200, {}, large), ("GET",), caller=ANYONE)]
    one_thread = HttpSettings(threads=1)
    with running(routes=routes, settings=one_thread, stall_seconds=0.5) as house, socket.socket() as greedy:
        greedy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        greedy.connect(house.address())
        greedy.sendall(request("GET", "/mail/large") * 3)
        assert greedy.recv(10)
        assert house.call("echo.say", ["a"]).json["result"] == {"text": "a"}


def test_files_need_no_thread(tmp_path):
    """A file goes out by the loop: many clients that do not read it leave the only thread free."""
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.truncate(64 * 1024 * 1024)
    routes = [Route("large", lambda _: Response(200, {}, path.open("rb")), ("GET",), caller=ANYONE)]
    with running(routes=routes, settings=HttpSettings(threads=1)) as house:
        greedy = [house.connect() for _ in range(5)]
        try:
            for connection in greedy:
                connection.sendall(request("GET", "/mail/large"))
                assert connection.recv(10)
            assert house.call("echo.say", ["a"]).json["result"] == {"text": "a"}
        finally:
            for connection in greedy:
                connection.close()


# Requests that two readers could understand in two ways (F49)

AMBIGUOUS = {
    "length and chunked": b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunked and length": b"Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n0\r\n\r\n",
    "signed length": b"Content-Length: +10\r\n\r\n0123456789",
    "negative length": b"Content-Length: -1\r\n\r\n",
    "two lengths": b"Content-Length: 10\r\nContent-Length: 10\r\n\r\n0123456789",
    "a list of lengths": b"Content-Length: 10, 10\r\n\r\n0123456789",
    "a length in hex": b"Content-Length: 0x10\r\n\r\n",
    "a length of many digits": b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n",
    "a bare line feed": b"Content-Length: 0\r\nX: a\nTransfer-Encoding: chunked\r\n\r\n",
    "a folded first header": b" X: a\r\n\r\n",
    "a header without a name": b": a\r\n\r\n",
    "a space before the colon": b"Content-Length : 10\r\n\r\n0123456789",
}


@pytest.fixture(scope="module")
def house():
    with running() as house:
        yield house


@pytest.mark.parametrize("headers", AMBIGUOUS.values(), ids=AMBIGUOUS)
def test_ambiguous_requests_are_refused_and_closed(house, headers):
    head = b"POST /mail/jsonrpc HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    if headers.startswith(b" "):
        head = b"POST /mail/jsonrpc HTTP/1.1\r\n"
    with house.connect() as connection:
        connection.sendall(head + headers)
        answer = read_answer(connection)
        assert (answer.status, answer.kind) == (400, "invalid_request")
        assert answer.headers["connection"] == "close"
        assert answer.headers["content-type"] == "application/json"
        assert closed_by_server(connection) == b""


def test_chunks_are_not_for_the_first_version_of_http(house):
    with house.connect() as connection:
        connection.sendall(b"POST /mail/jsonrpc HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
        assert read_answer(connection).status == 400


@pytest.mark.parametrize(
    ("octets", "status"),
    [
        (b"NONSENSE\r\n\r\n", 400),
        (b"get / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nX: " + b"a" * 40_000 + b"\r\n\r\n", 431),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nnot hex\r\n", 400),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcdefgh\r\n", 400),
        (request("POST", "/mail/jsonrpc", b" " * 20_000), 413),
    ],
    ids=["first line", "lower case", "headers", "coding", "chunk length", "chunk end", "body"],
)
def test_what_the_server_refuses_by_itself_has_our_shape(house, octets, status):
    """Without the answer: text/plain, which no client can tell from a proxy's page."""
    with house.connect() as connection:
        connection.sendall(octets)
        answer = read_answer(connection)
        assert answer.status == status
        assert set(answer.json["error"]) == {"code", "message", "data"}
        assert answer.json["id"] is None
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert b"waitress" not in answer.body
        assert answer.headers["server"] == "restante"


def test_a_body_that_is_too_large_is_read_to_its_end_so_that_the_answer_arrives(house):
    """Without the answer: the connection is closed on a client that still writes, and it sees only that."""
    whole = request("POST", "/mail/jsonrpc", b" " * 4_000_000, Authorization="Bearer ana")
    with house.connect() as connection:
        connection.sendall(whole[:2_000_000])
        assert select.select([connection], [], [], 0.3)[0] == []
        connection.sendall(whole[2_000_000:])
        assert read_answer(connection).kind == "too_large"


def test_an_enormous_body_is_refused_at_once(house):
    with house.connect() as connection:
        connection.sendall(b"POST /mail/jsonrpc HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n")
        assert read_answer(connection).kind == "too_large"


def test_who_asks_leave_to_send_too_much_gets_none(house):
    headers = b"POST /mail/jsonrpc HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n"
    with house.connect() as connection:
        connection.sendall(headers % 20_000)
        assert read_answer(connection).kind == "too_large"
    with house.connect() as connection:
        connection.sendall(headers % 2)
        assert connection.recv(100).startswith(b"HTTP/1.1 100 ")


@pytest.mark.parametrize("framing", [b"1;" + b"x" * 100_000, b"1;x=y\r\na\r\n" * 10_000])
def test_chunks_may_not_cost_more_than_they_bring(house, framing):
    """Without the answer: waitress keeps the line of a chunk, however long, for as long as it comes."""
    with house.connect() as connection:
        connection.sendall(
            b"POST /mail/jsonrpc HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ana\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n" + framing
        )
        assert read_answer(connection).status == 400


# Connections


def test_a_connection_is_kept(house):
    with house.connect() as connection:
        for body in (b"[]", b'{"jsonrpc":"2.0","method":"spec.hello","params":[1]}', b"[]"):
            connection.sendall(request("POST", "/mail/jsonrpc", body, Content_Type="application/json"))
            answer = read_answer(connection)
            assert "connection" not in answer.headers
        assert answer.json["error"]["code"] == -32600


def test_a_header_that_comes_again_says_the_same_of_another_body(house):
    with house.connect() as connection:
        for text in ("one", "two", "six", "four", "one"):
            connection.sendall(rpc("echo.say", text))
            assert read_answer(connection).json["result"] == {"text": text}


def test_credentials_and_limits_are_those_of_each_request(house):
    """What a header said before, on the same connection, is not believed of another one."""
    call = json.dumps({"jsonrpc": "2.0", "method": "echo.who", "id": 1}).encode()
    with house.connect() as connection:
        for sent, kind in [("Bearer ana", None), ("Bearer nobody", "session_ended"), ("Bearer ana", None)]:
            connection.sendall(
                request("POST", "/mail/jsonrpc", call, Content_Type="application/json", Authorization=sent)
            )
            assert read_answer(connection).json.get("error", {}).get("data", {}).get("kind") == kind
        connection.sendall(request("POST", "/mail/jsonrpc", call, Content_Type="application/json"))
        assert read_answer(connection).kind == "unauthenticated"
        connection.sendall(request("POST", "/mail/jsonrpc", b" " * 20_000, Content_Type="application/json"))
        assert read_answer(connection).status == 413


def test_headers_are_remembered_a_few_small_ones_at_a_time(house):
    (listener,) = [one for one in house.server._listeners if one.application is house.public]
    with house.connect() as connection:
        for number in range(30):
            connection.sendall(rpc("echo.say", "a" * number))
            assert read_answer(connection).status == 200
        large = rpc("echo.say", "b").replace(b"Host: x", b"Host: x\r\nX: " + b"x" * 5000)
        connection.sendall(large)
        assert read_answer(connection).status == 200
        (channel,) = listener._server.active_channels.values()
        assert 0 < len(channel._heads) <= 4
        assert all(len(header) < 4096 for header in channel._heads)
        assert all(head.environ["wsgi.input"] is None for head in channel._heads.values())


@pytest.mark.parametrize(
    ("version", "asked", "lasts"),
    [("1.1", "", True), ("1.1", "close", False), ("1.0", "", False), ("1.0", "Keep-Alive", True)],
)
def test_a_connection_lasts_as_its_client_and_version_say(house, version, asked, lasts):
    call = rpc("echo.say", "a").replace(b"HTTP/1.1", b"HTTP/" + version.encode())
    if asked:
        call = call.replace(b"Host: x", b"Host: x\r\nConnection: " + asked.encode())
    with house.connect() as connection:
        connection.sendall(call)
        answer = read_answer(connection)
        assert answer.json["result"] == {"text": "a"}
        assert answer.headers["server"] == "restante"
        assert abs(parsedate_to_datetime(answer.headers["date"]).timestamp() - time.time()) < 60
        if lasts:
            connection.sendall(call)
            assert read_answer(connection).status == 200
        else:
            assert answer.headers["connection"] == "close"
            assert closed_by_server(connection) == b""


def test_a_notification_answers_204_and_keeps_the_connection(house):
    """Without the answer: waitress closes after every 204, so that each piece of an upload reconnects."""
    with house.connect() as connection:
        for _ in range(2):
            body = b'{"jsonrpc":"2.0","method":"spec.hello","params":[1]}'
            connection.sendall(request("POST", "/mail/jsonrpc", body, Content_Type="application/json"))
            answer = read_answer(connection)
            assert (answer.status, answer.body) == (204, b"")
            assert "connection" not in answer.headers


def test_who_asks_to_close_is_closed(house):
    with house.connect() as connection:
        connection.sendall(request("GET", "/mail/healthz", Connection="close"))
        answer = read_answer(connection)
        assert answer.headers["connection"] == "close"
        assert closed_by_server(connection) == b""


def test_pipelined_requests_are_answered_in_order(house):
    with house.connect() as connection:
        connection.sendall(b"".join(rpc("echo.say", str(n)) for n in range(5)))
        said = [read_next(connection)["result"]["text"] for _ in range(5)]
        assert said == list("01234")


def read_next(connection):
    """Read exactly one answer, leaving the next where it is."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += connection.recv(1)
    (length,) = [int(line[15:]) for line in head.split(b"\r\n") if line.startswith(b"Content-Length:")]
    body = b""
    while len(body) < length:
        body += connection.recv(length - len(body))
    return json.loads(body)


def test_listeners_do_not_share_threads(house):
    """Else daemons that ask each other could wait for each other for ever."""
    with running(settings=HttpSettings(threads=1)) as house, house.connect() as connection:
        connection.sendall(rpc("slow.wait"))
        assert house.example.entered.acquire(timeout=20)
        stored = {"Authorization": "Bearer stored"}
        assert house.call("example.lease", headers=stored, internal=True).json["result"]["text"] == "stored"
        house.example.gate.set()
        assert read_answer(connection).status == 200


def test_a_full_thread_pool_is_no_news(house, caplog):
    """waitress warns for each request that waits; its log would be nothing else under load."""
    with running(settings=HttpSettings(threads=1)) as house:
        waiting = [house.connect() for _ in range(5)]
        for connection in waiting:
            connection.sendall(rpc("slow.wait"))
        assert house.example.entered.acquire(timeout=20)
        house.example.gate.set()
        for connection in waiting:
            assert read_answer(connection).status == 200
            connection.close()
    assert not [record for record in caplog.records if record.name.startswith("waitress")]


# Addresses


def application():
    table: Methods = methods()[0]
    return Application(table, authenticate, audience="public")


def test_a_port_that_is_taken_is_told(house):
    with pytest.raises(AlreadyRunning, match=r"127\.0\.0\.1:\d+ is taken by another program"):
        Server([(application(), house.server.addresses[0])], HttpSettings())


def test_what_was_bound_before_is_let_go(house):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(AlreadyRunning):
        Server(
            [(application(), f"127.0.0.1:{port}"), (application(), house.server.addresses[0])], HttpSettings()
        )
    Server([(application(), f"127.0.0.1:{port}")], HttpSettings()).drain(0)


@pytest.mark.parametrize("address", ["8601", "127.0.0.1", "127.0.0.1:http", "127.0.0.1:70000", ":80", ""])
def test_an_address_that_is_none_is_told(address):
    with pytest.raises(ConfigError, match="is not an address to listen on"):
        Server([(application(), address)], HttpSettings())


@pytest.mark.parametrize("address", ["192.0.2.1:0", "no-such-host.invalid:0", "unix:/nowhere/at/all"])
def test_an_address_that_is_not_ours_is_told(address):
    with pytest.raises(StartError, match=f"Cannot listen on {address}"):
        Server([(application(), address)], HttpSettings())


def test_a_unix_socket_serves_and_its_proxy_is_believed(tmp_path):
    path = tmp_path / "s"
    served = application()
    with Server([(served, f"unix:{path}")], HttpSettings(trusted_proxy="unix")) as server:
        assert server.addresses == [f"unix:{path}"]
        assert path.stat().st_mode & 0o777 == 0o660
        for forwarded, seen in (({}, "unix"), ({"X_Forwarded_For": "198.51.100.1"}, "198.51.100.1")):
            with socket.socket(socket.AF_UNIX) as connection:
                connection.connect(str(path))
                body = b'{"jsonrpc": "2.0", "method": "echo.who", "id": 1}'
                connection.sendall(
                    request("POST", "/jsonrpc", body, Content_Type="application/json", **ANA, **forwarded)
                )
                assert read_answer(connection).json["result"]["remote"] == seen
    assert not path.exists()


def test_a_unix_socket_left_by_a_killed_process_is_replaced(tmp_path):
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    with Server([(application(), f"unix:{path}")], HttpSettings()):
        pass


def test_a_unix_socket_in_use_or_another_file_is_not_replaced(tmp_path):
    path = tmp_path / "s"
    with (
        Server([(application(), f"unix:{path}")], HttpSettings()),
        pytest.raises(AlreadyRunning, match="is taken by another program"),
    ):
        Server([(application(), f"unix:{path}")], HttpSettings())
    other = tmp_path / "file"
    other.write_text("kept")
    with pytest.raises(StartError):
        Server([(application(), f"unix:{other}")], HttpSettings())
    assert other.read_text() == "kept"


def test_ipv6_addresses_are_written_in_brackets():
    try:
        server = Server([(application(), "[::1]:0")], HttpSettings())
    except StartError:
        pytest.skip("there is no IPv6 here")
    with server:
        assert server.addresses[0].startswith("[::1]:")
        assert json.loads(socket_get(server))["status"] == "ok"


def socket_get(server):
    port = int(server.addresses[0].rpartition(":")[2])
    with socket.create_connection(("::1", port), timeout=20) as connection:
        connection.sendall(request("GET", "/healthz"))
        return read_answer(connection).body
