"""What a letter is beside its text."""

import pytest

from stored.mime.calendar import invitation_of
from stored.mime.reading import reading_of


def notices(*parts, kind="mixed", head=""):
    """Return the notices of a multipart message with these parts."""
    body = "".join(f"--b\r\n{part}\r\n" for part in parts)
    raw = f"{head}Content-Type: multipart/{kind}; boundary=b\r\n\r\n{body}--b--\r\n"
    return reading_of(raw.encode()).notices


EVENT = """BEGIN:VCALENDAR
METHOD:{method}
BEGIN:VTIMEZONE
TZID:X
BEGIN:STANDARD
DTSTART:19700101T000000
END:STANDARD
END:VTIMEZONE
BEGIN:VEVENT
SUMMARY:Tea\\, and
 cake
LOCATION:The kitchen
DTSTART;TZID=America/Argentina/Buenos_Aires:20261123T150000
DURATION:PT1H30M
ORGANIZER;CN="Ana, of course":mailto:ana@uno.example
ATTENDEE;PARTSTAT=ACCEPTED;CN=Eva:mailto:eva@dos.example
RRULE:FREQ=WEEKLY
BEGIN:VALARM
SUMMARY:alarm
END:VALARM
END:VEVENT
END:VCALENDAR
"""


def test_an_invitation_says_what_when_where_and_by_whom():
    (notice,) = notices("Content-Type: text/calendar; charset=utf-8\r\n\r\n" + EVENT.format(method="REQUEST"))
    assert notice == {
        "kind": "invitation",
        "method": "request",
        "title": "Tea, andcake",
        "place": "The kitchen",
        "start": "2026-11-23T18:00:00Z",
        "end": "2026-11-23T19:30:00Z",
        "zone": "",
        "repeats": True,
        "organizer": {"name": "Ana, of course", "address": "ana@uno.example"},
        "sentence": "Ana, of course invites you to “Tea, andcake”, 2026-11-23T18:00:00Z, The kitchen.",
    }


def test_an_invitation_may_come_as_a_file():
    (notice,) = notices(
        "Content-Type: application/octet-stream; name=Tea.ICS\r\n\r\n" + EVENT.format(method="REQUEST")
    )
    assert (notice["kind"], notice["place"]) == ("invitation", "The kitchen")


def test_a_report_is_told_in_whatever_it_comes():
    said = "Reporting-MTA: dns; x\r\n\r\nFinal-Recipient: rfc822; ana@uno.example\r\nAction: failed\r\n"
    (notice,) = notices("Content-Type: message/delivery-status\r\n\r\n" + said, kind="mixed")
    assert notice["kind"] == "delivery_report"


def test_a_reply_says_who_answered_what():
    (notice,) = notices("Content-Type: text/calendar\r\n\r\n" + EVENT.format(method="REPLY"))
    assert (notice["answer"], notice["guest"]) == ("accepted", {"name": "Eva", "address": "eva@dos.example"})
    assert notice["sentence"].startswith("Eva accepted “Tea")


@pytest.mark.parametrize(
    ("line", "start"),
    [
        ("DTSTART:20261123T150000Z", "2026-11-23T15:00:00Z"),
        ("DTSTART;VALUE=DATE:20261123", "2026-11-23"),
        ("DTSTART;TZID=Our own time:20261123T150000", "2026-11-23T15:00:00"),
        ("DTSTART;TZID=../../etc/passwd:20261123T150000", "2026-11-23T15:00:00"),
        ("DTSTART:20261340T150000Z", ""),
        ("DTSTART:soon", ""),
        ("DTSTART:99991231T235959Z", "9999-12-31T23:59:59Z"),
        ("DTSTART;TZID=America/New_York:99991231T235959", ""),
    ],
)
def test_times_are_in_utc_where_their_zone_is_known(line, start):
    said = invitation_of(f"BEGIN:VCALENDAR\nBEGIN:VEVENT\n{line}\nEND:VEVENT\nEND:VCALENDAR")
    assert said is not None
    assert said.start.text == start


@pytest.mark.parametrize(
    "text", ["", "BEGIN:VCALENDAR\nEND:VCALENDAR", "hello", "BEGIN:VEVENT:" * 9000, "\r\n " * 90_000]
)
def test_what_is_no_calendar_is_no_invitation(text):
    assert invitation_of(text) is None


REPORT = """Content-Type: message/delivery-status

Reporting-MTA: dns; mx.uno.example

Original-Recipient: rfc822;eva@dos.example
Final-Recipient: rfc822;x123@dos.example
Action: failed
Status: 5.1.1 (unknown)
Diagnostic-Code: smtp; 550 5.1.1 No such
 user here.

Final-Recipient: RFC822; <leo@tres.example>
Action: delayed
Status: 4.4.1
"""
ORIGINAL = """Content-Type: text/rfc822-headers

Subject: =?utf-8?q?Ma=C3=B1ana?=
Message-ID: <1@uno.example>
"""


def test_a_delivery_report_says_what_became_of_whom():
    (notice,) = notices("\r\nSorry", REPORT, ORIGINAL, kind="report; report-type=delivery-status")
    assert notice["recipients"] == [
        {
            "address": "eva@dos.example",
            "action": "failed",
            "status": "5.1.1",
            "detail": "550 5.1.1 No such user here.",
        },
        {"address": "leo@tres.example", "action": "delayed", "status": "4.4.1", "detail": ""},
    ]
    assert (notice["subject"], notice["message_id"]) == ("Mañana", "1@uno.example")
    said = "Your letter to eva@dos.example could not be delivered: 550 5.1.1 No such user here."
    assert notice["sentence"] == said


@pytest.mark.parametrize(
    ("fields", "action"),
    [
        ("Final-Recipient: rfc822;a@b.c\nStatus: 5.0.0", "failed"),
        ("Final-Recipient: rfc822;a@b.c\nStatus: 4.0.0\nAction: odd", "delayed"),
        ("Final-Recipient: rfc822;a@b.c\nStatus: 2.0.0", "delivered"),
        ("Final-Recipient: rfc822;a@b.c", "failed"),
        ("Action: Expanded (to a list)", "expanded"),
    ],
)
def test_a_report_that_forgets_half_still_says_the_rest(fields, action):
    (notice,) = notices(f"Content-Type: message/delivery-status\n\nX: y\n\n{fields}", kind="report")
    assert [one["action"] for one in notice["recipients"]] == [action]


@pytest.mark.parametrize(
    ("disposition", "kind", "sentence"),
    [
        ("manual-action/MDN-sent-manually; displayed", "displayed", "eva@dos.example opened your letter."),
        ("automatic-action/x;deleted", "deleted", "eva@dos.example deleted without reading your letter."),
        ("displayed", "displayed", "eva@dos.example opened your letter."),
    ],
)  # fmt: skip
def test_a_read_receipt_says_who_read_what(disposition, kind, sentence):
    (notice,) = notices(
        "\r\nread",
        "Content-Type: message/disposition-notification\r\n\r\nFinal-Recipient: rfc822;eva@dos.example\r\n"
        f"Original-Message-ID: <7@uno.example>\r\nDisposition: {disposition}\r\n",
        kind="report; report-type=disposition-notification",
    )
    assert (notice["kind"], notice["disposition"], notice["message_id"]) == (
        "read_receipt",
        kind,
        "7@uno.example",
    )
    assert (notice["automatic"], notice["sentence"]) == (disposition.startswith("auto"), sentence)


def test_who_wants_a_receipt_is_told_and_gets_none():
    (notice,) = notices("\r\nx", head="Disposition-Notification-To: Ana <ana@uno.example>\r\n")
    assert (notice["kind"], notice["address"]) == ("receipt_wanted", "ana@uno.example")


@pytest.mark.parametrize(
    ("kind", "body", "said", "by"),
    [
        (
            'multipart/signed; protocol="application/pgp-signature"; boundary=b',
            "--b\n\nx\n--b--",
            "signed",
            "pgp",
        ),
        (
            'multipart/signed; protocol="application/pkcs7-signature"; boundary=b',
            "--b\n\nx",
            "signed",
            "smime",
        ),
        ("multipart/encrypted; boundary=b", "--b\n\nx\n--b--", "encrypted", "pgp"),
        ("application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m", "x", "encrypted", "smime"),
        ("application/pkcs7-mime; smime-type=signed-data", "x", "signed", "smime"),
        ("application/octet-stream; name=SMIME.P7M", "x", "encrypted", "smime"),
        ("text/plain", "Hi\n-----BEGIN PGP MESSAGE-----\n\nx", "encrypted", "pgp"),
        ("text/plain", "-----BEGIN PGP SIGNED MESSAGE-----\nx", "signed", "pgp"),
    ],
)
def test_signed_and_encrypted_are_said_as_such(kind, body, said, by):
    (notice,) = reading_of(f"Content-Type: {kind}\n\n{body}".encode()).notices
    assert (notice["kind"], notice["by"]) == (said, by)


def test_an_ordinary_letter_has_no_notices():
    assert reading_of(b"Subject: x\r\n\r\nI was -----BEGIN PGP MESSAGE----- told").notices == []
