"""When to try again, and when to stop trying. Pure: no clock, no dice, no database.

Times are seconds since 1970 (UTC) as the queue keeps them.
"""

from collections.abc import Sequence

# Minutes after the first attempt that failed, the second, and so on; the last one repeats.
SCHEDULE_SECONDS = (300, 600, 1200, 2400, 3600, 7200, 14400)
JITTER = 0.2
LIFETIME_SECONDS = 5 * 24 * 3600
# A clock that jumps ahead makes every letter look old at once: none is given up before this many attempts.
FEWEST_ATTEMPTS = 5


def next_attempt_at(
    attempt: int, now: float, jitter: float, schedule: Sequence[float] = SCHEDULE_SECONDS
) -> float:
    """Return when to try again after `attempt` attempts (1 or more) have failed.

    `jitter` is from -1 to 1 and moves the wait by at most 20 %, so that what failed together does not
    come back together. The waits are 5, 10, 20, 40, 60, 120 and then 240 minutes unless `schedule`
    says otherwise. Pure.
    """
    wait = schedule[min(max(attempt, 1), len(schedule)) - 1]
    return now + wait * (1 + JITTER * max(-1.0, min(1.0, jitter)))


def gives_up(
    attempts: int,
    accepted_at: float,
    now: float,
    lifetime_seconds: float = LIFETIME_SECONDS,
) -> bool:
    """Return whether a recipient tried `attempts` times has been waited for long enough. Pure."""
    return attempts >= FEWEST_ATTEMPTS and now - accepted_at >= lifetime_seconds


def longest_wait_seconds(schedule: Sequence[float] = SCHEDULE_SECONDS) -> float:
    """Return the longest time that may pass before an attempt; a later one shows a clock set back. Pure."""
    return max(schedule) * (1 + JITTER)
