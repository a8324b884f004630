"""What is wanted agrees with the selectors: which pictures they pick, and where the next one is."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from framecap.model.grid import ListedGrid, UniformGrid
from framecap.model.wanted import Instants, PtsRange, Wanted, WantedRange, wanted_at
from framecap.modes.selectors.every import EveryFrameSelector
from framecap.modes.selectors.instants import InstantSelector
from framecap.modes.selectors.selector import Selector
from framecap.timebase import Clock
from support.modes.frames import frames

SECOND = 1_000_000_000
LATEST = 400

clocks = st.builds(
    Clock,
    time_base=st.sampled_from(
        [Fraction(1, 25), Fraction(1001, 30_000), Fraction(1, 90), Fraction(1, 7), Fraction(3, 2)]
    ),
    zero=st.fractions(min_value=-3, max_value=3, max_denominator=90),
)
starts = st.lists(st.integers(-100, LATEST - 100), min_size=1, max_size=25, unique=True).map(sorted)
nanoseconds = st.integers(0, 12 * SECOND) | st.integers(0, 120).map(lambda k: k * SECOND // 10)
steps = st.fractions(min_value=Fraction(1, 50), max_value=5, max_denominator=60).map(
    lambda seconds: seconds * SECOND
)
grids = st.builds(
    UniformGrid,
    start=nanoseconds.map(Fraction),
    step=steps,
    end=st.none() | nanoseconds,
    limit=st.none() | st.integers(0, 9),
) | st.sets(nanoseconds, max_size=8).map(lambda instants: ListedGrid(tuple(sorted(instants))))
moments = st.integers(-160, LATEST)
sets = st.builds(wanted_at, grids, clocks, st.integers(-100, 100)) | st.one_of(
    st.sets(moments, max_size=8).map(lambda found: Instants(sorted(found))),
    st.builds(
        lambda begin, length: PtsRange(begin, None if length is None else begin + length),
        moments,
        st.none() | st.integers(1, 100),
    ),
)


def assert_as_picked(wanted: Wanted, selector: Selector, shown: list[int], length: int) -> None:
    """Shows that pictures are wanted exactly if the selector picks them.

    Args:
        wanted: What is wanted.
        selector: Picks frames.
        shown: When each picture appears.
        length: How long the last one is on screen.
    """
    for frame in frames(shown, shown[-1] + length):
        picked = selector.offer(frame) is not None
        assert wanted.holds(frame.pts, frame.end) == picked, frame


@given(grids, clocks, starts, st.integers(1, 60))
def test_pictures_on_a_grid_are_those_the_selector_picks(
    grid: UniformGrid | ListedGrid, clock: Clock, shown: list[int], length: int
) -> None:
    wanted = wanted_at(grid, clock, shown[0])
    assert_as_picked(wanted, InstantSelector(grid, clock), shown, length)


@given(nanoseconds, st.none() | nanoseconds, clocks, starts, st.integers(1, 60))
def test_pictures_of_a_range_are_those_the_selector_picks(
    start: int, end: int | None, clock: Clock, shown: list[int], length: int
) -> None:
    wanted = PtsRange(clock.floor(start), None if end is None else clock.ceil(end))
    selector = EveryFrameSelector(clock, start=start, end=end)
    assert_as_picked(wanted, selector, shown, length)


@given(sets, moments, st.integers(1, 80))
def test_a_picture_is_wanted_if_a_moment_lies_in_it(wanted: Wanted, pts: int, length: int) -> None:
    following = wanted.following(pts)
    if isinstance(wanted, PtsRange):
        assert wanted.holds(pts, pts + length) == (
            following is not None and following < pts + length
        )
    else:
        assert wanted.holds(pts, None) == (following is not None or _is_first(wanted, pts))
        if not _is_first(wanted, pts):
            inside = following is not None and following < pts + length
            assert wanted.holds(pts, pts + length) == inside


def _is_first(wanted: Wanted, pts: int) -> bool:
    """Returns whether a picture is asked about that lies before the first one of the stream."""
    first = getattr(wanted, "first", None)
    return first is not None and pts < first


@given(sets, moments, moments)
def test_following_and_preceding_mirror_each_other(wanted: Wanted, low: int, high: int) -> None:
    low, high = sorted((low, high))
    following = wanted.following(low)
    assert following is None or following >= low
    preceding = wanted.preceding(high)
    assert preceding is None or preceding < high
    if following is not None and following < high:
        assert preceding is not None and following <= preceding
    if preceding is not None and preceding >= low:
        assert following is not None and following <= preceding
    # A moment is found where it is, from either side.
    for moment in (following, preceding):
        if moment is not None:
            assert wanted.following(moment) == moment
            assert wanted.preceding(moment + 1) == moment


@given(sets, moments)
def test_the_last_moment_is_the_last_that_follows(wanted: Wanted, pts: int) -> None:
    last = wanted.preceding(None)
    if last is None:
        # Nothing at all, or no end.
        far = wanted.following(10**9)
        assert far is not None or wanted.following(-(10**9)) is None
    else:
        assert wanted.following(last) == last
        assert wanted.following(last + 1) is None


@given(sets, st.lists(moments, min_size=1, max_size=5, unique=True).map(sorted), moments, st.data())
def test_parts_want_together_what_the_whole_does(
    wanted: Wanted, bounds: list[int], pts: int, data: st.DataObject
) -> None:
    begins = [-(1 << 40), *bounds]
    stops = [*bounds, None]
    parts = [WantedRange(wanted, begin, stop) for begin, stop in zip(begins, stops, strict=True)]
    end = data.draw(st.none() | st.integers(1, 90).map(lambda length: pts + length))
    if not _is_first(wanted, pts):
        assert any(part.holds(pts, end) for part in parts) == wanted.holds(pts, end)
    found = [part.following(pts) for part in parts]
    assert next((moment for moment in found if moment is not None), None) == wanted.following(pts)
    before = [part.preceding(pts) for part in reversed(parts)]
    assert next((moment for moment in before if moment is not None), None) == wanted.preceding(pts)


def test_a_stream_that_begins_late_answers_early_instants_once() -> None:
    clock = Clock(time_base=Fraction(1), zero=Fraction(0))
    grid = UniformGrid(start=Fraction(0), step=Fraction(2 * SECOND), limit=6)
    wanted = wanted_at(grid, clock, 5)
    found = []
    moment = wanted.following(-100)
    while moment is not None:
        found.append(moment)
        moment = wanted.following(moment + 1)
    assert found == [5, 6, 8, 10]
    assert wanted.holds(5, 6) and not wanted.holds(7, 8)
