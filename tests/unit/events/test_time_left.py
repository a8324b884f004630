"""How long a capture will still take."""

from __future__ import annotations

from framecap.events.time_left import TimeLeft
from framecap.v1 import event_pb2

SECOND = 1_000_000_000
DECODING = event_pb2.CAPTURE_PHASE_DECODING


class Now:
    """A clock that stands until it is set."""

    def __init__(self) -> None:
        self.seconds = 100

    def __call__(self) -> int:
        return self.seconds * SECOND


def report(
    done: int, total: int, phase: event_pb2.CapturePhase = DECODING
) -> event_pb2.CaptureProgress:
    progress = event_pb2.CaptureProgress(phase=phase)
    progress.done.FromSeconds(done)
    progress.total.FromSeconds(total)
    return progress


def test_nothing_is_said_before_the_pace_is_known() -> None:
    now = Now()
    left = TimeLeft(now)
    assert left.estimate(report(0, 100)) is None
    now.seconds += 1
    assert left.estimate(report(50, 100)) is None, "too early"
    now.seconds += 9
    assert left.estimate(report(1, 100)) is None, "too little"
    assert left.estimate(report(0, 0)) is None, "of nothing"


def test_the_pace_so_far_tells_the_rest() -> None:
    now = Now()
    left = TimeLeft(now)
    left.estimate(report(0, 100))
    now.seconds += 10
    assert left.estimate(report(25, 100)) == 30 * SECOND
    now.seconds += 10
    assert left.estimate(report(100, 100)) == 0
    assert left.estimate(report(101, 100)) is None


def test_each_phase_has_a_pace_of_its_own() -> None:
    now = Now()
    left = TimeLeft(now)
    left.estimate(report(0, 100, event_pb2.CAPTURE_PHASE_HASHING))
    now.seconds += 10
    assert left.estimate(report(50, 100, event_pb2.CAPTURE_PHASE_HASHING)) == 10 * SECOND
    assert left.estimate(report(0, 100)) is None
    now.seconds += 30
    assert left.estimate(report(50, 100)) == 30 * SECOND
