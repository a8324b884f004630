"""The strategy of each selection by what a container allows, and what a plan expects."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from framecap.model.media import MediaInfo
from framecap.model.plan import AccessModes, Plan, Size, Strategy
from framecap.model.spec import (
    AverageSelection,
    Box,
    CaptureSpec,
    ChangeSelection,
    ImageFormat,
    InstantSelection,
    IntervalSelection,
    KeyframeSelection,
    ScaleType,
    SeekPolicy,
    Selection,
)
from framecap.plan.choose import choose, choose_cover, has_gaps, is_sparse
from framecap.plan.geometry import fit_box
from framecap.plan.targets import targets
from framecap.plan.wanted import wanted_of
from framecap.timebase import NANOSECONDS_PER_SECOND as S
from framecap.timebase import Clock
from support.decoder.pipelines import INFO
from support.plan.index import ListedIndex

# A minute of 25 frames a second, a keyframe each second: a group has 1000 + 24 * 100 bytes.
FRAMES = 60 * 25
GROUP_BYTES = 3400
SOURCE_BYTES = 60 * GROUP_BYTES + 777
INDEX = ListedIndex(range(FRAMES), range(0, FRAMES, 25))
MINUTE = replace(INFO, duration=60 * S, frame_count=FRAMES)
GEOMETRY = fit_box(Size(64, 36), Box(), ScaleType.STRETCH)

WHOLE = AccessModes()
WHOLE_INDEXED = AccessModes(index=INDEX)
SLICED = AccessModes(sliced=True)
SLICED_INDEXED = AccessModes(sliced=True, index=INDEX)
SEEKABLE = AccessModes(sliced=True, seekable=True)
INDEXED = AccessModes(sliced=True, seekable=True, index=INDEX)
KEYED = AccessModes(sliced=True, seekable=True, keyframes=True, index=INDEX)
KEYED_ALONE = AccessModes(keyframes=True)

NEAREST = SeekPolicy.NEAREST_KEYFRAME_BEFORE

EVERY = IntervalSelection()
FIRST = IntervalSelection(max_count=1)
# Every half second a frame: each group is wanted. Every ten seconds: one group of ten.
DENSE = IntervalSelection(spacing=S // 2)
APART = IntervalSelection(spacing=10 * S)
KEY = KeyframeSelection()
AVERAGE = AverageSelection(count=6)
ALL_CHANGES = ChangeSelection()
CHANGES = ChangeSelection(spacing=10 * S)
BEST_CHANGES = ChangeSelection(max_count=3)
BEST_OF_SPARSE = ChangeSelection(spacing=10 * S, max_count=3)
INSTANTS = InstantSelection(instants=(S, 30 * S))
NEIGHBOURS = InstantSelection(instants=(59 * S, 60 * S - 1))
ONE = InstantSelection(instants=(30 * S,))


def plan(
    selection: Selection,
    access_modes: AccessModes,
    *,
    policy: SeekPolicy = SeekPolicy.EXACT,
    start: int = 0,
    stop: int | None = None,
    end: Fraction | None = None,
    info: MediaInfo = MINUTE,
) -> Plan:
    spec = CaptureSpec(
        selection=selection, format=ImageFormat.JPG, start=start, end=stop, seek_policy=policy
    )
    grid = targets(spec, Fraction(60 * S) if end is None else end)
    return choose(
        spec,
        info,
        GEOMETRY,
        access_modes,
        wanted_of(spec, grid, info.clock, 0),
        first=0,
        source_bytes=SOURCE_BYTES,
        end=end,
    )


SEQUENTIAL, READ, SEEK = Strategy.SEQUENTIAL, Strategy.SLICED, Strategy.SEEK
KEYFRAMES, TWICE = Strategy.KEYFRAMES, Strategy.TWO_PASSES


@pytest.mark.parametrize(
    ("selection", "access_modes", "strategy", "reading"),
    [
        # Without a faster access path, and so in strict captures, all is decoded in order.
        pytest.param(EVERY, WHOLE, SEQUENTIAL, SEQUENTIAL, id="inter_0, no fast path"),
        pytest.param(DENSE, WHOLE, SEQUENTIAL, SEQUENTIAL, id="a dense grid, no fast path"),
        pytest.param(APART, WHOLE, SEQUENTIAL, SEQUENTIAL, id="a sparse grid, no fast path"),
        pytest.param(KEY, WHOLE, SEQUENTIAL, SEQUENTIAL, id="key, no fast path"),
        pytest.param(AVERAGE, WHOLE, SEQUENTIAL, SEQUENTIAL, id="avg, no fast path"),
        pytest.param(ALL_CHANGES, WHOLE, SEQUENTIAL, SEQUENTIAL, id="dhash, no fast path"),
        pytest.param(BEST_CHANGES, WHOLE, TWICE, SEQUENTIAL, id="dhash with num, no fast path"),
        pytest.param(INSTANTS, WHOLE, SEQUENTIAL, SEQUENTIAL, id="instants, no fast path"),
        # Groups can be decoded apart, but not sought.
        pytest.param(EVERY, SLICED, READ, READ, id="inter_0, groups"),
        pytest.param(APART, SLICED, READ, READ, id="a sparse grid, groups"),
        pytest.param(APART, SLICED_INDEXED, READ, READ, id="a sparse grid, groups and an index"),
        pytest.param(KEY, SLICED, SEQUENTIAL, SEQUENTIAL, id="key, groups but no lone keyframes"),
        pytest.param(AVERAGE, SLICED, READ, READ, id="avg, groups"),
        pytest.param(ALL_CHANGES, SLICED, READ, READ, id="dhash, groups"),
        pytest.param(BEST_CHANGES, SLICED, TWICE, READ, id="dhash with num, groups"),
        pytest.param(INSTANTS, SLICED, READ, READ, id="instants, groups"),
        # They can be sought, but nothing tells where they are.
        pytest.param(EVERY, SEEKABLE, READ, READ, id="inter_0 never seeks"),
        pytest.param(DENSE, SEEKABLE, SEEK, SEEK, id="a dense grid, no index"),
        pytest.param(APART, SEEKABLE, SEEK, SEEK, id="a sparse grid, no index"),
        pytest.param(AVERAGE, SEEKABLE, SEEK, SEEK, id="avg, no index"),
        pytest.param(ALL_CHANGES, SEEKABLE, READ, READ, id="dhash of every frame never seeks"),
        pytest.param(CHANGES, SEEKABLE, SEEK, SEEK, id="dhash on a grid, no index"),
        pytest.param(INSTANTS, SEEKABLE, SEEK, SEEK, id="instants, no index"),
        # An index tells what seeks would save.
        pytest.param(EVERY, INDEXED, READ, READ, id="inter_0, an index"),
        pytest.param(FIRST, INDEXED, READ, READ, id="one frame, an index"),
        pytest.param(DENSE, INDEXED, READ, READ, id="a dense grid, an index"),
        pytest.param(APART, INDEXED, SEEK, SEEK, id="a sparse grid, an index"),
        pytest.param(AVERAGE, INDEXED, SEEK, SEEK, id="avg, an index"),
        pytest.param(ALL_CHANGES, INDEXED, READ, READ, id="dhash, an index"),
        pytest.param(CHANGES, INDEXED, SEEK, SEEK, id="dhash on a sparse grid, an index"),
        pytest.param(BEST_CHANGES, INDEXED, TWICE, READ, id="dhash with num, an index"),
        pytest.param(BEST_OF_SPARSE, INDEXED, TWICE, SEEK, id="sparse dhash with num, an index"),
        pytest.param(INSTANTS, INDEXED, SEEK, SEEK, id="instants far apart, an index"),
        pytest.param(NEIGHBOURS, INDEXED, READ, READ, id="instants of the last group, an index"),
        # Keyframes decode by themselves.
        pytest.param(KEY, KEYED, KEYFRAMES, SEQUENTIAL, id="key"),
        pytest.param(KEY, KEYED_ALONE, KEYFRAMES, SEQUENTIAL, id="key, strict"),
        pytest.param(EVERY, KEYED, READ, READ, id="inter_0 needs more than keyframes"),
        pytest.param(APART, KEYED, SEEK, SEEK, id="a grid needs more than keyframes"),
    ],
)
def test_the_strategy(
    selection: Selection, access_modes: AccessModes, strategy: Strategy, reading: Strategy
) -> None:
    found = plan(selection, access_modes)
    assert (found.strategy, found.reading) == (strategy, reading)


@pytest.mark.parametrize(
    ("access_modes", "strategy"),
    [
        pytest.param(KEYED, KEYFRAMES, id="keyframes alone"),
        pytest.param(KEYED_ALONE, KEYFRAMES, id="keyframes alone, strict"),
        pytest.param(INDEXED, SEQUENTIAL, id="keyframes that need others"),
        pytest.param(WHOLE, SEQUENTIAL, id="no fast path"),
    ],
)
@pytest.mark.parametrize("selection", [DENSE, APART, AVERAGE, INSTANTS], ids=str)
def test_the_nearest_keyframe_needs_keyframes_only(
    selection: Selection, access_modes: AccessModes, strategy: Strategy
) -> None:
    found = plan(selection, access_modes, policy=NEAREST, end=Fraction(60 * S))
    assert (found.strategy, found.reading) == (strategy, SEQUENTIAL)


@pytest.mark.parametrize(
    ("selection", "access_modes", "frames", "size"),
    [
        pytest.param(EVERY, WHOLE, FRAMES, SOURCE_BYTES, id="all, by the container's count"),
        pytest.param(APART, WHOLE, FRAMES, SOURCE_BYTES, id="a grid, read whole"),
        pytest.param(KEY, WHOLE, FRAMES, SOURCE_BYTES, id="key, read whole"),
        pytest.param(APART, WHOLE_INDEXED, FRAMES, SOURCE_BYTES, id="read whole, index or not"),
        pytest.param(KEY, KEYED, None, SOURCE_BYTES, id="key: nobody counted keyframes"),
        pytest.param(
            BEST_CHANGES, WHOLE, None, SOURCE_BYTES, id="two passes: the second is not known"
        ),
        pytest.param(APART, SLICED, None, SOURCE_BYTES, id="groups, no index"),
        pytest.param(APART, SEEKABLE, None, SOURCE_BYTES, id="seeks, no index"),
        # At 0, 10 .. 50 s are keyframes; the index ends before 60 s.
        pytest.param(APART, INDEXED, 6, 6 * 1000, id="seeks"),
        pytest.param(AVERAGE, INDEXED, 6, 6 * 1000, id="seeks, a bounded grid"),
        pytest.param(INSTANTS, INDEXED, 2, 2 * 1000, id="seeks to instants"),
        pytest.param(INSTANTS, SLICED_INDEXED, 2, 29 * GROUP_BYTES + 1000, id="reads between them"),
        pytest.param(EVERY, INDEXED, FRAMES, 60 * GROUP_BYTES, id="reads everything"),
        pytest.param(NEIGHBOURS, INDEXED, 25, GROUP_BYTES, id="reads the last group"),
    ],
)
def test_the_cost(
    selection: Selection, access_modes: AccessModes, frames: int | None, size: int | None
) -> None:
    found = plan(selection, access_modes)
    assert (found.decode_count, found.read_bytes) == (frames, size)


def test_seeks_without_sizes_may_read_everything() -> None:
    index = ListedIndex(range(FRAMES), range(0, FRAMES, 25), sized=False)
    found = plan(INSTANTS, replace(INDEXED, index=index))
    assert (found.decode_count, found.read_bytes) == (2, SOURCE_BYTES)


UNCOUNTED = replace(MINUTE, frame_count=None)
UNTIMED = replace(MINUTE, duration=None)
UNRATED = replace(MINUTE, frame_rate=None)


@pytest.mark.parametrize(
    ("selection", "options", "expected"),
    [
        pytest.param(APART, {}, 6, id="a step of 10 s in a minute"),
        pytest.param(APART, {"end": Fraction(60 * S + 1)}, 7, id="1 ns more has another"),
        pytest.param(APART, {"end": Fraction(60 * S) - Fraction(1, 3)}, 6, id="less has not"),
        pytest.param(APART, {"end": Fraction(30 * S)}, 3, id="the measured end, not the claimed"),
        pytest.param(APART, {"start": 41 * S}, 2, id="from the start on"),
        pytest.param(APART, {"start": 60 * S}, 0, id="from the end on"),
        pytest.param(APART, {"start": 70 * S}, 0, id="from after the end on"),
        pytest.param(APART, {"stop": 20 * S}, 2, id="to the end of the range"),
        pytest.param(APART, {"stop": 90 * S}, 6, id="not past the end of the video"),
        pytest.param(APART, {"start": 5 * S, "stop": 26 * S}, 3, id="in the range"),
        pytest.param(APART, {"info": UNTIMED}, None, id="of no known length"),
        pytest.param(APART, {"info": UNTIMED, "stop": 20 * S}, 2, id="of a known range"),
        pytest.param(replace(APART, max_count=4), {}, 4, id="num"),
        pytest.param(replace(APART, max_count=9), {}, 6, id="num above it"),
        pytest.param(replace(APART, max_count=4), {"info": UNTIMED}, 4, id="num, length unknown"),
        pytest.param(EVERY, {}, FRAMES, id="every frame, by the rate"),
        pytest.param(EVERY, {"info": UNRATED}, None, id="every frame at no known rate"),
        pytest.param(
            IntervalSelection(spacing=1_000), {}, FRAMES, id="a step below the frame interval"
        ),
        pytest.param(DENSE, {"info": UNRATED}, 120, id="a step at no known rate"),
        pytest.param(FIRST, {}, 1, id="one of every frame"),
        pytest.param(KEY, {}, None, id="nobody counted keyframes"),
        pytest.param(KeyframeSelection(max_count=5), {}, 5, id="key with num"),
        pytest.param(AVERAGE, {}, 6, id="avg"),
        pytest.param(ALL_CHANGES, {}, None, id="nobody knows the changes"),
        pytest.param(BEST_CHANGES, {}, 3, id="dhash with num"),
        pytest.param(INSTANTS, {}, 2, id="listed instants"),
    ],
)
def test_the_expected_images(
    selection: Selection, options: dict[str, object], expected: int | None
) -> None:
    found = plan(selection, WHOLE, **options)  # type: ignore[arg-type]
    assert (found.expected_count, found.exact) == (expected, False)


def test_a_cover_is_one_image() -> None:
    found = choose_cover(GEOMETRY, 77)
    assert (found.strategy, found.expected_count, found.exact) == (Strategy.COVER, 1, True)
    assert (found.decode_count, found.read_bytes, found.end) == (1, 77, None)
    assert found.geometry is GEOMETRY


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        pytest.param(None, None, id="not measured"),
        pytest.param(Fraction(0), 0, id="at 0"),
        pytest.param(Fraction(7), 7, id="a whole nanosecond"),
        pytest.param(Fraction(20, 3), 6, id="rounded down"),
    ],
)
def test_the_measured_end(end: Fraction | None, expected: int | None) -> None:
    found = plan(EVERY, WHOLE, end=end)
    assert found.end == expected
    assert ("measured to end at" in found.explanation) is (end is not None)


@pytest.mark.parametrize(
    ("selection", "access_modes", "sentence"),
    [
        pytest.param(
            INSTANTS,
            INDEXED,
            "At most 2 frames in 2 groups of pictures need decoding.",
            id="2 of 2 groups",
        ),
        pytest.param(
            NEIGHBOURS,
            INDEXED,
            "At most 25 frames in 1 group of pictures need decoding.",
            id="25 of 1 group",
        ),
        pytest.param(
            ONE,
            INDEXED,
            "At most 1 frame in 1 group of pictures needs decoding.",
            id="1 of 1 group",
        ),
        pytest.param(INSTANTS, SEEKABLE, "passed over.", id="no index: nothing is counted"),
        pytest.param(KEY, KEYED, "each decodes by itself.", id="keyframes: nothing is counted"),
        pytest.param(
            BEST_OF_SPARSE,
            SEEKABLE,
            "The samples are compared first; the chosen frames are decoded again. "
            "Each instant is decoded from a keyframe before it; what lies between is passed over.",
            id="two passes, each explained",
        ),
    ],
)
def test_the_explanation_ends_with_the_numbers(
    selection: Selection, access_modes: AccessModes, sentence: str
) -> None:
    assert plan(selection, access_modes).explanation.endswith(sentence)


def spec(selection: Selection) -> CaptureSpec:
    return CaptureSpec(selection=selection, format=ImageFormat.JPG)


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        pytest.param(EVERY, False, id="every frame"),
        pytest.param(IntervalSelection(spacing=1), True, id="a step, however small"),
        pytest.param(KEY, False, id="keyframes"),
        pytest.param(AVERAGE, True, id="avg"),
        pytest.param(ALL_CHANGES, False, id="changes of every frame"),
        pytest.param(ChangeSelection(spacing=1), True, id="changes on a grid"),
        pytest.param(INSTANTS, True, id="instants"),
    ],
)
def test_frames_between_instants_may_be_skipped(selection: Selection, expected: bool) -> None:
    assert has_gaps(spec(selection)) is expected


@pytest.mark.parametrize(
    ("selection", "duration", "expected"),
    [
        pytest.param(IntervalSelection(spacing=4 * S), None, True, id="a step of 4 s"),
        pytest.param(IntervalSelection(spacing=4 * S - 1), None, False, id="1 ns less"),
        pytest.param(
            IntervalSelection(spacing=4 * S, max_count=1), None, False, id="num stops it early"
        ),
        pytest.param(EVERY, 60 * S, False, id="every frame"),
        pytest.param(KEY, 60 * S, False, id="keyframes"),
        pytest.param(ChangeSelection(spacing=4 * S), None, True, id="samples 4 s apart"),
        pytest.param(ChangeSelection(spacing=4 * S - 1), None, False, id="1 ns nearer"),
        pytest.param(ChangeSelection(spacing=4 * S, max_count=1), None, True, id="num ranks all"),
        pytest.param(AVERAGE, 24 * S, True, id="six in 24 s"),
        pytest.param(AVERAGE, 24 * S - 1, False, id="six in 1 ns less"),
        pytest.param(AVERAGE, None, False, id="six in an unknown time"),
        pytest.param(INSTANTS, 60 * S, False, id="listed instants are few"),
    ],
)
def test_instants_are_sparse_from_four_seconds_on(
    selection: Selection, duration: int | None, expected: bool
) -> None:
    assert is_sparse(spec(selection), duration) is expected


def test_a_plan_keeps_the_geometry() -> None:
    assert plan(EVERY, WHOLE).geometry is GEOMETRY


def test_instants_are_found_in_the_stream_s_time_base() -> None:
    info = replace(MINUTE, clock=Clock(Fraction(1, 25), Fraction(2, 25)))
    # Media time 0 is tick 2; the instants at 1 s and 30 s are two frames behind their keyframes.
    assert plan(INSTANTS, INDEXED, info=info).decode_count == 6
