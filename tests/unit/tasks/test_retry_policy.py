"""The waits between attempts grow, differ between tasks, and respect what a failure names."""

from __future__ import annotations

from framecap.tasks.retry_policy import DELAYS, MAX_ATTEMPTS, backoff


def test_each_attempt_but_the_last_has_its_wait() -> None:
    waits = [backoff(attempt, None, lambda low, high: 1.0) for attempt in range(1, MAX_ATTEMPTS)]
    assert waits == list(DELAYS) == sorted(set(DELAYS))


def test_waits_are_spread() -> None:
    low, high = (backoff(1, None, choose) for choose in (min, max))
    assert low < DELAYS[0] < high
    assert low <= backoff(1) <= high


def test_a_named_wait_is_the_least() -> None:
    assert backoff(1, 3_600_000) == 3600 * 10**9
    assert backoff(4, 1) > 10**9
