"""Every kind of pixels that films are stored in, held against what FFmpeg's own command makes."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import av
import numpy as np
import numpy.typing as npt
import pytest

from framecap.errors import LimitExceeded
from support.media import ffmpeg
from support.media.capturing import capture, decoded

WIDTH, HEIGHT = 160, 90

FORMATS: Final = (
    "gray",
    "gray10le",
    "gray12le",
    "gray16le",
    "gbrp10le",
    "gbrp12le",
    "gbrp16le",
    "bgr0",
    "yuv410p",
    "yuv411p",
    "yuv420p",
    "yuv422p",
    "yuv440p",
    "yuv444p",
    "yuv420p10le",
    "yuv422p10le",
    "yuv444p10le",
    "yuv420p12le",
    "yuv422p12le",
    "yuv444p12le",
    "yuv420p16le",
    "yuv444p16le",
)

# In levels of 8 bits, the mean over all samples: what rounding leaves (of 10 bits of grey 0.501 was
# measured), and, where chroma has a quarter of the columns, another filter.
BOUND: Final = 0.55
COARSE_BOUND: Final = {"yuv410p": 1.5, "yuv411p": 1.5}


def colours(width: int, height: int) -> npt.NDArray[np.uint8]:
    """Returns a picture that is red to the right, green downwards, blue from corner to corner."""
    across = np.linspace(0, 255, width)[None, :].repeat(height, 0)
    down = np.linspace(255, 0, height)[:, None].repeat(width, 1)
    return np.stack([across, down, (across + down) / 2], axis=2).astype(np.uint8)


def film(path: Path, pix_fmt: str, size: tuple[int, int], codec: str = "ffv1") -> Path:
    """Writes two frames."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = *size, pix_fmt
        for number in range(2):
            frame = av.VideoFrame.from_ndarray(colours(*size), format="rgb24")
            frame = frame.reformat(format=pix_fmt)
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize("pix_fmt", FORMATS)
def test_a_picture_has_the_colours_ffmpeg_gives_it(tmp_path: Path, pix_fmt: str) -> None:
    path = film(tmp_path / "a.mkv", pix_fmt, (WIDTH, HEIGHT))
    captured = capture(path, "video/snapshots,f_png,num_1")
    (image,) = captured.images
    assert captured.info.pixel_format == pix_fmt
    scale = f"scale=iw:ih:{ffmpeg.BICUBIC}:in_chroma_loc=left"
    expected = ffmpeg.captured(path, captured.info, image, scale).astype(np.int16)
    given = np.asarray(decoded(image).convert("RGB"), np.int16)
    assert np.abs(given - expected).mean() <= COARSE_BOUND.get(pix_fmt, BOUND)


@pytest.fixture(scope="module")
def eight_thousand(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return film(tmp_path_factory.mktemp("film") / "a.mov", "yuvj420p", (7680, 4320), "mjpeg")


class TestEightThousandPixels:
    """As large as films come."""

    def test_in_each_mode(self, eight_thousand: Path) -> None:
        for mode in ("inter_0,num_1", "m_key", "m_avg,num_1", "m_dhash,num_1"):
            captured = capture(eight_thousand, f"video/snapshots,f_jpg,w_320,scaletype_fit,{mode}")
            assert {(image.width, image.height) for image in captured.images} == {(320, 180)}

    def test_all_of_it(self, eight_thousand: Path) -> None:
        (image,) = capture(eight_thousand, "video/snapshots,f_jpg,num_1").images
        assert decoded(image).size == (7680, 4320)

    def test_larger_images_than_that_are_refused(self, eight_thousand: Path) -> None:
        with pytest.raises(LimitExceeded) as refusal:
            capture(eight_thousand, "video/snapshots,f_jpg,num_1,pw_200")
        assert "15360" in refusal.value.message
