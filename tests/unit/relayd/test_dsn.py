"""The report: readable by people in two languages, by programs as RFC 3464, and harmless."""

import email
from email import policy
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from relayd.courier.reply import Reply
from relayd.dsn import Bounce, Failure, compose
from relayd.headers import header_of
from relayd.reasons import reason_of

LETTER = (
    b"Received: by relay.example\r\nFrom: ana@uno.example\r\nTo: beto@dos.example\r\n"
    b"Subject: =?utf-8?q?La_reuni=C3=B3n?= =?utf-8?b?IGRlIG1hw7FhbmE=?=\r\n"
    b"Message-ID: <carta.1@uno.example>\r\n"
    b"\r\nsecret body\r\n"
)
UNKNOWN = Reply(550, "5.1.1", "User unknown", "mx.dos.example")


def bounce(*failures, header=None, sender="ana@uno.example"):
    failed = failures or (Failure("beto@dos.example", UNKNOWN),)
    header = header_of(LETTER) if header is None else header
    return compose(Bounce("relay.example", sender, failed, header, "i7", 1_764_000_000.0, 1_764_000_100.0))


def parsed(octets) -> Any:
    return email.message_from_bytes(octets, policy=policy.compat32)


def status_groups(octets):
    return parsed(octets).get_payload()[1].get_payload()


def text_of(octets):
    return parsed(octets).get_payload()[0].get_payload(decode=True).decode()


def test_it_is_a_report_that_nothing_answers():
    report = parsed(bounce())
    assert report.get_content_type() == "multipart/report"
    assert report.get_param("report-type") == "delivery-status"
    assert report["Auto-Submitted"] == "auto-replied"
    assert report["To"] == "<ana@uno.example>"
    assert report["In-Reply-To"] == "<carta.1@uno.example>"
    kinds = [part.get_content_type() for part in report.get_payload()]
    assert kinds == ["text/plain", "message/delivery-status", "text/rfc822-headers"]


def test_a_person_reads_what_why_and_what_to_do_in_both_languages():
    text = text_of(bounce())
    for words in (
        "no llegó a todos sus destinatarios",
        "Asunto: La reunión de mañana",
        "Por qué: esa dirección no existe",
        "Qué hacer: compruebe letra por letra",
        "did not reach every recipient",
        "Subject: La reunión de mañana",
        "Why: that address does not exist",
        "What to do: check how it is written",
        "Respuesta de mx.dos.example: «550 5.1.1 User unknown»",
        "The answer of mx.dos.example: “550 5.1.1 User unknown”",
    ):
        assert words in text
    assert text.count("beto@dos.example") == 2


def test_a_program_reads_each_recipient():
    groups = status_groups(
        bounce(
            Failure("beto@dos.example", UNKNOWN),
            Failure("caro@tres.example", Reply(554, "4.4.7", "It was tried 30 times")),
        )
    )
    assert groups[0]["Reporting-MTA"] == "dns; relay.example"
    assert groups[1]["Final-Recipient"] == "rfc822; beto@dos.example"
    assert (groups[1]["Action"], groups[1]["Status"]) == ("failed", "5.1.1")
    assert groups[1]["Remote-MTA"] == "dns; mx.dos.example"
    assert groups[1]["Diagnostic-Code"] == "smtp; 550 5.1.1 User unknown"
    assert groups[2]["Status"] == "4.4.7"
    assert groups[2]["Diagnostic-Code"].startswith("x-restante; ")
    assert "Remote-MTA" not in groups[2]


def test_only_the_header_goes_back():
    octets = bounce()
    assert b"secret body" not in octets
    assert parsed(octets).get_payload()[2].get_payload() == header_of(LETTER).decode()


def test_a_header_beyond_ascii_travels_as_base64():
    header = "Subject: mañana\r\n".encode()
    part = parsed(bounce(header=header)).get_payload()[2]
    assert part.get_payload(decode=True) == header
    assert bounce(header=header).isascii()


def test_addresses_beyond_ascii_are_typed_as_rfc_6533_says():
    octets = bounce(Failure("josé@dos.example", Reply(550, "5.6.7", "no")))
    assert status_groups(octets)[1]["Final-Recipient"] == "utf-8; jos\\x{E9}@dos.example"


def test_a_long_header_is_cut_between_lines():
    header = b"".join(b"X-%d: %s\r\n" % (n, b"y" * 70) for n in range(2000))
    kept = parsed(bounce(header=header)).get_payload()[2].get_payload()
    assert 60_000 < len(kept) <= 65_536
    assert header.startswith(kept.encode())


@given(st.binary(max_size=300), st.text(max_size=80), st.integers(200, 599))
@example(header=b"\n\r\n", said="", code=550)
def test_whatever_the_header_and_the_server_say_it_is_canonical(header, said, code):
    reply = Reply.read(code, said, "mx.example")
    octets = bounce(Failure("beto@dos.example", reply), header=header)
    assert octets.count(b"\r\n") == octets.count(b"\r") == octets.count(b"\n")
    assert max(map(len, octets.split(b"\r\n"))) <= 998
    assert parsed(octets).get_content_type() == "multipart/report"


@pytest.mark.parametrize(
    ("reply", "word"),
    [
        (Reply(550, "5.1.1", ""), "address does not exist"),
        (Reply(550, "5.1.2", ""), "domain"),
        (Reply(556, "5.1.10", ""), "receives no mail"),
        (Reply(552, "5.2.2", ""), "full"),
        (Reply(552, "5.3.4", ""), "too large"),
        (Reply(554, "4.4.7", ""), "several days"),
        (Reply(554, "5.4.6", ""), "circles"),
        (Reply(550, "5.6.7", ""), "beyond English"),
        (Reply(550, "5.7.1", ""), "rules"),
        (Reply(550, "5.7.26", ""), "rules"),
        (Reply(550, "5.0.0", ""), "its words are below"),
    ],
)
def test_every_reply_has_a_reason(reply, word):
    spanish, english = reason_of(reply)
    assert word in english.why
    assert spanish.why and spanish.what_to_do and english.what_to_do
