"""What is due is done; what came in time is not, however many wait together."""

import threading
import time

from stored.deadlines import Deadlines


def test_what_is_due_is_done_the_sooner_first():
    deadlines, done, all_done = Deadlines(), [], threading.Event()
    deadlines.watch(all_done.set, 0.2)
    deadlines.watch(lambda: done.append("later"), 0.1)
    deadlines.watch(lambda: done.append("soon"), 0.02)
    deadlines.watch(lambda: done.append("never"), 60)
    assert all_done.wait(20)
    assert done == ["soon", "later"]


def test_what_came_in_time_is_not_done():
    deadlines, done, passed = Deadlines(), [], threading.Event()
    forget = deadlines.watch(lambda: done.append("too late"), 0.05)
    deadlines.watch(passed.set, 0.1)
    forget()
    assert passed.wait(20)
    assert done == []


def test_what_is_due_may_ask_for_more():
    deadlines, ended = Deadlines(), threading.Event()
    began = time.monotonic()
    deadlines.watch(lambda: deadlines.watch(ended.set, 0.02), 0.02)
    assert ended.wait(20)
    assert time.monotonic() - began >= 0.04
