"""Every way to log in, in its order, and what a refusal means."""

import pytest

from restante.errors import (
    MaildropInUse,
    RemoteLoginRefused,
    RemoteProtocol,
    RemoteRefused,
    RemoteTemporary,
)
from tests.pop3server import STAMP, PopServer

STAMPED = f"+OK ready {STAMP}\r\n".encode()


def words_of(server):
    """Return the commands of logging in, without what they carry."""
    return [
        line.split()[0] for line in server.commands if line.split()[0] in ("AUTH", "USER", "PASS", "APOP")
    ]


@pytest.mark.parametrize(
    ("capabilities", "greeting", "expected"),
    [
        (["SASL PLAIN", "USER"], STAMPED, ["AUTH"]),
        (["SASL LOGIN", "USER"], STAMPED, ["USER", "PASS"]),
        (["UIDL"], b"+OK ready\r\n", ["USER", "PASS"]),
        (["UIDL"], STAMPED, ["APOP"]),
    ],
)
def test_the_best_of_what_is_offered_is_taken(pop, capabilities, greeting, expected):
    with PopServer(capabilities=capabilities, answers={"GREETING": greeting}) as server:
        pop(server).quit()
        assert words_of(server) == expected


def test_a_server_without_capa_is_tried_by_user_and_by_apop_at_last(pop):
    unknown = b"-ERR unknown command\r\n"
    with PopServer(answers={"CAPA": unknown, "USER": unknown, "GREETING": STAMPED}) as server:
        pop(server).quit()
        assert words_of(server) == ["USER", "APOP"]


@pytest.mark.parametrize("stamp", [b"<a\xff@b>", b"<@>", b"<a b@c>", b"<ab>", b""])
def test_what_is_no_time_stamp_is_given_no_digest(pop, stamp):
    answers = {"GREETING": b"+OK ready " + stamp + b"\r\n", "USER": b"-ERR unknown command\r\n"}
    with PopServer(capabilities=["UIDL"], answers=answers) as server:
        with pytest.raises(RemoteLoginRefused):
            pop(server)
        assert words_of(server) == ["USER"]


def test_a_token_goes_in_two_steps(pop):
    token = "t" * 3000
    with PopServer(secret=token, capabilities=["SASL XOAUTH2 PLAIN"]) as server:
        pop(server, secret=token, auth="oauth2").quit()
        assert words_of(server) == ["AUTH"]


def test_a_token_that_is_refused_is_answered_as_the_server_expects(pop):
    with PopServer(secret="good") as server, pytest.raises(RemoteLoginRefused) as refused:
        pop(server, secret="spent token", auth="oauth2")
    assert "spent token" not in str(refused.value)


@pytest.mark.parametrize(
    ("said", "capabilities", "error"),
    [
        ("[AUTH] no", [], RemoteLoginRefused),
        ("[IN-USE] no", [], MaildropInUse),
        ("[SYS/TEMP] no", [], RemoteTemporary),
        ("[LOGIN-DELAY] no", [], RemoteTemporary),
        ("[SYS/PERM] no", [], RemoteRefused),
        ("Maildrop is busy", [], MaildropInUse),
        ("try again later", [], RemoteTemporary),
        ("no", [], RemoteLoginRefused),
        # A server that says so when it is the password, and does not say so, means something else.
        ("no", ["AUTH-RESP-CODE"], RemoteTemporary),
        ("Authentication failed", ["AUTH-RESP-CODE"], RemoteLoginRefused),
    ],
)
def test_what_a_refusal_means(pop, said, capabilities, error):
    answers = {"AUTH": f"-ERR {said}\r\n".encode()}
    offered = ["SASL PLAIN", *capabilities]
    with PopServer(capabilities=offered, answers=answers) as server, pytest.raises(error):
        pop(server)


@pytest.mark.parametrize("line", [b"maybe\r\n", b"\r\n", b"+O\r\n"])
def test_an_answer_that_is_none(pop, line):
    with PopServer(answers={"AUTH": line}) as server, pytest.raises(RemoteProtocol):
        pop(server, idle_seconds=0.5)


@pytest.mark.parametrize(
    ("capabilities", "delay", "days"),
    [
        ([], 0, None),
        (["LOGIN-DELAY 900", "EXPIRE 30"], 900, 30),
        (["LOGIN-DELAY x", "EXPIRE NEVER"], 0, None),
        (["LOGIN-DELAY 99999999999999999999", "EXPIRE 0"], 0, 0),
        (["LOGIN-DELAY 999999"], 86400, None),
    ],
)
def test_what_a_server_announces(pop, capabilities, delay, days):
    with PopServer(capabilities=["SASL PLAIN", *capabilities]) as server, pop(server) as session:
        announced = session.capabilities
        assert (announced.login_delay_seconds, announced.expires_days) == (delay, days)


def test_what_is_for_this_user_is_asked_once_logged_in(pop):
    def capa(conversation, _):
        mine = [b"LOGIN-DELAY 60"] if conversation.server.count("AUTH") else [b"LOGIN-DELAY 900 USER"]
        conversation.send_lines(b"+OK", [b"SASL PLAIN", *mine])

    with PopServer(answers={"CAPA": capa}) as server, pop(server) as session:
        assert session.capabilities.login_delay_seconds == 60
