"""Letters summarized as they arrive: the unusual ones by a process that can be killed."""

import os

import pytest

from stored.mime import ORDINARY_HEADER_OCTETS, ordinary_summary, summarize
from stored.parsing import Parsers, Summaries
from stored.spool import MEMORY_OCTETS, gathered

HEAD = b"From: Eva <eva@dos.example>\r\nTo: ana@uno.example\r\nSubject: =?utf-8?q?a=C3=B1o?=\r\n"
MIXED = HEAD + b"Content-Type: Multipart/mixed; boundary=b\r\n"
PART = b"--b\r\nContent-Disposition: attachment; filename=x.pdf\r\n\r\nx\r\n"
MANY = MIXED + b"\r\n--b\r\n\r\nhello\r\n" + PART * 300 + b"--b--\r\n"
LONG = HEAD + b"X-Long: yes\r\n" * 3000 + b"Date: Tue, 24 Nov 2026 10:00:00 -0300\r\n\r\nhello\r\n"
ODD = LONG.replace(b"\r\n\r\n", b"\r\nX-Odd: \xff\xfe \xed\xa0\x80\r\nReferences: <a@b> <c@d>\r\n\r\n")
REPORT = (
    HEAD.replace(b"Subject", b"In-Reply-To: <1@uno.example>\r\nSubject")
    + b"Content-Type: multipart/report; boundary=b\r\n\r\n"
    b"--b\r\nContent-Type: message/delivery-status\r\n\r\nFinal-Recipient: rfc822;leo@tres.example\r\n"
    b"Action: failed\r\nDiagnostic-Code: smtp;no \xed\xa0\x80\r\n\r\n--b--\r\n"
)


@pytest.fixture
def parsers():
    made = Parsers(1, deadline_seconds=20)
    yield made
    made.stop()


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"", True),
        (HEAD + b"\r\nhello\r\n" + b"--b\r\n" * 1000, True),
        (HEAD.replace(b"\r\n", b"\n") + b"\nhello\n" * 10_000, True),
        (MIXED + b"\r\n" + PART * 50, True),
        (MANY, False),
        (MANY.replace(b"Multipart", b"mULTIPART"), False),
        (LONG, False),
        (b"x" * (ORDINARY_HEADER_OCTETS + 1), False),
    ],
)
def test_what_is_ordinary(raw, expected):
    assert (ordinary_summary(raw) is not None) is expected


def test_an_ordinary_letter_starts_no_process(parsers):
    assert Summaries(parsers).of(MIXED + b"\r\n" + PART).attached == ["x.pdf"]
    assert parsers._all[0]._process is None


@pytest.mark.parametrize("raw", [MANY, LONG, ODD, REPORT, b"\0" * 100_000, MANY.replace(b"\r\n", b"\n")])
def test_a_process_tells_the_same(parsers, raw):
    assert ordinary_summary(raw) is None
    assert Summaries(parsers).of(raw) == summarize(raw)
    assert parsers._all[0]._process is not None


def test_a_report_tells_which_letter_did_not_reach_whom(parsers):
    (bounce,) = Summaries(parsers).of(REPORT).bounces
    assert (bounce.message_id, bounce.address) == ("1@uno.example", "leo@tres.example")


def test_a_large_letter_in_a_file_is_judged_and_read_as_well(parsers, tmp_path):
    raw = gathered([MANY, b"\r\n" * MEMORY_OCTETS], tmp_path)
    assert ordinary_summary(raw) is None
    assert Summaries(parsers).of(raw).attachments == 300
    plain = gathered([MIXED, b"\r\n--b\r\n\r\nhello\r\n--b--\r\n", b"--b\r\n" * MEMORY_OCTETS], tmp_path)
    assert ordinary_summary(plain) is not None


def test_of_a_letter_that_is_not_read_in_time_the_header_is_known(parsers):
    summaries = Summaries(parsers)
    summaries.of(LONG)
    os.kill(parsers._all[0]._process.pid, 19)  # SIGSTOP: it will never answer
    parsers._deadline_seconds = 0.1
    known = summaries.of(LONG)
    assert (known.from_[0].address, known.subject, known.sent_at) == ("eva@dos.example", "año", None)
