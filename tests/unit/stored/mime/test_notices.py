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
        "sentence": "Ana, of course invites you to “Tea, andcake”,"
        " 2026-11-23 18:00 to 19:30 (UTC) and again after that, The kitchen.",
    }


@pytest.mark.parametrize(
    ("times", "when"),
    [
        ("DTSTART:20261123T180000Z", "2026-11-23 18:00 (UTC)"),
        ("DTSTART:20261123T180000Z\nDTEND:20261124T010000Z", "2026-11-23 18:00 to 2026-11-24 01:00 (UTC)"),
        ("DTSTART;TZID=Ours:20261123T180000\nDURATION:PT1H", "2026-11-23 18:00 to 19:00 (Ours)"),
        ("DTSTART:20261123T180000\nDTEND:20261123T170000", "2026-11-23 18:00"),
        ("DTSTART;VALUE=DATE:20261201\nDTEND;VALUE=DATE:20261202", "2026-12-01"),
        ("DTSTART;VALUE=DATE:20261201\nDURATION:P2D", "2026-12-01 to 2026-12-02"),
        ("DTSTART;VALUE=DATE:99991231\nDURATION:P2D", "9999-12-31"),
        ("DTSTART;VALUE=DATE:20261201\nDTEND;VALUE=DATE:20261203", "2026-12-01 to 2026-12-02"),
        ("DTSTART;VALUE=DATE:20261201\nDTEND;VALUE=DATE:00010101", "2026-12-01"),
        ("DTSTART;VALUE=DATE:20261201\nDTEND:20261203T100000", "2026-12-01"),
    ],
)
def test_an_invitation_says_from_when_to_when(times, when):
    event = f"BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:Tea\n{times}\nEND:VEVENT\nEND:VCALENDAR"
    (notice,) = notices(f"Content-Type: text/calendar\n\n{event}")
    assert notice["sentence"] == f"Somebody announces “Tea”, {when}."


def test_an_invitation_deceives_nobody_about_who_invites_to_what():
    event = (
        "BEGIN:VCALENDAR\nMETHOD:REQUEST\nBEGIN:VEVENT\nSUMMARY:Tea\u202e\n"
        'ORGANIZER;CN="boss@bank.example":mailto:eva@dos.example\nEND:VEVENT\nEND:VCALENDAR'
    )
    for name in ("boss@bank.example", "P\u0430yPal"):
        said = event.replace("boss@bank.example", name)
        (notice,) = notices(f"Content-Type: text/calendar; charset=utf-8\n\n{said}")
        assert notice["sentence"] == "eva@dos.example invites you to “Tea”."
    assert notice["title"] == "Tea"


ROMANCE = """BEGIN:VTIMEZONE
TZID:Romance Standard Time
BEGIN:STANDARD
DTSTART:16010101T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010101T020000
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3
END:DAYLIGHT
END:VTIMEZONE
"""
CUSTOM = """BEGIN:VTIMEZONE
TZID:(UTC-03:30) Ours
BEGIN:STANDARD
DTSTART:20000101T000000
TZOFFSETTO:-0330
END:STANDARD
END:VTIMEZONE
"""


@pytest.mark.parametrize(
    ("zone", "line", "start"),
    [
        (ROMANCE, "TZID=Romance Standard Time:20260723T150000", "2026-07-23T13:00:00Z"),
        (ROMANCE, "TZID=Romance Standard Time:20261123T150000", "2026-11-23T14:00:00Z"),
        (ROMANCE, "TZID=Romance Standard Time:20270115T150000", "2027-01-15T14:00:00Z"),
        (ROMANCE, "TZID=Romance Standard Time:20261025T015959", "2026-10-24T23:59:59Z"),
        (ROMANCE, "TZID=Romance Standard Time:20260329T030000", "2026-03-29T01:00:00Z"),
        (CUSTOM, 'TZID="(UTC-03:30) Ours":20261123T150000', "2026-11-23T18:30:00Z"),
        (CUSTOM, 'TZID="(UTC-03:30) Ours":19900101T000000', "1990-01-01T03:30:00Z"),
        (CUSTOM, "TZID=Other:20261123T150000", "2026-11-23T15:00:00"),
        ("", "TZID=/mozilla.org/20050126_1/Europe/Madrid:20261123T150000", "2026-11-23T14:00:00Z"),
        (CUSTOM.replace("-0330", "+9999"), 'TZID="(UTC-03:30) Ours":20261123T150000', "2026-11-23T15:00:00"),
        (CUSTOM.replace("0101T", "1399T"), 'TZID="(UTC-03:30) Ours":20261123T150000', "2026-11-23T15:00:00"),
    ],
)
def test_a_zone_that_the_calendar_brings_along_is_known(zone, line, start):
    said = f"BEGIN:VCALENDAR\n{zone}BEGIN:VEVENT\nDTSTART;{line}\nEND:VEVENT\nEND:VCALENDAR"
    invitation = invitation_of(said.encode())
    assert invitation is not None
    assert invitation.start.text == start


def test_a_line_folded_within_a_character_is_whole():
    said = EVENT.format(method="REQUEST").replace("Tea", "Té").encode().replace(b"\xc3\xa9", b"\xc3\r\n \xa9")
    invitation = invitation_of(said)
    assert invitation is not None
    assert invitation.title == "Té, andcake"


@pytest.mark.parametrize(
    ("method", "beginning", "guest"),
    [
        ("COUNTER", "Eva would like another time or place for “Tea", "Eva"),
        ("REFRESH", "Eva asks for the latest news of “Tea", "Eva"),
        ("DECLINECOUNTER", "Ana, of course does not agree to another time or place for “Tea", ""),
        ("ADD", "Ana, of course adds a date to “Tea", ""),
        ("CANCEL", "Ana, of course called off “Tea", ""),
        ("PUBLISH", "Ana, of course announces “Tea", ""),
        ("NONSENSE", "Ana, of course announces “Tea", ""),
    ],
)
def test_whoever_speaks_in_an_invitation_is_named(method, beginning, guest):
    (notice,) = notices("Content-Type: text/calendar\r\n\r\n" + EVENT.format(method=method))
    assert notice["sentence"].startswith(beginning)
    assert notice.get("guest", {}).get("name", "") == guest


EVE = "x@evil.example"


@pytest.mark.parametrize(
    ("head", "method", "said"),
    [
        (f"From: {EVE}\n", "REQUEST", EVE),
        (
            "From: Calendar <calendar@gcal.example>\nReply-To: eva@dos.example\n",
            "CANCEL",
            "calendar@gcal.example",
        ),
        (f"From: {EVE}\n", "REPLY", EVE),
        # What services, guests, colleagues and lists do.
        ("From: Calendar <calendar@gcal.example>\nReply-To: ana@uno.example\n", "REQUEST", ""),
        ("From: ana@mail.uno.example\n", "REQUEST", ""),
        ("From: calendar@gcal.example\nSender: ana@uno.example\n", "REQUEST", ""),
        ("From: club@dos.example\nList-Id: <club.dos.example>\n", "REQUEST", ""),
        ("From: eva@dos.example\n", "REPLY", ""),
        ("Subject: x\n", "REQUEST", ""),
    ],
)
def test_who_sent_what_somebody_else_is_to_have_said(head, method, said):
    event = f"Content-Type: text/calendar\n\n{EVENT.format(method=method)}"
    notice = notices(event, head=head)[0]
    assert notice.get("sent_by", "") == said
    assert notice["sentence"].endswith(f" The letter is from {said}.") == bool(said)


@pytest.mark.parametrize(
    ("head", "said"),
    [
        (f"From: ana@uno.example\nSender: Service <{EVE}>\n", EVE),
        ("From: ana@uno.example\nSender: ana@mail.uno.example\n", ""),
        ("From: ana@uno.example, leo@mail.uno.example\nSender: leo@mail.uno.example\n", ""),
        (f"From: ana@uno.example\nSender: {EVE}\nList-Unsubscribe: <mailto:{EVE}>\n", ""),
        ("From: ana@uno.example\nSender: club-bounces@dos.example\n", ""),
        (f"Sender: {EVE}\n", ""),
    ],
)
def test_a_letter_that_somebody_elsewhere_sent_for_its_writer(head, said):
    found = reading_of(f"{head}\nx".encode())
    told = [(one["kind"], one["address"]) for one in found.notices]
    assert (told, found.warnings) == ([("sent_by", said)] if said else [], [])


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
    said = invitation_of(f"BEGIN:VCALENDAR\nBEGIN:VEVENT\n{line}\nEND:VEVENT\nEND:VCALENDAR".encode())
    assert said is not None
    assert said.start.text == start


@pytest.mark.parametrize(
    "text", ["", "BEGIN:VCALENDAR\nEND:VCALENDAR", "hello", "BEGIN:VEVENT:" * 9000, "\r\n " * 90_000]
)
def test_what_is_no_calendar_is_no_invitation(text):
    assert invitation_of(text.encode()) is None


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
            "final": "x123@dos.example",
            "action": "failed",
            "status": "5.1.1",
            "detail": "550 5.1.1 No such user here.",
        },
        {"address": "leo@tres.example", "action": "delayed", "status": "4.4.1", "detail": ""},
    ]
    assert (notice["subject"], notice["message_id"]) == ("Mañana", "1@uno.example")
    said = "Your letter could not be delivered to eva@dos.example: 550 5.1.1 No such user here."
    assert notice["sentence"] == said


def test_a_report_turns_no_text_around_and_speaks_of_addresses_that_are_some():
    turned = REPORT.replace("No such", "No\u202e such\u2069").replace(
        "x123@dos.example", "x1\u202e@dos.example"
    )
    (notice,) = notices("\r\nSorry", turned, ORIGINAL, kind="report")
    eva = notice["recipients"][0]
    assert (eva["final"], eva["detail"]) == ("x1@dos.example", "550 5.1.1 No such user here.")
    x400 = REPORT.replace("rfc822;x123@dos.example", "x400; /C=us/A=x@dos/")
    (notice,) = notices("\r\nSorry", x400, ORIGINAL, kind="report")
    eva = notice["recipients"][0]
    assert (eva["address"], "final" in eva) == ("eva@dos.example", False)
    (notice,) = notices("\r\nSorry", x400.replace("rfc822;eva@dos.example", "x400; /C=us/"), kind="report")
    assert notice["recipients"][0]["address"] == ""
    assert notice["sentence"].startswith("Your letter could not be delivered to somebody: 550")


def test_a_report_in_words_turns_no_text_around():
    said = QMAIL.replace("No such", "No\u202e such")
    (notice,) = reading_of(f"Content-Type: text/plain; charset=utf-8\n\n{said}".encode()).notices
    assert notice["recipients"][0]["detail"].endswith("550 5.1.1 No such user.")


def test_the_letter_of_a_report_may_have_a_header_in_utf_8():
    original = "Content-Type: message/global-headers\n\nSubject: Grüße\nMessage-ID: <1@x>"
    (notice,) = notices("\r\nSorry", REPORT, original, kind="report")
    assert (notice["subject"], notice["message_id"]) == ("Grüße", "1@x")


COPY = "Return-Path: <ana@uno.example>\nSubject: =?utf-8?q?Ma=C3=B1ana?=\nMessage-ID: <1@uno.example>\n\nx"
QMAIL = f"""Hi. This is the qmail-send program at uno.example.
I'm afraid I wasn't able to deliver your message to the following addresses.

<eva@dos.example>:
192.0.2.1 does not like recipient.
Remote host said: 550 5.1.1 No such user.

<leo@tres.example>:
Sorry, no host.

--- Below this line is a copy of the message.

{COPY}
"""
EXIM = f"""This message was created automatically by mail delivery software.

  eva@dos.example
    host mx.dos.example [192.0.2.1]:
    550 5.1.1 No such user

------ This is a copy of the message, including all the headers. ------

{COPY}
"""


def test_a_report_of_qmail_is_told_from_its_words():
    (notice,) = reading_of(f"Subject: failure notice\n\n{QMAIL}".encode()).notices
    assert notice["recipients"] == [
        {
            "address": "eva@dos.example",
            "action": "failed",
            "status": "5.1.1",
            "detail": "192.0.2.1 does not like recipient. Remote host said: 550 5.1.1 No such user.",
        },
        {"address": "leo@tres.example", "action": "failed", "status": "", "detail": "Sorry, no host."},
    ]
    assert (notice["subject"], notice["message_id"]) == ("Mañana", "1@uno.example")


def test_a_report_in_words_may_enclose_its_letter():
    words = QMAIL.partition("---")[0] + "--- Enclosed is a copy of the message.\n"
    (notice,) = notices(f"\n{words}", f"Content-Type: message/rfc822\n\n{COPY}")
    assert (notice["subject"], notice["message_id"]) == ("Mañana", "1@uno.example")


def test_a_report_of_exim_is_told_from_its_field_and_its_words():
    (notice,) = reading_of(f"X-Failed-Recipients: eva@dos.example\n\n{EXIM}".encode()).notices
    said = "host mx.dos.example [192.0.2.1]: 550 5.1.1 No such user"
    assert notice["sentence"] == f"Your letter could not be delivered to eva@dos.example: {said}."
    assert (notice["recipients"][0]["status"], notice["subject"]) == ("5.1.1", "Mañana")


def test_a_letter_that_speaks_of_reports_is_none():
    assert reading_of(b"Subject: x\n\nYou wrote: Hi. This is the\n\n<eva@dos.example>:\nno").notices == []


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
        ("automatic-action/x; dispatched", "dispatched", "eva@dos.example passed on your letter."),
        ("automatic-action/x; processed/error", "processed",
            "eva@dos.example has a program that dealt with your letter."),
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
        (
            "application/pkcs7-mime; name=smime.p7m\nContent-Transfer-Encoding: base64",
            "MIAGCSqGSIb3DQEHAqCA",
            "signed",
            "smime",
        ),
        (
            "application/pkcs7-mime; name=smime.p7m\nContent-Transfer-Encoding: base64",
            "MIAGCSqGSIb3DQEHA6CA",
            "encrypted",
            "smime",
        ),
        (
            "multipart/mixed; boundary=b",
            "--b\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n--b--",
            "encrypted",
            "pgp",
        ),
        (
            "text/plain\nContent-Transfer-Encoding: base64",
            "LS0tLS1CRUdJTiBQR1AgTUVTU0FHRS0tLS0tCgp4",
            "encrypted",
            "pgp",
        ),
        ("text/plain", "Hi\n-----BEGIN PGP MESSAGE-----\n\nx", "encrypted", "pgp"),
        ("text/plain", "-----BEGIN PGP SIGNED MESSAGE-----\nx", "signed", "pgp"),
    ],
)
def test_signed_and_encrypted_are_said_as_such(kind, body, said, by):
    (notice,) = reading_of(f"Content-Type: {kind}\n\n{body}".encode()).notices
    assert (notice["kind"], notice["by"]) == (said, by)


def test_an_ordinary_letter_has_no_notices():
    assert reading_of(b"Subject: x\r\n\r\nI was -----BEGIN PGP MESSAGE----- told").notices == []
