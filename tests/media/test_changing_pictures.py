"""Pictures whose size or pixel format changes in the middle of a film, in each mode."""

from __future__ import annotations

import operator
from collections.abc import Iterable
from fractions import Fraction
from functools import partial
from pathlib import Path

import av
import pytest

from support.clips import make_clip, picture
from support.media.capturing import capture, decoded
from support.media.judging import Film, assert_exact
from support.media.modes import SPECS

FRAMES = 45
LARGE, SMALL = (192, 108), (128, 96)

# The size and pixel format of a part, and the parameters of its encoder.
WantedRange = tuple[tuple[int, int], str, str]


def in_a_row(folder: Path, suffix: str, parts: Iterable[WantedRange]) -> Path:
    """Returns a film of transport streams, or raw ones, one behind the other."""
    whole = folder / f"whole.{suffix}"
    with whole.open("wb") as film:
        for number, (size, pix_fmt, parameters) in enumerate(parts):
            clip = make_clip(
                folder / f"{number}.{suffix}",
                frames=FRAMES,
                size=size,
                pix_fmt=pix_fmt,
                gop=15,
                b_frames=2,
                scene=13,
                # Late enough for decoding times to begin after 0: nothing shifts them then.
                pts=partial(operator.add, 10 + number * FRAMES),
                options={"x264-params": parameters},
            )
            film.write(clip.read_bytes())
    return whole


PARTS: dict[str, list[WantedRange]] = {
    "smaller": [(LARGE, "yuv420p", ""), (SMALL, "yuv420p", "")],
    "larger": [(SMALL, "yuv420p", ""), (LARGE, "yuv420p", "")],
    "other chroma": [(LARGE, "yuv420p", ""), (LARGE, "yuv444p", "")],
    "there and back": [(LARGE, "yuv420p", ""), (SMALL, "yuv422p", ""), (LARGE, "yuv420p", "")],
    "interlaced": [(LARGE, "yuv420p", ""), (LARGE, "yuv420p", "interlaced=1")],
}


@pytest.mark.parametrize("parts", PARTS.values(), ids=PARTS.keys())
@pytest.mark.parametrize("suffix", ["ts", "h264"])
def test_each_mode_is_exact(tmp_path: Path, suffix: str, parts: list[WantedRange]) -> None:
    assert_exact(Film(in_a_row(tmp_path, suffix, parts)), SPECS)


def test_each_picture_of_motion_jpeg_may_be_another(tmp_path: Path) -> None:
    path = tmp_path / "a.mkv"
    kinds = [(LARGE, "yuvj420p"), (LARGE, "yuvj444p"), (SMALL, "yuvj422p")]
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mjpeg", rate=25)
        stream.width, stream.height, stream.pix_fmt = *LARGE, "yuvj420p"
        for number in range(2 * FRAMES):
            size, pix_fmt = kinds[number % len(kinds)]
            encoder = av.CodecContext.create("mjpeg", "w")
            encoder.width, encoder.height, encoder.pix_fmt = *size, pix_fmt
            encoder.time_base = Fraction(1, 25)
            frame = av.VideoFrame.from_ndarray(picture(number, size), format="gray")
            for packet in [*encoder.encode(frame.reformat(format=pix_fmt)), *encoder.encode(None)]:
                packet.stream, packet.time_base = stream, Fraction(1, 25)
                packet.pts = packet.dts = number
                container.mux(packet)
    assert_exact(Film(path), SPECS)
    sizes = [decoded(image).size for image in capture(path, SPECS["every frame"]).images]
    assert sizes == [kinds[number % len(kinds)][0] for number in range(2 * FRAMES)]
