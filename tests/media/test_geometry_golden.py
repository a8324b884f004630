"""Sizes, turns and cuts, held against what FFmpeg's own command makes of the same request.

The filters on its side are told the box and the way, not the sizes that come of it: those have to
be the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from framecap.model.media import Orientation
from framecap.model.spec import ShrinkFilter
from framecap.spec import text
from support.clips import make_clip
from support.media import ffmpeg
from support.media.capturing import Captured, capture, decoded

Levels = npt.NDArray[np.int16]
Clips = Callable[..., Path]

ORIENTATIONS = [Orientation(turns, mirrored) for mirrored in (False, True) for turns in range(4)]
UPRIGHT, QUARTER, MIRRORED_QUARTER = ORIENTATIONS[0], ORIENTATIONS[1], ORIENTATIONS[5]
STORED = (192, 108)

SMALLER, LARGER = (81, 80), (301, 407)
"""Boxes that the stored picture is larger or smaller than either way, turned or not."""

# In levels of 8 bits, the mean over all samples: swscale keeps fewer bits between its two passes.
BOUND = 0.5

# The numbers of these frames make clips look different from every side.
NUMBER = 5


def scaled(size: str, how: str) -> str:
    return f"scale={size}:{how}:in_chroma_loc=left"


def steps(scale_type: str, box: tuple[int, int], how: str) -> tuple[str, ...]:
    """Returns FFmpeg's filters for a box. In RGB, where any offset is possible."""
    width, height = box
    size = f"{width}:{height}"
    centred = f"{size}:floor((ow-iw)/2):floor((oh-ih)/2)"
    decrease, increase = (
        scaled(f"{size}:force_original_aspect_ratio={way}", how) for way in ("decrease", "increase")
    )
    return {
        "stretch": (scaled(size, how), "format=gbrp"),
        "crop": (increase, "format=gbrp", f"crop={size}:floor((iw-ow)/2):floor((ih-oh)/2)"),
        "fill": (decrease, "format=gbrp", f"pad={centred}:black"),
        "fit": (decrease, "format=gbrp"),
    }[scale_type]


def display_matrix(orientation: Orientation) -> list[int]:
    """Returns where the axes of a stored picture go, as MP4 has it."""
    x_axis, y_axis = (-1 if orientation.mirrored else 1, 0), (0, 1)
    for _ in range(orientation.quarter_turns):
        # Clockwise, y pointing down.
        x_axis, y_axis = (-x_axis[1], x_axis[0]), (-y_axis[1], y_axis[0])
    one = 1 << 16
    return [
        *(x_axis[0] * one, x_axis[1] * one, 0),
        *(y_axis[0] * one, y_axis[1] * one, 0),
        *(0, 0, 1 << 30),
    ]


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Clips:
    """Makes clips, each once: the orientation, the size, the shape of a pixel."""
    folder = tmp_path_factory.mktemp("clips")

    @cache
    def make(
        orientation: Orientation = UPRIGHT,
        size: tuple[int, int] = STORED,
        sample_aspect_ratio: Fraction | None = None,
        pix_fmt: str = "yuv420p",
    ) -> Path:
        return make_clip(
            folder / f"{len(list(folder.iterdir()))}.mp4",
            frames=NUMBER + 1,
            size=size,
            pix_fmt=pix_fmt,
            display_matrix=display_matrix(orientation),
            sample_aspect_ratio=sample_aspect_ratio,
        )

    return make


def one_image(path: Path, options: str = "", at: int = 40 * NUMBER) -> Captured:
    request = text.parse(f"video/snapshots,f_png,ss_{at},num_1,inter_0{options}").spec
    # The command's pictures are averages of areas too.
    return capture(path, replace(request, shrink_filter=ShrinkFilter.AREA))


def boxed(path: Path, scale_type: str, box: tuple[int, int], at: int = 40 * NUMBER) -> Captured:
    return one_image(path, f",w_{box[0]},h_{box[1]},scaletype_{scale_type}", at)


def off(one: Levels, other: Levels) -> float:
    return float(np.abs(one - other).mean())


def assert_alike(path: Path, captured: Captured, *filters: str) -> None:
    """Asserts that FFmpeg makes the same picture, and not one that lies a pixel beside it."""
    (image,) = captured.images
    given = np.asarray(decoded(image), np.int16)
    expected = ffmpeg.captured(path, captured.info, image, *filters).astype(np.int16)
    distance = off(given, expected)
    assert distance <= BOUND
    for axis in (0, 1):
        assert off(given, np.roll(expected, 1, axis)) > 2 * distance


@pytest.mark.parametrize("orientation", ORIENTATIONS, ids=str)
def test_a_picture_is_turned_as_ffmpeg_turns_it(clip: Clips, orientation: Orientation) -> None:
    path = clip(orientation)
    captured = one_image(path)
    assert captured.info.orientation == orientation
    width, height = STORED[::-1] if orientation.quarter_turns % 2 else STORED
    assert (captured.info.display_width, captured.info.display_height) == (width, height)
    assert_alike(path, captured, scaled("iw:ih", ffmpeg.BICUBIC))


@pytest.mark.parametrize("scale_type", ["stretch", "crop", "fill", "fit"])
@pytest.mark.parametrize("orientation", ORIENTATIONS, ids=str)
def test_a_turned_picture_meets_the_box_as_it_is_displayed(
    clip: Clips, orientation: Orientation, scale_type: str
) -> None:
    path = clip(orientation)
    filters = steps(scale_type, SMALLER, ffmpeg.AREA)
    assert_alike(path, boxed(path, scale_type, SMALLER), *filters)


@pytest.mark.parametrize("scale_type", ["stretch", "crop", "fill", "fit"])
@pytest.mark.parametrize("orientation", [UPRIGHT, MIRRORED_QUARTER], ids=str)
def test_a_larger_box(clip: Clips, orientation: Orientation, scale_type: str) -> None:
    path = clip(orientation)
    filters = steps(scale_type, LARGER, ffmpeg.BICUBIC)
    assert_alike(path, boxed(path, scale_type, LARGER), *filters)


SHAPES = [Fraction(4, 3), Fraction(8, 9), Fraction(64, 45)]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("orientation", [UPRIGHT, QUARTER], ids=str)
def test_pixels_are_made_square_across_the_stored_width(
    clip: Clips, orientation: Orientation, shape: Fraction
) -> None:
    path = clip(orientation, sample_aspect_ratio=shape)
    captured = one_image(path)
    assert captured.info.sample_aspect_ratio == shape
    # Once turned, what was the width is the height, and the shape is upside down.
    upright = orientation == UPRIGHT
    size = "floor(iw*sar+0.5):ih" if upright else "iw:floor(ih/sar+0.5)"
    how = ffmpeg.AREA if shape < 1 else ffmpeg.BICUBIC
    assert_alike(path, captured, scaled(size, how), "setsar=1")


@pytest.mark.parametrize("scale_type", ["stretch", "crop", "fill", "fit"])
def test_a_box_is_met_by_square_pixels(clip: Clips, scale_type: str) -> None:
    """In one step here, in two there: square first, then the box."""
    path = clip(QUARTER, sample_aspect_ratio=Fraction(4, 3))
    square = (scaled("iw:floor(ih/sar+0.5)", ffmpeg.BICUBIC), "setsar=1")
    filters = steps(scale_type, SMALLER, ffmpeg.AREA)
    assert_alike(path, boxed(path, scale_type, SMALLER), *square, *filters)


@pytest.mark.parametrize("scale_type", ["stretch", "crop", "fill", "fit"])
@pytest.mark.parametrize("size", [(191, 107), (107, 191), (97, 97)], ids=str)
def test_odd_sizes(clip: Clips, size: tuple[int, int], scale_type: str) -> None:
    path = clip(MIRRORED_QUARTER, size=size, pix_fmt="yuv444p")
    filters = steps(scale_type, SMALLER, ffmpeg.AREA)
    assert_alike(path, boxed(path, scale_type, SMALLER), *filters)


@pytest.mark.parametrize("percent", [(50, 50), (33, 67), (200, 150)], ids=str)
def test_percent_of_the_displayed_size(clip: Clips, percent: tuple[int, int]) -> None:
    path = clip(QUARTER, sample_aspect_ratio=Fraction(4, 3))
    captured = one_image(path, f",pw_{percent[0]},ph_{percent[1]}")
    across, down = (Fraction(part, 100) for part in percent)
    square = (scaled("iw:floor(ih/sar+0.5)", ffmpeg.BICUBIC), "setsar=1")
    how = ffmpeg.AREA if across < 1 else ffmpeg.BICUBIC
    size = f"floor(iw*{across}+0.5):floor(ih*{down}+0.5)"
    assert_alike(path, captured, *square, scaled(size, how))


@pytest.mark.corpus
class TestFilms:
    """Films that others turned, or whose pixels are not square."""

    @pytest.mark.parametrize("turn", [90, 180, 270])
    @pytest.mark.parametrize("scale_type", ["stretch", "crop", "fill", "fit"])
    def test_turned_by_a_telephone(self, corpus: Path, turn: int, scale_type: str) -> None:
        path = corpus / f"media/decord_rot{turn}.mov"
        box = (123, 200)
        assert_alike(path, boxed(path, scale_type, box, 0), *steps(scale_type, box, ffmpeg.AREA))

    @pytest.mark.parametrize(
        ("video", "size", "how"),
        [
            ("rails_sar3_2.mp4", (1920, 1080), ffmpeg.BICUBIC),
            ("ax_avc_pyramid_sar64_45.mp4", (1138, 640), ffmpeg.BICUBIC),
            ("jcodec_prores422_sar.mov", (192, 144), ffmpeg.BICUBIC),
        ],
    )
    def test_pixels_that_are_not_square(
        self, corpus: Path, video: str, size: tuple[int, int], how: str
    ) -> None:
        path = corpus / "media" / video
        captured = one_image(path, at=300)
        assert (captured.images[0].width, captured.images[0].height) == size
        assert_alike(path, captured, scaled("floor(iw*sar+0.5):ih", how), "setsar=1")

    @pytest.mark.parametrize("scale_type", ["stretch", "crop", "fill", "fit"])
    def test_a_single_pixel(self, corpus: Path, scale_type: str) -> None:
        path = corpus / "media/moviepy_1x1.mp4"
        captured = boxed(path, scale_type, (64, 48), 0)
        (image,) = captured.images
        expected = ffmpeg.captured(
            path, captured.info, image, *steps(scale_type, (64, 48), ffmpeg.BICUBIC)
        )
        assert expected.any()
        np.testing.assert_allclose(np.asarray(decoded(image)), expected, rtol=0, atol=1)
