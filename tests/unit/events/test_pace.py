"""Progress comes a few times a second at most, and something every ten seconds at least."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from framecap.events.pace import Heartbeat, ProgressThrottle
from framecap.v1 import event_pb2
from framecap.v1.event_pb2 import CaptureProgress

DECODING = event_pb2.CAPTURE_PHASE_DECODING
DONE = event_pb2.CAPTURE_PHASE_DONE


class SteppedClock:
    def __init__(self) -> None:
        self.now = 1_000

    def __call__(self) -> int:
        return self.now

    def pass_ms(self, milliseconds: int) -> None:
        self.now += milliseconds * 1_000_000


def report(count: int, phase: event_pb2.CapturePhase = DECODING) -> CaptureProgress:
    return CaptureProgress(phase=phase, captured_count=count)


def test_the_first_report_passes_and_the_next_waits() -> None:
    clock = SteppedClock()
    throttle = ProgressThrottle(clock, spacing_ms=300)
    assert throttle.offer(report(1))
    clock.pass_ms(299)
    assert not throttle.offer(report(2))
    clock.pass_ms(1)
    assert throttle.offer(report(3))


def test_the_last_report_always_passes() -> None:
    throttle = ProgressThrottle(SteppedClock())
    assert throttle.offer(report(1))
    assert throttle.offer(report(2, DONE))


def test_a_report_held_back_is_what_a_heartbeat_repeats() -> None:
    throttle = ProgressThrottle(SteppedClock())
    assert throttle.latest.phase == event_pb2.CAPTURE_PHASE_QUEUED
    throttle.offer(report(1))
    assert not throttle.offer(report(2))
    assert throttle.latest == report(2)


@given(st.lists(st.integers(0, 500), min_size=1, max_size=100))
def test_a_few_a_second_however_often_they_are_offered(gaps: list[int]) -> None:
    clock = SteppedClock()
    throttle = ProgressThrottle(clock)
    passed = []
    for gap in gaps:
        clock.pass_ms(gap)
        if throttle.offer(report(1)):
            passed.append(clock.now)
    for moment in passed:
        assert sum(moment <= other < moment + 10**9 for other in passed) <= 4


def test_a_silent_stream_is_due_before_ten_seconds() -> None:
    clock = SteppedClock()
    heartbeat = Heartbeat(clock)
    assert 0 < heartbeat.due_in_ms() < 10_000
    clock.pass_ms(heartbeat.due_in_ms() - 1)
    assert heartbeat.due_in_ms() == 1
    clock.pass_ms(1)
    assert heartbeat.due_in_ms() == 0
    clock.pass_ms(60_000)
    assert heartbeat.due_in_ms() == 0


def test_an_event_puts_the_heartbeat_off() -> None:
    clock = SteppedClock()
    heartbeat = Heartbeat(clock, period_ms=8_000)
    clock.pass_ms(7_999)
    heartbeat.event_sent()
    assert heartbeat.due_in_ms() == 8_000


def test_who_waits_as_long_as_told_finds_it_due() -> None:
    clock = SteppedClock()
    heartbeat = Heartbeat(clock, period_ms=8_000)
    clock.now += 1
    clock.pass_ms(heartbeat.due_in_ms())
    assert heartbeat.due_in_ms() == 0
