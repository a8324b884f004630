"""What a capture decodes, and that neither threads nor borders of lanes change what it gives."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from framecap import pipeline
from framecap.media.decoding import keyframes
from framecap.model.capture import Image, Phase, Progress
from framecap.model.spec import (
    CaptureSpec,
    ChangeReference,
    ChangeSelection,
    DamagePolicy,
    InstantSelection,
    IntervalSelection,
    KeyframeSelection,
    SeekPolicy,
)
from framecap.pipeline import capture_statistics as statistics
from support.clips import make_clip
from support.pipeline.running import SECOND, run, structured

MILLISECOND = SECOND // 1000


@pytest.fixture(scope="module", params=["a.mp4", "a.ts"])
def clip(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight seconds at 25 frames a second, a keyframe each second, a scene every 17 frames."""
    path = tmp_path_factory.mktemp("clip") / request.param
    return make_clip(path, frames=200, gop=25, b_frames=2, size=(96, 54), scene=17)


LAST_CAPTURED = ChangeReference.LAST_CAPTURED
NEAREST = SeekPolicy.NEAREST_KEYFRAME_BEFORE

REQUESTS = {
    "every frame": structured(IntervalSelection()),
    "every frame of a range": structured(
        IntervalSelection(), start=900 * MILLISECOND, end=4100 * MILLISECOND
    ),
    "grid": structured(IntervalSelection(spacing=310 * MILLISECOND)),
    "sparse grid": structured(IntervalSelection(spacing=2700 * MILLISECOND)),
    "instants a frame": structured(IntervalSelection(spacing=9 * MILLISECOND), end=SECOND),
    "changes": structured(ChangeSelection(threshold=10)),
    "changes of samples": structured(ChangeSelection(spacing=130 * MILLISECOND, threshold=10)),
    "changes since the last captured": structured(
        ChangeSelection(threshold=10, reference=LAST_CAPTURED)
    ),
    "changes of samples since the last captured": structured(
        ChangeSelection(spacing=200 * MILLISECOND, threshold=10, reference=LAST_CAPTURED)
    ),
    "largest changes": structured(ChangeSelection(max_count=6)),
    "keyframes": structured(KeyframeSelection()),
    "keyframes before instants": structured(
        IntervalSelection(spacing=700 * MILLISECOND), seek_policy=NEAREST
    ),
    "instants": structured(
        InstantSelection(instants=(0, 1, 39 * MILLISECOND, 5 * SECOND, 7990 * MILLISECOND))
    ),
}


@pytest.mark.parametrize("spec", REQUESTS.values(), ids=REQUESTS.keys())
def test_threads_change_nothing(clip: Path, spec: CaptureSpec) -> None:
    alone = run(clip, spec, threads=1)
    assert alone.error is None and alone.images
    together = run(clip, spec, threads=3)
    assert together.images == alone.images
    assert together.summary.end == alone.summary.end
    assert together.summary.explanation == alone.summary.explanation


@pytest.mark.parametrize("name", ["every frame", "grid", "changes", "largest changes"])
def test_short_ways_give_what_a_strict_reading_does(clip: Path, name: str) -> None:
    """A strict reading passes over nothing and has no lanes."""
    spec = REQUESTS[name]
    strict = CaptureSpec(**{**_fields(spec), "damage_policy": DamagePolicy.STRICT})
    assert run(clip, spec, threads=3).images == run(clip, strict, threads=1).images


def _fields(spec: CaptureSpec) -> dict[str, object]:
    return {field.name: getattr(spec, field.name) for field in fields(spec)}


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize(
    ("request_text", "numbers", "decoded"),
    [
        # The first frame is decoded to open the file.
        ("f_jpg,num_1", [0], 1),
        ("f_jpg,num_3", [0, 1, 2], 8),
        ("f_jpg,inter_1000,num_2", [0, 25], 8),
        ("f_jpg,inter_1000,num_5", [0, 25, 50, 75, 100], 16),
        ("f_jpg,m_key,num_2", [0, 25], 12),
        # That there is a picture shows that the video is not over.
        ("f_jpg,ss_5000,num_1", [125], 2),
        ("f_jpg,m_key,ss_5000,num_1", [125], 8),
    ],
)
def test_a_limit_bounds_what_is_decoded(
    clip: Path, request_text: str, numbers: list[int], decoded: int, threads: int
) -> None:
    done = run(clip, request_text, threads=threads)
    assert done.numbers == numbers
    assert done.summary.decoded_count <= decoded


@pytest.mark.parametrize(
    ("request_text", "count"),
    [
        ("f_jpg,num_5000", 200),
        ("f_jpg,inter_1000,num_5000", 8),
        ("f_jpg,inter_1000,num_9", 8),
        ("f_jpg,inter_500,num_17", 16),
        ("f_jpg,inter_10,num_63", 63),
        ("f_jpg,m_key,num_5000", 8),
        ("f_jpg,ss_7000,inter_700,num_60", 2),
    ],
)
def test_more_than_there_is_ends(clip: Path, request_text: str, count: int) -> None:
    done = run(clip, request_text)
    assert done.error is None
    assert len(done.images) == count
    # Nothing is decoded again and again in search of what is not there.
    assert done.summary.decoded_count <= 2 * 200 + 60
    # Keyframes alone do not tell when the last frame ends.
    if count < 60 and "m_key" not in request_text:
        assert done.summary.end == 8 * SECOND


def test_a_frame_is_captured_once_however_many_instants_it_answers(clip: Path) -> None:
    done = run(clip, "f_jpg,inter_8,num_6")
    assert done.numbers == [0, 1, 2, 3, 4, 5]
    assert [image.answered_count for image in done.images] == [5] * 6
    # Six instants have two frames at most, twelve more three, and 24 more the rest: in each part,
    # decoding begins with the keyframe.
    assert done.summary.decoded_count <= 18


def test_parts_are_few_where_many_instants_have_one_frame(clip: Path) -> None:
    done = run(clip, "f_jpg,inter_1,num_20")
    assert done.numbers == list(range(20))
    # Parts begin at 0, 20, 60, 140, 300 and 620 ms, each with the keyframe at 0.
    assert done.summary.decoded_count <= 80


@pytest.mark.parametrize("threads", [1, 3])
def test_the_end_of_a_range_is_not_taken_for_that_of_the_video(clip: Path, threads: int) -> None:
    for selection in (IntervalSelection(), ChangeSelection(threshold=10)):
        within = run(clip, structured(selection, end=2 * SECOND), threads=threads)
        assert within.numbers[-1] < 50
        assert within.summary.end is None
        beyond = run(clip, structured(selection, end=20 * SECOND), threads=threads)
        assert beyond.summary.end == 8 * SECOND


@pytest.mark.parametrize("threads", [1, 3])
def test_the_last_group_is_not_decoded_only_to_learn_that_it_is_over(
    clip: Path, threads: int
) -> None:
    """The clip ends at 8 s, and each whole second has a keyframe."""
    done = run(clip, "f_jpg,inter_2000", threads=threads)
    assert done.numbers == [0, 50, 100, 150]
    assert done.summary.decoded_count == 1 + 3
    assert done.summary.end is None
    # With a number asked for, what is missing has to be explained.
    more = run(clip, "f_jpg,inter_2000,num_5", threads=threads)
    assert more.numbers == done.numbers
    assert more.summary.end == 8 * SECOND


@pytest.mark.parametrize("worth_a_seek", [0, 1 << 40])
def test_keyframes_that_stand_for_no_instant_are_not_decoded(
    clip: Path, worth_a_seek: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keyframes, "_WORTH_A_SEEK", worth_a_seek)
    each, fourth = (
        run(clip, structured(IntervalSelection(spacing=step * SECOND), seek_policy=NEAREST))
        for step in (1, 4)
    )
    assert each.numbers == [0, 25, 50, 75, 100, 125, 150, 175]
    assert fourth.numbers == [0, 100]
    # The last one may stand for the instant at the end, until the end is compared.
    assert each.summary.decoded_count - fourth.summary.decoded_count == 8 - 3


def test_a_range_decodes_no_more_than_its_groups(clip: Path) -> None:
    done = run(clip, structured(IntervalSelection(), start=3 * SECOND, end=4 * SECOND))
    assert done.numbers == list(range(75, 100))
    # One group to tell the end, one for the frames.
    assert done.summary.decoded_count <= 1 + 2 * 26


def test_progress_is_told_while_frames_are_passed_over(
    clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statistics, "PROGRESS_SECONDS", 0)
    done = run(clip, "f_jpg,m_dhash,num_2")
    told = [report for report in done.reports if isinstance(report, Progress)]
    phases = list(dict.fromkeys(report.phase for report in told))
    assert phases[-2:] == [Phase.HASHING, Phase.DECODING]
    for phase in (Phase.HASHING, Phase.DECODING):
        positions = [report.done for report in told if report.phase is phase]
        assert positions == sorted(positions)
    assert [report.captured_count for report in told] == sorted(
        report.captured_count for report in told
    )


def test_a_capture_left_early_leaves_nothing(clip: Path) -> None:
    """The guards see descriptors and threads that stay."""
    spec = structured(IntervalSelection())
    with clip.open("rb") as file:
        reports = pipeline.run(spec, file, size=clip.stat().st_size, threads=3)
        for report in reports:
            if isinstance(report, Image):
                break
        reports.close()  # type: ignore[attr-defined]
