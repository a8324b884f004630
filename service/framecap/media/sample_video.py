"""Encodes the demo's sample video."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt


def encode_clip(
    path: Path,
    pictures: Iterable[npt.NDArray[np.uint8]],
    *,
    width: int,
    height: int,
    frames_per_second: int,
) -> None:
    """Writes RGB pictures of the given, even size to an MP4 of H.264.

    The file appears whole or not at all.
    """
    unfinished = path.with_name(f".{path.name}.part")
    try:
        with av.open(str(unfinished), "w", format="mp4") as container:
            stream = container.add_stream(
                "libx264", rate=frames_per_second, options={"preset": "veryfast", "crf": "20"}
            )
            stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
            for number, picture in enumerate(pictures):
                frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
                frame.pts = number
                container.mux(stream.encode(frame))
            container.mux(stream.encode())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
