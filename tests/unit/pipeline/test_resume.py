"""A capture that goes on after images that an earlier attempt stored."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from framecap.model.spec import InstantSelection, SeekPolicy
from framecap.modes.registry import resumes
from framecap.spec import text
from support.clips import make_clip
from support.pipeline.resuming import assert_goes_on
from support.pipeline.running import SECOND, run, structured

REQUESTS = {
    "a grid": "f_png,inter_300",
    "a grid finer than frames": "f_png,inter_7",
    "a grid in a range": "f_png,ss_1000,inter_170",
    "a grid with a limit": "f_png,inter_300,num_9",
    "a limit above the frames": "f_png,inter_400,num_500",
    "every frame": "f_png,inter_0",
    "every frame of a range": "f_png,ss_1100,inter_0,num_40",
    "keyframes": "f_png,m_key",
    "keyframes with a limit": "f_png,m_key,num_3",
    "an average": "f_png,m_avg,num_11",
    "an average above the frames": "f_png,m_avg,num_300",
}
INSTANTS = structured(
    InstantSelection(instants=tuple(k * SECOND // 10 for k in (0, 1, 2, 17, 18, 25, 26, 33, 41)))
)


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Four seconds in a container with an index, in one without, and with times that vary."""
    folder = tmp_path_factory.mktemp("clips")
    return {
        "mp4": make_clip(folder / "a.mp4", frames=100, gop=25, b_frames=2),
        "ts": make_clip(folder / "a.ts", frames=100, gop=20, b_frames=2),
        "mkv": make_clip(folder / "a.mkv", frames=100, gop=60, b_frames=2),
        "uneven": make_clip(
            folder / "b.mp4",
            frames=90,
            gop=30,
            pts=lambda n: n * 10 + 4 * (n % 3),
            time_base=Fraction(1, 250),
        ),
    }


@pytest.mark.parametrize("clip", ["mp4", "ts", "mkv", "uneven"])
@pytest.mark.parametrize("request_text", REQUESTS.values(), ids=REQUESTS.keys())
def test_the_rest_is_that_of_an_undisturbed_capture(
    clips: dict[str, Path], clip: str, request_text: str
) -> None:
    path = clips[clip]
    whole = run(path, request_text)
    count = len(whole.images)
    assert count > 1
    for captured in sorted({1, count // 2, count - 1, count}):
        assert_goes_on(path, request_text, whole, captured)


@pytest.mark.parametrize("clip", ["mp4", "ts", "mkv", "uneven"])
def test_listed_instants_go_on(clips: dict[str, Path], clip: str) -> None:
    whole = run(clips[clip], INSTANTS)
    for captured in range(1, len(whole.images) + 1):
        assert_goes_on(clips[clip], INSTANTS, whole, captured)


@pytest.mark.parametrize("request_text", ["f_png,inter_100", "f_png,inter_0"])
def test_what_is_stored_is_not_decoded_again(clips: dict[str, Path], request_text: str) -> None:
    whole = run(clips["mp4"], request_text)
    captured = len(whole.images) * 7 // 10
    rest = assert_goes_on(clips["mp4"], request_text, whole, captured)
    # The first frame is decoded in any case, and those from the last keyframe on.
    assert rest.summary.decoded_count <= 0.3 * whole.summary.decoded_count + 22


def test_a_thousand_images_killed_at_the_seven_hundredth(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mp4", frames=2000, size=(64, 36), gop=50, b_frames=2)
    whole = run(clip, "f_jpg,inter_80")
    assert len(whole.images) == 1000
    rest = assert_goes_on(clip, "f_jpg,inter_80", whole, 700)
    assert rest.summary.decoded_count <= 0.4 * whole.summary.decoded_count


@pytest.mark.parametrize(
    "request_text", ["f_jpg,m_dhash", "f_jpg,m_dhash,num_3", "f_jpg,m_dhash,inter_100"]
)
def test_what_depends_on_earlier_frames_begins_again(request_text: str) -> None:
    assert not resumes(text.parse(f"video/snapshots,{request_text}").spec)


def test_keyframes_that_stand_for_instants_begin_again() -> None:
    assert not resumes(
        structured(
            InstantSelection(instants=(0, SECOND)), seek_policy=SeekPolicy.NEAREST_KEYFRAME_BEFORE
        )
    )
