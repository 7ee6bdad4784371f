"""One's own statistics: right however mail came, moved and went, and counted again only where it changed."""

from datetime import UTC, datetime

import pytest

from stored import messages, statistics
from stored.model.word import DRAFT, OWN
from stored.statistics import Counting
from tests.unit.stored.keeping import BEGINNING, keep, keep_many, letter, on_wire, prepared

NOW = datetime(2026, 1, 2, 12, tzinfo=UTC)


@pytest.fixture
def counting(store, monkeypatch):
    monkeypatch.setattr(statistics, "SLICE", 16)
    return Counting(store)


def mine(counting, zone=0, now=NOW):
    return counting.mine("ana", zone, now)


def test_nothing(counting):
    found = mine(counting)
    assert (found["received"], found["sent"], found["octets"], found["writers"]) == (0, 0, "0", [])
    assert len(found["days"]) == 30 and sum(found["hours"]) == 0


def test_everything_is_counted(counting, mail):
    keep_many(mail, 40)
    keep(mail, *(prepared(letter(1), account="a2", minutes=60) for _ in range(3)))
    to = letter(9, To="Juan <Juan@tres.example>, x@y.example")
    keep(
        mail, prepared(to, account="", folder="sent", minutes=1440), prepared(to, account="", folder="drafts")
    )
    found = mine(counting)
    assert BEGINNING.weekday() == 3
    assert (found["received"], found["sent"]) == (43, 1)
    assert found["hours"][:3] == [40, 3, 0] and found["weekdays"] == [0, 0, 0, 43, 0, 0, 0]
    assert found["days"][:2] == [
        {"day": "2026-01-02", "received": 0, "sent": 1},
        {"day": "2026-01-01", "received": 43, "sent": 0},
    ]
    assert found["writers"][0] == {"address": "writer1@uno.example", "messages": 4}
    assert found["recipients"] == [
        {"address": "juan@tres.example", "messages": 1}, {"address": "x@y.example", "messages": 1}
    ]  # fmt: skip
    assert [(one["account"], one["messages"]) for one in found["accounts"]] == [("a1", 40), ("a2", 3)]
    total = mail.read(lambda account: account.octets())
    assert int(found["octets"]) == total == sum(int(one["octets"]) for one in found["folders"])
    inbox = found["folders"][0]
    assert (inbox["folder"], inbox["messages"], inbox["unread"]) == ("inbox", 43, 43)


def test_days_begin_where_the_user_is(counting, mail):
    keep_many(mail, 2)
    found = mine(counting, -180)
    assert found["hours"][21] == 2 and found["days"][2] == {"day": "2025-12-31", "received": 2, "sent": 0}


def test_only_what_changed_is_counted_again(counting, mail, monkeypatch):
    keep_many(mail, 100)
    first = mine(counting)
    counted: list[int] = []
    whole = statistics._count

    def watched(account, number):
        counted.append(number)
        return whole(account, number)

    monkeypatch.setattr(statistics, "_count", watched)
    assert mine(counting) is first and counted == []
    mail.write(lambda account: messages.change(account, ["m5"], {"seen": True, "folder": "archive"}))
    moved = mine(counting)
    assert counted == [] and moved["folders"][0]["messages"] == 99
    mail.write(lambda account: messages.delete(account, ["m20"], True))
    keep(mail, prepared(letter(500)))
    assert mine(counting)["received"] == 100
    assert counted == [1, 6]
    fresh = Counting(counting._store)
    assert fresh.mine("ana", 0, NOW) == mine(counting)


def test_what_moves_into_sent_or_out_of_it_is_counted_with_its_people(counting, mail):
    keep(mail, *(prepared(letter(n, To=f"eva{n}@dos.example")) for n in range(1, 4)))
    assert [one["messages"] for one in mine(counting)["writers"]] == [1, 1, 1]
    mail.write(lambda account: messages.change(account, ["m2"], {"folder": "sent"}))
    found = mine(counting)
    assert (found["received"], found["sent"], len(found["writers"])) == (2, 1, 2)
    assert found["recipients"] == [{"address": "eva2@dos.example", "messages": 1}]
    mail.write(lambda account: messages.change(account, ["m2"], {"folder": "archive"}))
    assert (mine(counting)["recipients"], len(mine(counting)["writers"])) == ([], 3)


def test_a_draft_that_was_put_away_was_not_received(counting, mail):
    keep(mail, prepared(letter(1), folder="drafts", flags=DRAFT))
    mail.write(lambda account: messages.delete(account, ["m1"]))
    found = mine(counting)
    assert (found["received"], found["sent"], sum(found["hours"]), found["writers"]) == (0, 0, 0, [])


def test_what_was_sent_from_here_is_sent_wherever_it_lies(counting, mail):
    keep(mail, prepared(letter(1, To="eva@dos.example"), account="", folder="sent", flags=OWN))
    before = mine(counting)
    mail.write(lambda account: messages.change(account, ["m1"], {"folder": "archive"}))
    mail.write(lambda account: messages.delete(account, ["m1"]))
    found = mine(counting)
    assert (found["received"], found["sent"], found["writers"]) == (0, 1, [])
    assert (found["recipients"], found["days"]) == (before["recipients"], before["days"])
    assert on_wire(mail.read(lambda account: messages.rows(account, [1])))[0]["flags"] == []


def test_few_users_are_remembered(counting, monkeypatch):
    monkeypatch.setattr(statistics, "USERS_REMEMBERED", 2)
    for user in ("ana", "bea", "cid"):
        counting.mine(user, 0, NOW)
    assert list(counting._users) == ["bea", "cid"]
