"""The SMTP server towards storage servers, spoken to by smtplib and by hand over a real socket."""

import base64
import smtplib
import socket
import threading

import pytest

from relayd.queue import MailQueue, Room
from relayd.smtp import SmtpServer
from relayd.smtp_commands import Limits
from restante.credentials import Keys
from restante.errors import NoSpace, StartError
from tests.unit.relayd.fakes import BODY

LETTER = b"Restante-Submission: ana s1\r\n" + BODY
LIMITS = Limits(
    message_octets=200_000, recipients=100, connections=5, in_flight_octets=300_000, idle_seconds=20
)


@pytest.fixture
def keys(tmp_path):
    Keys.load(tmp_path / "keys", "relayd")
    return Keys.load(tmp_path / "keys", "stored")


@pytest.fixture
def serve(queue, keys, tmp_path):
    servers = []

    def start(limits=LIMITS, queue=queue):
        server = SmtpServer(
            queue,
            Keys.load(tmp_path / "keys", "relayd"),
            listen="127.0.0.1:0",
            hostname="relay.example",
            submitters=frozenset({"stored"}),
            limits=limits,
            drain_seconds=1,
        )
        server.start()
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def server(serve):
    return serve()


@pytest.fixture
def connect(keys):
    """Return a function that opens a session, logged in unless told otherwise."""
    sessions = []

    def open_session(server, login=True):
        session = smtplib.SMTP(
            server.address[0], server.address[1], local_hostname="storage.example", timeout=20
        )
        sessions.append(session)
        session.ehlo()
        if login:
            session.login("stored", keys.issue("relayd"))
        return session

    yield open_session
    for session in sessions:
        session.close()


def send(session, content=LETTER, sender="ana@uno.example", recipients=("beto@dos.example",), options=()):
    """Send a letter; return the last reply, wherever it came."""
    reply = session.mail(sender, options)
    if reply[0] != 250:
        return reply
    for recipient in recipients:
        reply = session.rcpt(recipient)
        if reply[0] != 250:
            return reply
    try:
        return session.data(content)
    except smtplib.SMTPDataError as error:
        return error.smtp_code, error.smtp_error


def test_it_says_what_it_can(server, connect):
    session = connect(server, login=False)
    assert session.esmtp_features["size"] == "200000"
    assert session.esmtp_features["auth"].split() == ["PLAIN"]
    assert "8bitmime" in session.esmtp_features
    assert "smtputf8" in session.esmtp_features


def test_a_letter_is_durable_before_its_250(server, connect, queue, open_queue):
    code, said = send(connect(server))
    queue.close()
    again = open_queue()
    (waiting,) = again.load()
    assert (code, said) == (250, f"2.0.0 queued as {waiting.item}".encode())
    content = again.opened(waiting.item)[1]
    assert content.startswith(b"Received: from storage.example ([127.0.0.1] authenticated as stored)")
    assert content.endswith(BODY.partition(b"\r\n\r\n")[2])
    assert b"Restante-Submission" not in content


def test_a_repeat_gets_the_same_250(server, connect, queue):
    session = connect(server)
    assert send(session) == send(session)
    assert queue.counts().items == 1
    other = send(session, LETTER.replace(b"ana s1", b"ana s2"))
    assert other[0] == 250
    assert queue.counts().items == 2


def test_dots_are_unstuffed(server, connect, queue):
    content = b"Date: x\r\nMessage-ID: <1@a>\r\n\r\n.\r\n..\r\n.a\r\n"
    _, said = send(connect(server), content)
    assert queue.opened(said.split()[-1].decode())[1].endswith(content)


def test_nobody_sends_without_the_key(server, connect):
    session = connect(server, login=False)
    assert session.mail("ana@uno.example")[0] == 530
    assert session.docmd("DATA")[0] in (503, 530)


def plain(name, password):
    return base64.b64encode(f"\0{name}\0{password}".encode()).decode()


@pytest.mark.parametrize(
    ("name", "token"),
    [
        ("stored", lambda keys: "nonsense"),
        ("stored", lambda keys: keys.issue("profiled")),
        ("profiled", lambda keys: keys.issue("relayd")),
        ("stored", lambda keys: ""),
        ("stored", lambda keys: keys.issue("relayd")[:-4]),
    ],
    ids=["no token", "for another daemon", "in another's name", "empty", "cut"],
)
def test_a_wrong_login_is_answered_and_leaves_the_session_alive(server, connect, keys, name, token):
    session = connect(server, login=False)
    assert session.docmd("AUTH", f"PLAIN {plain(name, token(keys))}")[0] == 535
    assert session.noop()[0] == 250
    session.login("stored", keys.issue("relayd"))


def test_a_daemon_that_is_no_storage_server_is_refused(server, connect, tmp_path):
    others = Keys.load(tmp_path / "keys", "profiled")
    session = connect(server, login=False)
    assert session.docmd("AUTH", f"PLAIN {plain('profiled', others.issue('relayd'))}")[0] == 535


@pytest.mark.parametrize(
    "shown", ["!!!", base64.b64encode(b"one").decode(), base64.b64encode(b"\0\xff\0\xff").decode()]
)
def test_a_login_that_is_none_is_answered(server, connect, shown):
    session = connect(server, login=False)
    assert session.docmd("AUTH", f"PLAIN {shown}")[0] in (501, 535)
    assert session.noop()[0] == 250


def test_guessing_ends_the_connection(server, connect):
    session = connect(server, login=False)
    codes = [session.docmd("AUTH", f"PLAIN {plain('stored', 'x')}")[0] for _ in range(6)]
    assert codes == [535] * 5 + [421]


REFUSED = {
    "bare LF": (b"Subject: a\r\n\r\na\nb\r\n", 554, b"5.6.0"),
    "bare CR": (b"Subject: a\r\n\r\na\rb\r\n", 554, b"5.6.0"),
    "LF dot LF": (b"Subject: a\r\n\r\na\n.\nb\r\n", 554, b"5.6.0"),
    "NUL": (b"Subject: a\r\n\r\na\0b\r\n", 554, b"5.6.0"),
    "a line of 999": (b"Subject: a\r\n\r\n" + b"x" * 999 + b"\r\n", 554, b"5.6.0"),
    "a loop": (b"Received: x\r\n" * 51 + BODY, 554, b"5.4.6"),
    "no header": (b"hola\r\n\r\nb\r\n", 554, b"5.6.0"),
    "two submissions": (b"Restante-Submission: ana s2\r\n" + LETTER, 554, b"5.6.0"),
    "8 bit in the header": ("Subject: mañana\r\n\r\nb\r\n".encode(), 554, b"5.6.7"),
    "over the size": (BODY + b"x\r\n" * 70_000, 552, b""),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_relayed_is_refused_and_the_session_goes_on(server, connect, queue, case):
    content, code, enhanced = REFUSED[case]
    session = connect(server)
    answered, said = send_raw(session, content)
    assert (answered, enhanced in said) == (code, True)
    assert queue.counts().items == 0
    assert send(session, LETTER.replace(b"s1", b"s9"))[0] == 250


def send_raw(session, content):
    """Send octets as they are (smtplib would refuse none of them, nor mend them)."""
    session.mail("ana@uno.example")
    session.rcpt("beto@dos.example")
    return session.data(content)


def test_an_announced_size_over_the_limit_is_refused_at_once(server, connect):
    assert connect(server).mail("ana@uno.example", ["SIZE=200001"])[0] == 552


def test_a_line_of_998_passes(server, connect):
    assert send(connect(server), BODY + b"." + b"x" * 997 + b"\r\n")[0] == 250


@pytest.mark.parametrize(
    "text",
    [
        "nobody",
        "@dos.example",
        "a b@dos.example",
        "a@b@dos.example",
        "@relay.example:a@dos.example",
        "a(comment)@dos.example",
        "beto@",
        "beto@dos..example",
        "x" * 300 + "@dos.example",
        "a@[127.0.0.1]",
    ],
)
def test_what_is_no_address_is_refused(server, connect, queue, text):
    session = connect(server)
    session.mail("ana@uno.example")
    assert session.docmd("RCPT", f"TO:<{text}>")[0] in (501, 553)
    assert session.rset()[0] == 250


def test_line_breaks_in_commands_queue_nothing(server, connect, queue):
    session = connect(server)
    session.mail("ana@uno.example")
    session.sock.sendall(b"RCPT TO:<a@b.example\rRCPT TO:<c@d.example>\r\n")
    assert session.getreply()[0] in (500, 501, 553)
    assert queue.counts().items == 0


def test_addresses_beyond_ascii_are_taken_when_asked_for(server, connect, queue):
    session = connect(server)
    session.mail("ana@uno.example")
    session.command_encoding = "utf-8"
    assert session.docmd("RCPT", "TO:<josé@dos.example>")[0] == 553
    session.rset()
    session.mail("ana@uno.example", ["SMTPUTF8", "BODY=8BITMIME"])
    assert session.docmd("RCPT", "TO:<josé@dos.example>")[0] == 250
    _, said = session.data(LETTER)
    assert queue.waiting(said.split()[-1].decode()).smtputf8


def test_the_hundred_and_first_recipient_is_one_too_many(server, connect):
    session = connect(server)
    session.mail("ana@uno.example")
    codes = [session.rcpt(f"r{n}@dos.example")[0] for n in range(101)]
    assert codes == [250] * 100 + [452]


def test_a_recipient_named_twice_gets_one_letter(server, connect, queue):
    _, said = send(connect(server), recipients=("a@dos.example", "a@dos.example"))
    assert len(queue.waiting(said.split()[-1].decode()).recipients) == 1


def test_a_full_queue_refuses_before_the_letter_is_sent(server, connect, queue):
    queue._room = Room(items=1)
    session = connect(server)
    assert send(session)[0] == 250
    code, said = session.mail("ana@uno.example")
    assert (code, said[:5]) == (452, b"4.3.1")


def test_a_disk_that_fills_up_meanwhile_is_no_success(server, connect, queue, monkeypatch):
    def full(work):
        raise NoSpace("full")

    session = connect(server)
    with monkeypatch.context() as patched:
        patched.setattr(queue._database, "write", full)
        assert send(session)[0] == 452
    assert queue.counts().items == 0
    assert send(session)[0] == 250


def test_an_error_of_ours_says_nothing_of_itself(server, connect, queue, monkeypatch):
    def broken(self, arrival):
        raise RuntimeError("secret")

    monkeypatch.setattr(MailQueue, "accept", broken)
    code, said = send(connect(server))
    assert (code, b"secret" in said) == (451, False)


def test_what_is_on_its_way_in_is_bounded(server, connect):
    first, second, third = connect(server), connect(server), connect(server)
    assert first.mail("ana@uno.example", ["SIZE=200000"])[0] == 250
    assert second.mail("ana@uno.example", ["SIZE=150000"])[0] == 452
    assert third.mail("ana@uno.example", ["SIZE=100000"])[0] == 250
    first.rset()
    assert second.mail("ana@uno.example", ["SIZE=150000"])[0] == 250
    third.close()


def test_one_connection_too_many_is_told_so(server, connect):
    open_ones = [connect(server) for _ in range(5)]
    with socket.create_connection(server.address) as extra:
        assert extra.makefile("rb").readline().startswith(b"421 ")
    assert open_ones[0].noop()[0] == 250


def test_a_silent_client_is_left(serve):
    server = serve(Limits(idle_seconds=0.2))
    with socket.create_connection(server.address, timeout=20) as silent:
        lines = silent.makefile("rb")
        assert lines.readline().startswith(b"220 ")
        assert lines.readline() == b""


def test_a_client_that_leaves_before_the_dot_queues_nothing(server, connect, queue):
    session = connect(server)
    session.mail("ana@uno.example")
    session.rcpt("beto@dos.example")
    session.docmd("DATA")
    session.sock.sendall(LETTER)
    session.close()
    assert send(connect(server), LETTER.replace(b"s1", b"s2"))[0] == 250
    assert queue.counts().items == 1


def test_commands_end_at_crlf_and_long_ones_are_refused(server, connect):
    session = connect(server, login=False)
    assert session.docmd("NOOP " + "x" * 20_000)[0] == 500
    assert session.noop()[0] == 250


def test_an_address_in_use_is_a_sentence(server, queue, keys):
    host, port = server.address
    second = SmtpServer(queue, keys, listen=f"{host}:{port}", hostname="x", submitters=frozenset())
    with pytest.raises(StartError, match=r"smtp\.listen"):
        second.start()
    third = SmtpServer(queue, keys, listen="nonsense", hostname="x", submitters=frozenset())
    with pytest.raises(StartError, match="address:port"):
        third.start()


def test_stopping_lets_the_letter_on_its_way_finish(server, connect, queue):
    session = connect(server)
    session.mail("ana@uno.example")
    session.rcpt("beto@dos.example")
    session.docmd("DATA")
    stopping = threading.Thread(target=server.stop)
    stopping.start()
    session.sock.sendall(LETTER + b".\r\n")
    assert session.getreply()[0] == 250
    stopping.join(20)
    assert queue.counts().items == 1
    with pytest.raises(OSError):
        socket.create_connection(server.address, timeout=5)
