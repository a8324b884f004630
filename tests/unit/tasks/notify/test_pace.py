"""How fast a topic takes messages, and when it is tried again."""

from __future__ import annotations

import pytest

from framecap.tasks.notify.pace import SPREAD, Pace
from framecap.tasks.notify.policy import DeliveryPolicy

POLICY = DeliveryPolicy(
    concurrent=8,
    per_topic=2,
    first_wait=5.0,
    longest_wait=60.0,
    longest_retry_after=100.0,
    poll_seconds=0.5,
)


class Seconds:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Seconds:
    return Seconds()


@pytest.fixture
def pace(clock: Seconds) -> Pace:
    return Pace(POLICY, clock, uniform=lambda low, high: (low + high) / 2)


def test_waits_double_up_to_a_bound(pace: Pace) -> None:
    assert [pace.wait(number) for number in range(1, 7)] == [5, 10, 20, 40, 60, 60]
    assert pace.wait(10**9) == 60


def test_waits_differ_by_a_share(clock: Seconds) -> None:
    for edge, factor in ((min, 1 - SPREAD), (max, 1 + SPREAD)):
        assert Pace(POLICY, clock, uniform=edge).wait(1) == 5 * factor


@pytest.mark.parametrize(
    ("named", "wait"), [(None, 5), (0.0, 5), (3.0, 5), (70.0, 70), (99_999_999.0, 100)]
)
def test_a_destination_may_name_a_wait_within_bounds(
    pace: Pace, named: float | None, wait: float
) -> None:
    assert pace.wait(1, named) == wait


def test_a_topic_rests_after_a_failure_and_others_do_not(pace: Pace, clock: Seconds) -> None:
    assert pace.failed("a", pace.began("a")) == 5
    assert pace.delay("a") == 5
    assert pace.delay("b") == 0
    clock.now += 5
    assert pace.delay("a") == 0
    assert pace.failed("a", pace.began("a")) == 10
    clock.now += 10
    pace.succeeded("a", pace.began("a"))
    assert pace.delay("a") == 0
    assert pace.failed("a", pace.began("a")) == 5


def test_failures_side_by_side_count_once(pace: Pace, clock: Seconds) -> None:
    first, second = pace.began("a"), pace.began("a")
    clock.now += 1
    assert [pace.failed("a", first), pace.failed("a", second)] == [5, 5]
    clock.now += 5
    assert pace.failed("a", pace.began("a")) == 10


def test_a_slow_topic_has_few_deliveries_at_once(pace: Pace, clock: Seconds) -> None:
    for _ in range(2):
        assert pace.delay("a") == 0
        pace.began("a")
    assert pace.delay("a") == POLICY.poll_seconds
    assert pace.delay("b") == 0
    clock.now += 10
    pace.succeeded("a", clock.now - 10)
    pace.began("a")
    # Each further message has its own turn: two at once, ten seconds each.
    assert [pace.delay("a") for _ in range(3)] == [5, 10, 15]


def test_a_fast_topic_may_take_all(pace: Pace, clock: Seconds) -> None:
    pace.began("a")
    began = pace.began("a")
    clock.now += 0.01
    pace.succeeded("a", began)
    while not pace.delay("a"):
        pace.began("a")
    assert pace.pending("a") == POLICY.concurrent


def test_messages_that_wait_for_a_rest_come_back_one_after_the_other(
    pace: Pace, clock: Seconds
) -> None:
    began = pace.began("a")
    clock.now += 20
    pace.failed("a", began)
    assert [pace.delay("a") for _ in range(3)] == [15, 25, 35]
    assert [pace.delay("a") for _ in range(4)] == [45, 55, 60, 60]


def test_nothing_is_kept_of_a_topic_that_is_idle(pace: Pace) -> None:
    for number in range(100):
        pace.succeeded(f"t-{number}", pace.began(f"t-{number}"))
        pace.cancelled(f"c-{number}", pace.began(f"c-{number}"))
    assert pace.known_count == 0
    pace.failed("a", pace.began("a"))
    assert pace.known_count == 1
