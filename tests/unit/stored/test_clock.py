"""A clock that jumped is not believed until the operator says so."""

import pytest

from stored.clock import JUMP_SECONDS, Clock

DAY = 86400


class Times:
    def __init__(self):
        self.wall_seconds = 1_800_000_000.0
        self.elapsed_seconds = 1000.0

    def wall(self):
        return self.wall_seconds

    def elapsed(self):
        return self.elapsed_seconds

    def go_on(self, seconds):
        self.wall_seconds += seconds
        self.elapsed_seconds += seconds

    def clock(self, path=None):
        return Clock(path, self.wall, self.elapsed)


@pytest.fixture
def times():
    return Times()


def test_days_that_pass_are_no_jump(times):
    clock = times.clock()
    for _ in range(10):
        times.go_on(5 * DAY)
        assert clock.trusted()
    assert clock() == times.wall_seconds
    assert not clock.confirm()


@pytest.mark.parametrize("jump", [JUMP_SECONDS + 1, -JUMP_SECONDS - 1, 10 * 365 * DAY])
def test_a_jump_holds_until_it_is_confirmed(times, tmp_path, jump):
    path = tmp_path / "clock.json"
    clock = times.clock(path)
    assert clock.trusted()
    times.wall_seconds += jump
    assert not clock.trusted()
    # Waiting does not help, nor setting it back, nor starting again.
    times.go_on(3600)
    assert not clock.trusted()
    times.wall_seconds -= jump
    assert not clock.trusted()
    assert not times.clock(path).trusted()
    assert clock.confirm()
    assert clock.trusted()
    assert times.clock(path).trusted()
    assert not clock.confirm()


@pytest.mark.parametrize("jump", [3600, -3600, JUMP_SECONDS - 10])
def test_a_correction_is_no_jump(times, jump):
    clock = times.clock()
    times.wall_seconds += jump
    assert clock.trusted()


def test_a_jump_between_two_runs_is_seen(times, tmp_path):
    path = tmp_path / "data" / "clock.json"
    assert times.clock(path).trusted()
    times.go_on(DAY / 2)
    assert times.clock(path).trusted()
    times.go_on(2 * DAY)
    clock = times.clock(path)
    assert not clock.trusted()
    assert clock.confirm()


def test_the_time_is_noted_while_running(times, tmp_path):
    path = tmp_path / "clock.json"
    clock = times.clock(path)
    for _ in range(20):
        times.go_on(DAY / 2)
        assert clock.trusted()
    assert times.clock(path).trusted()


def test_a_note_that_cannot_be_read_counts_as_a_jump(times, tmp_path):
    path = tmp_path / "clock.json"
    path.write_text("not json")
    clock = times.clock(path)
    assert not clock.trusted()
    assert clock.confirm()


def test_a_note_that_cannot_be_written_stops_nothing(times, tmp_path):
    (tmp_path / "file").touch()
    clock = times.clock(tmp_path / "file" / "clock.json")
    assert clock.trusted()
