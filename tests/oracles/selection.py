"""Which frames each mode takes, by the contract's own words, over a decoded timeline.

All times are exact fractions of a second of media time.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from oracles.timeline import Shown, Timeline

BITS = 64


@dataclass(frozen=True)
class Pick:
    """One frame that is captured."""

    frame: Shown
    requested: Fraction
    """The first instant it answers."""

    answered: int
    """How many instants it answers."""

    changed_bits: int | None = None


class AfterEnd(Exception):
    """Capture would begin at or after the end of the video."""


def interval(
    line: Timeline,
    *,
    start: Fraction = Fraction(0),
    end: Fraction | None = None,
    step: Fraction = Fraction(0),
    count: int = 0,
) -> list[Pick]:
    """One frame per instant `start, start + step, ...`; every frame where the step is 0."""
    picks = _every(line, start, end) if step == 0 else _grid(line, start, end, step)
    return picks[:count] if count else picks


def keyframe(
    line: Timeline,
    *,
    start: Fraction = Fraction(0),
    end: Fraction | None = None,
    count: int = 0,
) -> list[Pick]:
    """Every keyframe that appears at or after `start`; from 0, every one not hidden."""
    limit = _limit(line, start, end)
    picks = [
        Pick(frame, max(frame.start, start), 1)
        for frame in line.frames
        if frame.keyframe and (frame.start >= start or start == 0) and frame.start < limit
    ]
    return picks[:count] if count else picks


def average(
    line: Timeline, *, start: Fraction = Fraction(0), end: Fraction | None = None, count: int
) -> list[Pick]:
    """`count` instants spread evenly over what is left."""
    limit = _limit(line, start, end)
    return _on_screen(line, (start + i * (limit - start) / count for i in range(count)))


def instants(
    line: Timeline,
    times: Iterable[Fraction],
    *,
    start: Fraction = Fraction(0),
    end: Fraction | None = None,
) -> list[Pick]:
    """The frames on screen at listed instants, those inside the range."""
    limit = _limit(line, start, end)
    return _on_screen(line, (time for time in sorted(set(times)) if start <= time < limit))


def change(
    line: Timeline,
    *,
    start: Fraction = Fraction(0),
    end: Fraction | None = None,
    step: Fraction = Fraction(0),
    threshold: int = 0,
    count: int = 0,
    since_captured: bool = False,
) -> list[Pick]:
    """Samples that differ from the one before (or the last taken) by more than the threshold.

    With a count, the largest changes of those, the earlier first among equals, in time order.
    """
    taken: list[Pick] = []
    reference: int | None = None
    for sample in interval(line, start=start, end=end, step=step):
        dhash = sample.frame.dhash
        bits = BITS if reference is None else (dhash ^ reference).bit_count()
        passes = reference is None or Fraction(100 * bits, BITS) > threshold
        if passes:
            taken.append(Pick(sample.frame, sample.requested, sample.answered, bits))
        if passes or not since_captured:
            reference = dhash
    if count:
        taken = sorted(sorted(taken, key=_largest_change_first)[:count], key=_time_order)
    return taken


def _largest_change_first(pick: Pick) -> tuple[int, int]:
    return -(pick.changed_bits or 0), pick.frame.ordinal


def _time_order(pick: Pick) -> int:
    return pick.frame.ordinal


def _limit(line: Timeline, start: Fraction, end: Fraction | None) -> Fraction:
    """Returns where capture ends.

    Raises:
        AfterEnd: The video ends at or before `start`.
    """
    if start >= line.end:
        raise AfterEnd
    return line.end if end is None else min(end, line.end)


def _every(line: Timeline, start: Fraction, end: Fraction | None) -> list[Pick]:
    limit = _limit(line, start, end)
    return [
        Pick(frame, max(frame.start, start), 1)
        for frame in line.frames
        if frame.end > start and frame.start < limit
    ]


def _grid(line: Timeline, start: Fraction, end: Fraction | None, step: Fraction) -> list[Pick]:
    limit = _limit(line, start, end)
    picks = []
    for frame in line.frames:
        # Before the first frame it is the first.
        begin = start if frame is line.frames[0] else max(frame.start, start)
        first = -(-(begin - start) // step)
        beyond = -(-(min(frame.end, limit) - start) // step)
        if first < beyond:
            picks.append(Pick(frame, start + first * step, beyond - first))
    return picks


def _on_screen(line: Timeline, times: Iterable[Fraction]) -> list[Pick]:
    """Returns the frames on screen at ascending instants, each once."""
    starts = [frame.start for frame in line.frames]
    answers: dict[int, list[Fraction]] = {}
    for time in times:
        answers.setdefault(max(bisect.bisect_right(starts, time) - 1, 0), []).append(time)
    return [_answering(line.frames[i], times) for i, times in answers.items()]


def _answering(frame: Shown, times: Sequence[Fraction]) -> Pick:
    return Pick(frame, times[0], len(times))
