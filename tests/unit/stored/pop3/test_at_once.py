"""Logging in and listing in one flight, where a server is known to take it; and servers that do not."""

import pytest

from restante.errors import (
    ConnectionFailed,
    MaildropInUse,
    RemoteLoginRefused,
    RemoteProtocol,
    RemoteRefused,
    RemoteSilent,
    RemoteTemporary,
)
from stored.pop3 import Breaker, PopClient, Server
from stored.pop3.habits import REMEMBERED, Habits
from tests.pop3server import PopServer
from tests.unit.stored.pop3.conftest import ShortLimits, loopback

PIPELINED = ("UIDL", "TOP", "USER", "PIPELINING", "SASL PLAIN")
PLACE = ("pop.test", 995, "tls")


class Visitor:
    """Somebody with a client of their own, who lists the maildrop each time."""

    def __init__(self, server, authority, security="plain", **limits):
        self.pop_server = server
        self.security = security
        self.client = PopClient(
            ShortLimits(**limits), loopback, ca_file=str(authority.file), allow_plain=True
        )

    def visit(self, *, secret="secret", user="user", auth="password", listing=True, breaker=None):
        """Return the commands of one session, those of a flight in a string of their own, and the list."""
        before = len(self.pop_server.flights)
        where = Server("pop.test", self.pop_server.port, self.security, user, secret, auth)
        with self.client.open(where, listing=listing, breaker=breaker) as session:
            entries = session.entries()
            session.quit()
        return self.pop_server.flights[before:], entries


@pytest.fixture
def visitor(authority):
    return lambda server, **options: Visitor(server, authority, **options)


CAREFUL = ["CAPA", "AUTH", "UIDL LIST", "QUIT"]
AT_ONCE = ["CAPA AUTH UIDL LIST", "QUIT"]


def test_the_second_session_says_in_one_flight_what_took_three(visitor):
    with PopServer([b"a\r\n", b"bb\r\n"], capabilities=PIPELINED) as server:
        ana = visitor(server)
        flights, entries = ana.visit()
        assert flights == CAREFUL
        assert ana.visit() == (AT_ONCE, entries)
        assert ana.visit() == (AT_ONCE, entries)
        assert len(entries) == 2


def test_user_and_pass_go_at_once_as_well(visitor):
    with PopServer([b"a\r\n"], capabilities=("UIDL", "PIPELINING", "USER")) as server:
        ana = visitor(server)
        ana.visit()
        assert ana.visit()[0] == ["CAPA USER PASS UIDL LIST", "QUIT"]


def test_what_the_server_announces_is_asked_anew_each_time(visitor):
    with PopServer(capabilities=PIPELINED) as server:
        ana = visitor(server)
        ana.visit()
        server.capabilities = ("UIDL", "SASL PLAIN")
        assert ana.visit()[0] == AT_ONCE
        assert ana.visit()[0] == ["CAPA", "AUTH", "UIDL", "LIST", "QUIT"]


@pytest.mark.parametrize("capabilities", [("UIDL", "SASL PLAIN"), ("SASL XOAUTH2 PLAIN", "PIPELINING")])
def test_what_cannot_be_said_at_once_never_is(visitor, capabilities):
    auth = "oauth2" if "PIPELINING" in capabilities else "password"
    with PopServer(capabilities=capabilities) as server:
        ana = visitor(server)
        first = ana.visit(auth=auth)
        assert len(first[0]) > 2
        assert ana.visit(auth=auth) == first


def test_a_secret_too_long_for_a_command_has_its_line_to_itself(visitor):
    secret = "ñ" * 200
    with PopServer(secret=secret, capabilities=PIPELINED) as server:
        ana = visitor(server)
        first = ana.visit(secret=secret)
        assert ana.visit(secret=secret) == first


def test_who_does_not_list_does_not_have_it_listed(visitor):
    with PopServer(capabilities=PIPELINED) as server:
        ana = visitor(server)
        ana.visit()
        assert ana.visit(listing=False)[0] == CAREFUL


def test_after_starttls_everything_is_asked_anew(visitor, authority):
    with PopServer(capabilities=PIPELINED, stls=authority.server("pop.test")) as server:
        ana = visitor(server, security="stls")
        first = ana.visit()
        assert first[0] == ["CAPA", "STLS", *CAREFUL]
        assert ana.visit() == first


def test_another_certificate_is_another_server(visitor, authority):
    with PopServer(capabilities=PIPELINED, tls=authority.server("pop.test")) as server:
        ana = visitor(server, security="tls")
        ana.visit()
        assert ana.visit()[0] == AT_ONCE
        server.tls = authority.server("pop.test")
        assert ana.visit()[0] == CAREFUL
        assert ana.visit()[0] == AT_ONCE


def lose(conversation, argument):
    """Forget what came with the login, as servers do that begin anew there."""
    conversation.usual("AUTH", argument)
    conversation.forget_unread()


def drop(conversation, argument):
    if "UIDL" in conversation.flight:
        conversation.drop()
    conversation.usual("AUTH", argument)


def ask_back(conversation, argument):
    """Ask for what was given."""
    if "UIDL" in conversation.flight:
        conversation.send(b"+ \r\n")
    else:
        conversation.usual("AUTH", argument)


def refuse_together(conversation, argument):
    if "UIDL" in conversation.flight:
        conversation.send(b"-ERR one at a time\r\n")
    else:
        conversation.usual("AUTH", argument)


def refuse_lists(conversation, argument):
    if "AUTH" in conversation.flight:
        conversation.send(b"-ERR one at a time\r\n")
    else:
        conversation.usual("LIST", argument)


@pytest.mark.parametrize(
    "answers",
    [
        {"AUTH": lose},
        {"AUTH": drop},
        {"AUTH": ask_back},
        {"AUTH": refuse_together},
        {"UIDL": refuse_lists, "LIST": refuse_lists},
    ],
    ids=["loses", "drops", "asks back", "refuses the login", "refuses to list"],
)
def test_a_server_that_cannot_is_asked_a_thing_at_a_time_from_then_on(visitor, answers):
    with PopServer([b"a\r\n"], capabilities=PIPELINED, answers=answers) as server:
        ana = visitor(server, idle_seconds=0.3)
        _, entries = ana.visit()
        flights, listed = ana.visit()
        assert flights[0] == "CAPA AUTH UIDL LIST"
        assert flights[-len(CAREFUL) :] == CAREFUL
        assert listed == entries
        assert ana.visit() == (CAREFUL, entries)


def test_a_server_that_cannot_and_still_believes_us_there_is_asked_a_thing_at_a_time_later(visitor):
    def auth(conversation, argument):
        together = "UIDL" in conversation.flight
        if server.count("AUTH") == 3:
            conversation.send(b"-ERR [IN-USE] busy\r\n")
        else:
            conversation.usual("AUTH", argument)
        if together:
            conversation.forget_unread()

    with PopServer([b"a\r\n"], capabilities=PIPELINED, answers={"AUTH": auth}) as server:
        ana = visitor(server, idle_seconds=0.3)
        ana.visit()
        with pytest.raises(MaildropInUse):
            ana.visit()
        assert ana.visit()[0] == CAREFUL
        assert ana.visit()[0] == CAREFUL


def test_a_password_that_became_wrong_is_tried_once_more_only_before_it_is_known_to_work(visitor):
    with PopServer(capabilities=PIPELINED) as server:
        ana = visitor(server)
        ana.visit()
        with pytest.raises(RemoteLoginRefused):
            ana.visit(secret="wrong")
        assert server.count("AUTH") == 3
        with pytest.raises(RemoteLoginRefused):
            ana.visit(secret="wrong")
        assert server.count("AUTH") == 4
        ana.visit()
        ana.visit()
        with pytest.raises(RemoteLoginRefused):
            ana.visit(secret="wrong")
        assert server.count("AUTH") == 7


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (b"-ERR [IN-USE] busy\r\n", MaildropInUse),
        (b"-ERR [SYS/TEMP] later\r\n", RemoteTemporary),
        (b"-ERR [SYS/PERM] closed\r\n", RemoteRefused),
        (b"maybe\r\n", RemoteProtocol),
        (lambda conversation, _: conversation.pause(), RemoteSilent),
    ],
)
@pytest.mark.parametrize("visits", [1, 2])
def test_other_trouble_means_what_it_means(visitor, reply, error, visits):
    with PopServer(capabilities=PIPELINED) as server:
        ana = visitor(server, idle_seconds=0.2)
        for _ in range(visits):
            ana.visit()
        server.answers = {"AUTH": reply}
        with pytest.raises(error):
            ana.visit()
        server.answers = {}
        ana.visit()
        assert ana.visit()[0] == AT_ONCE


def test_a_visit_that_is_broken_off_is_not_tried_again(visitor):
    breaker = Breaker("pop.test")

    def pause(conversation, _):
        breaker.abort()
        conversation.pause()

    with PopServer(capabilities=PIPELINED) as server:
        ana = visitor(server)
        ana.visit()
        server.answers = {"AUTH": pause}
        with pytest.raises(ConnectionFailed):
            ana.visit(breaker=breaker)
        assert server.connections == 2


def test_leave_is_taken_with_the_last_question(visitor):
    with PopServer([b"a\r\n"] * 3, capabilities=PIPELINED) as server:
        ana = visitor(server)
        with ana.client.open(Server("pop.test", server.port, "plain", "user", "secret")) as session:
            entries = session.entries()
            assert len(list(session.heads(entries, leaving=True))) == 3
            assert session.quit()
        assert server.flights[-1] == "TOP TOP TOP QUIT"


def test_leave_is_taken_alone_of_a_server_that_wants_a_thing_at_a_time(visitor):
    with PopServer([b"a\r\n"] * 2, capabilities=("UIDL",)) as server:
        ana = visitor(server)
        with ana.client.open(Server("pop.test", server.port, "plain", "user", "secret")) as session:
            assert len(list(session.heads(session.entries(), leaving=True))) == 2
            assert session.quit()
        assert server.flights[-3:] == ["TOP", "TOP", "QUIT"]


def test_only_so_many_servers_are_remembered():
    habits = Habits()
    for number in range(REMEMBERED + 1):
        habits.note(("pop.test", number, "tls"), "PLAIN", b"", at_once=False)
    assert [habits.way(("pop.test", number, "tls"), b"") for number in (0, 1)] == ["", "PLAIN"]


def test_what_is_remembered_of_a_server():
    habits = Habits()
    assert not habits.way(PLACE, b"one")
    habits.note(PLACE, "PLAIN", b"one", at_once=False)
    assert (habits.way(PLACE, b"one"), habits.proved(PLACE)) == ("PLAIN", False)
    assert not habits.way(PLACE, b"two")
    habits.note(PLACE, "PLAIN", b"one", at_once=True)
    habits.note(PLACE, "PLAIN", b"one", at_once=False)
    assert habits.proved(PLACE)
    habits.note(PLACE, "USER", b"two", at_once=False)
    assert (habits.way(PLACE, b"two"), habits.proved(PLACE)) == ("USER", False)
    habits.be_careful(PLACE)
    habits.note(PLACE, "PLAIN", b"two", at_once=False)
    assert not habits.way(PLACE, b"two")
    habits.forget(PLACE)
    habits.note(PLACE, "PLAIN", b"two", at_once=False)
    assert habits.way(PLACE, b"two") == "PLAIN"
