"""One attempt against servers that answer well, badly, late, too much or not at all (real sockets)."""

import re
import socket
import ssl
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relayd.courier import Courier, Hop, Letter, Login, NoAddress, Reply, Times
from relayd.courier.session import stuffed
from tests.certificates import Authority
from tests.unit.relayd.fakes import DROP, HANG, SmtpPeer

QUICK = Times(connect=5, command=5, data=5, block=5, final=5, quit=1, session=20)
BODY = b"Subject: a\r\n\r\nHola\r\n"


def at_loopback(hop):
    return [(socket.AF_INET, ("127.0.0.1", hop.port))]


def courier(times=QUICK, addresses=at_loopback, **more):
    return Courier("relay.example", addresses, times=times, **more)


def letter(*recipients, content=BODY, **more):
    return Letter("ana@uno.example", recipients or ("beto@dos.example",), content, **more)


def hop(peer, **more):
    return Hop("peer.example", peer.port, **more)


def only(replies):
    assert len(replies) == 1
    return next(iter(replies.values()))


def test_a_letter_is_delivered_with_its_octets():
    with SmtpPeer() as peer:
        reply = only(courier().attempt([hop(peer)], letter()))
        taken = peer.wait_for(1)[0]
    assert (reply.outcome, reply.code, reply.host) == ("delivered", 250, "peer.example")
    assert (taken.sender, taken.recipients, taken.content) == ("ana@uno.example", ["beto@dos.example"], BODY)
    assert f"SIZE={len(BODY)}" in taken.options and "BODY=8BITMIME" in taken.options
    assert peer.lines[0] == b"EHLO relay.example\r\n"


@pytest.mark.parametrize(
    "content",
    [
        b"Subject: a\r\n\r\n.\r\n..\r\n.a\r\n...\r\nend\r\n",
        b"Subject: a\r\n\r\n" + b".\r\n" * 50_000,
        b".starts: with a dot\r\n\r\n.\r\n",
        b"Subject: a\r\n\r\n" + bytes(range(128, 256)) + b"\r\n",
        b"Subject: a\r\n\r\n" + b"x" * 998 + b"\r\n",
        b"Subject: a\r\n\r\n" + b"\xff" * 900_000 + b"\r\n.",
    ],
    ids=["dots", "many dots", "first octet", "8 bit", "998", "large, ends in a dot"],
)
def test_dots_are_stuffed_and_octets_kept(content):
    with SmtpPeer() as peer:
        assert only(courier().attempt([hop(peer)], letter(content=content))).outcome == "delivered"
        expected = content if content.endswith(b"\r\n") else content + b"\r\n"
        assert peer.wait_for(1)[0].content == expected


@given(st.lists(st.sampled_from([b".", b"\r\n", b"a"]), max_size=40), st.integers(1, 9))
def test_dots_are_stuffed_wherever_the_blocks_end(pieces, block_octets):
    content = b"".join(pieces)
    expected = re.sub(rb"(?m)^\.", b"..", content)
    assert b"".join(stuffed(content, block_octets)) == expected


# What the server says, and what that makes of the one recipient: (outcome, code, enhanced code).
TABLE = {
    "greeting 554": ({"GREETING": b"554 go away"}, ("deferred", 450, "4.3.2")),
    "greeting 421": ({"GREETING": b"421 4.3.2 busy"}, ("deferred", 421, "4.3.2")),
    "greeting 250": ({"GREETING": b"250 odd"}, ("deferred", 451, "4.5.0")),
    "greeting is not SMTP": ({"GREETING": b"SSH-2.0-OpenSSH"}, ("deferred", 451, "4.4.2")),
    "greeting drops": ({"GREETING": DROP}, ("deferred", 451, "4.4.2")),
    "EHLO and HELO 5xx": ({"EHLO": b"502 no", "HELO": b"550 no"}, ("deferred", 450, "4.3.2")),
    "EHLO 5xx, HELO well": ({"EHLO": b"502 no"}, ("delivered", 250, "2.0.0")),
    "EHLO drops": ({"EHLO": DROP}, ("deferred", 451, "4.4.2")),
    "MAIL 451": ({"MAIL": b"451 4.3.0 later"}, ("deferred", 451, "4.3.0")),
    "MAIL 553": ({"MAIL": b"553 5.1.8 no such sender"}, ("failed", 553, "5.1.8")),
    "MAIL 354": ({"MAIL": b"354 what"}, ("deferred", 451, "4.5.0")),
    "RCPT 550": ({"RCPT": b"550 5.1.1 unknown"}, ("failed", 550, "5.1.1")),
    "RCPT 550 without an enhanced code": ({"RCPT": b"550 unknown"}, ("failed", 550, "5.0.0")),
    "RCPT 550 with one of another class": ({"RCPT": b"550 4.1.1 what"}, ("failed", 550, "5.0.0")),
    "RCPT 450": ({"RCPT": b"450 4.7.1 greylisted"}, ("deferred", 450, "4.7.1")),
    "RCPT 552 is 452": ({"RCPT": b"552 too many recipients"}, ("deferred", 452, "4.5.3")),
    "RCPT 251": ({"RCPT": b"251 will forward"}, ("delivered", 250, "2.0.0")),
    "RCPT 599": ({"RCPT": b"599 odd"}, ("failed", 599, "5.0.0")),
    "RCPT 499": ({"RCPT": b"499 odd"}, ("deferred", 499, "4.0.0")),
    "RCPT 354": ({"RCPT": b"354 odd"}, ("deferred", 451, "4.5.0")),
    "RCPT 421": ({"RCPT": b"421 4.3.2 closing"}, ("deferred", 421, "4.3.2")),
    "RCPT drops": ({"RCPT": DROP}, ("deferred", 451, "4.4.2")),
    "RCPT of many lines": ({"RCPT": b"550-5.1.1 one\r\n550-two\r\n550 three"}, ("failed", 550, "5.1.1")),
    "RCPT without words": ({"RCPT": b"550"}, ("failed", 550, "5.0.0")),
    "DATA 451": ({"DATA": b"451 4.3.0 later"}, ("deferred", 451, "4.3.0")),
    "DATA 554": ({"DATA": b"554 5.7.1 no"}, ("failed", 554, "5.7.1")),
    "DATA 250": ({"DATA": b"250 what"}, ("deferred", 451, "4.5.0")),
    "DATA drops": ({"DATA": DROP}, ("deferred", 451, "4.4.2")),
    "end 552": ({"FINAL": b"552 5.3.4 too large"}, ("failed", 552, "5.3.4")),
    "end 554": ({"FINAL": b"554 5.7.1 spam"}, ("failed", 554, "5.7.1")),
    "end 452": ({"FINAL": b"452 4.2.2 full"}, ("deferred", 452, "4.2.2")),
    "end 354": ({"FINAL": b"354 odd"}, ("deferred", 354, "3.0.0")),
    "end lost": ({"FINAL": DROP}, ("deferred", 451, "4.4.2")),
    "QUIT drops": ({"QUIT": DROP}, ("delivered", 250, "2.0.0")),
}


@pytest.mark.parametrize("case", TABLE)
def test_what_a_reply_means(case):
    answers, expected = TABLE[case]
    with SmtpPeer(answers) as peer:
        reply = only(courier().attempt([hop(peer)], letter()))
    assert (reply.outcome, reply.code, reply.enhanced) == expected


def test_each_recipient_has_its_own_reply():
    told = {
        b"uno@": b"250 ok",
        b"dos@": b"550 5.1.1 no",
        b"tres@": b"451 4.7.1 later",
        b"cuatro@": b"552 many",
    }
    answers = {"RCPT": lambda line: next(reply for who, reply in told.items() if who in line)}
    names = ("uno@x.example", "dos@x.example", "tres@x.example", "cuatro@x.example")
    with SmtpPeer(answers) as peer:
        replies = courier().attempt([hop(peer)], letter(*names))
        assert peer.wait_for(1)[0].recipients == ["uno@x.example"]
    assert [replies[name].outcome for name in names] == ["delivered", "failed", "deferred", "deferred"]
    assert replies["dos@x.example"].detail == "peer.example: 550 5.1.1 no"


def test_421_in_the_middle_defers_those_taken_and_those_not_yet_named():
    answers = {"RCPT": [b"250 ok", b"550 5.1.1 no", b"421 4.3.2 closing"]}
    names = tuple(f"r{n}@x.example" for n in range(4))
    with SmtpPeer(answers) as peer:
        replies = courier().attempt([hop(peer)], letter(*names))
        assert not peer.taken
    assert [replies[name].code for name in names] == [421, 550, 421, 421]


def test_many_recipients_go_in_transactions_of_a_hundred():
    names = tuple(f"r{n}@x.example" for n in range(250))
    with SmtpPeer() as peer:
        replies = courier().attempt([hop(peer)], letter(*names))
        assert [len(one.recipients) for one in peer.wait_for(3)] == [100, 100, 50]
        assert peer.sessions == 1
    assert {reply.outcome for reply in replies.values()} == {"delivered"}


@pytest.mark.parametrize(
    "answers", [{"GREETING": DROP}, {"GREETING": b"554 no"}, {"MAIL": b"451 no"}, {"RCPT": b"450 no"},
                {"DATA": b"451 no"}], ids=str
)  # fmt: skip
def test_the_next_host_is_tried(answers):
    with SmtpPeer(answers) as first, SmtpPeer() as second:
        replies = courier().attempt([hop(first), hop(second)], letter())
        assert only(replies).outcome == "delivered"
        assert len(second.taken) == 1


@pytest.mark.parametrize("final", [DROP, b"451 4.3.0 later"], ids=str)
def test_octets_that_may_have_been_taken_are_offered_to_nobody_else_now(final):
    with SmtpPeer(final=final) as first, SmtpPeer() as second:
        assert only(courier().attempt([hop(first), hop(second)], letter())).outcome == "deferred"
        assert second.sessions == 0


def test_a_refusal_for_good_is_not_shopped_around():
    with SmtpPeer({"RCPT": b"550 5.1.1 no"}) as first, SmtpPeer() as second:
        assert only(courier().attempt([hop(first), hop(second)], letter())).outcome == "failed"
        assert second.sessions == 0


def test_only_who_is_left_goes_to_the_next_host():
    with SmtpPeer({"RCPT": [b"250 ok", b"451 4.7.1 later"]}) as first, SmtpPeer() as second:
        replies = courier().attempt([hop(first), hop(second)], letter("uno@x.example", "dos@x.example"))
        assert second.wait_for(1)[0].recipients == ["dos@x.example"]
    assert {reply.outcome for reply in replies.values()} == {"delivered"}


def test_a_refused_connection_is_a_deferral_that_says_so():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    reply = only(courier().attempt([Hop("mx.example", port)], letter()))
    assert reply.outcome == "deferred"
    assert reply.detail.startswith("mx.example: no connection")


@pytest.mark.parametrize("verb", ["GREETING", "EHLO", "MAIL", "RCPT", "DATA", "FINAL"])
def test_a_server_that_falls_silent_is_left_in_time(verb):
    times = Times(connect=1, command=0.2, data=0.2, block=1, final=0.2, quit=0.1, session=5)
    with SmtpPeer({verb: HANG}) as peer:
        started = time.monotonic()
        reply = only(courier(times).attempt([hop(peer)], letter()))
        assert time.monotonic() - started < 4
    assert (reply.outcome, reply.enhanced) == ("deferred", "4.4.2")


class Trickle(SmtpPeer):
    """Sends the greeting one octet at a time, and never ends it."""

    def _session(self, connection):
        while not self._over.wait(0.02):
            connection.sendall(b"2")


class Flood(SmtpPeer):
    """Sends a greeting without end."""

    piece = b""

    def _session(self, connection):
        while not self._over.is_set():
            connection.sendall(self.piece * 100)


def test_a_trickle_does_not_hold_a_worker():
    times = Times(connect=1, command=0.3, quit=0.1, session=5)
    with Trickle() as peer:
        started = time.monotonic()
        assert only(courier(times).attempt([hop(peer)], letter())).outcome == "deferred"
        assert time.monotonic() - started < 3


@pytest.mark.parametrize("piece", [b"220-more\r\n", b"x" * 100], ids=["lines", "one line"])
def test_a_reply_without_end_is_cut(piece):
    with Flood() as peer:
        peer.piece = piece
        reply = only(courier().attempt([hop(peer)], letter()))
    assert reply.outcome == "deferred"
    assert "over 65536 octets" in reply.detail


def test_a_letter_too_large_for_the_server_is_not_sent():
    with SmtpPeer(features=["SIZE 10"]) as peer:
        reply = only(courier().attempt([hop(peer)], letter()))
        assert not any(line.startswith(b"MAIL") for line in peer.lines)
    assert (reply.outcome, reply.enhanced) == ("failed", "5.3.4")


def test_addresses_beyond_ascii_need_a_server_that_takes_them():
    sent = letter("josé@dos.example", smtputf8=True)
    with SmtpPeer() as plain, SmtpPeer(features=["SMTPUTF8", "8BITMIME"]) as modern:
        assert only(courier().attempt([hop(plain)], sent)).enhanced == "5.6.7"
        assert only(courier().attempt([hop(modern)], sent)).outcome == "delivered"
        assert modern.wait_for(1)[0].recipients == ["josé@dos.example"]
        assert "SMTPUTF8" in modern.taken[0].options


def test_a_domain_beyond_ascii_needs_nothing():
    with SmtpPeer() as peer:
        assert only(courier().attempt([hop(peer)], letter("ana@ñandú.example"))).outcome == "delivered"
        assert peer.wait_for(1)[0].recipients == ["ana@xn--and-6ma2c.example"]


def test_a_line_break_in_an_address_sends_nothing():
    with SmtpPeer() as peer:
        with pytest.raises(Exception, match=r"address|newline"):
            courier().attempt([hop(peer)], letter("ana@dos.example>\r\nRCPT TO:<x@y.example"))
        assert not any(b"RCPT" in line for line in peer.lines)


def test_the_null_sender_travels():
    with SmtpPeer() as peer:
        courier().attempt([hop(peer)], Letter("", ("a@b.example",), BODY))
        assert peer.wait_for(1)[0].sender == ""


def nowhere(*replies):
    told = iter(replies)

    def addresses(hop):
        raise NoAddress(next(told))

    return addresses


GONE, LATER = Reply(550, "5.4.4", "gone"), Reply(451, "4.4.3", "later")


@pytest.mark.parametrize(
    ("told", "outcome"),
    [((GONE, GONE), "failed"), ((GONE, LATER), "deferred"), ((LATER, GONE), "deferred")],
)
def test_hosts_without_an_address(told, outcome):
    hops = [Hop("one.example", 25), Hop("two.example", 25)]
    assert only(courier(addresses=nowhere(*told)).attempt(hops, letter())).outcome == outcome


def test_a_host_without_an_address_does_not_judge_for_one_that_was_tried():
    def addresses(hop):
        if hop.host == "gone.example":
            raise NoAddress(GONE)
        return at_loopback(hop)

    with SmtpPeer({"RCPT": b"450 4.7.1 later"}) as peer:
        for hops in ([hop(peer), Hop("gone.example", 25)], [Hop("gone.example", 25), hop(peer)]):
            assert only(courier(addresses=addresses).attempt(hops, letter())).code == 450


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path)


def test_tls_is_used_where_it_is_offered_whoever_signed(authority):
    with SmtpPeer(tls=authority.server("elsewhere.example")) as peer:
        assert only(courier().attempt([hop(peer)], letter())).outcome == "delivered"
        assert [line[:4] for line in peer.lines].count(b"EHLO") == 2


def test_tls_that_breaks_falls_back_where_nobody_demands_it():
    broken = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)  # Without a certificate no handshake succeeds.
    with SmtpPeer(tls=broken) as peer:
        assert only(courier().attempt([hop(peer)], letter())).outcome == "delivered"
        assert peer.sessions == 2


@pytest.mark.parametrize(
    ("name", "trusted", "delivered"),
    [("peer.example", True, True), ("elsewhere.example", True, False), ("peer.example", False, False)],
)
@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_tls_that_is_demanded_is_verified(authority, name, trusted, delivered, security):
    context = authority.server(name)
    ca_file = str(authority.file) if trusted else ""
    wrapped = {"tls": context} if security == "starttls" else {"implicit_tls": context}
    with SmtpPeer(**wrapped) as peer:
        reply = only(courier(ca_file=ca_file).attempt([hop(peer, security=security)], letter()))
        assert bool(peer.taken) is delivered
    assert reply.outcome == ("delivered" if delivered else "deferred")
    assert delivered or "certificate" in reply.detail


def test_tls_that_is_demanded_and_not_offered_keeps_the_letter_here():
    with SmtpPeer() as peer:
        reply = only(courier().attempt([hop(peer, security="starttls")], letter()))
        assert not peer.taken
    assert (reply.outcome, reply.enhanced) == ("deferred", "4.7.0")


def test_octets_slipped_in_before_tls_end_the_session(authority):
    answers = {"STAR": b"220 go on\r\n250 injected"}
    with SmtpPeer(answers, tls=authority.server("peer.example")) as peer:
        demanding = courier(ca_file=str(authority.file))
        reply = only(demanding.attempt([hop(peer, security="starttls")], letter()))
        assert not peer.taken
    assert "before TLS" in reply.detail


@pytest.mark.parametrize(
    ("answer", "outcome"), [(b"235 2.7.0 welcome", "delivered"), (b"535 5.7.8 wrong", "deferred")]
)
def test_a_smarthost_is_logged_in_to(authority, answer, outcome):
    with SmtpPeer({"AUTH": answer}, features=["AUTH PLAIN"], tls=authority.server("peer.example")) as peer:
        smarthost = hop(peer, security="starttls", login=Login("ana", "clave"))
        reply = only(courier(ca_file=str(authority.file)).attempt([smarthost], letter()))
    assert reply.outcome == outcome
    assert b"AUTH PLAIN AGFuYQBjbGF2ZQ==\r\n" in peer.lines


def test_a_password_is_never_shown():
    assert "clave" not in repr(Login("ana", "clave"))
