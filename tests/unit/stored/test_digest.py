"""The arrival card: what is new, who fails, what bounced, what waits; never more than 5 KB."""

import pytest

from restante.errors import LoginRefused, OverQuota, Unavailable
from restante.wire import dumps
from stored.collecting.lease import Leased, LeasedAccount
from stored.collecting.progress import AccountState
from stored.digest import CARD_OCTETS, digest
from stored.model.maildrop import Trouble
from stored.model.submission import Submission, Submissions, make_id
from stored.people import learn
from stored.pop3 import Server
from tests.unit.stored.keeping import keep, letter, prepared

STATES = [
    AccountState("a1", "ana@uno.example", "done"),
    AccountState("a2", "ana@dos.example", "failed", error=LoginRefused("dos refused the password.")),
]


ADDRESSES = {"a1": "ana@uno.example", "a2": "ana@dos.example", "a3": "ana@tres.example"}


def card(mail, seen="", states=STATES, addresses=lambda user: ADDRESSES, off=()):
    def lease(user):
        server = Server("pop.uno.example", 995, "tls", "ana", "secret")
        known = addresses(user).items()
        return Leased([LeasedAccount(id, said, id not in off, server) for id, said in known], [])

    return digest(mail, states, lease, 1000, seen)


def submit(mail, number, outcome, detail="why"):
    def work(account):
        submission = Submission(
            make_id(number, "00000000"), f"k{number}", "a@b.c", ["x@y.z"], at=900, subject="Hello"
        )
        Submissions(account.submissions).add(submission)
        account.tell(submission, "x@y.z", outcome, detail, 900)

    mail.write(work)


def unreachable(user):
    raise Unavailable("profiled is away.")


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
        ("a3", "ana@tres.example", "tres refused."),
    ]


def test_an_account_whose_mail_does_not_fit_fails(mail):
    left = [AccountState("a1", "ana@uno.example", "done", error=OverQuota("3 messages stay at uno."))]
    assert [(one["kind"], one["message"]) for one in card(mail, states=left)["failing"]] == [
        ("over_quota", "3 messages stay at uno.")
    ]


def test_after_a_restart_addresses_are_asked_for(mail):
    keep(mail, prepared(letter(1), account="a3"))
    assert card(mail, states=[])["accounts"][0]["address"] == "ana@tres.example"
    assert card(mail, states=[], addresses=unreachable)["accounts"][0]["address"] == ""


def test_an_account_that_was_removed_fails_no_more(mail):
    trouble = Trouble("login_refused", "tres refused.", "", 1, 1, 0, b"")
    mail.write(lambda account: setattr(account.maildrop("a3"), "trouble", trouble))
    assert card(mail, addresses=lambda user: {"a1": "ana@uno.example"})["failing"] == []
    assert len(card(mail, addresses=unreachable)["failing"]) == 2


def test_an_account_that_was_switched_off_fails_no_more_and_keeps_its_address(mail):
    keep(mail, prepared(letter(1), account="a2"))
    assert [one["account"] for one in card(mail)["failing"]] == ["a2"]
    assert card(mail, off=("a2",))["failing"] == []
    assert card(mail, states=[], off=("a2",))["accounts"][0]["address"] == "ana@dos.example"


def test_what_bounced_after_the_card_that_was_seen_was_made(mail):
    """However much later it is told as seen: a client gives the last card's state at the next visit."""
    submit(mail, 1, "failed")
    first = card(mail)
    assert bounces(first) == [1]
    submit(mail, 2, "failed")
    submit(mail, 3, "delivered")
    second = card(mail, first["state"])
    assert bounces(second) == bounces(card(mail)) == [2]
    submit(mail, 4, "failed")
    assert bounces(card(mail, second["state"])) == [4]
    assert bounces(card(mail, card(mail)["state"])) == []


def test_a_letter_that_bounced_long_after_it_was_sent(mail):
    submit(mail, 1, "queued")
    for number in range(2, 150):
        submit(mail, number, "delivered")
    first = card(mail)

    def work(account):
        account.tell(Submissions(account.submissions).by_id(make_id(1, "00000000")), "x@y.z", "failed", "", 9)

    mail.write(work)
    mail.write(work)
    assert bounces(card(mail, first["state"])) == [1]


def test_bounces_of_which_no_step_is_known(mail):
    """Those that an older version kept: they are in the first card, and in none after one was seen."""

    def work(account):
        submission = Submission(make_id(1, "00000000"), "k1", "a@b.c", ["x@y.z"], at=900, subject="Hello")
        submission.tell("x@y.z", "failed", "why", 900)
        Submissions(account.submissions).add(submission)

    mail.write(work)
    first = card(mail)
    assert bounces(first) == [1]
    submit(mail, 2, "failed")
    assert bounces(card(mail)) == [2, 1]
    assert bounces(card(mail, first["state"])) == [2]


def test_what_waits(mail):
    submit(mail, 3, "deferred")
    submit(mail, 4, "queued")
    submit(mail, 5, "delivered")
    assert [(one["outcome"], one["detail"]) for one in card(mail)["waiting"]] == [
        ("queued", "why"),
        ("deferred", "why"),
    ]


def test_a_letter_waits_on_the_card_however_many_were_sent_after_it(mail):
    submit(mail, 1, "deferred")
    for number in range(2, 300):
        submit(mail, number, "delivered")
    assert [one["outcome"] for one in card(mail)["waiting"]] == ["deferred"]


@pytest.mark.parametrize("seen", ["garbage", "ffffffff.1", "ffffffff.999999999"])
def test_a_state_of_another_store_is_not_noted_as_seen(mail, seen):
    """A script with a wrong one, or one from before a backup was restored, takes nothing from the others."""
    keep(mail, prepared(letter(1)))
    good = card(mail)["state"]
    card(mail, good)
    found = card(mail, seen)
    assert (found["since"], found["new"]) == (False, 1)
    found = card(mail)
    assert (found["since"], found["new"]) == (True, 0)


def test_a_letter_to_many_is_one_line(mail):
    def work(account):
        everybody = [f"p{number}@y.z" for number in range(20)]
        for number, outcome in enumerate(("deferred", "failed")):
            id = make_id(number, "00000000")
            submission = Submission(id, f"k{number}", "a@b.c", everybody, at=900, subject="Hello")
            Submissions(account.submissions).add(submission)
            for one in everybody:
                account.tell(submission, one, outcome, "why", 900)

    mail.write(work)
    found = card(mail)
    for line in (*found["waiting"], *found["bounced"]):
        assert line["others"] == 19
    assert (len(found["waiting"]), len(found["bounced"])) == (1, 1)


def bounces(found):
    return [int(one["submission"][1:12], 16) for one in found["bounced"]]


@pytest.mark.parametrize("who", ["W", "😀", "\\", '"'])
def test_it_is_never_larger_than_it_may_be(mail, who):
    fields = {"From": f'"{who * 60}" <w@uno.example>', "Subject": who * 500}
    keep(mail, *(prepared(letter(n, **fields), account=f"a{n % 40}") for n in range(60)))
    for number in range(50):
        submit(mail, number, "failed" if number % 2 else "deferred", who * 500)
    states = [AccountState(f"a{n}", who * 100, "failed", error=LoginRefused(who * 400)) for n in range(40)]
    found = card(mail, states=states, addresses=lambda user: {f"a{n}": who * 100 for n in range(40)})
    assert len(dumps(found)) <= CARD_OCTETS
    assert found["cut"] and found["new"] == 60
    assert found["letters"] and found["failing"] and found["bounced"] and found["waiting"]


@pytest.mark.parametrize(
    ("sender", "shown"),
    [
        ('"admin@bank.example" <evil@x.example>', "evil@x.example"),
        ('"admin@bank.example (Your bank)" <evil@x.example>', "evil@x.example"),
        ('"ana@x.example" <Ana@x.example>', "ana@x.example"),
        ("=?UTF-8?Q?Bank=E2=80=AE_elpmaxe?= <evil@x.example>", "Bank elpmaxe"),
        ("=?UTF-8?Q?=E2=80=AE?= <evil@x.example>", "evil@x.example"),
        ("=?UTF-8?Q?P=D0=B0yPal?= <evil@x.example>", "evil@x.example"),
    ],
)
def test_who_wrote_is_called_what_deceives_nobody(mail, sender, shown):
    turned = "=?UTF-8?Q?Hello=E2=80=AE_you?="
    keep(mail, prepared(letter(1, From=sender, Subject=turned)))
    (one,) = card(mail)["letters"]
    assert (one["from"], one["subject"]) == (shown, "Hello you")
