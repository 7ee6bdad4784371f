"""Servers that lie, stall, flood or break off: one clear error each, in time, and nothing made up."""

from time import monotonic

import pytest

from restante.errors import (
    ConnectionFailed,
    MaildropInUse,
    RemoteLoginRefused,
    RemoteProtocol,
    RemoteRefused,
    RemoteSilent,
    RemoteTemporary,
    RestanteError,
)
from tests.pop3server import PopServer


def endless(octets):
    """Answer +OK, then `octets` for as long as anybody listens."""

    def answer(conversation, _):
        conversation.send(b"+OK\r\n")
        while not conversation.server.stopping.is_set():
            conversation.send(octets)

    return answer


def silent(conversation, _):
    conversation.pause()


def test_a_silent_greeting_is_given_up_and_the_seconds_are_named(pop):
    with PopServer(answers={"GREETING": silent}) as server:
        began = monotonic()
        with pytest.raises(RemoteSilent, match=r"pop\.test did not answer within 0\.2 seconds"):
            pop(server, connect_seconds=0.2)
        assert monotonic() - began < 3


@pytest.mark.parametrize("command", ["CAPA", "AUTH", "UIDL", "LIST", "RETR"])
def test_silence_anywhere_is_given_up(fetched, command):
    with (
        PopServer([b"a\r\n"], answers={command: silent}) as server,
        pytest.raises(RemoteSilent, match=r"within 0\.2 seconds"),
    ):
        fetched(server, idle_seconds=0.2)


def test_a_trickled_line_ends_with_the_idle_limit(pop):
    with (
        PopServer(answers={"CAPA": lambda talk, _: talk.trickle(b"+OK" + b" " * 500, 0.05)}) as server,
        pytest.raises(RemoteSilent, match=r"within 0\.3 seconds"),
    ):
        pop(server, idle_seconds=0.3)


def test_a_trickled_message_ends_with_the_session(fetched):
    answers = {"RETR": lambda talk, _: talk.trickle(b"+OK\r\n" + b"x" * 5000, 0.02)}
    with PopServer([b"a\r\n"], answers=answers) as server:
        began = monotonic()
        with pytest.raises(RemoteSilent, match=r"was not done after 0\.5 seconds"):
            fetched(server, idle_seconds=0.3, session_seconds=0.5)
        assert monotonic() - began < 3


def test_a_trickled_greeting_ends_with_the_time_for_connecting(pop):
    with (
        PopServer(answers={"GREETING": lambda talk, _: talk.trickle(b"+OK" + b" " * 500, 0.02)}) as server,
        pytest.raises(RemoteSilent, match=r"within 0\.3 seconds"),
    ):
        pop(server, connect_seconds=0.3)


def test_a_connection_dropped_at_any_octet_gives_whole_messages_or_an_error(pop):
    messages = [b"a\r\n..b\r\n", b".\r\n", b"c\r\n"]
    with PopServer(messages) as server:
        with pop(server) as session:
            assert [one.read() for one in session.retrieve(session.entries())] == messages
            session.quit()
        total = server.sent_octets
    for cut in range(1, total - len(b"+OK bye\r\n")):
        found: list[bytes] = []
        with PopServer(messages, cut_after=cut) as server, pytest.raises(ConnectionFailed):
            with pop(server) as session:
                found.extend(one.read() for one in session.retrieve(session.entries()))
            pytest.fail(f"cut after {cut} of {total} octets, yet no error")
        assert found == messages[: len(found)], cut


@pytest.mark.parametrize("command", ["GREETING", "CAPA", "AUTH", "UIDL", "RETR"])
def test_an_endless_line_is_cut_off(fetched, command):
    def line(conversation, _):
        while not conversation.server.stopping.is_set():
            conversation.send(b"x" * 4096)

    with (
        PopServer([b"a\r\n"], answers={command: line}) as server,
        pytest.raises(RemoteProtocol, match="1000 octets"),
    ):
        fetched(server)


@pytest.mark.parametrize("command", ["CAPA", "UIDL", "LIST"])
def test_an_endless_list_is_cut_off(fetched, command):
    with (
        PopServer([b"a\r\n"], answers={command: endless(b"1 abcdef\r\n" * 500)}) as server,
        pytest.raises(RemoteProtocol, match="list that does not end"),
    ):
        fetched(server)


def test_a_list_of_too_many_messages_is_refused(pop):
    with (
        PopServer([b"a\r\n"] * 30) as server,
        pop(server, list_entries=29) as session,
        pytest.raises(RemoteRefused, match="more than 29 messages"),
    ):
        session.entries()


def test_an_endless_message_is_cut_off(fetched):
    with (
        PopServer([b"a\r\n"], answers={"RETR": endless(b"x" * 4096)}) as server,
        pytest.raises(RemoteProtocol, match="more than 50000 octets"),
    ):
        fetched(server, message_octets=50_000)


def test_line_feeds_alone_end_no_message(fetched):
    body = b"one\n.\n+OK\r\nstill one\r\n"
    with PopServer([body, b"two\r\n"]) as server:
        assert fetched(server) == [body, b"two\r\n"]


def test_a_status_line_without_carriage_return_is_nonsense(pop):
    with (
        PopServer(answers={"GREETING": b"+OK hello\n"}) as server,
        pytest.raises(RemoteProtocol, match="carriage return"),
    ):
        pop(server)


@pytest.mark.parametrize("greeting", [b"220 mail ESMTP\r\n", b"* OK IMAP4\r\n", b"SSH-2.0-x\r\n", b"\r\n"])
def test_another_protocol_is_named_as_such(pop, greeting):
    with (
        PopServer(answers={"GREETING": greeting}) as server,
        pytest.raises(RemoteProtocol, match=r"at pop\.test does not speak POP3"),
    ):
        pop(server)


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (b"-ERR [AUTH] Authentication failed.", RemoteLoginRefused),
        (b"-ERR Authentication failed.", RemoteLoginRefused),
        (b"-ERR", RemoteLoginRefused),
        (b"-ERR Your account has been locked", RemoteLoginRefused),
        (b"-ERR [IN-USE] Do you have another POP session running?", MaildropInUse),
        (b"-ERR [in-use] lower", MaildropInUse),
        (b"-ERR Unable to lock maildrop: Mailbox is locked by POP server", MaildropInUse),
        (b"-ERR [SYS/TEMP] Internal error", RemoteTemporary),
        (b"-ERR [LOGIN-DELAY] minimum time between mail checks violation", RemoteTemporary),
        (b"-ERR Service unavailable, try again later", RemoteTemporary),
        (b"-ERR [SYS/PERM] Your account is closed", RemoteRefused),
    ],
)
@pytest.mark.parametrize("command", ["AUTH", "PASS"])
def test_what_a_refused_login_means(pop, command, reply, error):
    capabilities = ["SASL PLAIN"] if command == "AUTH" else []
    with (
        PopServer(capabilities=capabilities, answers={command: reply + b"\r\n"}) as server,
        pytest.raises(RestanteError) as caught,
    ):
        pop(server)
    assert type(caught.value) is error
    assert "pop.test" in caught.value.message
    assert caught.value.about == "pop.test"


def test_a_greeting_that_refuses(pop):
    with (
        PopServer(answers={"GREETING": b"-ERR [SYS/TEMP] too many\r\n"}) as server,
        pytest.raises(RemoteTemporary),
    ):
        pop(server)


@pytest.mark.parametrize("capabilities", [["SASL PLAIN"], []])
def test_a_secret_that_a_server_repeats_is_not_repeated_by_us(pop, capabilities):
    def echo(conversation, argument):
        conversation.send(f"-ERR [AUTH] wrong: {argument} hunter2hunter2\r\n".encode())

    with (
        PopServer(capabilities=capabilities, answers={"AUTH": echo, "PASS": echo}) as server,
        pytest.raises(RemoteLoginRefused) as caught,
    ):
        pop(server, secret="hunter2hunter2")
    assert "hunter2" not in caught.value.message + caught.value.cause
    assert "wrong: " in caught.value.message
    assert "aHVudGVy" not in caught.value.message


def test_what_a_server_says_is_shown_printable_and_short(pop):
    with (
        PopServer(answers={"AUTH": b"-ERR \x1b[31m\x07" + b"y" * 600 + b"\r\n"}) as server,
        pytest.raises(RemoteLoginRefused) as caught,
    ):
        pop(server)
    assert caught.value.message.isprintable()
    assert len(caught.value.message) < 400


@pytest.mark.parametrize(
    "answer", [b"+OK\r\n", b"+OK one two\r\n", b"+OK 1 -1\r\n", b"+OK " + b"9" * 100 + b" 1\r\n"]
)
def test_a_count_that_makes_no_sense(pop, answer):
    with PopServer(answers={"STAT": answer}) as server, pop(server) as session, pytest.raises(RemoteProtocol):
        session.stat()
