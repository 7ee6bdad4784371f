import itertools
import threading
from datetime import datetime, timedelta

import pytest
import schedule
import time_machine

from profiled.clock import USERS_A_CALL, Clock, back_off_seconds
from profiled.settings import ClockSettings
from restante.errors import NoSpace, Unavailable

AWAY = Unavailable("stored does not answer; try again in a moment")


def asked(world):
    """Return whom the storage servers were asked to collect for since the last time."""
    users = [user for _, some in world.storages.asked for user in some]
    world.storages.asked.clear()
    return users


@pytest.fixture
def ana(world):
    world.person()
    world.account()
    return world


@pytest.mark.parametrize(
    ("failures", "expected"), [(1, 15), (2, 30), (3, 60), (6, 480), (7, 600), (8, 600), (10_000, 600)]
)
def test_the_waits_double_up_to_the_longest(failures, expected):
    assert back_off_seconds(failures, 15, 600) == expected


def test_a_user_is_asked_for_at_the_interval_that_was_chosen(ana):
    clock = ana.clock()
    clock.tick()
    assert asked(ana) == []
    for _ in range(3):
        ana.now.pass_by(900)
        clock.tick()
        clock.tick()
        assert asked(ana) == ["ana"]


def test_another_interval_counts_from_now(ana):
    clock = ana.clock()
    ana.profiles.set("ana", {"interval_minutes": 60}, [], "")
    ana.now.pass_by(3599)
    clock.tick()
    assert asked(ana) == []
    ana.now.pass_by(1)
    clock.tick()
    assert asked(ana) == ["ana"]


def test_nobody_is_asked_for_without_an_account_that_is_switched_on(ana):
    clock = ana.clock()
    (account,) = ana.profile()["accounts"]
    ana.accounts.set("ana", [], [{"id": account["id"], "set": {"enabled": False}}], [], "")
    ana.now.pass_by(7200)
    clock.tick()
    assert asked(ana) == []
    ana.accounts.set("ana", [], [{"id": account["id"], "set": {"enabled": True}}], [], "")
    ana.now.pass_by(900)
    clock.tick()
    assert asked(ana) == ["ana"]
    ana.accounts.set("ana", [], [], [account["id"]], "")
    ana.now.pass_by(7200)
    clock.tick()
    assert asked(ana) == []


def test_the_next_turn_is_committed_before_anybody_is_asked(ana):
    seen = []

    def look(name, users):
        seen.append(ana.read(lambda root: root.profiles["ana"].turn.due_at))
        return set(users)

    ana.storages.collect_due = look
    ana.now.pass_by(900)
    ana.clock().tick()
    assert seen == [ana.now() + 900]


def test_a_storage_server_that_is_away_is_asked_again_with_growing_waits(ana):
    clock = ana.clock(back_off_seconds=10, back_off_most_seconds=40)
    ana.storages.trouble = AWAY
    ana.now.pass_by(900)
    asked_at, began = [], ana.now()
    while ana.now() < began + 300:
        clock.tick()
        if asked(ana):
            asked_at.append(ana.now() - began)
        ana.now.pass_by(1)
    waits = [later - sooner for sooner, later in itertools.pairwise(asked_at)]
    assert waits == sorted(waits) and 10 <= waits[0] <= 20 and 40 <= waits[-1] <= 60
    ana.storages.trouble = None
    ana.now.pass_by(60)
    clock.tick()
    assert asked(ana) == ["ana"]
    clock.tick()
    assert asked(ana) == []
    ana.now.pass_by(900)
    clock.tick()
    assert asked(ana) == ["ana"]


def test_one_server_away_does_not_keep_the_other_waiting(make_world):
    world = make_world(storages=("1", "2"))
    for name in ("ana", "eva"):
        world.person(name)
        world.account(name)
    plain = world.storages.collect_due

    def first_is_away(name, users):
        if name == "1":
            raise AWAY
        return plain(name, users)

    world.storages.collect_due = first_is_away
    world.now.pass_by(900)
    world.clock().tick()
    assert world.storages.asked == [("2", ["eva"])]


def test_many_users_are_asked_for_some_a_call_and_a_first_refusal_spares_the_rest(ana):
    many = USERS_A_CALL + 50
    for number in range(many):
        ana.profiles._database.write(lambda root, name=f"u{number:03}": _due(root, name, ana.now()))
    clock = ana.clock(users_a_tick=many)
    clock.tick()
    assert [len(users) for _, users in ana.storages.asked] == [USERS_A_CALL, 50]
    ana.storages.asked.clear()
    ana.storages.trouble = AWAY
    ana.now.pass_by(2000)
    clock.tick()
    assert [len(users) for _, users in ana.storages.asked] == [USERS_A_CALL]


def _due(root, name, now):
    from profiled.model import Profile

    profile = root.profiles[name] = Profile(name, "", "1", int(now))
    profile.turn.due_at = int(now)
    root.due[int(now), name] = profile.turn


def test_the_tick_never_raises_and_one_job_that_fails_does_not_stop_the_next(ana):
    def fail():
        raise NoSpace("the server's disk is full")

    clock = ana.clock()
    ana.now.pass_by(900)
    ana.sessions.purge = fail
    clock.tick()
    assert asked(ana) == ["ana"]
    ana.storages.trouble = RuntimeError("nobody foresaw this")
    ana.now.pass_by(900)
    clock.tick()
    ana.storages.trouble = None
    ana.now.pass_by(900)
    clock.tick()
    assert asked(ana)[-1] == "ana"


def test_sessions_that_have_ended_are_purged_by_the_clock_even_when_it_asks_for_nobody(ana):
    ana.now.pass_by(7200)
    ana.clock(enabled=False).tick()
    assert ana.read(lambda root: len(root.sessions)) == 0
    assert asked(ana) == []


def test_the_database_is_packed_once_it_has_grown(ana):
    clock = Clock(ana.database, ana.storages, ana.sessions, ana.turns, ClockSettings(), ana.now, 20_000)
    while ana.database.octets() < 2 * clock._packed_octets + 20_000:
        ana.profiles.set("ana", {"full_name": "Ana " + "x" * 90}, [], "")
    grown = ana.database.octets()
    clock.tick()
    assert ana.database.octets() < grown
    assert ana.profile()["settings"]["full_name"].startswith("Ana")


class Counting:
    """A clock whose ticks can be waited for."""

    def __init__(self, world, **settings):
        self.clock = world.clock(**settings)
        self.ticked = threading.Event()
        self.clock.tick = self.tick

    def tick(self):
        self.ticked.set()


def test_it_ticks_in_a_thread_of_its_own_until_it_is_stopped(world):
    counting = Counting(world, tick_seconds=1)
    counting.clock.start()
    assert counting.ticked.wait(10)
    counting.clock.stop()
    assert not counting.clock._thread.is_alive()


def test_a_clock_that_was_never_started_can_be_stopped(world):
    world.clock().stop()


def test_the_machine_clock_set_back_by_an_hour_does_not_stop_the_ticks(world):
    counting = Counting(world, tick_seconds=1)
    with time_machine.travel(datetime.now() + timedelta(hours=1), tick=True):
        counting.clock.start()
        assert counting.ticked.wait(10)
        counting.ticked.clear()
    assert counting.ticked.wait(10), "schedule waits for an hour that has passed already"
    counting.clock.stop()


def test_schedule_alone_would_wait_that_hour():
    """What the clock answers: without arming it again, the job is not due for an hour."""
    scheduler = schedule.Scheduler()
    with time_machine.travel(datetime.now() + timedelta(hours=1), tick=False):
        scheduler.every(1).seconds.do(lambda: None)
    assert (scheduler.idle_seconds or 0) > 3500
