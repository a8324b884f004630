"""Time by stage, of one thread and of several."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from threading import Barrier, local

import pytest

from framecap import stage_timer as stopwatch
from framecap.stage_timer import StageTimer


class Clock:
    """A clock of its own for each thread, moved by hand."""

    def __init__(self) -> None:
        self._times = local()

    def __call__(self) -> int:
        return getattr(self._times, "now", 0)

    def wait(self, nanoseconds: int) -> None:
        self._times.now = self() + nanoseconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(stopwatch, "monotonic_ns", clock)
    return clock


def test_inner_stages_are_not_counted_twice(clock: Clock) -> None:
    watch = StageTimer()
    with watch.stage("outer"):
        clock.wait(1)
        for _ in range(2):
            with watch.stage("inner"):
                clock.wait(10)
                with watch.stage("innermost"):
                    clock.wait(100)
        clock.wait(1000)
    with watch.stage("outer"):
        clock.wait(5000)
    assert watch.times == {"outer": 6001, "inner": 20, "innermost": 200}


def test_a_stage_that_fails_is_counted(clock: Clock) -> None:
    watch = StageTimer()
    with pytest.raises(ValueError), watch.stage("outer"):
        clock.wait(1)
        with watch.stage("inner"):
            clock.wait(10)
            raise ValueError
    with watch.stage("outer"):
        clock.wait(100)
    assert watch.times == {"outer": 101, "inner": 10}


def test_producing_items_is_counted_and_using_them_is_not(clock: Clock) -> None:
    def items() -> Iterator[int]:
        for k in range(3):
            clock.wait(10)
            yield k
        clock.wait(1)

    watch = StageTimer()
    for _ in watch.each("produce", items()):
        clock.wait(1000)
    assert watch.times == {"produce": 31}


def test_threads_add_up_and_do_not_mix(clock: Clock) -> None:
    watch = StageTimer()
    together = Barrier(4, timeout=20)

    def work() -> None:
        with watch.stage("outer"):
            clock.wait(1)
            together.wait()
            with watch.stage("inner"):
                clock.wait(10)
                together.wait()
            clock.wait(100)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert watch.times == {"outer": 404, "inner": 40}
