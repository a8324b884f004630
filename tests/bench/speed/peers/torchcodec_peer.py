"""torchcodec: all frames of a job in one call."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from torchcodec.decoders import VideoDecoder  # type: ignore[attr-defined]


def pictures(path: str, instants: list[float]) -> Iterator[Any]:
    """Yields the frames on screen at instants."""
    # The mode that does not read the whole file first, and as many threads as there are cores.
    decoder = VideoDecoder(
        path,
        dimension_order="NHWC",
        num_ffmpeg_threads=os.cpu_count() or 1,
        seek_mode="approximate",
    )
    begin = decoder.metadata.begin_stream_seconds or 0.0
    for frame in decoder.get_frames_played_at([begin + at for at in instants]).data:
        yield frame.numpy()
