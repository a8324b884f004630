"""The clock of a decoder that is waited for, moved by hand."""

from __future__ import annotations

import pytest

from framecap.decoder.service.watchdog import Watchdog

STALL_AFTER = 10


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def watchdog(clock: Clock) -> Watchdog:
    return Watchdog(STALL_AFTER, clock)


def wait(watchdog: Watchdog, clock: Clock, seconds: float) -> float:
    """Waits for something that takes `seconds`; returns how long it might have taken."""
    with watchdog.waiting() as deadline:
        allowed = deadline() - clock.now
        clock.now += seconds
    return allowed


def test_the_first_wait_may_take_all_the_time(watchdog, clock):
    assert wait(watchdog, clock, 1) == STALL_AFTER


def test_waits_without_progress_add_up(watchdog, clock):
    wait(watchdog, clock, 6)
    assert wait(watchdog, clock, 1) == STALL_AFTER - 6
    assert wait(watchdog, clock, 1) == STALL_AFTER - 7


def test_progress_winds_the_clock_up(watchdog, clock):
    for _ in range(5):
        wait(watchdog, clock, 6)
        watchdog.progressed()
    assert wait(watchdog, clock, 1) == STALL_AFTER


def test_the_clock_stands_still_outside_a_wait(watchdog, clock):
    for _ in range(5):
        wait(watchdog, clock, 1)
        clock.now += 1000
    assert wait(watchdog, clock, 1) == STALL_AFTER - 5


def test_a_wait_that_fails_has_taken_its_time(watchdog, clock):
    with pytest.raises(KeyError), watchdog.waiting():
        clock.now += 4
        raise KeyError
    assert wait(watchdog, clock, 1) == STALL_AFTER - 4


def test_the_clock_stands_still_while_it_is_held(watchdog, clock):
    with watchdog.held():
        assert wait(watchdog, clock, 60) == STALL_AFTER
    assert wait(watchdog, clock, 9) == STALL_AFTER
    assert wait(watchdog, clock, 1) == 1


def test_a_wait_that_has_begun_is_held_too_and_goes_on_after_the_last_hold(watchdog, clock):
    with watchdog.waiting() as deadline:
        clock.now += 6
        with watchdog.held(), watchdog.held():
            clock.now += 60
            assert deadline() - clock.now == STALL_AFTER - 6
        clock.now += 3
        assert deadline() - clock.now == 1
        clock.now += 2
        assert deadline() < clock.now
