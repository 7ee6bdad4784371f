"""Who works next: users in turn, and long work beside the short."""

import threading
from collections import Counter

import pytest

from stored.collecting.lanes import Lanes

SECONDS = 10


class Gate:
    """Work that waits to be told to go on; it notes the order in which it was done."""

    def __init__(self):
        self.done: list[str] = []
        self.changed = threading.Condition()

    def note(self, name):
        def work(turn):
            with self.changed:
                self.done.append(name)
                self.changed.notify_all()
            return False

        return work

    def wait(self, count):
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.done) >= count, SECONDS), self.done
        return self.done


@pytest.fixture
def gate():
    return Gate()


def blocked(lanes, user="busy"):
    """Occupy a thread of the short lane; return what frees it and its turn."""
    begun, go_on = threading.Event(), threading.Event()
    turns = []

    def work(turn):
        turns.append(turn)
        begun.set()
        assert go_on.wait(SECONDS)
        return False

    lanes.give(user, work)
    assert begun.wait(SECONDS)
    return go_on, turns[0]


def test_users_take_turns_however_much_each_has_to_do(gate):
    lanes = Lanes("test", 1, 1, 60)
    go_on, _ = blocked(lanes)
    for name in ("a1", "a2", "a3", "a4", "b1", "c1", "c2"):
        lanes.give(name[0], gate.note(name))
    go_on.set()
    assert gate.wait(7) == ["a1", "b1", "c1", "a2", "c2", "a3", "a4"]


def test_what_is_not_urgent_waits_for_room(gate):
    lanes = Lanes("test", 1, 1, 60)
    lanes.wait_for_room()
    go_on, _ = blocked(lanes)
    for name in ("a", "b"):
        lanes.give(name, gate.note(name))
    waiter = threading.Thread(target=lanes.wait_for_room, daemon=True)
    waiter.start()
    waiter.join(0.1)
    assert waiter.is_alive()
    go_on.set()
    waiter.join(SECONDS)
    assert not waiter.is_alive()
    assert gate.wait(2) == ["a", "b"]


def test_never_more_at_once_than_allowed(gate):
    lanes = Lanes("test", 3, 1, 60)
    guard = threading.Lock()
    counts: Counter[str] = Counter()

    def work(turn):
        with guard:
            counts["now"] += 1
            counts["most"] = max(counts["most"], counts["now"])
        threading.Event().wait(0.002)
        with guard:
            counts["now"] -= 1
        return gate.note("x")(turn)

    for number in range(60):
        lanes.give(f"user{number % 7}", work)
    gate.wait(60)
    assert counts["most"] == 3


def test_long_work_moves_over_and_lets_the_short_pass(gate):
    lanes = Lanes("test", 1, 1, 0)
    go_on, turn = blocked(lanes)
    # Nobody waits: it may stay.
    assert turn.may_go_on()
    assert not turn.long
    lanes.give("ana", gate.note("short"))
    assert turn.may_go_on()
    assert turn.long
    assert gate.wait(1) == ["short"]
    go_on.set()


def test_long_work_takes_turns_with_long_work(gate):
    lanes = Lanes("test", 1, 1, 0)
    both_wait = threading.Event()

    def huge(name, slices):
        def work(turn):
            assert both_wait.wait(SECONDS)
            while slices:
                slices.pop()
                gate.note(name)(turn)
                if slices and not turn.may_go_on():
                    return True
            return False

        return work

    lanes.give("ana", huge("a", [1] * 3), long=True)
    lanes.give("eva", huge("e", [1] * 3), long=True)
    both_wait.set()
    assert gate.wait(6) == ["a", "e", "a", "e", "a", "e"]


def test_long_work_gives_up_its_turn_when_the_long_lane_is_full(gate):
    lanes = Lanes("test", 1, 1, 0)
    begun, go_on = threading.Event(), threading.Event()

    def import_(turn):
        begun.set()
        assert go_on.wait(SECONDS)
        return False

    lanes.give("ana", import_, long=True)
    assert begun.wait(SECONDS)
    free, turn = blocked(lanes)
    assert turn.may_go_on()
    lanes.give("eva", gate.note("short"))
    assert not turn.may_go_on()
    free.set()
    assert gate.wait(1) == ["short"]
    go_on.set()


def test_a_failure_of_one_is_not_the_end_of_all(gate):
    lanes = Lanes("test", 1, 1, 60)

    def broken(turn):
        raise RuntimeError("broken")

    lanes.give("ana", broken)
    lanes.give("eva", gate.note("still here"))
    assert gate.wait(1) == ["still here"]
