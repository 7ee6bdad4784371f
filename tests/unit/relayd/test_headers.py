"""What a letter must be to be accepted, and how its header is put in order."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relayd.headers import Stamp, Unacceptable, check_octets, header_of, stamp, submission_of

MARK = Stamp(
    hostname="relay.example",
    client="storage.example",
    client_address="127.0.0.1",
    submitter="stored",
    protocol="ESMTPA",
    item="0192abc",
    at=1_764_000_000.0,
)
PLAIN = b"From: ana@uno.example\r\nDate: today\r\nMessage-ID: <1@uno.example>\r\n\r\nHola.\r\n"


def names(letter):
    return [line.partition(b":")[0].lower() for line in re.findall(rb"(?m)^[^\s].*$", header_of(letter))]


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"Subject: a\n\nb\r\n", "CRLF"),
        (b"Subject: a\r\n\r\nb\rc\r\n", "CRLF"),
        (b"Subject: a\r\n\r\n.\n.\r\n", "CRLF"),
        (b"Subject: a\r\r\n\r\nb\r\n", "CRLF"),
        (b"Subject: a\r\n\r\nb\0c\r\n", "NUL"),
        (b"Subject: a\r\n\r\n" + b"x" * 999 + b"\r\n", "998"),
        (b"x" * 999, "998"),
        (b"a\r\n" * 2000 + b"x" * 999 + b"\r\n" + b"a\r\n" * 2000, "998"),
    ],
)
def test_what_is_not_canonical_is_refused(content, word):
    with pytest.raises(Unacceptable) as refused:
        check_octets(content, 998)
    assert refused.value.reply.startswith("554 5.6.0 ")
    assert word in refused.value.reply


@pytest.mark.parametrize(
    "content", [b"", b"\r\n", b"x" * 998 + b"\r\n", (b"x" * 998 + b"\r\n") * 50, b"a\r\n" * 3000, b"x" * 998]
)
def test_what_is_canonical_passes(content):
    check_octets(content, 998)


@given(st.lists(st.integers(0, 130), max_size=60), st.booleans())
def test_a_line_is_too_long_exactly_when_it_is(lengths, ended):
    content = b"\r\n".join(b"x" * length for length in lengths) + (b"\r\n" if ended else b"")
    if max(lengths, default=0) > 100:
        with pytest.raises(Unacceptable):
            check_octets(content, 100)
    else:
        check_octets(content, 100)


def test_blind_copies_and_the_submission_do_not_travel():
    letter = (
        b"Restante-Submission: ana s1\r\nBcc: x@hidden.example,\r\n\tz@hidden.example\r\nTo: a@b.example\r\n"
        b"RESENT-BCC: q@hidden.example\r\nbcc : w@hidden.example\r\n"
        b"Date: today\r\nMessage-ID: <1@a>\r\n\r\nBcc: stays\r\n"
    )
    sent = stamp(letter, MARK)
    assert names(sent) == [b"received", b"to", b"date", b"message-id"]
    assert sent.endswith(b"\r\n\r\nBcc: stays\r\n")
    assert b"hidden" not in header_of(sent)


def test_one_trace_field_goes_in_front_and_every_other_octet_stays():
    sent = stamp(PLAIN, MARK)
    assert sent.endswith(PLAIN)
    added = sent[: -len(PLAIN)].decode()
    assert added.startswith(
        "Received: from storage.example ([127.0.0.1] authenticated as stored)\r\n\tby relay.example"
    )
    assert "with ESMTPA id 0192abc;" in added
    assert added.count("Received") == 1


def test_date_and_message_id_are_added_only_where_missing():
    sent = stamp(b"Subject: a\r\n\r\nb\r\n", MARK)
    assert names(sent) == [b"received", b"date", b"message-id", b"subject"]
    assert names(stamp(PLAIN, MARK)).count(b"message-id") == 1


@pytest.mark.parametrize(("count", "refused"), [(50, False), (51, True)])
def test_a_letter_that_goes_round_in_circles_is_stopped(count, refused):
    letter = b"Received: from a by b\r\n\tfor c; d\r\n" * count + PLAIN
    if refused:
        with pytest.raises(Unacceptable, match=r"554 5\.4\.6"):
            stamp(letter, MARK)
    else:
        assert names(stamp(letter, MARK)).count(b"received") == 51


@pytest.mark.parametrize(
    "letter",
    [
        b"no field here\r\n\r\nb\r\n",
        b" folded first\r\n\r\nb\r\n",
        b"A: 1\r\nSub ject: x\r\n\r\n",
        b": x\r\n\r\n",
    ],
)
def test_a_header_that_is_none_is_refused(letter):
    with pytest.raises(Unacceptable, match=r"554 5\.6\.0"):
        stamp(letter, MARK)


@pytest.mark.parametrize(
    ("letter", "body"),
    [(b"Date: x\r\n", b""), (b"Date: x", b""), (b"\r\nonly text\r\n", b"only text\r\n"), (b"", b"")],
)
def test_letters_of_only_a_header_or_only_a_body_get_both(letter, body):
    sent = stamp(letter, MARK)
    assert sent.partition(b"\r\n\r\n")[2] == body


def test_a_client_name_cannot_write_fields_of_its_own():
    mark = Stamp("relay.example", "x\r\nEvil: 1", "127.0.0.1", "stored", "ESMTPA", "1", 0.0)
    assert b"evil" not in names(stamp(PLAIN, mark))


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (b"", ("", "")),
        (b"To: a\r\n", ("", "")),
        (b"Restante-Submission: ana s1\r\n", ("ana", "s1")),
        (b"restante-submission:\r\n\tana\r\n s1 \r\n", ("ana", "s1")),
    ],
)
def test_the_submission_is_read(header, expected):
    assert submission_of(header) == expected


@pytest.mark.parametrize(
    "header",
    [
        b"Restante-Submission: ana\r\n",
        b"Restante-Submission: ana s1 x\r\n",
        b"Restante-Submission: ana s1\r\nRestante-Submission: ana s1\r\n",
        b"Restante-Submission: ana " + b"s" * 201 + b"\r\n",
    ],
)
def test_a_submission_that_is_none_is_refused(header):
    with pytest.raises(Unacceptable):
        submission_of(header)
