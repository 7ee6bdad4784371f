"""A letter's words to octets, and back by two readers: ours and the standard library's."""

import email
import email.policy
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restante.address import Address
from restante.errors import InvalidArgument, TooLarge
from stored.mime import decode_part, parts_of, summarize, text_of
from stored.sending.compose import LETTER_OCTETS, Attachment, Letter, compose, new_message_id

ANA = Address("Ana Pérez", "ana@uno.example")
EVA = Address("Eva", "eva@dos.example")


def letter(**fields):
    plain: dict[str, Any] = {
        "sender": ANA,
        "to": [EVA],
        "subject": "Hola",
        "text": "Hola, Eva.\n",
        "sent_at": datetime(2026, 11, 23, 14, 50, tzinfo=UTC),
        "message_id": "1@uno.example",
    }
    return Letter(**plain | fields)


def sent(**fields):
    composed = compose(letter(**fields))
    return composed.octets[composed.skip :]


def library(raw):
    return email.message_from_bytes(raw, policy=email.policy.default)


def check_lines(raw):
    raw.decode("ascii")
    lines = raw.split(b"\r\n")
    assert all(len(line) <= 998 and b"\n" not in line and b"\r" not in line for line in lines)


TEXT = st.text(
    st.characters(blacklist_categories=["Cs", "Cc"], blacklist_characters="\ufffe\uffff\u2028\u2029")
)


@given(TEXT.filter(lambda text: len(text) < 900))
def test_any_subject_arrives(subject):
    raw = sent(subject=subject)
    check_lines(raw)
    assert summarize(raw).subject == " ".join(subject.split())[:998]
    assert " ".join(str(library(raw)["subject"]).split()) == " ".join(subject.split())


@given(
    st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\ufffe\uffff"), max_size=2000)
)
def test_any_text_arrives(text):
    raw = sent(text=text)
    check_lines(raw)
    wanted = "".join(c for c in text.replace("\r\n", "\n").replace("\r", "\n") if c in "\t\n" or c >= " ")
    assert text_of(raw)[0].replace("\x7f", "") == (wanted.replace("\x7f", "") if wanted.strip() else "")


@given(st.binary(max_size=3000), TEXT.filter(lambda name: 0 < len(name) < 200))
def test_octets_and_name_of_an_attachment_arrive(octets, name):
    raw = sent(attachments=[Attachment(name, "application/pdf", octets)])
    check_lines(raw)
    _, part = parts_of(raw)
    assert decode_part(raw, part) == octets
    assert part.octets == len(octets)
    assert part.name == " ".join(name.split())
    (theirs,) = library(raw).iter_attachments()
    assert theirs.get_payload(decode=True) == octets


@given(TEXT.filter(lambda name: len(name) < 100))
def test_any_name_of_a_person_arrives_and_adds_nobody(name):
    raw = sent(to=[Address(name, "eva@dos.example"), EVA])
    check_lines(raw)
    ours = summarize(raw).to
    assert [address.address for address in ours] == ["eva@dos.example"] * 2
    assert ours[0].name == " ".join(name.split()).strip("'\" ")
    assert [one.addr_spec for one in library(raw)["to"].addresses] == ["eva@dos.example"] * 2


def test_the_fields_of_an_answer():
    references = [f"{n}@dos.example" for n in range(40)]
    raw = sent(cc=[Address("", "ño@año.example")], references=[*references, "bad id"])
    parsed = library(raw)
    assert parsed["date"] == "Mon, 23 Nov 2026 14:50:00 +0000"
    assert parsed["from"] == "Ana Pérez <ana@uno.example>"
    assert b"xn--ao-zja.example" in raw
    assert parsed["message-id"] == "<1@uno.example>"
    summary = summarize(raw)
    assert summary.in_reply_to == references[-1]
    assert (summary.references[0], summary.references[-1]) == (references[0], references[-1])
    assert len(summary.references) == 20


def test_bcc_and_what_a_draft_remembers_are_kept_and_never_sent():
    composed = compose(
        letter(bcc=[Address("Oculto", "secreto@tres.example")], private=[("Restante-Draft", "x" * 300)])
    )
    travelling = composed.octets[composed.skip :]
    assert b"secreto" in composed.octets
    assert b"secreto" not in travelling
    assert b"Restante-Draft" not in travelling
    assert travelling.startswith(b"Date: ")


@pytest.mark.parametrize(
    "fields",
    [
        {"subject": "one\r\nBcc: x@y.example"},
        {"subject": "one\ntwo"},
        {"to": [Address("Eva\r\nX: y", "eva@dos.example")]},
        {"to": [Address("", "eva@dos.example\r\nX: y")]},
        {"sender": Address("A\x00", "ana@uno.example")},
        {"bcc": [Address("a\rb", "eva@dos.example")]},
        {"attachments": [Attachment("a\r\nb", "text/plain", b"")]},
    ],
)
def test_a_line_end_in_a_header_is_refused(fields):
    with pytest.raises(InvalidArgument):
        compose(letter(**fields))


def test_a_letter_too_large_is_refused():
    with pytest.raises(TooLarge, match="MB"):
        compose(letter(attachments=[Attachment("x", "a/b", bytes(LETTER_OCTETS))]))


INNER = b"From: a@b.example\r\nSubject: inner\r\n\r\nbody\r\n"


@pytest.mark.parametrize(
    ("octets", "kind"),
    [
        (INNER, "message/rfc822"),
        (INNER + "ñ".encode(), "application/octet-stream"),
        (INNER.replace(b"\r\n", b"\n"), "application/octet-stream"),
        (INNER + b"x" * 1200, "application/octet-stream"),
    ],
)
def test_a_letter_within_a_letter_arrives_octet_for_octet(octets, kind):
    raw = sent(attachments=[Attachment("letter.eml", "message/rfc822", octets)])
    check_lines(raw)
    _, part = parts_of(raw)
    assert (part.type, part.name) == (kind, "letter.eml")
    assert decode_part(raw, part) == octets


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("plain\n", b"7bit"),
        ("mañana\n" * 3 + "plain words " * 10, b"quoted-printable"),
        ("日本語" * 40, b"base64"),
        ("x" * 2000, b"quoted-printable"),
        ("From here\n", b"quoted-printable"),
        ("blank at the end \n", b"quoted-printable"),
    ],
)
def test_the_encoding_fits_the_text(text, encoding):
    raw = sent(text=text)
    check_lines(raw)
    assert b"Content-Transfer-Encoding: " + encoding + b"\r\n" in raw
    assert text_of(raw)[0] == text


def test_message_ids_are_new_and_in_the_senders_domain():
    assert new_message_id("a@uno.example") != new_message_id("a@uno.example")
    assert new_message_id("a@año.example").endswith("@xn--ao-zja.example")
