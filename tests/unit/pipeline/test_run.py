"""The pipeline in one process: what it yields, in which order, and what it says of shortfalls."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest

from framecap.errors import MediaCorrupt, OffsetAfterEnd
from framecap.media.media import Media
from framecap.model.capture import Image, Lack, Progress, Reason, Summary
from framecap.model.media import MediaInfo
from framecap.model.plan import Plan, Strategy
from framecap.model.spec import (
    DamagePolicy,
    InstantSelection,
    IntervalSelection,
    KeyframeSelection,
    SeekPolicy,
)
from framecap.pipeline import Until
from support.clips import make_clip, read_number
from support.pipeline.running import SECOND, run, structured


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four seconds at 25 frames a second, a keyframe each second."""
    return make_clip(tmp_path_factory.mktemp("clip") / "a.mp4", frames=100, gop=25, b_frames=2)


def test_reports_come_in_order(clip: Path) -> None:
    done = run(clip, "f_jpg,inter_1000")
    kinds = [type(report) for report in done.reports if not isinstance(report, Progress)]
    assert kinds == [MediaInfo, Plan, Image, Image, Image, Image, Summary]
    assert [image.index for image in done.images] == [1, 2, 3, 4]
    assert done.numbers == [0, 25, 50, 75]


@pytest.mark.parametrize(
    ("until", "kinds"), [(Until.PROBED, [MediaInfo]), (Until.PLANNED, [MediaInfo, Plan])]
)
def test_a_run_may_end_early(clip: Path, until: Until, kinds: list[type]) -> None:
    done = run(clip, "f_jpg,inter_1000", until)
    assert [type(report) for report in done.reports if not isinstance(report, Progress)] == kinds


def test_a_probe_needs_no_request(clip: Path) -> None:
    (info,) = run(clip, None, Until.PROBED).reports
    assert isinstance(info, MediaInfo)
    assert (info.codec, info.display_width, info.display_height) == ("h264", 192, 108)
    assert (info.frame_count, info.frame_rate, info.duration) == (100, 25, 4 * SECOND)


def test_a_plan_needs_the_first_frame_and_the_last_group(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Media] = []
    close = Media.close
    monkeypatch.setattr(Media, "close", lambda media: (opened.append(media), close(media))[1])
    long = make_clip(tmp_path / "a.mp4", frames=400, gop=25, size=(64, 36))
    plan = run(long, "f_jpg,m_avg,num_4", Until.PLANNED).plan
    assert plan.end == 16 * SECOND
    # The decoder gives the first frame once it has seen a few; a seek may land a group early.
    assert opened[0].counts.decoded <= 3 * 25


@pytest.mark.parametrize(
    ("request_text", "strategy"),
    [
        ("f_jpg", Strategy.SLICED),
        ("f_jpg,inter_200", Strategy.SLICED),
        ("f_jpg,inter_3000", Strategy.SEEK),
        ("f_jpg,ss_2000", Strategy.SLICED),
        ("f_jpg,m_avg,num_2", Strategy.SEEK),
        ("f_jpg,m_key", Strategy.KEYFRAMES),
        ("f_jpg,m_dhash", Strategy.SLICED),
        ("f_jpg,m_dhash,num_3", Strategy.TWO_PASSES),
    ],
)
def test_the_plan_names_its_strategy(clip: Path, request_text: str, strategy: Strategy) -> None:
    plan = run(clip, request_text, Until.PLANNED).plan
    assert plan.strategy is strategy
    assert plan.explanation


@pytest.mark.parametrize(
    ("request_text", "numbers", "shortfalls", "sentence"),
    [
        ("f_jpg,inter_1000,num_3", [0, 25, 50], {}, ""),
        (
            "f_jpg,inter_1000,num_9",
            [0, 25, 50, 75],
            {Lack.AFTER_END: 5},
            "asked 9, gave 4: 5 after the end at 00:00:04.000",
        ),
        (
            "f_jpg,ss_3900,num_9",
            [97, 98, 99],
            {Lack.NO_MORE_FRAMES: 6},
            "asked 9, gave 3: 6 for want of more frames",
        ),
        (
            "f_jpg,m_key,num_5",
            [0, 25, 50, 75],
            {Lack.NO_MORE_FRAMES: 1},
            "asked 5, gave 4: 1 for want of more frames",
        ),
        (
            "f_jpg,ss_3920,m_avg,num_4",
            [98, 99],
            {Lack.SAME_FRAME: 2},
            "asked 4, gave 2: 2 on a frame already captured",
        ),
    ],
)
def test_a_shortfall_is_explained(
    clip: Path, request_text: str, numbers: list[int], shortfalls: dict[Lack, int], sentence: str
) -> None:
    done = run(clip, request_text)
    assert done.numbers == numbers
    assert {lack.reason: lack.count for lack in done.summary.shortfalls} == shortfalls
    assert done.summary.explanation == sentence


def test_nothing_selected_is_success_with_the_reason(clip: Path) -> None:
    done = run(clip, "f_jpg,m_key,ss_3500")
    assert done.error is None
    assert done.images == []
    assert done.summary.explanation == (
        "there is no keyframe at or after 00:00:03.500; the video ends at 00:00:04.000"
    )


def test_a_start_at_the_end_is_refused_with_both_times(clip: Path) -> None:
    done = run(clip, "f_jpg,ss_4000")
    assert isinstance(done.error, OffsetAfterEnd)
    assert done.error.message == (
        "the capture starts at 00:00:04.000, but the video ends at 00:00:04.000"
    )
    assert done.error.metadata == {"start": "00:00:04.000", "end": "00:00:04.000"}
    assert not done.images


def test_a_range_ends_before_its_end(clip: Path) -> None:
    spec = structured(IntervalSelection(spacing=SECOND), start=SECOND, end=3 * SECOND)
    assert run(clip, spec).numbers == [25, 50]
    every = structured(IntervalSelection(), start=SECOND, end=SECOND + SECOND // 10)
    assert run(clip, every).numbers == [25, 26, 27]
    keys = structured(KeyframeSelection(), end=2 * SECOND)
    assert run(clip, keys).numbers == [0, 25]


def test_listed_instants(clip: Path) -> None:
    spec = structured(InstantSelection(instants=(0, SECOND // 2, SECOND // 2 + 1, 9 * SECOND)))
    done = run(clip, spec)
    assert done.numbers == [0, 12]
    assert [image.answered_count for image in done.images] == [1, 2]
    assert done.summary.explanation == (
        "asked 4, gave 2: 1 on a frame already captured, 1 after the end at 00:00:04.000"
    )


@pytest.mark.parametrize("name", ["a.mp4", "a.avi"])
def test_the_keyframe_before_stands_for_an_instant_when_asked(tmp_path: Path, name: str) -> None:
    clip = make_clip(tmp_path / name, frames=100, gop=25)
    spec = structured(
        IntervalSelection(spacing=700 * SECOND // 1000),
        seek_policy=SeekPolicy.NEAREST_KEYFRAME_BEFORE,
    )
    done = run(clip, spec)
    assert done.numbers == [0, 25, 50, 75]
    # 0 and 700 ms, 1400 ms, 2100 and 2800 ms, 3500 ms.
    assert [image.answered_count for image in done.images] == [2, 1, 2, 1]
    assert all(image.keyframe for image in done.images)
    assert [image.reason for image in done.images] == [Reason.INSTANT] * 4


def test_changes_are_found_where_the_scene_changes(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mp4", frames=100, scene=40)
    done = run(clip, "f_jpg,m_dhash,thr_40")
    assert done.numbers == [0, 40, 80]
    assert done.images[0].changed_bits == 64
    ranked = run(clip, "f_jpg,m_dhash,num_2")
    assert len(ranked.images) == 2
    assert ranked.numbers[0] == 0
    assert ranked.numbers[1] in (40, 80)
    # What the ranking knew is what the second reading tells.
    assert ranked.images[1].dhash in {image.dhash for image in done.images}


def test_a_picture_that_changes_its_size_on_the_way(tmp_path: Path) -> None:
    parts = [
        make_clip(tmp_path / f"{k}.ts", frames=50, size=size, pts=shifted(k * 50))
        for k, size in enumerate([(192, 108), (128, 96)])
    ]
    both = tmp_path / "both.ts"
    both.write_bytes(b"".join(part.read_bytes() for part in parts))
    done = run(both, "f_png,inter_1000")
    assert [(image.width, image.height) for image in done.images] == [
        (192, 108),
        (192, 108),
        (128, 96),
        (128, 96),
    ]
    boxed = run(both, "f_png,inter_1000,w_64,h_64,scaletype_fill")
    assert {(image.width, image.height) for image in boxed.images} == {(64, 64)}


def shifted(by: int) -> Callable[[int], int]:
    return lambda number: number + by


@pytest.fixture(scope="module")
def damaged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clip with a hole: what decodes comes out, what does not is counted."""
    path = tmp_path_factory.mktemp("clip") / "a.mkv"
    make_clip(path, frames=100, gop=25, codec="mpeg4")
    data = bytearray(path.read_bytes())
    middle = len(data) * 5 // 8
    data[middle : middle + 300] = bytes(range(256))[:300] + b"\x00" * 44
    path.write_bytes(data)
    return path


def test_best_effort_captures_and_counts(damaged: Path) -> None:
    done = run(damaged, "f_jpg")
    assert done.error is None
    damage = done.summary.damage
    assert damage.undecodable + damage.damaged + damage.read_errors > 0
    assert {warning.reason for warning in done.warnings} & {
        "PACKETS_UNDECODABLE",
        "FRAMES_DAMAGED",
        "READ_ERRORS",
    }
    undamaged = [image for image in done.images[:50] if not image.damaged]
    assert [read_number(image.data) for image in undamaged] == [
        round(Fraction(image.media_time * 25, SECOND)) for image in undamaged
    ]


def test_strict_fails_at_the_first_damage_with_what_came_before(damaged: Path) -> None:
    done = run(damaged, structured(IntervalSelection(), damage_policy=DamagePolicy.STRICT))
    assert isinstance(done.error, MediaCorrupt)
    assert done.images
    assert done.numbers == list(range(len(done.images)))
    assert done.summary.captured_count == len(done.images)
