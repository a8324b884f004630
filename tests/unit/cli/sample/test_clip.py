from itertools import pairwise

import av
import numpy as np
import pytest

from framecap.cli.sample import clip
from framecap.cli.sample.canvas import HEIGHT, WIDTH, gradient
from framecap.cli.sample.scenes import SCENES
from framecap.media.sample_video import encode_clip


@pytest.fixture
def short(monkeypatch):
    """The sample video, a tenth of its frames: quick to write, same scenes."""
    monkeypatch.setattr(clip, "FRAMES_PER_SECOND", 2)


def test_the_clip_is_a_video_of_all_scenes(short, tmp_path):
    path = tmp_path / "sample.mp4"
    clip.write_clip(path)
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.name == "h264"
        assert (stream.width, stream.height) == (WIDTH, HEIGHT)
        frames = sum(1 for _ in container.decode(stream))
    assert frames == sum(round(length * 2) for _, length, _ in SCENES)
    assert [p.name for p in tmp_path.iterdir()] == ["sample.mp4"]


def test_the_sample_is_twenty_seconds_long():
    assert sum(length for _, length, _ in SCENES) == pytest.approx(20)


@pytest.mark.parametrize("make", [scene for _, _, scene in SCENES], ids=lambda make: make.__name__)
def test_a_scene_moves(make):
    draw = make()
    first, later = draw(0.0), draw(1.0)
    assert first.shape == (HEIGHT, WIDTH, 3)
    assert first.min() >= 0 and first.max() <= 255
    assert np.abs(first - later).max() > 20


def test_the_scenes_differ(short):
    means = [picture[::40, ::40].astype(int) for picture in clip.pictures()][::7]
    for one, other in pairwise(means):
        assert np.abs(one - other).mean() > 8


def test_the_clock_changes_from_frame_to_frame(short):
    first, second = (picture for picture, _ in zip(clip.pictures(), range(2), strict=False))
    assert (first[290:330, 30:150] != second[290:330, 30:150]).any()


def test_an_interrupted_clip_leaves_nothing(tmp_path):
    def broken():
        yield gradient((0, (0, 0, 0)), (1, (9, 9, 9))).astype(np.uint8)
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        encode_clip(tmp_path / "a.mp4", broken(), width=WIDTH, height=HEIGHT, frames_per_second=5)
    assert list(tmp_path.iterdir()) == []
