"""Small clips the tests make themselves, whose frames say which they are.

The upper half of a picture is a row of sixteen cells, black or white: the frame's number in
binary, highest bit first. It survives compression, scaling and grey. The lower half is a slope
of grey whose direction changes with every scene, so that there is something to find.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import Final

import av
import numpy as np
import numpy.typing as npt
from PIL import Image

CODE_BITS: Final = 16
_BLACK: Final = 24
_WHITE: Final = 228


def picture(number: int, size: tuple[int, int], scene: int = 0) -> npt.NDArray[np.uint8]:
    """Returns the grey picture of a frame, shape (height, width)."""
    width, height = size
    bits = [(number >> (CODE_BITS - 1 - k)) & 1 for k in range(CODE_BITS)]
    columns = np.arange(width) * CODE_BITS // width
    code = np.where(np.array(bits)[columns] == 1, _WHITE, _BLACK)
    slope = np.linspace(_BLACK, _WHITE, width)
    drawn = np.empty((height, width), np.uint8)
    drawn[: height // 2] = code
    drawn[height // 2 :] = slope if scene % 2 == 0 else slope[::-1]
    return drawn


def read_number(image: bytes | npt.NDArray[np.uint8]) -> int:
    """Returns the number of the frame that an image file, or a grey picture, shows."""
    if isinstance(image, bytes):
        with Image.open(BytesIO(image)) as opened:
            image = np.asarray(opened.convert("L"))
    height, width = image.shape
    number = 0
    for k in range(CODE_BITS):
        left, right = k * width // CODE_BITS, (k + 1) * width // CODE_BITS
        margin = (right - left) // 4
        cell = image[height // 8 : height * 3 // 8, left + margin : right - margin]
        number = number << 1 | int(cell.mean() > (_BLACK + _WHITE) / 2)
    return number


def make_clip(
    path: Path,
    *,
    frames: int = 50,
    size: tuple[int, int] = (192, 108),
    rate: Fraction | int = 25,
    codec: str = "libx264",
    gop: int = 25,
    b_frames: int = 0,
    scene: int = 10**9,
    pix_fmt: str = "yuv420p",
    pts: Callable[[int], int] | None = None,
    time_base: Fraction | None = None,
    options: Mapping[str, str] | None = None,
    muxing: Mapping[str, str] | None = None,
    display_matrix: Sequence[int] | None = None,
    sample_aspect_ratio: Fraction | None = None,
    audio: bool = False,
    audio_lead: Fraction = Fraction(0),
) -> Path:
    """Writes a clip and returns its path.

    Args:
        path: Where to; the suffix decides the container.
        frames: How many frames.
        size: Width and height.
        rate: Frames per second.
        codec: The encoder's name.
        gop: Frames from one keyframe to the next, exactly.
        b_frames: The most B frames in a row.
        scene: Frames from one scene to the next.
        pix_fmt: The stored pixel format.
        pts: From a frame's number to its pts; its number where left out.
        time_base: The unit of `pts`; one frame where left out.
        options: More options for the encoder.
        muxing: Options for the container.
        display_matrix: Nine integers, as FFmpeg has them.
        sample_aspect_ratio: The shape of a pixel.
        audio: True for a silent audio track beside the video.
        audio_lead: How much earlier than the video the audio starts, in seconds.
    """
    unit = time_base or 1 / Fraction(rate)
    with av.open(str(path), "w", options=dict(muxing or {})) as container:
        settings = {"g": str(gop), "bf": str(b_frames), "threads": "1", **(options or {})}
        if codec == "libx264":
            settings.setdefault("preset", "veryfast")
            settings.setdefault("sc_threshold", "0")
            settings.setdefault("keyint_min", str(gop))
        stream = container.add_stream(codec, rate=rate, options=settings)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height = size
        stream.pix_fmt = pix_fmt
        stream.codec_context.time_base = unit
        if sample_aspect_ratio is not None:
            stream.codec_context.sample_aspect_ratio = sample_aspect_ratio
        if display_matrix is not None:
            stream.set_display_matrix(list(display_matrix))
        if audio:
            _add_silence(container, frames / Fraction(rate) + audio_lead)
        for number in range(frames):
            grey = picture(number, size, number // scene)
            frame = av.VideoFrame.from_ndarray(grey, format="gray").reformat(format=pix_fmt)
            shift = int(audio_lead / unit)
            frame.pts = shift + (number if pts is None else pts(number))
            frame.time_base = unit
            for packet in stream.encode(frame):
                container.mux(packet)
        for packet in stream.encode(None):
            container.mux(packet)
    return path


def _add_silence(container: av.container.OutputContainer, seconds: Fraction) -> None:
    stream = container.add_stream("aac", rate=48_000)
    assert isinstance(stream, av.AudioStream)
    stream.layout = "mono"
    for k in range(int(seconds * 48_000) // 1024 + 1):
        frame = av.AudioFrame.from_ndarray(
            np.zeros((1, 1024), np.float32), format="fltp", layout="mono"
        )
        frame.sample_rate = 48_000
        frame.pts = k * 1024
        for packet in stream.encode(frame):
            container.mux(packet)
    for packet in stream.encode(None):
        container.mux(packet)
