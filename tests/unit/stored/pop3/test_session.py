"""Sessions with a server that behaves: what is asked, what comes back, and in which order."""

from collections import deque
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from restante.errors import InvalidArgument, RemoteProtocol, RemoteRefused
from stored.pop3 import Entry, MessageTooLarge
from tests.pop3server import PopServer

AWKWARD = [
    b"",
    b"\r\n",
    b".\r\n",
    b"..\r\n...\r\n",
    b"a\r\n.\r\nb\r\n",
    b"a\r\n\r\n..b\r\n.c\r\n",
    b"bare\n.\nline feeds\n..\n\r\n",
    b"bare\r.\rreturns\r\r\n",
    b"\r\r\n.\r\r\n",
    b"nul \0 and \xff\xfe octets\r\n",
    b"x" * 600_000 + b"\r\n",
    b".\r\n" * 120_000,
    b"\r\n" * 200_000,
]


@pytest.mark.parametrize("pipelining", [True, False])
def test_every_octet_of_every_message_arrives(fetched, pipelining):
    capabilities = ["UIDL", "PIPELINING"] if pipelining else ["UIDL"]
    with PopServer(AWKWARD, capabilities=capabilities) as server:
        assert fetched(server) == AWKWARD


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.lists(st.sampled_from([b"\r\n", b".", b"\r", b"\n", b"\0", b"a", b"x" * 70_000]), max_size=12),
        max_size=8,
    )
)
def test_any_mixture_of_dots_and_line_ends_arrives(fetched, pieces):
    messages = [b"".join(parts) + b"\r\n" for parts in pieces]
    with PopServer(messages) as server:
        assert fetched(server) == messages


def test_a_body_cut_at_any_place_of_the_buffer_arrives(fetched):
    edge = 256 * 1024
    messages = [b"y" * (edge - shift) + b"\r\n..\r\n.\r\nz\r\n" for shift in range(-4, 20)]
    with PopServer(messages) as server:
        assert fetched(server) == messages


def test_chunks_are_bounded_whatever_the_size(pop):
    raw = b"0123456789abcde\r\n" * 100_000
    with PopServer([raw]) as server, pop(server) as session:
        arriving = next(session.retrieve(session.entries()))
        chunks = list(arriving.chunks())
        assert b"".join(chunks) == raw
        assert max(map(len, chunks)) <= 256 * 1024


def test_what_is_not_read_is_passed_over(pop):
    with PopServer([b"one\r\n", b"two\r\n", b"three\r\n"]) as server, pop(server) as session:
        found = [one.read() for n, one in enumerate(session.retrieve(session.entries())) if n == 2]
        assert found == [b"three\r\n"]


def test_entries_carry_number_unique_id_and_size(pop):
    with PopServer([b"a\r\n", b"bb\r\n"], uidls=["first", "second"]) as server, pop(server) as session:
        assert [(e.msgno, e.uidl, e.octets) for e in session.entries()] == [(1, "first", 3), (2, "second", 4)]
        assert session.stat() == (2, 7)


def test_the_window_is_bounded_in_number(pop):
    with PopServer([b"a\r\n"] * 50) as server, pop(server, window_messages=8) as session:
        arriving = session.retrieve(session.entries())
        next(arriving)
        server.wait_for("RETR", 8)
        assert server.count("RETR") == 8
        assert sum(1 for _ in arriving) == 49


def test_entries_are_taken_as_they_are_asked_for(pop):
    """So that whoever gives them can end at any time, and the window never runs empty before."""
    with PopServer([b"a\r\n"] * 50) as server, pop(server, window_messages=8) as session:
        left = deque(session.entries())
        given = (left.popleft() for _ in range(30))
        arriving = session.retrieve(given)
        next(arriving)
        assert len(left) == 50 - 8 - 1
        next(arriving)
        next(arriving)
        server.wait_for("RETR", 10)
        assert sum(1 for _ in arriving) == 27
        assert (len(left), server.count("RETR")) == (20, 30)
        assert session.quit()


def test_the_window_is_bounded_in_octets(pop):
    with PopServer([b"x" * 998 + b"\r\n"] * 20) as server, pop(server, window_octets=3000) as session:
        arriving = session.retrieve(session.entries())
        next(arriving)
        server.wait_for("RETR", 3)
        assert server.count("RETR") == 3
        assert sum(1 for _ in arriving) == 19


def test_nothing_is_asked_ahead_of_a_server_that_does_not_offer_it(pop):
    with PopServer([b"a\r\n"] * 5, capabilities=["UIDL"]) as server, pop(server) as session:
        arriving = session.retrieve(session.entries())
        next(arriving)
        assert server.count("RETR") == 1
        assert sum(1 for _ in arriving) == 4


def test_a_message_gone_meanwhile_is_told_and_the_rest_goes_on(fetched):
    def retr(conversation, argument):
        if argument == "2":
            conversation.send(b"-ERR no such message\r\n")
        else:
            conversation.usual("RETR", argument)

    with PopServer([b"a\r\n", b"b\r\n", b"c\r\n"], answers={"RETR": retr}) as server:
        assert fetched(server) == [b"a\r\n", None, b"c\r\n"]


@pytest.mark.parametrize("claimed", [0, 1, 999_999_999])
def test_sizes_are_advice(fetched, claimed):
    answers = {"LIST": f"+OK\r\n1 {claimed}\r\n2 {claimed}\r\n.\r\n".encode()}
    with PopServer([b"a\r\n", b"b\r\n"], answers=answers) as server:
        assert fetched(server) == [b"a\r\n", b"b\r\n"]


@pytest.mark.parametrize(
    "answer", [b"-ERR\r\n", b"+OK\r\n.\r\n", b"+OK\r\n1 many\r\n7 1\r\n.\r\n", b"+OK\r\n2\r\n.\r\n"]
)
def test_sizes_may_be_missing(fetched, answer):
    with PopServer([b"a\r\n"], answers={"LIST": answer}) as server:
        assert fetched(server) == [b"a\r\n"]


def test_an_empty_maildrop(fetched):
    with PopServer([]) as server:
        assert fetched(server) == []


def test_a_server_without_capa(fetched):
    with PopServer([b"a\r\n"], answers={"CAPA": b"-ERR unknown command\r\n"}) as server:
        assert fetched(server) == [b"a\r\n"]
        assert [line.split()[0] for line in server.commands] == [
            "CAPA",
            "USER",
            "PASS",
            "UIDL",
            "LIST",
            "RETR",
            "QUIT",
        ]


@pytest.mark.parametrize("capabilities", [(), ("TOP", "PIPELINING", "SASL PLAIN")])
def test_a_server_without_uidl_lists_numbers_and_sizes(pop, capabilities):
    answers = {"UIDL": b"-ERR unknown command\r\n"}
    with (
        PopServer([b"a\r\n", b"bb\r\n"], capabilities=capabilities, answers=answers) as server,
        pop(server) as session,
    ):
        assert session.entries() == [Entry(1, "", 3), Entry(2, "", 4)]


def test_a_server_that_has_names_and_refuses_them_once_is_not_one_without(pop):
    answers = {"UIDL": b"-ERR cannot list\r\n"}
    with (
        PopServer([b"a\r\n"], answers=answers) as server,
        pop(server) as session,
        pytest.raises(RemoteRefused, match="to list its messages"),
    ):
        session.entries()


def test_unique_ids_that_repeat_are_all_listed(pop):
    with PopServer([b"a\r\n", b"b\r\n"], uidls=["same", "same"]) as server, pop(server) as session:
        assert [(e.msgno, e.uidl) for e in session.entries()] == [(1, "same"), (2, "same")]


@pytest.mark.parametrize("uidl", ["", "has space", "tab\there", "ñ", "x" * 300])
def test_an_impossible_unique_id_counts_as_none(pop, uidl):
    with PopServer([b"a\r\n", b"b\r\n"], uidls=[uidl, "good"]) as server, pop(server) as session:
        assert [entry.uidl for entry in session.entries()] == ["", "good"]


@pytest.mark.parametrize("number", ["0", "-1", "x", "9" * 30, "1.5", "\u0661"])
def test_an_impossible_number_is_nonsense(pop, number):
    answers = {"UIDL": f"+OK\r\n{number} a\r\n.\r\n".encode()}
    with PopServer([], answers=answers) as server, pop(server) as session, pytest.raises(RemoteProtocol):
        session.entries()


def test_sasl_plain_is_preferred_and_goes_in_one_command(pop):
    with PopServer() as server, pop(server):
        assert [line.split()[0] for line in server.commands] == ["CAPA", "AUTH"]


def test_a_long_secret_goes_in_a_line_of_its_own(pop):
    secret = "ñ" * 200
    with PopServer(secret=secret) as server, pop(server, secret=secret):
        assert server.commands[1] == "AUTH PLAIN"


def test_a_server_that_does_not_know_its_own_mechanism_gets_user_and_pass(pop):
    with PopServer(answers={"AUTH": b"-ERR unknown command\r\n"}) as server, pop(server):
        assert [line.split()[0] for line in server.commands] == ["CAPA", "AUTH", "USER", "PASS"]


def test_names_and_secrets_go_as_utf8(pop):
    with PopServer(user="niño", secret="señal", capabilities=["UIDL"]) as server:
        pop(server, user="niño", secret="señal")


@pytest.mark.parametrize("octet", ["\r", "\n", "\0", "\t", "\x7f", "\x1b", "\ud800"])
@pytest.mark.parametrize("where", ["user", "secret"])
def test_control_characters_are_refused_before_anything_is_connected(pop, where, octet):
    with PopServer() as server:
        with pytest.raises(InvalidArgument, match="control character"):
            pop(server, **{where: f"a{octet}DELE 1"})
        assert server.connections == 0


def test_a_message_over_the_limit_ends_the_session(pop):
    with PopServer([b"x" * 5000 + b"\r\n"]) as server, pop(server, message_octets=4000) as session:
        arriving = next(session.retrieve(session.entries()))
        with pytest.raises(MessageTooLarge, match="more than 4000 octets"):
            arriving.read()
        session.quit()
        assert server.count("QUIT") == 0


def test_quit_does_not_mind_what_is_answered(pop):
    for answer in (b"-ERR\r\n", b"", b"nonsense\r\n"):
        with PopServer(answers={"QUIT": answer}) as server:
            pop(server).quit()
            server.wait_for("QUIT")


@pytest.mark.parametrize(
    "answers",
    [
        {"LIST": b"+OK\r\n1 3\r\n.\r\n+OK\r\n.\r\n"},
        {"TOP": b"+OK\r\na\r\n.\r\n+OK\r\n.\r\n"},
        {"DELE": b"+OK\r\n+OK\r\n"},
    ],
)
def test_a_server_that_answers_twice_deletes_nothing(pop, answers):
    """Every answer after the second one would be taken for another's."""
    with PopServer([b"a\r\n"], answers=answers) as server, pop(server) as session:
        with suppress(RemoteProtocol):
            entries = session.entries()
            list(session.heads(entries))
            session.delete(entries)
            session.quit()
        session.close()
        assert server.count("QUIT") == 0


def test_leave_is_taken_alone_where_it_deletes_something(pop):
    with PopServer([b"a\r\n", b"b\r\n"]) as server, pop(server) as session:
        one, other = session.entries()
        assert session.delete([one]) == [one]
        assert len(list(session.heads([other], leaving=True))) == 1
        assert server.flights[-1] == "TOP"
        assert session.quit()
        assert server.expunged == 1
