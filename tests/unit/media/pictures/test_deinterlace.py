"""Interlaced frames: the three-frame filter equals the filter over the whole stream."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
from av.filter import Graph

from framecap.media.media import Media
from framecap.media.pictures.decoded import decoded_of
from framecap.media.pictures.deinterlace import deinterlaced
from support.clips import make_clip


def whole_stream(path: Path) -> list[np.ndarray]:
    """Returns the luma of every frame after libavfilter ran over the stream."""
    graph = Graph()
    made: list[np.ndarray] = []

    def pull() -> None:
        while True:
            try:
                made.append(graph.vpull().to_ndarray(format="gray"))
            except (av.error.BlockingIOError, av.error.EOFError):
                return

    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        source = graph.add_buffer(template=stream)
        bwdif = graph.add("bwdif", "mode=send_frame:deint=interlaced")
        sink = graph.add("buffersink")
        source.link_to(bwdif)
        bwdif.link_to(sink)
        graph.configure()
        for frame in container.decode(stream):
            graph.vpush(frame)
            pull()
        graph.vpush(None)
        pull()
    return made


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    options = {"flags": "+ildct+ilme", "top": "1"}
    path = tmp_path_factory.mktemp("clip") / "a.mpg"
    return make_clip(path, frames=12, codec="mpeg2video", size=(192, 112), options=options)


def test_every_frame_equals_the_filter_over_the_whole_stream(clip: Path) -> None:
    expected = whole_stream(clip)
    with clip.open("rb") as file, Media(file, strict=False) as media:
        for _ in media.find_first():
            pass
        frames = [frame for frame in media.frames() if frame is not None]
        assert all(decoded_of(frame).frame.interlaced_frame for frame in frames)
        given = [deinterlaced(decoded_of(frame)).to_ndarray(format="gray") for frame in frames]
        # The stored picture, which hashes are taken of, stays interlaced.
        stored = [media.picture(frame).planes[0] for frame in frames]
    assert len(given) == len(expected) == 12
    for ours, filtered in zip(given, expected, strict=True):
        assert np.array_equal(ours, filtered)
    assert any(not np.array_equal(a, b) for a, b in zip(stored, given, strict=True))


def test_a_progressive_frame_is_itself(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "a.mp4", frames=3)
    with path.open("rb") as file, Media(file, strict=False) as media:
        for _ in media.find_first():
            pass
        for frame in media.frames():
            if frame is not None:
                assert deinterlaced(decoded_of(frame)) is decoded_of(frame).frame
