"""Reaching a server and encrypting: the password goes nowhere that was not verified."""

import errno
import socket
import ssl
from datetime import UTC, datetime, timedelta
from threading import Event, Thread
from time import monotonic
from typing import Any

import pytest
import trustme

from restante.errors import (
    CertificateBad,
    ConfigError,
    ConnectionFailed,
    HostUnknown,
    RemoteProtocol,
    RemoteSilent,
    RestanteError,
    TlsUnavailable,
)
from stored.pop3 import Breaker, PopClient, Server
from stored.pop3.tls import handshake
from tests.pop3server import PopServer
from tests.unit.stored.pop3.conftest import ShortLimits


@pytest.fixture
def good(authority):
    return authority.server("pop.test")


def abort_after(event, breaker):
    event.wait(10)
    breaker.abort()


def said_nothing_secret(server):
    return not [line for line in server.commands if line.split()[0] in ("USER", "PASS", "AUTH")]


@pytest.mark.parametrize("security", ["tls", "stls"])
def test_messages_come_over_verified_tls(fetched, good, security):
    with PopServer([b"a\r\n", b"x" * 400_000 + b"\r\n"], **{security: good}) as server:
        assert fetched(server, security=security) == server.messages


def test_capabilities_are_asked_again_once_encrypted(pop, good):
    def capa(conversation, _):
        encrypted = isinstance(conversation.connection, ssl.SSLSocket)
        conversation.send_lines(b"+OK", [b"UIDL"] if encrypted else [b"STLS", b"PIPELINING", b"SASL PLAIN"])

    with PopServer(stls=good, answers={"CAPA": capa}) as server, pop(server, security="stls") as session:
        assert session.capabilities == {"UIDL": []}
        assert [line.split()[0] for line in server.commands] == ["CAPA", "STLS", "CAPA", "USER", "PASS"]


@pytest.mark.parametrize("capa", [b"+OK\r\nUIDL\r\n.\r\n", b"+OK\r\n.\r\n", b"-ERR\r\n"])
def test_stripped_stls_ends_before_the_password(pop, capa):
    with PopServer(answers={"CAPA": capa}) as server:
        with pytest.raises(TlsUnavailable, match=r"pop\.test does not offer encryption"):
            pop(server, security="stls")
        assert said_nothing_secret(server)


@pytest.mark.parametrize("injected", [b"+OK logged in\r\n", b"+OK\r\n.\r\n", b"\0"])
def test_octets_injected_before_encryption_are_refused(pop, good, injected):
    with PopServer(stls=good, answers={"STLS": b"+OK begin\r\n" + injected}) as server:
        with pytest.raises(RemoteProtocol, match="before encryption had begun"):
            pop(server, security="stls")
        assert said_nothing_secret(server)


def test_answers_before_they_are_asked_are_refused(pop, good):
    capa = b"+OK\r\nSTLS\r\n.\r\n+OK begin\r\n"
    with PopServer(stls=good, answers={"CAPA": capa}) as server:
        with pytest.raises(RemoteProtocol, match="before it is asked"):
            pop(server, security="stls")
        assert said_nothing_secret(server)


def issued(**options):
    """Return a server's context and the file of its authority, made by trustme with `options`."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("pop.test", **options).configure_cert(context)
    return authority, context


@pytest.mark.parametrize("security", ["tls", "stls"])
def test_a_certificate_for_another_host(pop, authority, security):
    with PopServer(**{security: authority.server("mail.elsewhere.test")}) as server:
        with pytest.raises(CertificateBad, match=r"certificate of pop\.test is for another host"):
            pop(server, security=security)
        assert said_nothing_secret(server)


@pytest.mark.parametrize("security", ["plain", "tls"])
def test_a_session_is_broken_off_by_another_thread(pop, good, security):
    def retr(conversation, _):
        conversation.send(b"+OK\r\nhalf a let")
        half.set()
        conversation.pause()

    half = Event()
    with PopServer([b"a\r\n"], answers={"RETR": retr}, tls=good if security == "tls" else None) as server:
        breaker = Breaker("pop.test")
        session = pop(server, security=security, breaker=breaker)
        aborter = Thread(target=abort_after, args=(half, breaker))
        aborter.start()
        arriving = next(session.retrieve(session.entries()))
        with pytest.raises(ConnectionFailed):
            arriving.read()
        aborter.join(10)


def silent_listener():
    """Return a listener whose backlog is full, so that connecting to it takes for ever."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(0)
    return listener


@pytest.mark.parametrize("at", ["connecting", "handshake", "greeting", "login"])
def test_a_visit_is_broken_off_wherever_it_is(pop, at):
    breaker = Breaker("pop.test")
    reached = Event()

    def pause(conversation, _):
        reached.set()
        conversation.pause()

    def full(host, port):
        reached.set()
        return [(socket.AF_INET, listener.getsockname())]

    # To who wants to encrypt, a server that says nothing is one that does not shake hands.
    answers = {"AUTH": pause} if at == "login" else {"GREETING": pause}
    with PopServer(answers=answers) as server, silent_listener() as listener:
        fillers = [socket.socket() for _ in range(3)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        kinds: dict[str, dict[str, Any]] = {
            "connecting": {"addresses": full},
            "handshake": {"security": "tls"},
        }
        aborter = Thread(target=abort_after, args=(reached, breaker))
        aborter.start()
        began = monotonic()
        with pytest.raises(ConnectionFailed):
            pop(server, breaker=breaker, **kinds.get(at, {}))
        assert monotonic() - began < 4
        aborter.join(10)
        for filler in fillers:
            filler.close()


def test_what_is_broken_off_before_the_handshake_says_nothing_of_the_server():
    breaker = Breaker("pop.test")

    class Late(ssl.SSLContext):
        """Comes to wrap a connection when that is shut down already."""

        def wrap_socket(self, *_, **__):
            breaker.abort()
            raise OSError(errno.ENOTCONN, "not connected")

    with socket.socket() as ours, pytest.raises(ConnectionFailed, match="was broken off"):
        handshake(ours, "pop.test", Late(ssl.PROTOCOL_TLS_CLIENT), monotonic() + 5, breaker)


def test_what_is_broken_off_beforehand_never_begins(pop):
    breaker = Breaker("pop.test")
    breaker.abort()
    with PopServer() as server, pytest.raises(ConnectionFailed, match="was broken off"):
        pop(server, breaker=breaker)


def test_a_certificate_for_another_address(pop, authority):
    with (
        PopServer(tls=authority.server("pop.test")) as server,
        pytest.raises(CertificateBad, match="is for another address"),
    ):
        pop(server, security="tls", host="127.0.0.1")


def test_a_certificate_of_an_unknown_authority(pop):
    _, context = issued()
    with (
        PopServer(tls=context) as server,
        pytest.raises(CertificateBad, match="authority that is not trusted here"),
    ):
        pop(server, security="tls")


def test_an_expired_certificate(tmp_path):
    authority, context = issued(not_after=datetime.now(UTC) - timedelta(days=1))
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    client = PopClient(ShortLimits(), loopback, ca_file=str(tmp_path / "ca.pem"))
    with PopServer(tls=context) as server, pytest.raises(CertificateBad, match=r"pop\.test has expired"):
        client.open(Server("pop.test", server.port, "tls", "user", "secret"))


def loopback(host, port):
    return [(socket.AF_INET, ("127.0.0.1", port))]


def test_a_server_without_tls_on_this_port(pop):
    with PopServer() as server, pytest.raises(TlsUnavailable, match="does not speak TLS on this port"):
        pop(server, security="tls")


def test_a_server_that_closes_instead_of_encrypting(pop):
    with PopServer(cut_after=1) as server, pytest.raises(RestanteError) as caught:
        pop(server, security="tls")
    assert isinstance(caught.value, ConnectionFailed | TlsUnavailable)


def test_a_server_that_is_silent_instead_of_encrypting(pop):
    with (
        PopServer(answers={"GREETING": lambda talk, _: talk.pause()}) as server,
        pytest.raises(RemoteSilent, match="did not finish setting up encryption"),
    ):
        pop(server, security="tls", connect_seconds=0.2)


def test_plain_only_where_the_operator_allows_it():
    client = PopClient(ShortLimits(), loopback)
    with PopServer() as server:
        with pytest.raises(TlsUnavailable, match="which this service does not allow"):
            client.open(Server("pop.test", server.port, "plain", "user", "secret"))
        assert server.connections == 0


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_file_of_authorities_that_cannot_be_used(tmp_path, content):
    path = tmp_path / "ca.pem"
    if content:
        path.write_text(content)
    with pytest.raises(ConfigError, match=r"pop3\.ca_file"):
        PopClient(ShortLimits(), loopback, ca_file=str(path))


def closed_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def test_a_refused_connection_names_host_and_port():
    port = closed_port()
    with pytest.raises(ConnectionFailed, match=rf"pop\.test refused the connection on port {port}"):
        PopClient(ShortLimits(), loopback).open(Server("pop.test", port, "tls", "user", "secret"))


def test_the_next_address_is_tried(pop):
    dead = closed_port()
    with PopServer([b"a\r\n"]) as server:
        addresses = [(socket.AF_INET, ("127.0.0.1", dead)), (socket.AF_INET, ("127.0.0.1", server.port))]
        assert pop(server, addresses=lambda host, port: addresses).stat() == (1, 3)


def test_a_server_that_takes_no_connection_is_silent():
    # A listener whose queue is full answers nothing at all.
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        address = listener.getsockname()
        waiting = [socket.socket() for _ in range(3)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(address)
        client = PopClient(ShortLimits(connect_seconds=0.3), loopback)
        with pytest.raises(RemoteSilent, match="did not answer on port"):
            client.open(Server("pop.test", address[1], "tls", "user", "secret"))
        for one in waiting:
            one.close()


def test_what_the_resolver_says_is_passed_on():
    def unknown(host, port):
        raise HostUnknown(f"There is no host {host}.", about=host)

    with pytest.raises(HostUnknown):
        PopClient(ShortLimits(), unknown).open(Server("no.test", 995, "tls", "user", "secret"))


def test_a_secret_is_not_shown_with_its_server():
    assert "hunter2" not in repr(Server("pop.test", 995, "tls", "user", "hunter2"))
