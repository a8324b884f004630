"""What a reading lets go of: a decoder's buffers must not wait for the collector of circles."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from framecap import pipeline
from framecap.media.media import Media
from framecap.model.capture import Image
from framecap.model.lease import PictureReleased
from framecap.model.plan import Strategy
from framecap.pipeline.samples import Sample, Sampling
from framecap.spec import text
from support.clips import make_clip
from support.media.readings import EVERYTHING, drain


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


@pytest.mark.usefixtures("no_collector")
@pytest.mark.parametrize("whole", [False, True], ids=["by reading", "whole"])
def test_a_released_lease_frees_its_picture_while_variables_name_it(
    tmp_path: Path, whole: bool
) -> None:
    clip = make_clip(tmp_path / "a.mp4", frames=60, b_frames=2, gop=20)
    with clip.open("rb") as file, Media(file, strict=False) as media:
        drain(media.find_first())
        media.forget_first()
        before = living(VideoFrame)
        paths = list(media.access_paths(Strategy.SLICED, limit=None, to_end=False))
        named = []
        most = 0
        for segment in paths[-1 if whole else 0](EVERYTHING):
            for frame in segment():
                if frame is None:
                    continue
                named.append(frame)
                frame.native.release()
                most = max(most, living(VideoFrame) - before)
        assert len(named) == 60
        # Those in the decoder's delay; of a whole decoding, also the frame at hand.
        assert most <= 5
        assert living(VideoFrame) - before <= 2
        with pytest.raises(PictureReleased):
            media.picture(named[-1])


@pytest.mark.usefixtures("no_collector")
def test_a_released_frame_leaves_the_decoder_at_once(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mp4", frames=30, gop=10)
    with clip.open("rb") as file, Media(file, strict=False) as media:
        drain(media.find_first())
        media.forget_first()
        (path, *_) = media.access_paths(Strategy.SLICED, limit=None, to_end=False)
        for segment in path(EVERYTHING):
            for frame in segment():
                if frame is not None:
                    held = living(VideoFrame)
                    frame.native.release()
                    assert living(VideoFrame) == held - 1


@pytest.mark.usefixtures("no_collector")
@pytest.mark.parametrize("options", ["f_jpg,inter_0", "f_jpg,m_dhash,num_5"])
def test_samples_hold_no_picture_behind_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: str
) -> None:
    """However many samples a variable names."""
    named = []
    work = Sampling.work

    def noted(self: Sampling, sample: Sample) -> Sample:
        named.append(sample)
        return work(self, sample)

    monkeypatch.setattr(Sampling, "work", noted)
    clip = make_clip(tmp_path / "a.mp4", frames=60, gop=20)
    before = living(VideoFrame)
    with clip.open("rb") as file:
        spec = text.parse(f"video/snapshots,{options}").spec
        for _ in pipeline.run(spec, file, size=clip.stat().st_size, threads=1):
            pass
    assert len(named) >= 60
    assert not any(sample.frame.native.held for sample in named)
    assert living(VideoFrame) - before <= 2
