"""The instants that each selection names, and the refusal of a start at the end."""

from __future__ import annotations

from fractions import Fraction

import pytest

from framecap.errors import OffsetAfterEnd
from framecap.model.spec import (
    AverageSelection,
    CaptureSpec,
    ChangeReference,
    ChangeSelection,
    ImageFormat,
    InstantSelection,
    IntervalSelection,
    KeyframeSelection,
    SeekPolicy,
    Selection,
)
from framecap.plan.targets import check_start, needs_end, targets
from framecap.timebase import Nanoseconds

S = 1_000_000_000
MS = 1_000_000
FAR = Fraction(10 * S)

INTER = IntervalSelection(spacing=S)
EVERY = IntervalSelection()
KEY = KeyframeSelection()
AVERAGE = AverageSelection(count=4)
CHANGE = ChangeSelection(spacing=S)
INSTANTS = InstantSelection(instants=(0, 2 * S, 5 * S))
NEAREST = SeekPolicy.NEAREST_KEYFRAME_BEFORE


def spec(
    selection: Selection,
    start: Nanoseconds = 0,
    end: Nanoseconds | None = None,
    policy: SeekPolicy = SeekPolicy.EXACT,
) -> CaptureSpec:
    return CaptureSpec(
        selection=selection, format=ImageFormat.JPG, start=start, end=end, seek_policy=policy
    )


def listed(request: CaptureSpec, end: Fraction | None, until: Fraction) -> list[Fraction] | None:
    """Returns the instants before `until`."""
    grid = targets(request, end)
    return None if grid is None else [grid.at(number) for number in range(grid.before(until))]


@pytest.mark.parametrize(
    ("selection", "start", "end", "expected"),
    [
        pytest.param(INTER, 0, None, range(0, 10 * S, S), id="from 0, a step apart"),
        pytest.param(INTER, 8 * S, None, [8 * S, 9 * S], id="from the start on"),
        pytest.param(INTER, 10 * S - 1, None, [10 * S - 1], id="a start 1 ns before the end"),
        pytest.param(INTER, 10 * S, None, [], id="a start at the end has none"),
        pytest.param(INTER, 500 * MS + 1, 2 * S, [500_000_001, 1_500_000_001], id="exact to 1 ns"),
        pytest.param(INTER, 0, 2 * S, [0, S], id="the end of the range is no part of it"),
        pytest.param(INTER, 0, 2 * S + 1, [0, S, 2 * S], id="1 ns more, and it is"),
        pytest.param(INTER, 0, 1, [0], id="a range of 1 ns has its start"),
        pytest.param(
            IntervalSelection(spacing=1), 7, 10, [7, 8, 9], id="the least step is a nanosecond"
        ),
        pytest.param(
            IntervalSelection(spacing=3 * S), 0, None, [0, 3 * S, 6 * S, 9 * S], id="an odd step"
        ),
        pytest.param(
            IntervalSelection(spacing=11 * S), 0, None, [0], id="a step past the end has its start"
        ),
        pytest.param(
            IntervalSelection(spacing=S, max_count=2),
            0,
            3 * S,
            [0, S, 2 * S],
            id="num is no end",
        ),
        pytest.param(EVERY, 0, None, None, id="a step of 0 names none"),
        pytest.param(EVERY, S, 2 * S, None, id="a step of 0 in a range names none"),
    ],
)
def test_inter_names_a_grid(
    selection: Selection, start: int, end: int | None, expected: list[int] | None
) -> None:
    found = listed(spec(selection, start, end), None, FAR)
    assert found == (None if expected is None else list(expected))


@pytest.mark.parametrize("end", [None, FAR], ids=["unknown", "known"])
def test_a_grid_goes_on_past_the_end_of_the_video(end: Fraction | None) -> None:
    grid = targets(spec(INTER), end)
    assert grid is not None
    assert (grid.count, grid.at(3_600)) == (None, 3_600 * S)


@pytest.mark.parametrize(
    ("start", "stop", "expected"),
    [
        pytest.param(0, None, [0, S], id="without an end of the range"),
        pytest.param(0, S, [0], id="to the end of the range, exclusive"),
        pytest.param(S // 2, None, [S // 2, S + S // 2], id="from the start on"),
    ],
)
def test_dhash_samples_on_the_grid_of_inter(
    start: int, stop: int | None, expected: list[int]
) -> None:
    assert listed(spec(CHANGE, start, stop), None, Fraction(2 * S)) == expected


@pytest.mark.parametrize(
    "selection",
    [
        pytest.param(ChangeSelection(), id="dhash of every frame"),
        pytest.param(
            ChangeSelection(reference=ChangeReference.LAST_CAPTURED), id="dhash without duplicates"
        ),
        pytest.param(KEY, id="key"),
        pytest.param(KeyframeSelection(max_count=3), id="key with num"),
    ],
)
def test_selections_of_frames_name_no_instants(selection: Selection) -> None:
    assert targets(spec(selection), FAR) is None


@pytest.mark.parametrize(
    ("count", "start", "stop", "end", "expected"),
    [
        pytest.param(1, 0, None, FAR, [0], id="one is at the start"),
        pytest.param(1, 3 * S, None, FAR, [3 * S], id="one is at a later start, too"),
        pytest.param(4, 0, None, FAR, [0, S * 5 // 2, 5 * S, S * 15 // 2], id="quarters"),
        pytest.param(4, 2 * S, None, FAR, [2 * S, 4 * S, 6 * S, 8 * S], id="from a start on"),
        pytest.param(2, 0, 4 * S, FAR, [0, 2 * S], id="to the end of the range"),
        pytest.param(2, 0, 10 * S, FAR, [0, 5 * S], id="a range that ends with the video"),
        pytest.param(2, 0, 12 * S, FAR, [0, 5 * S], id="not past the end of the video"),
        pytest.param(2, 2 * S, 6 * S, FAR, [2 * S, 4 * S], id="from a start to an end"),
        pytest.param(
            3, 0, None, FAR, [0, Fraction(10 * S, 3), Fraction(20 * S, 3)], id="thirds are exact"
        ),
        pytest.param(2, 0, None, Fraction(S, 3), [0, Fraction(S, 6)], id="an end between two ns"),
        pytest.param(3, 0, None, Fraction(1), [0, Fraction(1, 3), Fraction(2, 3)], id="of 1 ns"),
    ],
)
def test_avg_divides_the_length(
    count: int, start: int, stop: int | None, end: Fraction, expected: list[Fraction]
) -> None:
    request = spec(AverageSelection(count=count), start, stop)
    assert listed(request, end, 2 * FAR) == expected
    grid = targets(request, end)
    assert grid is not None
    assert grid.count == count


@pytest.mark.parametrize(
    ("start", "stop", "expected"),
    [
        pytest.param(0, None, [0, 2 * S, 5 * S], id="all of them"),
        pytest.param(2 * S, None, [2 * S, 5 * S], id="one at the start"),
        pytest.param(2 * S + 1, None, [5 * S], id="not one 1 ns before the start"),
        pytest.param(0, 5 * S, [0, 2 * S], id="not one at the end of the range"),
        pytest.param(0, 5 * S + 1, [0, 2 * S, 5 * S], id="one 1 ns before the end"),
        pytest.param(3 * S, 4 * S, [], id="none in the range"),
    ],
)
def test_listed_instants_are_those_in_the_range(
    start: int, stop: int | None, expected: list[int]
) -> None:
    assert listed(spec(INSTANTS, start, stop), None, FAR) == expected
    grid = targets(spec(INSTANTS, start, stop), None)
    assert grid is not None
    assert grid.count == len(expected)


@pytest.mark.parametrize(
    ("selection", "policy", "expected"),
    [
        pytest.param(INTER, SeekPolicy.EXACT, False, id="a grid"),
        pytest.param(EVERY, SeekPolicy.EXACT, False, id="every frame"),
        pytest.param(KEY, SeekPolicy.EXACT, False, id="keyframes"),
        pytest.param(CHANGE, SeekPolicy.EXACT, False, id="changes"),
        pytest.param(INSTANTS, SeekPolicy.EXACT, False, id="listed instants"),
        pytest.param(AVERAGE, SeekPolicy.EXACT, True, id="avg divides the length"),
        pytest.param(INTER, NEAREST, True, id="the last keyframe answers up to the end"),
        pytest.param(INSTANTS, NEAREST, True, id="and listed instants"),
    ],
)
def test_what_needs_the_end(selection: Selection, policy: SeekPolicy, expected: bool) -> None:
    assert needs_end(spec(selection, policy=policy)) is expected


@pytest.mark.parametrize(
    ("start", "end"),
    [
        pytest.param(0, Fraction(1, 3), id="the start of a video of a third of a nanosecond"),
        pytest.param(S - 1, Fraction(S), id="1 ns before the end"),
        pytest.param(S, Fraction(3 * S + 1, 3), id="a third of a nanosecond before the end"),
    ],
)
def test_a_start_before_the_end_is_accepted(start: int, end: Fraction) -> None:
    check_start(spec(INTER, start), end)


@pytest.mark.parametrize(
    ("start", "end", "names"),
    [
        pytest.param(S, Fraction(S), ("00:00:01.000", "00:00:01.000"), id="at the end"),
        pytest.param(
            S, Fraction(3 * S - 1, 3), ("00:00:01.000", "00:00:00.999"), id="just after the end"
        ),
        pytest.param(
            3_723_004 * MS, Fraction(61 * S), ("01:02:03.004", "00:01:01.000"), id="far after it"
        ),
        pytest.param(0, Fraction(0), ("00:00:00.000", "00:00:00.000"), id="a video of no length"),
    ],
)
def test_a_start_at_or_after_the_end_is_refused_with_both_times(
    start: int, end: Fraction, names: tuple[str, str]
) -> None:
    with pytest.raises(OffsetAfterEnd) as caught:
        check_start(spec(INTER, start), end)
    begins, ends = names
    assert caught.value.message == (f"the capture starts at {begins}, but the video ends at {ends}")
    assert caught.value.metadata == {"start": begins, "end": ends}
