"""Jobs: in turn, to their end, across a restart, called off, failed with a sentence, forgotten."""

import threading
import time

import pytest

from restante.errors import Busy, NoSpace, NotFound, OverQuota, TooLarge
from stored import jobs as jobs_module
from stored.intents import Intents
from stored.job_status import listed, number_of, shown
from stored.jobs import KEPT, KEPT_SECONDS, Jobs
from stored.store import Store


def counting(working):
    """A kind of job: counts to `order["to"]`, a step each, from where it was."""
    while (working.read()[0].get("at", 0)) < working.order["to"]:
        working.mail.write(lambda account: _count(working.job(account)))


def _count(job):
    job.total = 5
    job.step({"at": job.place.get("at", 0) + 1}, done=1, counted=1)


@pytest.fixture
def made(store, tmp_path):
    def make(**kinds):
        return Jobs(store, Intents(tmp_path / "jobs"), {"rules": counting, **kinds})

    return make


def stages(mail):
    return [(job["job"], job["stage"], job["done"]) for job in listed(mail)["jobs"]]


def test_jobs_of_a_user_run_one_after_the_other_to_their_end(made, mail):
    jobs = made()
    for _ in range(3):
        jobs.begin("ana", "rules", {"to": 5, "about": "x"})
    assert jobs.wait("ana", 20)
    assert stages(mail) == [("j3", "done", 5), ("j2", "done", 5), ("j1", "done", 5)]
    job = shown(mail, 1)
    assert (job["total"], job["counts"], job["about"], job["kind"]) == (5, {"counted": 5}, "x", "rules")
    assert jobs.notes.users() == []


def test_what_a_former_process_left_goes_on_from_its_place(tmp_path):
    store = Store(tmp_path)
    reached, told = threading.Event(), threading.Event()

    def stopping(working):
        counting_to = working.order["to"]
        while working.read()[0].get("at", 0) < counting_to:
            working.mail.write(lambda account: _count(working.job(account)))
            reached.set()
            assert told.wait(20)

    notes = Intents(tmp_path / "jobs")
    first = Jobs(store, notes, {"rules": stopping})
    first.begin("ana", "rules", {"to": 5})
    assert reached.wait(20)
    first._stopping.set()
    told.set()
    first.stop()
    assert stages(store.open_account("ana")) == [("j1", "running", 1)]
    store.close()

    again = Store(tmp_path)
    second = Jobs(again, Intents(tmp_path / "jobs"), {"rules": counting})
    second.start()
    assert second.wait("ana", 20)
    assert stages(again.open_account("ana")) == [("j1", "done", 5)]
    again.close()


def test_a_job_called_off_commits_nothing_more(made, mail):
    begun, go_on = threading.Event(), threading.Event()

    def waiting(working):
        begun.set()
        assert go_on.wait(20)
        working.mail.write(lambda account: _count(working.job(account)))

    gone = []
    jobs = made(slow=waiting)
    jobs.forgotten = lambda user, number: gone.append((user, number))
    jobs.begin("ana", "slow", {})
    assert begun.wait(20)
    jobs.cancel("ana", 1)
    go_on.set()
    assert jobs.wait("ana", 20)
    assert (stages(mail), gone) == ([("j1", "cancelled", 0)], [("ana", 1)])
    jobs.cancel("ana", 1)
    with pytest.raises(NotFound):
        jobs.cancel("ana", 9)


@pytest.mark.parametrize("error", [TooLarge("Too much of it.", about="it"), RuntimeError("secret")])
def test_a_failed_job_says_why(made, mail, error):
    def failing(working):
        raise error

    jobs = made(bad=failing)
    jobs.begin("ana", "bad", {})
    assert jobs.wait("ana", 20)
    told = shown(mail, 1)
    assert told["stage"] == "failed" and "secret" not in str(told)
    if isinstance(error, TooLarge):
        assert told["error"] == {"kind": "too_large", "message": "Too much of it.", "about": "it"}
    else:
        assert told["error"]["kind"] == "internal"


def test_what_can_help_is_tried_again(made, mail, monkeypatch):
    monkeypatch.setattr(jobs_module, "RETRY_SECONDS", 0)
    tried = []

    def twice(working):
        tried.append(1)
        if len(tried) < 3:
            raise Busy("Not now.")

    jobs = made(busy=twice)
    jobs.begin("ana", "busy", {})
    assert jobs.wait("ana", 20)
    assert (stages(mail), len(tried)) == ([("j1", "done", 0)], 3)


def test_old_ones_are_forgotten_and_many_waiting_refused(made, mail):
    jobs = made()
    gone = []
    jobs.forgotten = lambda user, number: gone.append(number)
    for _ in range(KEPT + 3):
        jobs.begin("ana", "rules", {"to": 0})
        assert jobs.wait("ana", 20)
    assert gone == [1, 2]
    jobs.now = lambda: time.time() + KEPT_SECONDS + 9
    jobs.begin("ana", "rules", {"to": 0})
    assert jobs.wait("ana", 20)
    assert len(stages(mail)) == 1
    jobs._stopping.set()
    with pytest.raises(OverQuota):
        for _ in range(100):
            jobs.begin("ana", "rules", {"to": 0})


@pytest.mark.parametrize("id", ["", "j", "x1", "j-1", "j1234567890", "j²"])
def test_ids_that_are_none(id):
    with pytest.raises(NotFound):
        number_of(id)


def test_what_a_job_waits_for_is_told_until_it_goes_on(made, mail, monkeypatch):
    monkeypatch.setattr(jobs_module, "RETRY_SECONDS", 0)
    seen = []

    def waiting(working):
        seen.append(shown(mail, 1).get("error", {}).get("message"))
        if len(seen) == 1:
            raise NoSpace("The disk is nearly full.")
        working.mail.write(lambda account: _count(working.job(account)))
        seen.append(shown(mail, 1).get("error", {}).get("message"))

    jobs = made(rules=waiting)
    jobs.begin("ana", "rules", {"to": 1})
    assert jobs.wait("ana", 20)
    assert seen == [None, "The disk is nearly full.", None]
    assert "error" not in shown(mail, 1)
