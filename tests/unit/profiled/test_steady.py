from profiled.steady import FOLLOWED_SECONDS, SteadyTime


class Machine:
    def __init__(self):
        self.wall, self.elapsed = 1000.0, 50.0

    def passes(self, seconds, wall_seconds=None):
        self.elapsed += seconds
        self.wall += seconds if wall_seconds is None else wall_seconds


def steady(machine):
    return SteadyTime(lambda: machine.wall, lambda: machine.elapsed)


def test_it_starts_from_the_wall_and_goes_on_with_it():
    machine = Machine()
    now = steady(machine)
    machine.passes(60)
    assert now() == 1060
    assert now.jump_seconds() == 0


def test_a_small_correction_is_followed():
    machine = Machine()
    now = steady(machine)
    for _ in range(10):
        machine.passes(60, 60 + FOLLOWED_SECONDS / 2)
        now()
    assert now() == machine.wall


def test_a_jump_either_way_is_told_and_not_followed():
    for jump in (3600.0, -3600.0, 10 * 365 * 86400.0):
        machine = Machine()
        now = steady(machine)
        machine.wall += jump
        machine.passes(10)
        assert now() == 1010
        assert now.jump_seconds() == jump


def test_the_real_one_tells_the_time_of_the_machine():
    now = SteadyTime()
    assert now.jump_seconds() == 0
    assert now() <= now()
