"""Letters sent from here that come back by mail: what is said of them afterwards, and what is not."""

from datetime import timedelta

import pytest

from restante.wire import check
from stored.collecting.lease import Leased
from stored.digest import digest
from stored.messages import delete
from stored.mime import Bounce
from stored.model.submission import FAILED, HANDED_OVER, Submission, Submissions, make_id
from stored.overview_types import Card
from stored.sending import types
from stored.sending.bounces import take_down
from stored.sending.fates import struct_of
from stored.undoing import undo
from tests.pop3server import PopServer
from tests.unit.stored.keeping import keep, letter, prepared
from tests.unit.stored.visiting import account
from tests.unit.stored.writing import NOW

IS_SUBMISSION, IS_CARD = check(types.Submission), check(Card)
SENT = "<one@uno.example>"
EVA, LEO = "eva@dos.example", "leo@xn--ao-zja.example"


def submit(mail, *recipients, outcome="delivered", stage=HANDED_OVER):
    def work(account):
        submission = Submission(
            make_id(1, "00000000"),
            "k1",
            "ana@uno.example",
            list(recipients),
            at=10,
            subject="Hello",
            message_id=SENT[1:-1],
        )
        submission.stage = stage
        Submissions(account.submissions).add(submission)
        for recipient in recipients:
            account.tell(submission, recipient, outcome, "250 2.0.0 taken", 20)

    mail.write(work)


def newest(mail):
    def work(account):
        (one,) = Submissions(account.submissions).newest(2)
        return struct_of(account, one)

    return IS_SUBMISSION(mail.read(work), "submission")


def told(mail):
    """Return what is said of the letter: {address: (outcome, detail, report)}."""
    one = newest(mail)
    return {who["address"]: (who["outcome"], who["detail"], who.get("report")) for who in one["recipients"]}


def bounced(mail):
    card = IS_CARD(digest(mail, [], lambda user: Leased([], []), 1000), "card")
    return [(one["address"], one.get("report")) for one in card["bounced"]]


def elsewhere(mail):
    """Return whom else it did not reach, as is said: {address: (outcome, report)}; all with a sentence."""
    strays = newest(mail).get("elsewhere", [])
    assert all(one["address"] in one["sentence"] for one in strays)
    return {one["address"]: (one["outcome"], one.get("report")) for one in strays}


def report(final=EVA, original="", action="failed", names=SENT, host="mx.dos.example", returned="", **fields):
    """Return a report as a mail server sends it (RFC 3464) on the letter that it `names`.

    `returned` are fields that others wrote into that letter on its way.
    """
    first = f"Original-Recipient: rfc822;{original}\n" if original else ""
    about = f"Message-ID: {names}\n" if names else ""
    parts = (
        "Content-Type: text/plain\n\nSorry.\n",
        f"Content-Type: message/delivery-status\n\nReporting-MTA: dns; {host}\n\n"
        f"{first}Final-Recipient: rfc822; {final}\nAction: {action}\nStatus: 5.2.2\n"
        "Diagnostic-Code: smtp; 552 5.2.2 Mailbox full\n",
        f"Content-Type: text/rfc822-headers\n\nSubject: Hello\n{about}{returned}",
    )
    body = "".join(f"--b\n{part}\n" for part in parts) + "--b--"
    kind = "multipart/report; report-type=delivery-status; boundary=b"
    return letter(9, body.replace("\n", "\r\n"), **{"Content-Type": kind, **fields})


def collect(bench, *letters):
    with PopServer(letters) as server:
        bench.accounts["ana"] = [account(server)]
        assert bench.run()["a1"].stage == "done"


def test_a_report_that_comes_as_mail_is_in_the_outbox_and_on_the_card(bench, mail):
    submit(mail, EVA)
    collect(bench, letter(1), report())
    assert told(mail) == {EVA: ("failed", "552 5.2.2 Mailbox full", "m2")}
    assert bounced(mail) == [(EVA, "m2")]


def test_of_several_recipients_the_one_it_names(bench, mail):
    submit(mail, EVA, LEO, "max@tres.example")
    collect(bench, report(original="LEO@AÑO.example", final="x9@cuatro.example"))
    assert [address for address, (outcome, _, _) in told(mail).items() if outcome == "failed"] == [LEO]


PLACE = "x9@cuatro.example"
ELSEWHERE = {"host": "mx.cuatro.example"}


@pytest.mark.parametrize(
    "passed_on",
    [
        {},
        {"original": EVA},
        {"original": EVA, **ELSEWHERE},
        {"returned": f"Delivered-To: {EVA}\n", **ELSEWHERE},
        {"returned": f"X-Original-To: <{EVA}>\n", **ELSEWHERE},
        {"From": "MAILER-DAEMON@dos.example", **ELSEWHERE},
        {"returned": "Return-Path: <bounces+SRS=x=ana=uno.example@dos.example>\n"},
    ],
)
@pytest.mark.parametrize("others", [[], [LEO]])
def test_a_recipient_whose_mail_is_passed_on(bench, mail, passed_on, others):
    submit(mail, EVA, *others)
    collect(bench, report(final=PLACE, **passed_on))
    assert [address for address, (outcome, _, _) in told(mail).items() if outcome == "failed"] == [EVA]
    (line,) = IS_CARD(digest(mail, [], lambda user: Leased([], []), 1000), "card")["bounced"]
    assert (line["address"], line["final"]) == (EVA, PLACE)
    assert line["sentence"].startswith(f"The report speaks of {PLACE}")


@pytest.mark.parametrize(
    ("written_to", "final"),
    [
        ("eva.perez+news@dos.example", "evaperez@dos.example"),
        ("Eva@dos.example", "eva+inbox@dos.example"),
        ("eva@dos.example", "eva@mail.dos.example"),
    ],
)
def test_an_address_that_a_provider_writes_anew(bench, mail, written_to, final):
    submit(mail, LEO, written_to, "max@dos.example")
    collect(bench, report(final=final, host="mx.cuatro.example"))
    assert [address for address, (outcome, _, _) in told(mail).items() if outcome == "failed"] == [written_to]
    assert elsewhere(mail) == {}


def test_what_is_no_address_is_not_spoken_of_as_where_mail_is_passed_on_to(bench, mail):
    submit(mail, EVA)
    collect(bench, report(final="/C=us/S=perez/", original=EVA))
    (line,) = IS_CARD(digest(mail, [], lambda user: Leased([], []), 1000), "card")["bounced"]
    assert (line["address"], "final" in line, "sentence" in line) == (EVA, False, False)


def test_exim_says_in_words_whose_mail_it_passes_on(bench, mail):
    submit(mail, EVA, LEO)
    words = f"\n  {PLACE}\n    (generated from {EVA})\n    550 5.1.1 unknown user\n"
    raw = report(final=PLACE, host="host7.seis.example", **{"X-Failed-Recipients": PLACE})
    collect(bench, raw.replace(b"\r\nSorry.\r\n", words.replace("\n", "\r\n").encode()))
    assert [address for address, (outcome, _, _) in told(mail).items() if outcome == "failed"] == [EVA]


CLUB = "club@dos.example"


@pytest.mark.parametrize(
    "listed",
    [
        {"returned": "List-Id: <club.dos.example>\n"},
        {"returned": f"List-Post: <mailto:{CLUB}>\n", "original": CLUB},
        {"returned": "Precedence: list\n"},
        {"returned": "Sender: owner-club@dos.example\n"},
        {"returned": f"To: {CLUB}\nSender: {CLUB}\n"},
        {"returned": "Return-Path: <club-bounces+x9=cuatro.example@dos.example>\n"},
        # Not known to be a list, and nothing says that it is not.
        {"host": "mx.cuatro.example"},
    ],
)
def test_one_of_many_whom_a_list_wrote_to_is_told_and_the_list_was_reached(bench, mail, listed):
    submit(mail, CLUB)
    collect(bench, letter(1), report(final=PLACE, **listed))
    assert told(mail)[CLUB][0] == "delivered"
    assert elsewhere(mail) == {PLACE: ("failed", "m2")}
    (line,) = IS_CARD(digest(mail, [], lambda user: Leased([], []), 1000), "card")["bounced"]
    assert (line["address"], line["report"]) == (PLACE, "m2")
    assert line["sentence"].startswith(
        f"A report says that it did not reach {PLACE}, to whom it was not sent"
    )


def test_somebody_whom_the_letter_went_to_beside_a_list(bench, mail):
    submit(mail, CLUB, EVA)
    collect(bench, report(final=EVA, returned="List-Id: <club.dos.example>\n"))
    assert (told(mail)[CLUB][0], told(mail)[EVA][0]) == ("delivered", "failed")
    assert elsewhere(mail) == {}


def test_a_list_of_many_who_are_gone_tells_of_twenty_once_each(bench, mail):
    submit(mail, CLUB)
    gone = [f"p{number}@tres.example" for number in range(25)]
    reports = [report(final=one, returned="List-Id: <club.dos.example>\n") for one in gone]
    collect(bench, *reports, *(raw.replace(b"552 ", b"553 ") for raw in reports))
    assert sorted(elsewhere(mail)) == sorted(gone[:20])
    assert len(bounced(mail)) == 1


def test_of_two_recipients_who_both_may_have_passed_it_on_neither_is_meant(bench, mail):
    submit(mail, EVA, CLUB)
    collect(bench, report(final=PLACE))
    assert {outcome for outcome, _, _ in told(mail).values()} == {"delivered"}
    assert list(elsewhere(mail)) == [PLACE]


def test_a_report_without_the_letter_names_it_as_what_it_answers(bench, mail):
    submit(mail, EVA)
    collect(bench, report(names="", **{"In-Reply-To": SENT}))
    assert told(mail)[EVA][0] == "failed"


QMAIL = f"""Hi. This is the qmail-send program at dos.example.
I'm afraid I wasn't able to deliver your message to the following addresses.

<{EVA}>:
Sorry, no mailbox here by that name. (#5.1.1)

--- Below this line is a copy of the message.

Message-ID: {SENT}

Hello"""


def test_a_report_in_words(bench, mail):
    submit(mail, EVA)
    collect(bench, letter(9, QMAIL.replace("\n", "\r\n"), From="MAILER-DAEMON@dos.example"))
    assert told(mail) == {EVA: ("failed", "Sorry, no mailbox here by that name. (#5.1.1)", "m1")}


def test_a_report_within_a_letter_that_a_gateway_made_of_it(bench, mail):
    submit(mail, EVA)
    inner = report().decode().partition("Content-Type: ")
    outer = letter(
        9,
        f"--c\r\n{inner[1]}{inner[2]}\r\n--c\r\n\r\nScanned.\r\n--c--",
        **{"From": "Postmaster@dos.example", "Content-Type": "multipart/mixed; boundary=c"},
    )
    collect(bench, outer)
    assert told(mail)[EVA][0] == "failed"


@pytest.mark.parametrize(
    "other",
    [
        {"names": "<other@uno.example>"},
        {"names": ""},
        {"action": "delayed"},
        {"action": "delivered"},
    ],
)
def test_what_says_nothing_of_ours(bench, mail, other):
    submit(mail, EVA, LEO)
    collect(bench, report(**other))
    assert {outcome for outcome, _, _ in told(mail).values()} == {"delivered"}
    assert (bounced(mail), elsewhere(mail)) == ([], {})


def test_a_forged_report_stops_no_letter_that_is_still_to_go(bench, mail):
    submit(mail, EVA, outcome="deferred", stage="pending")
    collect(bench, report(), report(final="x9@cuatro.example", host="mx.cuatro.example"))
    assert (told(mail)[EVA][0], elsewhere(mail)) == ("deferred", {})


def test_a_report_on_somebody_whom_the_relay_still_tries_is_not_believed(bench, mail):
    submit(mail, EVA, outcome="deferred")
    collect(bench, report())
    assert told(mail)[EVA][0] == "deferred"


def test_a_report_on_a_hundred_tells_of_all(bench, mail):
    everybody = [f"p{number}@dos.example" for number in range(100)]
    submit(mail, *everybody)
    one = "Final-Recipient: rfc822; {}\r\nAction: failed\r\nStatus: 5.2.2\r\n"
    groups = "\r\n".join(one.format(address) for address in everybody)
    raw = report().decode()
    first = raw.index("Final-Recipient")
    collect(bench, f"{raw[:first]}{groups}{raw[raw.index('Diagnostic-Code') :]}".encode())
    assert {outcome for outcome, _, _ in told(mail).values()} == {"failed"}


def test_what_failed_at_the_relay_is_said_once(bench, mail):
    submit(mail, EVA, outcome="failed", stage=FAILED)
    collect(bench, report())
    assert told(mail) == {EVA: ("failed", "250 2.0.0 taken", None)}
    assert bounced(mail) == [(EVA, None)]


def test_two_reports_on_one_recipient_bounce_once(bench, mail):
    submit(mail, EVA)
    collect(bench, report(), report(Date="Thu, 26 Nov 2026 09:30:00 -0300"))
    assert (told(mail)[EVA][2], bounced(mail)) == ("m1", [(EVA, "m1")])


@pytest.mark.parametrize(("later", "outcome"), [(1, "delivered"), (-1, "failed")])
def test_the_relay_that_delivered_later_knows_better(mail, later, outcome):
    """One that reports late what it did before the letter came back says nothing new."""
    submit(mail, EVA, outcome="queued")
    keep(mail, prepared())
    at = int(NOW.timestamp())
    mail.write(lambda account: take_down(account, 1, [Bounce(SENT[1:-1], EVA, "no")], at))
    assert told(mail)[EVA] == ("failed", "no", "m1")
    word = int((NOW + timedelta(minutes=later)).timestamp())

    def deliver(account):
        (submission,) = Submissions(account.submissions).newest(1)
        account.tell(submission, EVA, "delivered", "250 ok", word)

    mail.write(deliver)
    assert told(mail)[EVA][0] == outcome
    assert bounced(mail) == ([(EVA, "m1")] if outcome == "failed" else [])


def test_a_report_is_named_as_long_as_it_is_here(bench, mail):
    """In the trash it can be read; what went for good cannot, and nothing is said of a letter that is not."""
    submit(mail, EVA, CLUB)
    collect(bench, report(), report(final=PLACE, original=CLUB, returned="List-Id: <club.dos.example>\n"))
    named = (("failed", "552 5.2.2 Mailbox full", "m1"), {PLACE: ("failed", "m2")}, [(PLACE, "m2")])
    trash = mail.write(lambda account: delete(account, ["m1", "m2"]))
    assert (told(mail)[EVA], elsewhere(mail), bounced(mail)) == named
    undo(mail, trash["undo"])
    assert (told(mail)[EVA], elsewhere(mail), bounced(mail)) == named
    mail.write(lambda account: delete(account, ["m1", "m2"], for_good=True))
    assert told(mail)[EVA] == ("failed", "552 5.2.2 Mailbox full", None)
    assert (elsewhere(mail), bounced(mail)) == ({PLACE: ("failed", None)}, [(PLACE, None)])
