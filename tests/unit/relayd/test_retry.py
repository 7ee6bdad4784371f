"""The schedule of attempts, minute by minute."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relayd.retry import LIFETIME_SECONDS, gives_up, longest_wait_seconds, next_attempt_at

MINUTES = [5, 10, 20, 40, 60, 120, 240, 240, 240]


@pytest.mark.parametrize(("attempt", "minutes"), list(enumerate(MINUTES, 1)))
def test_the_waits_are_those_of_the_checklist(attempt, minutes):
    assert next_attempt_at(attempt, 1000.0, 0) == 1000 + minutes * 60


@given(st.integers(min_value=0, max_value=10_000), st.floats(-5, 5), st.floats(0, 4e9))
def test_jitter_moves_a_wait_by_a_fifth_at_most(attempt, jitter, now):
    plain = next_attempt_at(attempt, now, 0) - now
    moved = next_attempt_at(attempt, now, jitter) - now
    assert plain * 0.8 - 1e-3 <= moved <= plain * 1.2 + 1e-3
    assert moved <= longest_wait_seconds() + 1e-3


def test_the_operator_may_be_in_a_hurry():
    assert next_attempt_at(1, 0, 0, [0.5, 1]) == 0.5
    assert next_attempt_at(9, 0, 1, [0.5, 1]) == pytest.approx(1.2)
    assert longest_wait_seconds([0.5, 1]) == pytest.approx(1.2)


@pytest.mark.parametrize(
    ("attempts", "age_seconds", "expected"),
    [
        (30, LIFETIME_SECONDS, True),
        (30, LIFETIME_SECONDS - 1, False),
        # A clock that jumps ten years ahead bounces nothing that was hardly tried.
        (1, 10 * 365 * 86400, False),
        (5, 10 * 365 * 86400, True),
        # And one set back keeps waiting.
        (30, -3600, False),
    ],
)
def test_a_letter_is_given_up_when_old_and_tried(attempts, age_seconds, expected):
    assert gives_up(attempts, 1000.0, 1000.0 + age_seconds) is expected


def test_the_whole_schedule_lasts_five_days():
    at, attempts = 0.0, 1
    while not gives_up(attempts, 0, at):
        at = next_attempt_at(attempts, at, 0)
        attempts += 1
    assert LIFETIME_SECONDS <= at <= LIFETIME_SECONDS + longest_wait_seconds()
