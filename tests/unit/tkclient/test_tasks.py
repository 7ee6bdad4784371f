"""Worker threads tell the window in its own thread, a bounded batch a turn."""

import threading

import pytest

from tkclient.tasks import BATCH, Tasks
from tkclient.trouble import Trouble


class Turns:
    """Stands for Tk's `after`: turns are run by hand."""

    def __init__(self):
        self.armed = []

    def __call__(self, ms, what):
        self.armed.append(what)

    def run(self):
        armed, self.armed = self.armed, []
        for what in armed:
            what()


@pytest.fixture
def turns():
    return Turns()


@pytest.fixture
def tasks(turns):
    tasks = Tasks(turns)
    tasks.start()
    yield tasks
    tasks.stop()


def finish(tasks, lane="mail"):
    """Wait until the lane has done what was asked before."""
    done = threading.Event()
    tasks._lane(lane).put(done.set)
    assert done.wait(5)


def test_results_come_in_order_in_the_windows_thread(tasks, turns):
    told: list[object] = []
    for number in range(5):
        tasks.run(
            "mail", lambda _, n=number: n, lambda n: told.append((n, threading.current_thread())), told.append
        )
    finish(tasks)
    assert told == []
    turns.run()
    assert told == [(number, threading.main_thread()) for number in range(5)]
    assert tasks.waiting_seconds() == 0


def test_at_most_a_batch_a_turn(tasks, turns):
    told: list[object] = []
    for _number in range(BATCH + 3):
        tasks.run("mail", lambda _: None, told.append, told.append)
    finish(tasks)
    turns.run()
    assert len(told) == BATCH
    turns.run()
    assert len(told) == BATCH + 3


def test_trouble_and_surprises_are_told_as_trouble(tasks, turns):
    failures: list[Trouble] = []

    def troubled(_):
        raise Trouble("busy", "x")

    for work in (troubled, lambda _: 1 / 0):
        tasks.run("mail", work, pytest.fail, failures.append)
    finish(tasks)
    turns.run()
    assert [failure.kind for failure in failures] == ["busy", "client_broke"]


def test_a_listener_that_raises_does_not_stop_the_turns(tasks, turns):
    told: list[object] = []
    tasks.run("mail", lambda _: None, lambda _: 1 / 0, told.append)
    tasks.run("mail", lambda _: "second", told.append, told.append)
    finish(tasks)
    with pytest.raises(ZeroDivisionError):
        turns.run()
    turns.run()
    assert told == ["second"]


def test_a_stalled_lane_holds_up_no_other(tasks, turns):
    gate, told = threading.Event(), list[object]()
    tasks.run("mail", lambda _: gate.wait(10), told.append, told.append)
    tasks.run("accounts", lambda _: "quick", told.append, told.append)
    finish(tasks, "accounts")
    turns.run()
    assert told == ["quick"] and tasks.waiting_seconds() > 0
    gate.set()
    finish(tasks)
    turns.run()
    assert told == ["quick", True]


def test_forget_cancels_and_drops(tasks, turns):
    gate, told, seen = threading.Event(), list[object](), list[bool]()

    def work(task):
        gate.wait(10)
        seen.append(task.cancelled())
        tasks.tell(task, lambda: told.append("progress"))
        return "late"

    tasks.run("mail", work, told.append, told.append)
    tasks.forget()
    gate.set()
    finish(tasks)
    turns.run()
    assert told == [] and seen == [True]
    assert tasks.waiting_seconds() == 0


def test_stopped_tasks_arm_no_more(turns):
    tasks = Tasks(turns)
    tasks.start()
    tasks.stop()
    turns.run()
    assert turns.armed == []
