"""Every file of the corpus, in every mode and format: the oracle's frames, or a clear refusal."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from framecap.errors import CaptureError, Code
from framecap.model.spec import Box, CaptureSpec, ImageFormat, InstantSelection
from oracles import timeline
from oracles.corpus import COVERS, LONG, REFUSED, VIDEOS
from support.media.capturing import assert_captured, capture, nanoseconds

pytestmark = pytest.mark.corpus

MODES = {
    "inter": "m_inter,inter_1000,num_20",
    "key": "m_key,num_20",
    "avg": "m_avg,num_5",
    "dhash": "m_dhash,inter_1000,num_20",
}
MODES_ON_LONG = MODES | {"dhash": "m_dhash,inter_20000,num_5"}

BOX = "w_320,h_240"


def request_of(video: str, mode: str, image_format: str) -> str:
    modes = MODES_ON_LONG if video in LONG else MODES
    return f"video/snapshots,{modes[mode]},f_{image_format},{BOX}"


def test_the_lists_name_every_file(corpus: Path) -> None:
    there = {path.name for path in (corpus / "media").iterdir()}
    assert there == {*VIDEOS, *COVERS, *REFUSED}


@pytest.mark.parametrize("image_format", ["jpg", "png"])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("video", VIDEOS)
def test_a_video_gives_the_oracles_frames(
    corpus: Path, video: str, mode: str, image_format: str
) -> None:
    path = corpus / "media" / video
    captured = assert_captured(path, timeline.read(path), request_of(video, mode, image_format))
    assert captured.images
    assert {(image.width, image.height) for image in captured.images} == {(320, 240)}


@pytest.mark.parametrize("video", VIDEOS)
def test_its_last_tenth_is_covered(corpus: Path, video: str) -> None:
    path = corpus / "media" / video
    line = timeline.read(path)
    instants = [nanoseconds(line.end * part / 100) for part in (90, 93, 96, 99)]
    spec = CaptureSpec(
        # The last of all is in the last frame's last nanosecond.
        selection=InstantSelection(instants=(*instants, math.ceil(line.end * 10**9) - 1)),
        format=ImageFormat.JPG,
        box=Box(width=32, height=32),
    )
    captured = assert_captured(path, line, spec)
    assert captured.images[-1].media_time == nanoseconds(line.frames[-1].start)


@pytest.mark.parametrize("image_format", ["jpg", "png"])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("audio", COVERS)
def test_audio_gives_its_cover_in_any_mode(
    corpus: Path, audio: str, mode: str, image_format: str
) -> None:
    captured = capture(corpus / "media" / audio, request_of(audio, mode, image_format))
    assert [(image.width, image.height) for image in captured.images] == [(320, 240)]


@pytest.mark.parametrize("image_format", ["jpg", "png"])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", REFUSED)
def test_a_file_without_a_picture_is_refused(
    corpus: Path, name: str, mode: str, image_format: str
) -> None:
    with pytest.raises(CaptureError) as refusal:
        capture(corpus / "media" / name, request_of(name, mode, image_format))
    assert refusal.value.reason == REFUSED[name]
    assert refusal.value.code is Code.FAILED_PRECONDITION
    assert str(corpus) not in refusal.value.message
