"""A rule and the mail that is here: rehearsed, run as a job, taken back."""

import threading
from typing import Any

import pytest

from restante.errors import InvalidArgument, NotFound
from restante.wire import check
from stored.collecting.lease import Leased, LeasedAccount
from stored.intents import Intents
from stored.job_status import shown
from stored.jobs import Jobs
from stored.pop3 import Server
from stored.rules import old_mail
from stored.rules.old_mail import OldMail
from stored.rules.types import RuleToTry
from stored.store import Store
from stored.undoing import undo
from tests.unit.stored.keeping import keep, keep_many, letter, listing, on_wire, prepared

SECOND = {"field": "subject", "op": "ends_with", "value": "2"}


def rule(*actions, conditions=(SECOND,)):
    return {"conditions": list(conditions), "actions": [*actions]}


# Rehearsing -------------------------------------------------------------------------------------------


@pytest.fixture
def world(store, tmp_path):
    jobs = Jobs(store, Intents(tmp_path / "jobs"), {old_mail.KIND: old_mail.run})
    kept: Any = {**rule({"action": "flag"}), "id": "r7", "enabled": False, "match": "all", "name": "Twos"}
    account = LeasedAccount("a1", "ana@dos.example", True, Server("pop.example", 995, "tls", "ana", "secret"))
    return OldMail(jobs, lambda user: Leased([account], [kept], ("ana@uno.example",)))


def ran(world, mail, wanted, folder="inbox"):
    """Run a rule to its end; return the job."""
    number = world.begin(mail, wanted, [], folder)
    assert world.jobs.wait("ana", 30)
    return shown(mail, number)


def test_a_rehearsal_shows_and_changes_nothing(world, mail):
    keep_many(mail, 30)
    before = listing(mail)
    wanted = rule(
        {"action": "file", "folder": "archive"},
        {"action": "mark_read"},
        {"action": "forward", "to": "a@b.example"},
    )
    found = world.rehearse(mail, wanted)
    assert (found["looked_at"], found["held"], found["finished"]) == (30, 3, True)
    assert [one["row"]["id"] for one in on_wire(found)["shown"]] == ["m22", "m12", "m2"]
    first = found["shown"][0]
    assert (first["folder"], first["flags"], first["forwards"]) == ("archive", ["seen"], ["a@b.example"])
    assert listing(mail) == before


def test_a_rule_is_rehearsed_as_it_is_listed_though_it_be_switched_off(world, mail):
    keep_many(mail, 2)
    (kept,) = world.lease("ana").rules
    assert not kept["enabled"]
    assert world.rehearse(mail, check(RuleToTry)(kept, "rule"))["held"] == 1


def test_a_rehearsal_reads_the_newest_500(world, mail):
    keep_many(mail, 510)
    found = world.rehearse(mail, rule({"action": "flag"}, conditions=[{"field": "subject", "op": "exists"}]))
    assert (found["looked_at"], found["held"], len(found["shown"])) == (500, 500, 50)


def test_a_rehearsal_ends_in_time(world, mail, monkeypatch):
    keep_many(mail, 5)
    monkeypatch.setattr(old_mail, "REHEARSE_SECONDS", -1.0)
    assert world.rehearse(mail, rule({"action": "flag"}))["finished"] is False


# Running ----------------------------------------------------------------------------------------------


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
        "done", 250, 250, {"held": 25, "changed": 25, "not_forwarded": 0}
    )  # fmt: skip
    found = listing(mail)
    assert (found["inbox"][0], found["archive"][0], found["junk"][0]) == (225, 25, 25)
    assert all("flagged" in flags for _, flags in found["archive"][2])
    again = undo(mail, job["undo"])
    assert listing(mail) == before
    again = undo(mail, again["undo"])
    once_more = listing(mail)
    assert once_more["archive"][2] == found["archive"][2]
    assert [flags for _, flags in once_more["junk"][2]] == [flags for _, flags in found["junk"][2]]
    undo(mail, again["undo"])
    assert listing(mail) == before


def test_a_copy_goes_to_any_folder_but_the_one_the_message_lies_in(world, mail):
    """The inbox is one like any other, for mail that is elsewhere."""
    keep_many(mail, 12, folder="archive")
    wanted = rule({"action": "copy", "folder": "inbox"}, {"action": "copy", "folder": "archive"})
    assert [one["copies"] for one in world.rehearse(mail, wanted, "archive")["shown"]] == [["inbox"]] * 2
    assert ran(world, mail, wanted, "archive")["counts"]["changed"] == 2
    found = listing(mail)
    assert (found["inbox"][0], found["archive"][0]) == (2, 12)


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


FORWARD = {"action": "forward", "to": "a@b.example"}


def test_nothing_old_is_forwarded_and_nothing_deleted_that_was_to_be(world, mail):
    keep_many(mail, 12)
    wanted = rule(FORWARD, {"action": "delete"})
    first = world.rehearse(mail, wanted)["shown"][0]
    assert (first["folder"], first["forwards"], first["stays"]) == ("trash", ["a@b.example"], True)
    before = listing(mail)
    job = ran(world, mail, wanted)
    assert job["counts"] == {"held": 2, "changed": 0, "not_forwarded": 2}
    assert listing(mail) == before


def test_a_rehearsal_knows_what_is_never_forwarded(world, mail):
    keep(mail, prepared(letter(2, **{"Auto-Submitted": "auto-replied"})))
    (only,) = world.rehearse(mail, rule(FORWARD, {"action": "delete"}))["shown"]
    assert (only["folder"], only["forwards"], only["stays"]) == ("", [], False)


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        (rule({"action": "delete"}, conditions=[]), "needs a condition"),
        (rule(), "needs an action"),
        (rule({"action": "file"}), "names a folder if"),
        (rule({"action": "forward", "to": "not an address"}), "“not an address” is no mail address"),
        (rule({"action": "forward", "to": "ANA@dos.example"}), "your own address"),
        (rule({"action": "forward", "to": "ana@uno.example"}), "your own address"),
        (
            rule(
                {"action": "delete"},
                conditions=[{"field": "size", "op": "over", "value": "-5", "negate": True}],
            ),
            "whole number of octets",
        ),
    ],
)
def test_a_rule_that_would_not_be_kept_is_neither_rehearsed_nor_run(world, mail, wanted, sentence):
    keep_many(mail, 3)
    with pytest.raises(InvalidArgument, match=sentence):
        world.rehearse(mail, wanted)
    with pytest.raises(InvalidArgument, match=sentence):
        world.begin(mail, wanted, [], "inbox")


@pytest.mark.parametrize("word", [{"field": "moon"}, {"op": "matches"}])
def test_words_that_are_not_known_are_refused(word):
    with pytest.raises(InvalidArgument, match="must be"):
        check(RuleToTry)(rule({"action": "flag"}, conditions=[SECOND | word]), "rule")
    with pytest.raises(InvalidArgument, match="must be"):
        check(RuleToTry)(rule({"action": "sing"}), "rule")


@pytest.mark.parametrize("action", ["file", "copy"])
def test_a_folder_that_is_gone_is_told(world, mail, action):
    keep_many(mail, 3)
    wanted = rule({"action": action, "folder": "f99"})
    with pytest.raises(NotFound, match="folder f99"):
        world.rehearse(mail, wanted)
    with pytest.raises(NotFound, match="folder f99"):
        world.begin(mail, wanted, [], "inbox")


@pytest.mark.parametrize("value", ["a1", "Ana@dos.example"])
def test_an_account_is_known_by_its_id_and_by_its_address(world, mail, value):
    keep(mail, prepared(letter(1), account="a1"), prepared(letter(2), account="a2"))
    wanted = rule({"action": "flag"}, conditions=[{"field": "account", "op": "is", "value": value}])
    assert [one["row"]["id"] for one in on_wire(world.rehearse(mail, wanted))["shown"]] == ["m1"]
    assert ran(world, mail, wanted)["counts"]["changed"] == 1


def test_a_rule_that_files_into_the_inbox_takes_there_what_lies_elsewhere(world, mail):
    keep_many(mail, 2, folder="junk")
    wanted = rule({"action": "file", "folder": "inbox"})
    (shown,) = world.rehearse(mail, wanted, "junk")["shown"]
    assert shown["folder"] == "inbox"
    assert ran(world, mail, wanted, "junk")["counts"]["changed"] == 1
    assert [id for id, _ in listing(mail)["inbox"][2]] == ["m2"]
    assert ran(world, mail, wanted)["counts"]["changed"] == 0


def test_what_was_copied_is_not_copied_again(world, mail):
    keep_many(mail, 12)
    wanted = rule({"action": "copy", "folder": "archive"})
    assert [ran(world, mail, wanted)["counts"]["changed"] for _ in range(2)] == [2, 0]
    assert listing(mail)["archive"][0] == 2


def test_a_job_is_about_the_name_of_its_rule_or_what_it_asks_for(world, mail):
    assert ran(world, mail, rule({"action": "flag"}))["about"] == "2"
    assert ran(world, mail, rule({"action": "flag"}) | {"name": "Twos"})["about"] == "Twos"
    some = [{"field": "attachment", "op": "exists"}]
    assert ran(world, mail, rule({"action": "flag"}, conditions=some))["about"] == "attachment"


def test_mail_that_comes_meanwhile_is_left_to_the_rules_of_arrival(world, mail):
    keep_many(mail, 2)
    number = world.jobs.begin("ana", "unknown", {})
    assert world.jobs.wait("ana", 30) and shown(mail, number)["stage"] == "failed"
    top = mail.read(lambda account: account.folders.find("inbox").order.window(0, 1)[0])
    keep(mail, prepared(letter(12), minutes=99))
    order = {
        "rules": [old_mail.as_rule(rule({"action": "flag"}), Leased([], []))],
        "folder": "inbox",
        "top": top,
    }
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
