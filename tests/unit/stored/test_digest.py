"""The arrival card: what is new, who fails, what bounced, what waits; never more than 5 KB."""

import pytest

from restante.errors import LoginRefused
from restante.wire import dumps
from stored.digest import CARD_OCTETS, digest
from stored.model.maildrop import Trouble
from stored.model.submission import Submission, Submissions, make_id
from stored.people import learn
from stored.progress import AccountState
from tests.unit.stored.keeping import keep, letter, prepared

STATES = [
    AccountState("a1", "ana@uno.example", "done"),
    AccountState("a2", "ana@dos.example", "failed", error=LoginRefused("dos refused the password.")),
]


def card(mail, seen="", now=1000, states=STATES):
    return digest(mail, states, now, seen)


def submit(mail, number, outcome, at, detail="why"):
    def work(account):
        submission = Submission(
            make_id(number, "00000000"), f"k{number}", "a@b.c", ["x@y.z"], at=at, subject="Hello"
        )
        submission.tell("x@y.z", outcome, detail, at)
        Submissions(account.submissions).add(submission)

    mail.write(work)


def test_an_empty_mail_has_an_empty_card(mail):
    found = card(mail, states=[])
    assert found == {
        "state": found["state"],
        "since": False,
        "new": 0,
        "accounts": [],
        "letters": [],
        "failing": [],
        "bounced": [],
        "waiting": [],
        "cut": False,
    }


def test_without_a_card_before_it_is_the_unread_of_the_inbox(mail):
    keep(mail, prepared(letter(1)), prepared(letter(2), flags=1), prepared(letter(3), folder="archive"))
    found = card(mail)
    assert (found["since"], found["new"], [one["id"] for one in found["letters"]]) == (False, 1, ["m1"])


def test_what_is_new_since_the_card_that_was_seen(mail):
    keep(mail, prepared(letter(1)))
    first = card(mail)
    again = card(mail)
    assert (first["new"], again["new"]) == (1, 1)
    assert card(mail, first["state"])["new"] == 0
    keep(mail, prepared(letter(2)), prepared(letter(3), account="a2"), prepared(letter(4), account="a2"))
    keep(mail, prepared(letter(5), folder="archive"), prepared(letter(6), folder="junk"))
    keep(mail, prepared(letter(7), folder="sent"))
    found = card(mail)
    assert (found["since"], found["new"]) == (True, 4)
    assert found["accounts"] == [
        {"account": "a1", "address": "ana@uno.example", "new": 2, "known": 0},
        {"account": "a2", "address": "ana@dos.example", "new": 2, "known": 0},
    ]
    assert [one["id"] for one in found["letters"]] == ["m5", "m4", "m3", "m2"]
    assert card(mail, found["state"])["new"] == 0


def test_people_one_has_written_to_come_first(mail):
    keep(mail, *(prepared(letter(n)) for n in range(1, 5)))
    mail.write(lambda account: learn(account, ["Writer2@uno.example"], 1))
    found = card(mail)
    assert [(one["id"], one["known"]) for one in found["letters"]] == [
        ("m2", True), ("m4", False), ("m3", False), ("m1", False)
    ]  # fmt: skip
    assert found["accounts"][0]["known"] == 1


def test_accounts_that_fail_say_why_before_and_after_a_restart(mail):
    trouble = Trouble("login_refused", "tres refused.", "", 1, 1, 0, b"")
    mail.write(lambda account: setattr(account.maildrop("a3"), "trouble", trouble))
    assert [(one["account"], one["address"], one["message"]) for one in card(mail)["failing"]] == [
        ("a2", "ana@dos.example", "dos refused the password."),
        ("a3", "", "tres refused."),
    ]


def test_what_bounced_since_and_what_waits(mail):
    first = card(mail)
    card(mail, first["state"], now=1000)
    submit(mail, 1, "failed", 999)
    submit(mail, 2, "failed", 1000)
    submit(mail, 3, "deferred", 1001)
    submit(mail, 4, "queued", 1002)
    submit(mail, 5, "delivered", 1003)
    found = card(mail)
    assert [one["submission"] for one in found["bounced"]] == [make_id(2, "00000000")]
    assert [(one["outcome"], one["detail"]) for one in found["waiting"]] == [
        ("queued", "why"),
        ("deferred", "why"),
    ]


@pytest.mark.parametrize("who", ["W", "😀", "\\", '"'])
def test_it_is_never_larger_than_it_may_be(mail, who):
    fields = {"From": f'"{who * 60}" <w@uno.example>', "Subject": who * 500}
    keep(mail, *(prepared(letter(n, **fields), account=f"a{n % 40}") for n in range(60)))
    for number in range(50):
        submit(mail, number, "failed" if number % 2 else "deferred", 1000, who * 500)
    states = [AccountState(f"a{n}", who * 100, "failed", error=LoginRefused(who * 400)) for n in range(40)]
    found = card(mail, states=states)
    assert len(dumps(found)) <= CARD_OCTETS
    assert found["cut"] and found["new"] == 60
    assert found["letters"] and found["failing"] and found["bounced"] and found["waiting"]
