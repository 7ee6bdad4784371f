"""A rule and the mail that is here: proposed, rehearsed, run as a job, taken back."""

import threading
from typing import Any

import pytest

from restante.errors import InvalidArgument, NotFound
from stored import old_mail
from stored.intents import Intents
from stored.jobs import Jobs, shown
from stored.lease import Leased
from stored.old_mail import OldMail, proposed, rehearse
from stored.store import Store
from stored.undoing import undo
from tests.unit.stored.keeping import keep, keep_many, letter, listing, on_wire, prepared

SECOND = {"field": "subject", "op": "ends_with", "value": "2"}


def rule(*actions, conditions=(SECOND,)):
    return {"conditions": list(conditions), "actions": [*actions]}


def folder(mail, name="Own"):
    return mail.write(lambda account: account.folders.create(name, 0).id)


# Proposing --------------------------------------------------------------------------------------------


def test_a_list_is_proposed_before_a_sender(mail):
    keep(mail, prepared(letter(1, **{"List-Id": "Friends <friends.uno.example>"})), prepared(letter(2)))
    assert proposed(mail, "m1")["rule"] == {
        "name": "friends.uno.example",
        "match": "all",
        "conditions": [{"field": "list", "op": "is", "value": "friends.uno.example"}],
        "actions": [],
    }
    assert proposed(mail, "m2")["rule"]["conditions"] == [
        {"field": "from", "op": "address_is", "value": "writer2@uno.example"}
    ]


def test_the_folder_is_where_that_sender_lies(mail):
    own, other = folder(mail), folder(mail, "Other")
    keep(mail, *(prepared(letter(1), minutes=n, folder=own) for n in range(3)))
    keep(mail, prepared(letter(1), folder=other), prepared(letter(1)), prepared(letter(2), folder=other))
    assert proposed(mail, "m5")["rule"]["actions"] == [{"action": "file", "folder": own}]
    assert proposed(mail, "m4")["rule"]["actions"] == [{"action": "file", "folder": other}]


def test_nothing_to_go_by(mail):
    keep(mail, prepared(b"\r\nhello\r\n"))
    with pytest.raises(InvalidArgument):
        proposed(mail, "m1")
    with pytest.raises(NotFound):
        proposed(mail, "m9")


# Rehearsing -------------------------------------------------------------------------------------------


def test_a_rehearsal_shows_and_changes_nothing(mail):
    keep_many(mail, 30)
    before = listing(mail)
    wanted = rule(
        {"action": "file", "folder": "archive"}, {"action": "mark_read"}, {"action": "forward", "to": "a@b.c"}
    )
    found = rehearse(mail, wanted)
    assert (found["looked_at"], found["held"], found["finished"]) == (30, 3, True)
    assert [one["row"]["id"] for one in on_wire(found)["shown"]] == ["m22", "m12", "m2"]
    first = found["shown"][0]
    assert (first["folder"], first["flags"], first["forwards"]) == ("archive", ["seen"], ["a@b.c"])
    assert listing(mail) == before


def test_a_rehearsal_reads_the_newest_500(mail):
    keep_many(mail, 510)
    found = rehearse(mail, rule({"action": "flag"}, conditions=[{"field": "subject", "op": "exists"}]))
    assert (found["looked_at"], found["held"], len(found["shown"])) == (500, 500, 50)


def test_a_rehearsal_ends_in_time(mail, monkeypatch):
    keep_many(mail, 5)
    monkeypatch.setattr(old_mail, "REHEARSE_SECONDS", -1.0)
    assert rehearse(mail, rule({"action": "flag"}))["finished"] is False


# Running ----------------------------------------------------------------------------------------------


@pytest.fixture
def world(store, tmp_path):
    jobs = Jobs(store, Intents(tmp_path / "jobs"), {old_mail.KIND: old_mail.run})
    kept: Any = {**rule({"action": "flag"}), "id": "r7", "enabled": False, "match": "all", "name": "Twos"}
    return OldMail(jobs, lambda user: Leased([], [kept]))


def test_a_run_changes_what_fits_and_is_taken_back(world, mail):
    keep_many(mail, 250)
    before = listing(mail)
    actions = [
        {"action": "file", "folder": "archive"},
        {"action": "flag"},
        {"action": "copy", "folder": "junk"},
    ]
    number = world.begin(mail, rule(*actions), [], "inbox")
    assert world.jobs.wait("ana", 30)
    job = shown(mail, number)
    assert (job["stage"], job["done"], job["total"], job["counts"]) == (
        "done", 250, 250, {"held": 25, "changed": 50}
    )  # fmt: skip
    found = listing(mail)
    assert (found["inbox"][0], found["archive"][0], found["junk"][0]) == (225, 25, 25)
    assert all("flagged" in flags for _, flags in found["archive"][2])
    undo(mail, job["undo"])
    assert listing(mail) == before


def test_rules_of_the_profile_run_by_their_ids_enabled_or_not(world, mail):
    keep_many(mail, 12)
    world.begin(mail, None, ["r7"], "inbox")
    assert world.jobs.wait("ana", 30)
    assert [id for id, flags in listing(mail)["inbox"][2] if flags] == ["m12", "m2"]
    with pytest.raises(NotFound):
        world.begin(mail, None, ["r8"], "inbox")
    with pytest.raises(NotFound):
        world.begin(mail, rule({"action": "flag"}), [], "f99")
    for wrong in [(None, []), (rule({"action": "flag"}), ["r7"])]:
        with pytest.raises(InvalidArgument):
            world.begin(mail, *wrong, "inbox")


def test_nothing_old_is_forwarded(world, mail):
    keep_many(mail, 2)
    world.begin(mail, rule({"action": "forward", "to": "a@b.example"}), [], "inbox")
    assert world.jobs.wait("ana", 30)
    assert listing(mail)["sent"][0] == 0


def test_mail_that_comes_meanwhile_is_left_to_the_rules_of_arrival(world, mail):
    keep_many(mail, 2)
    number = world.jobs.begin("ana", "unknown", {})
    assert world.jobs.wait("ana", 30) and shown(mail, number)["stage"] == "failed"
    top = mail.read(lambda account: account.folders.find("inbox").order.window(0, 1)[0])
    keep(mail, prepared(letter(12), minutes=99))
    order = {"rules": [old_mail.as_rule(rule({"action": "flag"}))], "folder": "inbox", "top": top}
    world.jobs.begin("ana", old_mail.KIND, order)
    assert world.jobs.wait("ana", 30)
    assert [id for id, flags in listing(mail)["inbox"][2] if flags] == ["m2"]


def test_a_restart_in_the_middle_ends_the_same_with_one_undo(tmp_path, monkeypatch):
    monkeypatch.setattr(old_mail, "AT_ONCE", 10)
    store = Store(tmp_path)
    mail = store.open_account("ana")
    keep_many(mail, 100)
    before = listing(mail)
    stepped, told = threading.Event(), threading.Event()
    whole = old_mail._step

    def interrupted(working):
        more = whole(working)
        stepped.set()
        assert told.wait(20)
        return more

    monkeypatch.setattr(old_mail, "_step", interrupted)
    jobs = Jobs(store, Intents(tmp_path / "jobs"), {old_mail.KIND: old_mail.run})
    world = OldMail(jobs, lambda user: Leased([], []))
    number = world.begin(mail, rule({"action": "delete"}), [], "inbox")
    assert stepped.wait(20)
    jobs._stopping.set()
    told.set()
    jobs.stop()
    store.close()

    monkeypatch.setattr(old_mail, "_step", whole)
    again = Store(tmp_path)
    mail = again.open_account("ana")
    jobs = Jobs(again, Intents(tmp_path / "jobs"), {old_mail.KIND: old_mail.run})
    jobs.start()
    assert jobs.wait("ana", 30)
    job = shown(mail, number)
    assert (job["stage"], job["done"], job["counts"]["changed"]) == ("done", 100, 10)
    assert listing(mail)["trash"][0] == 10
    undo(mail, job["undo"])
    assert listing(mail) == before
    again.close()
