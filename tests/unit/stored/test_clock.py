"""A clock that jumped is not believed until the operator says so."""

import pytest

from stored.clock import JUMP_SECONDS, Clock

DAY = 86400


class Times:
    def __init__(self):
        self.wall_seconds = 1_800_000_000.0
        self.elapsed_seconds = 1000.0
        self.boots = 1

    def wall(self):
        return self.wall_seconds

    def elapsed(self):
        return self.elapsed_seconds

    def go_on(self, seconds):
        self.wall_seconds += seconds
        self.elapsed_seconds += seconds

    def boot(self):
        return f"boot {self.boots}"

    def go_off(self, seconds):
        """Let the machine be off for so long."""
        self.wall_seconds += seconds
        self.elapsed_seconds = 0.0
        self.boots += 1

    def clock(self, path=None):
        return Clock(path, self.wall, self.elapsed, self.boot)


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


@pytest.mark.parametrize("steps", [[0.9, 0.9], [-0.9, -0.9], [-0.9, 0.9, 0.9], [0.3] * 4])
@pytest.mark.parametrize("again", [False, True])
def test_steps_add_up_to_a_jump_also_over_runs(times, tmp_path, steps, again):
    path = tmp_path / "clock.json"
    clock = times.clock(path)
    for step in steps[:-1]:
        times.wall_seconds += step * DAY
        assert clock.trusted()
        times.go_on(60)
        clock = times.clock(path) if again else clock
        assert clock.trusted()
    times.wall_seconds += steps[-1] * DAY
    clock = times.clock(path) if again else clock
    assert not clock.trusted()
    assert clock.confirm()
    times.wall_seconds += 0.9 * DAY
    assert clock.trusted()


def test_steps_too_small_to_be_counted_add_up_as_well(times):
    clock = times.clock()
    taken = 0
    while clock.trusted():
        times.wall_seconds += 45
        taken += 1
    assert JUMP_SECONDS < taken * 45 < JUMP_SECONDS + 180


def test_small_corrections_are_forgotten_in_time(times):
    clock = times.clock()
    for _ in range(400):
        times.wall_seconds += 2000
        times.go_on(DAY)
        assert clock.trusted()


def test_nights_in_which_the_machine_or_the_daemon_is_off_are_no_steps(times, tmp_path):
    path = tmp_path / "clock.json"
    for number in range(40):
        clock = times.clock(path)
        assert clock.trusted()
        times.go_on(DAY / 2)
        assert clock.trusted()
        if number % 2:
            times.go_off(DAY / 2)
        else:
            times.go_on(DAY / 2)


def test_a_machine_that_comes_back_before_it_went_counts_that(times, tmp_path):
    path = tmp_path / "clock.json"
    times.clock(path)
    for _ in range(2):
        times.go_off(-0.9 * DAY)
        clock = times.clock(path)
    assert not clock.trusted()


def test_a_clock_that_is_held_says_so_at_every_start(times, tmp_path, caplog):
    path = tmp_path / "clock.json"
    clock = times.clock(path)
    times.wall_seconds += 2 * DAY
    assert not clock.trusted()
    caplog.clear()
    for _ in range(2):
        clock = times.clock(path)
    assert [record.msg for record in caplog.records] == ["clock.held"] * 2
    assert clock.confirm()
    caplog.clear()
    times.clock(path)
    assert not caplog.records


def test_a_note_of_before_there_were_steps_is_read(times, tmp_path):
    path = tmp_path / "clock.json"
    path.write_text(f'{{"at": {times.wall_seconds}, "held_since": 0.0}}')
    assert times.clock(path).trusted()


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
