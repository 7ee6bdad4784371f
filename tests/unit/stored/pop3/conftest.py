"""What the POP3 tests share: limits short enough to be waited for, and a client that reaches loopback."""

import socket
from dataclasses import dataclass
from functools import cache

import pytest

from stored.pop3 import PopClient, Server
from tests.certificates import Authority


@dataclass(frozen=True)
class ShortLimits:
    connect_seconds: float = 5.0
    idle_seconds: float = 5.0
    session_seconds: float = 10.0
    line_octets: int = 1000
    list_entries: int = 1000
    message_octets: int = 2_000_000
    window_messages: int = 10
    window_octets: int = 1_000_000


def loopback(host, port):
    """Every name is this machine: the tests choose names for their certificates."""
    return [(socket.AF_INET, ("127.0.0.1", port))]


@cache
def client(limits, addresses, ca_file):
    """Reading the machine's authorities takes longer than most of these tests: once is enough."""
    return PopClient(limits, addresses, ca_file=ca_file, allow_plain=True)


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def pop(authority):
    """Return a function that opens a session with a PopServer: pop(server, idle_seconds=1)."""
    sessions = []

    def opened(
        server,
        *,
        security="plain",
        host="pop.test",
        user="user",
        secret="secret",
        addresses=loopback,
        auth="password",
        breaker=None,
        **limits,
    ):
        session = client(ShortLimits(**limits), addresses, str(authority.file)).open(
            Server(host, server.port, security, user, secret, auth), breaker=breaker
        )
        sessions.append(session)
        return session

    yield opened
    for session in sessions:
        session.close()


@pytest.fixture
def fetched(pop):
    """Return a function that logs in and returns every message's octets, None for one that was refused."""

    def all_of(server, **options):
        with pop(server, **options) as session:
            arriving = session.retrieve(session.entries())
            found = [None if one.refused else one.read() for one in arriving]
            session.quit()
        return found

    return all_of
