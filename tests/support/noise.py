"""Clips that nothing makes smaller."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import numpy.typing as npt


def noise_clip(path: Path, size: tuple[int, int]) -> npt.NDArray[np.uint8]:
    """Writes one frame of coloured noise, losslessly, and returns its samples."""
    width, height = size
    noise = np.random.default_rng(7).integers(0, 256, (height, width, 3), dtype=np.uint8)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = width, height, "bgr0"
        frame = av.VideoFrame.from_ndarray(noise, format="rgb24").reformat(format="bgr0")
        container.mux([*stream.encode(frame), *stream.encode(None)])
    return noise


def noisy_film(path: Path, *, frames: int, gop: int, size: tuple[int, int]) -> Path:
    """Writes frames of grey noise, 25 a second, a keyframe every `gop`; returns the path."""
    chance = np.random.default_rng(11)
    options = {"preset": "ultrafast", "crf": "16", "g": str(gop), "bf": "0", "sc_threshold": "0"}
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options=options)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        for _ in range(frames):
            noise = chance.integers(0, 256, (size[1], size[0]), np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(noise, format="gray")))
        container.mux(stream.encode(None))
    return path
