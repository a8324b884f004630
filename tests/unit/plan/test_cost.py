"""What a plan costs, in frames, bytes and groups, counted by hand from a small index.

The index has a packet at each of 0..59, with a keyframe at each multiple of 10: a keyframe has 1000
bytes, another packet 100, so a whole group has 1900.
"""

from __future__ import annotations

from fractions import Fraction

import pytest

from framecap.model.grid import UniformGrid
from framecap.model.plan import Cost, Span
from framecap.model.wanted import Instants, PtsRange, Spaced, Wanted, WantedRange, wanted_at
from framecap.plan.cost import SEEK_PACKETS, prefers_seeking, reading_on, seeking
from framecap.timebase import NANOSECONDS_PER_SECOND, Clock, Pts
from support.plan.index import ListedIndex

INDEX = ListedIndex(range(60), range(0, 60, 10))
SOURCE_BYTES = 12_345


def every(step: int, *, start: int = 0, count: int | None = None) -> Spaced:
    return Spaced(start=start, step=step, unit=1, count=count)


def case(
    wanted: Wanted, frames: int, size: int | None, groups: int, *, name: str, first: int = 0
) -> object:
    return pytest.param(wanted, first, Cost(frames=frames, size=size, groups=groups), id=name)


@pytest.mark.parametrize(
    ("wanted", "first", "cost"),
    [
        case(Instants([]), 0, None, 0, name="nothing wanted costs nothing"),
        case(Instants([0]), 1, 1000, 1, name="the first frame is a keyframe"),
        case(Instants([20]), 1, 1000, 1, name="a keyframe needs no other frame"),
        case(Instants([21]), 2, 1100, 1, name="a frame needs those from its keyframe on"),
        case(Instants([19]), 10, 1900, 1, name="the last of a group needs all of it"),
        case(Instants([59]), 10, 1900, 1, name="the last packet needs its group"),
        case(Instants([22, 27]), 8, 1700, 1, name="two of one group cost what the later costs"),
        case(Instants([27, 30]), 9, 2700, 2, name="the next keyframe is another group"),
        case(Instants([23, 27, 45]), 14, 3200, 2, name="groups without instants cost nothing"),
        case(Instants([55, 70]), 10, 1900, 1, name="past the last packet its frame is on screen"),
        case(Instants([60]), 0, None, 0, name="the index knows of nothing past its last packet"),
        case(every(25, count=3), 8, 3500, 3, name="a bounded grid ends with its last instant"),
        case(every(25), 17, 4400, 3, name="an unbounded grid needs all of the last group"),
        case(every(5, start=12, count=2), 8, 1700, 1, name="two grid instants of one group"),
        case(PtsRange(0), 60, 11_400, 6, name="every frame costs every frame"),
        case(PtsRange(25), 40, 7600, 4, name="a start within a group needs the whole group"),
        case(PtsRange(25, 29), 9, 1800, 1, name="a range's end is no part of it"),
        case(PtsRange(25, 30), 10, 1900, 1, name="a range that ends at a keyframe lacks it"),
        case(PtsRange(25, 31), 11, 2900, 2, name="a range that ends after a keyframe has it"),
        case(PtsRange(50), 10, 1900, 1, name="a range of the last group has all of it"),
        case(PtsRange(55, 57), 7, 1600, 1, name="a range ends within the last group"),
        case(
            WantedRange(Instants([23, 27, 45]), 25, 45),
            8,
            1700,
            1,
            name="a part of the instants costs its own only",
        ),
        case(Instants([4]), 5, 1400, 1, name="a first frame behind its keyframe's dts", first=3),
    ],
)
def test_seeking_decodes_from_a_keyframe_to_the_last_wanted_frame_of_its_group(
    wanted: Wanted, first: int, cost: Cost
) -> None:
    assert seeking(wanted, first, INDEX) == cost


@pytest.mark.parametrize(
    ("times", "keys", "first", "moment", "frames"),
    [
        pytest.param(range(5, 30), [10, 20], 5, 8, 4, id="no keyframe before: from the first"),
        pytest.param(range(-20, 20), [-20, 0], -20, 0, 1, id="a keyframe at 0 is one"),
        pytest.param(range(-20, 20), [-20, 0], -20, 3, 4, id="a group that begins at 0"),
        pytest.param(range(-20, 20), [-20, 0], -20, -5, 16, id="a moment before 0"),
    ],
)
def test_times_may_begin_anywhere(
    times: range, keys: list[int], first: int, moment: int, frames: int
) -> None:
    assert seeking(Instants([moment]), first, ListedIndex(times, keys)).frames == frames


def test_instants_on_either_side_of_0_cost_up_to_0() -> None:
    index = ListedIndex(range(-20, 20), [-20, 10])
    assert seeking(Instants([-5, 0]), -20, index).frames == 21


def test_the_first_frame_answers_the_instants_before_it() -> None:
    clock = Clock(time_base=Fraction(1), zero=Fraction(0))
    grid = UniformGrid(start=Fraction(0), step=Fraction(2 * NANOSECONDS_PER_SECOND), limit=4)
    # 0, 2 and 4 are the first frame's, which begins at 5; then 6.
    wanted = wanted_at(grid, clock, 5)
    assert seeking(wanted, 5, ListedIndex(range(5, 15), [5])) == Cost(frames=2, size=1100, groups=1)


@pytest.mark.parametrize(
    ("count", "frames"),
    [
        pytest.param(4095, 4095 * 3, id="fewer groups than are looked at"),
        pytest.param(4096, 4096 * 3, id="as many groups as are looked at"),
        pytest.param(6000, 6000 * 3, id="more groups are extrapolated"),
    ],
)
def test_a_long_video_is_estimated_from_its_first_groups(count: int, frames: int) -> None:
    index = ListedIndex(range(count * 10), range(0, count * 10, 10))
    cost = seeking(every(10, start=2, count=count), 0, index)
    assert cost.frames == pytest.approx(frames, rel=1e-3)
    assert cost.size == pytest.approx(count * 1200, rel=1e-3)
    assert cost.groups == pytest.approx(count, rel=1e-3)


@pytest.mark.parametrize(
    ("wanted", "size"),
    [
        pytest.param(Instants([23, 27, 45]), 3 * 1000 + 23 * 100, id="from 20 to 45, all of it"),
        pytest.param(Instants([20]), 1000, id="one keyframe"),
        pytest.param(Instants([5, 59]), 6 * 1900, id="from the first to the last"),
        pytest.param(Instants([45, 90]), 2 * 1900, id="past the last packet is nothing to read"),
        pytest.param(Instants([90]), 1900, id="only the end of the last group shows the end"),
        pytest.param(every(25, start=25), 4 * 1900, id="an unbounded grid is read to the end"),
        pytest.param(PtsRange(25, 31), 1900 + 1000, id="a range, from its keyframe on"),
        pytest.param(PtsRange(25), 4 * 1900, id="a range without an end"),
        pytest.param(Instants([]), None, id="nothing wanted, nothing read"),
    ],
)
def test_reading_on_reads_also_what_lies_between(wanted: Wanted, size: int | None) -> None:
    sought = seeking(wanted, 0, INDEX)
    cost = reading_on(wanted, 0, INDEX, SOURCE_BYTES)
    assert cost == Cost(frames=sought.frames, size=size, groups=sought.groups)


def test_reading_on_from_a_keyframe_at_0() -> None:
    index = ListedIndex(range(-20, 20), [-20, 0])
    assert reading_on(Instants([1, 4]), -20, index, SOURCE_BYTES).size == 1000 + 4 * 100


class RatedIndex(ListedIndex):
    """An index of keyframes only, of a stream of one frame at each time."""

    def span(self, begin: Pts, end: Pts) -> Span:
        return Span(frames=end - begin + 1, size=0)


def test_spans_estimated_by_the_rate_end_with_the_index() -> None:
    index = RatedIndex(range(60), range(0, 60, 10))
    assert seeking(Instants([55, 70]), 0, index) == Cost(frames=10, size=None, groups=1)
    assert reading_on(Instants([55, 70]), 0, index, SOURCE_BYTES).frames == 10


def test_without_sizes_the_source_is_read_whole_and_seeks_are_not_estimated() -> None:
    index = ListedIndex(range(60), range(0, 60, 10), sized=False)
    assert seeking(Instants([23]), 0, index) == Cost(frames=4, size=None, groups=1)
    assert reading_on(Instants([23]), 0, index, SOURCE_BYTES).size == SOURCE_BYTES


@pytest.mark.parametrize("groups", [2, 3])
@pytest.mark.parametrize(
    ("more", "seeks"),
    [
        pytest.param(-1, False, id="one packet fewer than the seeks cost"),
        pytest.param(0, False, id="as many packets as the seeks cost"),
        pytest.param(1, True, id="one packet more than the seeks cost"),
    ],
)
def test_seeking_is_better_above_sixteen_unused_packets_a_group(
    groups: int, more: int, seeks: bool
) -> None:
    assert SEEK_PACKETS == 16
    last = groups - 1 + 16 * groups + more
    keys = [*range(groups - 1), last]
    assert prefers_seeking(Instants(keys), 0, ListedIndex(range(last + 1), keys)) is seeks


@pytest.mark.parametrize(
    ("wanted", "first", "seeks"),
    [
        pytest.param(Instants([]), 0, True, id="nothing wanted: a seek finds nothing at once"),
        pytest.param(PtsRange(0, 1), 0, False, id="a range is never sought"),
        pytest.param(Instants([40]), 0, False, id="packets before the first group do not count"),
        pytest.param(Instants([0, 40]), 0, True, id="packets between two groups do"),
        pytest.param(Instants([9, 40]), 0, True, id="up to the first instant they are decoded"),
        pytest.param(every(10), 0, False, id="every group is wanted"),
    ],
)
def test_the_packets_between_wanted_groups_decide(wanted: Wanted, first: int, seeks: bool) -> None:
    index = ListedIndex(range(57), range(0, 57, 10))
    assert prefers_seeking(wanted, first, index) is seeks


def test_packets_before_a_keyframe_at_0_are_not_read() -> None:
    # Of the packets from 0 to 20, two are wanted: 19 are unused, fewer than two seeks cost.
    index = ListedIndex(range(-40, 21), [-40, 0, 20])
    assert not prefers_seeking(Instants([0, 20]), -40, index)
