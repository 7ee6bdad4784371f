"""What goes wrong for people and operators: each time one clear sentence that names what and where."""

import json
import re
import socket
import subprocess
import sys

import pytest
import requests

from demo import providers
from demo.ports import free_ports
from demo.rpc import RpcFailed, Service
from demo.settings import Provider
from tests.certificates import Authority
from tests.daemons import House, environment
from tests.pop3server import PopServer

ADDRESS = "ana@posta.example"


@pytest.fixture(scope="module")
def hasty_house(tmp_path_factory):
    """A house whose storage server gives up on silent servers after a second."""
    directory = tmp_path_factory.mktemp("bad-input")
    with providers.running(directory) as both:
        running = House(directory, both)
        try:
            running.start("relayd")
            running.start("stored", "--set", "pop3.connect_seconds=1", "--set", "pop3.idle_seconds=1")
            running.start("profiled")
            yield running
        finally:
            running.stop()


@pytest.fixture(scope="module")
def ana(hasty_house):
    return hasty_house.visitor()


def refused_account(visitor, port, **changed):
    """Add an account at 127.0.0.1:`port`; return the kind and the sentence of the refusal."""
    account = {
        "address": ADDRESS,
        "host": "127.0.0.1",
        "port": port,
        "security": "tls",
        "user": ADDRESS,
        "secret": "not this one",
        "test": True,
    } | changed
    with pytest.raises(RpcFailed) as refused:
        visitor.profiled.call("account.set", create=[account])
    assert visitor.profiled.call("account.list")["accounts"] == []
    sentence = str(refused.value).partition(": ")[2]
    assert re.match(r'[A-Z0-9].*[.?"]$', sentence), sentence
    assert "secret" not in sentence
    assert "not this one" not in sentence
    return refused.value.kind, sentence


def test_a_wrong_password_for_an_account(ana, hasty_house):
    candidate = ana.profiled.call("account.discover", address="maria@posta.example")["candidates"][0]
    kind, sentence = refused_account(
        ana,
        candidate["port"],
        address="maria@posta.example",
        security=candidate["security"],
        user="maria@posta.example",
    )
    assert kind == "remote_login_refused"
    assert "127.0.0.1" in sentence
    assert "password" in sentence


def test_an_unknown_host(ana):
    kind, sentence = refused_account(ana, 995, host="pop.nowhere.invalid")
    assert kind == "host_unknown"
    assert "pop.nowhere.invalid" in sentence


def test_a_host_inside_the_house(ana):
    kind, sentence = refused_account(ana, 995, host="10.0.0.1")
    assert kind == "host_denied"
    assert "10.0.0.1" in sentence


def test_a_refused_connection(ana):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    kind, sentence = refused_account(ana, port)
    assert kind == "connection_failed"
    assert "127.0.0.1" in sentence


def test_a_certificate_that_nobody_vouches_for(ana, tmp_path):
    with PopServer(tls=Authority(tmp_path).server("127.0.0.1")) as server:
        kind, sentence = refused_account(ana, server.port)
    assert kind == "certificate_bad"
    assert "127.0.0.1" in sentence


def test_a_server_that_stops_talking(ana):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        kind, sentence = refused_account(ana, silent.getsockname()[1])
    assert kind == "remote_silent"
    assert "127.0.0.1" in sentence


def test_a_login_without_tls_where_the_operator_does_not_allow_it(ana):
    with PopServer() as server:
        _, sentence = refused_account(ana, server.port, security="plain")
    assert "TLS" in sentence or "encrypt" in sentence
    assert server.commands == []


def test_a_wrong_password_and_an_unknown_name_get_the_same_sentence(hasty_house, ana):
    anyone = Service(hasty_house.url("profiled"))
    said = []
    for name in (ana.name, "nobody-at-all"):
        with pytest.raises(RpcFailed) as refused:
            anyone.call("session.open", name=name, password="not this one")
        said.append((refused.value.kind, str(refused.value)))
    assert said[0] == said[1]
    assert said[0][0] == "login_refused"


def test_a_duplicate_user_name(hasty_house, ana):
    with pytest.raises(RpcFailed) as refused:
        hasty_house.visitor(ana.name.upper(), "another password")
    assert refused.value.kind == "already_exists"
    assert ana.name in str(refused.value)


@pytest.mark.parametrize("daemon", ["profiled", "stored"])
def test_an_over_long_request(hasty_house, ana, daemon):
    body = b'{"jsonrpc": "2.0", "id": 1, "method": "' + b"x" * (1 << 20) + b'"}'
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {ana.token}"}
    answer = requests.post(hasty_house.url(daemon) + "jsonrpc", data=body, headers=headers, timeout=10)
    assert answer.status_code == 413
    error = answer.json()["error"]
    assert error["data"]["kind"] == "too_large"
    assert error["message"].endswith(".")


@pytest.mark.parametrize("daemon", ["profiled", "stored", "relayd"])
def test_a_second_daemon_on_the_same_database(hasty_house, daemon):
    config = hasty_house.directory / f"{daemon}.toml"
    status, sentence = start(
        daemon, "--config", str(config), "--set", f"http.internal_listen=127.0.0.1:{free_ports(1)[0]}"
    )
    assert status == 3
    assert str(hasty_house.directory) in sentence
    assert requests.get(hasty_house.url(daemon) + "healthz", timeout=10).status_code == 200


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[http]\nlisten = 5\n", "http.listen"),
        ("[http]\nlissten = '127.0.0.1:1'\n", "lissten"),
        ("[http\n", "line 1"),
    ],
)
@pytest.mark.parametrize("daemon", ["profiled", "stored", "relayd"])
def test_a_broken_settings_file(tmp_path, daemon, text, named):
    config = tmp_path / f"{daemon}.toml"
    config.write_text(text)
    status, sentence = start(daemon, "--config", str(config))
    assert status == 2
    assert str(config) in sentence
    assert named in sentence


def test_an_address_of_the_relay_that_is_none(hasty_house):
    config = hasty_house.directory / "stored.toml"
    data = hasty_house.directory / "another"
    changed = ("--set", "relay.address=nonsense", "--set", f"data.directory={data}")
    status, sentence = start("stored", "--config", str(config), *changed)
    assert status == 2
    assert "relay.address" in sentence


def test_a_settings_file_that_is_not_there(tmp_path):
    status, sentence = start("stored", "--config", str(tmp_path / "none.toml"))
    assert status == 2
    assert "none.toml" in sentence


def test_malformed_messages_are_kept_and_listed_beside_the_others(tmp_path):
    malformed = [
        b"",
        b"\r\n",
        b"no header at all",
        b"Subject: \xff\xfe\r\n\r\n\x80\x81",
        b"From: <<<>>>\r\n\r\n.\r\n",
    ]
    malformed.append(b"Content-Type: multipart/mixed; boundary=\r\n\r\n--\r\n\r\n--\r\n")
    authority = Authority(tmp_path)
    (tmp_path / "ca.pem").write_bytes(authority.file.read_bytes())
    with PopServer(malformed, user=ADDRESS, tls=authority.server("127.0.0.1")) as server:
        house = House(tmp_path, [Provider("posta.example", True, server.port, server.port)])
        try:
            ana = house.start_all().visitor()
            ana.add_account(ADDRESS, "secret")
            (progress,) = ana.collect()
            rows = ana.rows()
            opened = ana.stored.call("message.get", ids=[row["id"] for row in rows])["messages"]
            kept = {ana.raw(row) for row in rows}
        finally:
            house.stop()
    assert (progress["collected"], progress["stage"]) == (len(malformed), "done")
    assert len(opened) == len(malformed)
    # A message ends with CRLF on the wire (RFC 1939 section 3), whether or not it did where it came from.
    assert {octets.rstrip() for octets in kept} == {octets.rstrip() for octets in malformed}


def start(daemon, *arguments):
    """Run a daemon that cannot start; return its exit status and the sentence that it says."""
    done = subprocess.run(
        [sys.executable, "-m", daemon, *arguments],
        capture_output=True,
        text=True,
        timeout=30,
        env=environment(),
    )
    said = [line for line in done.stderr.splitlines() if not is_record(line)]
    assert len(said) == 1, done.stderr
    assert re.match(rf"{daemon}: .*[.?]$", said[0]), said[0]
    return done.returncode, said[0]


def is_record(line):
    """Return whether the line is a JSON record of the log."""
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False
