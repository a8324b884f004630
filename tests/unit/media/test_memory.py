"""What a reading lets go of: a decoder's buffers must not wait for the collector of circles."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from framecap import pipeline
from framecap.model.capture import Image
from framecap.spec import text
from support.clips import make_clip


@pytest.fixture
def no_collector() -> Iterator[None]:
    """Leaves circles lying for as long as the test lasts."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()
    gc.collect()


def living(kind: type) -> int:
    return sum(isinstance(thing, kind) for thing in gc.get_objects())


@pytest.mark.usefixtures("no_collector")
@pytest.mark.parametrize("options", ["f_jpg,inter_0", "f_jpg,inter_700", "f_jpg,m_dhash,num_5"])
def test_frames_are_let_go_as_the_reading_goes_on(tmp_path: Path, options: str) -> None:
    # A display matrix, so that every frame has side data.
    clip = make_clip(
        tmp_path / "a.mp4",
        frames=120,
        b_frames=2,
        display_matrix=(0, 65536, 0, -65536, 0, 0, 0, 0, 1 << 30),
    )
    frames, contexts = living(VideoFrame), living(VideoCodecContext)
    most = 0
    with clip.open("rb") as file:
        spec = text.parse(f"video/snapshots,{options}").spec
        # In one thread: looking at all objects disturbs others that are making some.
        for report in pipeline.run(spec, file, size=clip.stat().st_size, threads=1):
            if isinstance(report, Image):
                most = max(most, living(VideoFrame) - frames)
    # The frame at hand, the next one, those the decoder gave with it, and the first, whose side
    # data was asked for.
    assert most <= 12
    assert living(VideoFrame) - frames <= 2
    assert living(VideoCodecContext) == contexts
