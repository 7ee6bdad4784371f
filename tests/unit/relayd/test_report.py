"""Outcomes are told in order until they have been told, and trouble with one holds no other for ever."""

import threading

import pytest

from relayd.courier.reply import Reply
from relayd.report import FORGOTTEN_AFTER_SECONDS, Reporter
from restante.errors import Busy, InternalError, NotFound, Unavailable

TAKEN = Reply(250, "2.0.0", "taken", "mx.example")


@pytest.fixture
def three(queue, arrive):
    """A queue with three outcomes nobody has been told."""
    for number in range(3):
        item = arrive(queue, f"r{number}@x.example", submission=f"s{number}")
        queue.record(item, {f"r{number}@x.example": TAKEN}, b"")
    return queue


class Storage:
    """What stands for the storage server: raises `trouble[submission]` while there is any."""

    def __init__(self, **trouble):
        self.trouble = {name: list(errors) for name, errors in trouble.items()}
        self.told = []
        self.changed = threading.Condition()

    def __call__(self, method, **params):
        assert method == "outbox.outcome"
        with self.changed:
            self.changed.notify_all()
            if self.trouble.get(params["submission"]):
                raise self.trouble[params["submission"]].pop(0)
            self.told.append(params)

    def wait_for(self, count):
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.told) >= count, 20), self.told
            return [one["submission"] for one in self.told]


def test_everything_is_told_once_and_in_order(three):
    storage = Storage()
    assert Reporter(three, storage).tell_all() is False
    assert [one["submission"] for one in storage.told] == ["s0", "s1", "s2"]
    first = storage.told[0]
    assert (first["user"], first["recipient"], first["outcome"]) == ("ana", "r0@x.example", "delivered")
    assert first["detail"] == "mx.example: 250 2.0.0 taken"
    assert first["at"].tzinfo is not None
    assert three.unreported() == []
    assert Reporter(three, storage).tell_all() is False
    assert len(storage.told) == 3


def test_a_storage_server_that_is_away_is_told_later(three):
    storage = Storage(s1=[Unavailable("away")])
    reporter = Reporter(three, storage)
    assert reporter.tell_all() is True
    assert [one.submission for one in three.unreported()] == ["s1", "s2"]
    assert reporter.tell_all() is False
    assert [one["submission"] for one in storage.told] == ["s0", "s1", "s2"]


@pytest.mark.parametrize("error", [NotFound("no such user")])
def test_what_nobody_wants_to_know_is_dropped(three, error):
    storage = Storage(s0=[error] * 9)
    assert Reporter(three, storage).tell_all() is False
    assert three.unreported() == []


@pytest.mark.parametrize("error", [InternalError("oops"), Busy("busy")])
def test_trouble_with_one_holds_no_other(three, clock, error):
    storage = Storage(s0=[error] * 9)
    reporter = Reporter(three, storage)
    assert reporter.tell_all() is True
    assert [one.submission for one in three.unreported()] == ["s0"]
    clock.at += FORGOTTEN_AFTER_SECONDS + 1
    assert reporter.tell_all() is False
    assert three.unreported() == []


def test_the_thread_tells_what_comes_and_tries_again(queue, arrive):
    storage = Storage(s1=[Unavailable("away"), Unavailable("away")])
    reporter = Reporter(queue, storage, first_wait_seconds=0.01)
    reporter.start()
    try:
        for number in range(3):
            item = arrive(queue, submission=f"s{number}")
            queue.record(item, {"beto@dos.example": TAKEN}, b"")
        assert storage.wait_for(3) == ["s0", "s1", "s2"]
    finally:
        reporter.stop()


def test_what_was_not_told_is_told_after_a_restart(three, open_queue):
    three.close()
    storage = Storage()
    Reporter(open_queue(), storage).tell_all()
    assert len(storage.told) == 3
