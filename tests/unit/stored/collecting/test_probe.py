"""Trying a login: what it tells, and how many at once."""

import threading

import pytest

from restante.errors import Busy, RemoteLoginRefused, RemoteSilent
from stored.collecting.probe import Prober
from stored.pop3 import PopClient, Server
from stored.settings import PopSettings
from tests.pop3server import PopServer
from tests.unit.stored.visiting import loopback


def prober(at_once=2, seconds=5.0):
    return Prober(PopClient(PopSettings(idle_seconds=5.0), loopback, allow_plain=True), at_once, seconds)


def at(server, secret="secret"):
    return Server("pop.test", server.port, "plain", "user", secret)


def test_it_counts_and_fetches_nothing():
    with PopServer([b"a\r\n", b"bb\r\n"], capabilities=["UIDL", "SASL PLAIN"]) as server:
        found = prober().probe(at(server))
        assert (found.messages, found.octets, found.capabilities) == (2, 7, ["UIDL", "SASL PLAIN"])
        assert [line.split()[0] for line in server.commands] == ["CAPA", "AUTH", "STAT", "QUIT"]


def test_a_refusal_is_passed_on_and_frees_the_place():
    one = prober(at_once=1)
    with PopServer() as server:
        for _ in range(3):
            with pytest.raises(RemoteLoginRefused):
                one.probe(at(server, "wrong"))


def test_too_many_at_once_are_told_to_wait():
    go_on = threading.Event()

    def stat(conversation, argument):
        go_on.wait(10)
        conversation.usual("STAT", argument)

    one = prober(at_once=1)
    with PopServer(answers={"STAT": stat}) as server:
        first = threading.Thread(target=one.probe, args=(at(server),))
        first.start()
        server.wait_for("STAT")
        with pytest.raises(Busy, match="Too many logins"):
            one.probe(at(server))
        go_on.set()
        first.join(10)
        one.probe(at(server))


def test_a_try_has_its_own_time():
    with (
        PopServer(answers={"STAT": lambda talk, _: talk.pause()}) as server,
        pytest.raises(RemoteSilent, match=r"was not done after 0\.3 seconds"),
    ):
        prober(seconds=0.3).probe(at(server))
