"""Which part of a stored picture is shown: what video and container leave out.

The truth is FFmpeg's own command, to the bit, and the picture before anything was left out of it.
"""

from __future__ import annotations

import subprocess
from collections.abc import Generator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pytest
from imageio_ffmpeg import get_ffmpeg_exe

from framecap.media.media import Media
from framecap.model.media import Frame, Picture
from support.clips import make_clip
from support.cropped import Sides, cropped_in_the_container, cropped_in_the_video
from support.media import ffmpeg
from support.media.capturing import capture, decoded
from support.media.judging import Film, assert_exact
from support.media.modes import SPECS

SIZE = (192, 112)
ENCODERS = {"h264": "libx264", "hevc": "libx265", "vp9": "libvpx-vp9"}
X265 = {"x265-params": "log-level=none:pools=1"}

Plane = npt.NDArray[np.generic]


def clip(path: Path, codec: str, pix_fmt: str = "yuv420p", *, frames: int = 30) -> Path:
    return make_clip(
        path,
        frames=frames,
        size=SIZE,
        codec=ENCODERS[codec],
        pix_fmt=pix_fmt,
        gop=15,
        scene=13,
        options=X265 if codec == "hevc" else None,
    )


def first_picture(path: Path) -> Picture:
    with path.open("rb") as file, Media(file, strict=False) as media:
        return media.picture(_result(media.find_first()))


def _result(work: Generator[None, None, Frame]) -> Frame:
    while True:
        try:
            next(work)
        except StopIteration as stop:
            found: Frame = stop.value
            return found


def commands_planes(path: Path, pix_fmt: str, picture: Picture) -> list[Plane]:
    """Returns the planes of a film's first picture by FFmpeg's own command, not turned."""
    command = [get_ffmpeg_exe(), "-v", "error", "-nostdin", "-noautorotate", "-i", str(path)]
    command += ["-frames:v", "1", "-f", "rawvideo", "-pix_fmt", pix_fmt, "-"]
    raw = np.frombuffer(
        subprocess.run(command, capture_output=True, check=True).stdout,
        "<u2" if picture.layout.depth > 8 else "u1",
    )
    shapes = [plane.shape for plane in picture.planes]
    ends = np.cumsum([rows * columns for rows, columns in shapes])
    assert len(raw) == ends[-1], "of another size"
    parts = np.split(raw, ends[:-1])
    return [part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)]


def assert_as_the_command(path: Path, pix_fmt: str = "yuv420p") -> Picture:
    picture = first_picture(path)
    theirs = commands_planes(path, pix_fmt, picture)
    for ours, other in zip(picture.planes, theirs, strict=True):
        np.testing.assert_array_equal(ours, other)
    return picture


def stored_luma(path: Path) -> Plane:
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
        plane = frame.planes[0]
        return np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[:, : plane.width]


@pytest.mark.parametrize(
    "sides",
    [Sides(72, 24, 30, 6), Sides(left=2), Sides(6, 0, 2, 0), Sides(34, 2, 0, 8), Sides(right=10)],
    ids=str,
)
@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts"])
@pytest.mark.parametrize("codec", ["h264", "hevc"])
class TestByTheVideo:
    """Cropping in the video's own headers."""

    def test_any_offset_is_exact(
        self, tmp_path: Path, codec: str, suffix: str, sides: Sides
    ) -> None:
        whole = clip(tmp_path / "whole.mp4", codec)
        path = cropped_in_the_video(whole, tmp_path / f"a.{suffix}", codec, sides)
        picture = assert_as_the_command(path)
        luma = stored_luma(whole)
        left, right, top, bottom = sides
        wanted = luma[top : SIZE[1] - bottom, left : SIZE[0] - right]
        np.testing.assert_array_equal(picture.planes[0], wanted)
        info = capture(path, "video/snapshots,f_png,m_key").info
        assert (info.display_width, info.display_height) == wanted.shape[::-1]


@pytest.mark.parametrize("codec", ["h264", "hevc"])
def test_each_mode_is_exact_where_the_video_is_cropped(tmp_path: Path, codec: str) -> None:
    whole = clip(tmp_path / "whole.mp4", codec, frames=45)
    path = cropped_in_the_video(whole, tmp_path / "a.mkv", codec, Sides(10, 2, 6, 0))
    assert_exact(Film(path), SPECS)


@pytest.mark.parametrize("codec", ["h264", "hevc"])
@pytest.mark.parametrize("pix_fmt", ["yuv420p10le", "yuv422p10le", "yuv444p"])
def test_any_offset_of_other_formats(tmp_path: Path, codec: str, pix_fmt: str) -> None:
    whole = clip(tmp_path / "whole.mp4", codec, pix_fmt)
    path = cropped_in_the_video(whole, tmp_path / "a.mkv", codec, Sides(14, 4, 6, 2))
    assert_as_the_command(path, pix_fmt)
    assert_exact(Film(path), {"keyframes": SPECS["keyframes"]})


def test_interlaced_pictures_of_any_offset(tmp_path: Path) -> None:
    whole = make_clip(
        tmp_path / "whole.mp4",
        frames=6,
        size=(192, 128),
        options={"x264-params": "interlaced=1:bff=0"},
    )
    path = cropped_in_the_video(whole, tmp_path / "a.mp4", "h264", Sides(10, 2, 8, 0))
    captured = capture(path, "video/snapshots,f_png,ss_80,num_1,inter_0")
    (image,) = captured.images
    assert (image.width, image.height) == (180, 120)
    scaled = f"scale=iw:ih:{ffmpeg.BICUBIC}:in_chroma_loc=left"
    # That filter counts in halves of the unit.
    before = ("bwdif=send_frame:deint=interlaced", f"settb={image.time_base}")
    expected = ffmpeg.captured(path, captured.info, image, scaled, before=before)
    off = np.abs(np.asarray(decoded(image), np.int16) - expected.astype(np.int16))
    assert off.mean() < 0.5


# What is left: the offset and the size, which whole chroma samples make even.
APERTURES = {
    "yuv420p": {
        Sides(10, 20, 6, 8): (10, 6, 162, 98),
        Sides(11, 20, 6, 8): (10, 6, 160, 98),
        Sides(11, 21, 7, 9): (10, 6, 160, 96),
        Sides(left=1): (0, 0, 190, 112),
        Sides(right=1, bottom=1): (0, 0, 190, 110),
        Sides(7, 7, 7, 7): (6, 6, 178, 98),
        Sides(top=20, bottom=32): (0, 20, 192, 60),
    },
    "yuv444p": {
        Sides(11, 20, 7, 8): (11, 7, 161, 97),
        Sides(left=1): (1, 0, 191, 112),
    },
}


@pytest.mark.parametrize(
    ("pix_fmt", "sides"),
    [(pix_fmt, sides) for pix_fmt, some in APERTURES.items() for sides in some],
    ids=str,
)
@pytest.mark.parametrize(
    ("codec", "suffix"),
    [("h264", "mp4"), ("h264", "mov"), ("h264", "mkv"), ("vp9", "mp4"), ("vp9", "webm")],
)
class TestByTheContainer:
    """Cropping in the container's headers."""

    def test_any_aperture_is_exact(
        self, tmp_path: Path, codec: str, suffix: str, pix_fmt: str, sides: Sides
    ) -> None:
        whole = clip(tmp_path / "whole.mp4", codec, pix_fmt)
        path = cropped_in_the_container(whole, tmp_path / f"a.{suffix}", SIZE, sides)
        picture = assert_as_the_command(path, pix_fmt)
        x, y, width, height = APERTURES[pix_fmt][sides]
        np.testing.assert_array_equal(
            picture.planes[0], stored_luma(whole)[y : y + height, x : x + width]
        )
        captured = capture(path, "video/snapshots,f_png,m_key,num_1,pw_50,ph_50")
        assert (captured.info.coded_width, captured.info.coded_height) == (width, height)
        assert (captured.info.display_width, captured.info.display_height) == (width, height)
        (image,) = captured.images
        assert (image.width, image.height) == ((width + 1) // 2, (height + 1) // 2)


@pytest.mark.parametrize("sides", [Sides(3, 2, 1, 2), Sides(right=1), Sides(top=3)], ids=str)
@pytest.mark.parametrize("suffix", ["mp4", "webm"])
def test_apertures_of_odd_pictures(tmp_path: Path, suffix: str, sides: Sides) -> None:
    size = (161, 121)
    whole = make_clip(tmp_path / "whole.mp4", frames=20, size=size, codec="libvpx-vp9")
    path = cropped_in_the_container(whole, tmp_path / f"a.{suffix}", size, sides)
    picture = assert_as_the_command(path)
    assert picture.width % 2 == picture.height % 2 == 0
    assert_exact(Film(path), {"keyframes": SPECS["keyframes"]})


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
@pytest.mark.parametrize("codec", ["h264", "vp9"])
def test_each_mode_is_exact_where_the_container_crops(
    tmp_path: Path, codec: str, suffix: str
) -> None:
    whole = clip(tmp_path / "whole.mp4", codec, frames=45)
    path = cropped_in_the_container(whole, tmp_path / f"a.{suffix}", SIZE, Sides(60, 0, 0, 31))
    assert_exact(Film(path), SPECS)


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_a_picture_is_cropped_before_it_is_turned_and_made_square(
    tmp_path: Path, suffix: str
) -> None:
    one = 1 << 16
    whole = make_clip(
        tmp_path / "whole.mp4",
        frames=3,
        size=SIZE,
        display_matrix=[0, one, 0, -one, 0, 0, 0, 0, 1 << 30],
        sample_aspect_ratio=Fraction(3, 2),
    )
    path = cropped_in_the_container(whole, tmp_path / f"a.{suffix}", SIZE, Sides(12, 40, 22, 2))
    captured = capture(path, "video/snapshots,f_png,m_key")
    (image,) = captured.images
    # 140 x 88 is left, 210 x 88 in square pixels.
    assert (captured.info.display_width, captured.info.display_height) == (88, 210)
    assert (image.width, image.height) == (88, 210)
    scaled = f"scale=iw:floor(ih/sar+0.5):{ffmpeg.BICUBIC}:in_chroma_loc=left"
    expected = ffmpeg.captured(path, captured.info, image, scaled, "setsar=1").astype(np.int16)
    given = np.asarray(decoded(image), np.int16)
    distance = np.abs(given - expected).mean()
    assert distance < 0.5
    for axis in (0, 1):
        assert np.abs(given - np.roll(expected, 1, axis)).mean() > 2 * distance


class TestCases:
    """Files of others that were shown wrong."""

    @pytest.mark.parametrize("name", ["clap.mp4", "crop.mkv"])
    def test_cropped_by_the_container(self, cases: Path, name: str) -> None:
        path = cases / name
        picture = assert_as_the_command(path)
        np.testing.assert_array_equal(picture.planes[0], stored_luma(path)[60:420])
        for mode in ("m_key", "inter_500", "m_avg,num_3", "m_dhash,inter_500,num_2"):
            captured = capture(path, f"video/snapshots,f_png,{mode}")
            assert (captured.info.display_width, captured.info.display_height) == (640, 360)
            assert {(image.width, image.height) for image in captured.images} == {(640, 360)}

    @pytest.mark.parametrize("name", ["lcrop.mp4", "lcrop265.mp4"])
    def test_cropped_by_the_video(self, cases: Path, name: str, tmp_path: Path) -> None:
        path = cases / name
        picture = assert_as_the_command(path)
        assert (picture.width, picture.height) == (528, 444)
        codec = "hevc" if "265" in name else "h264"
        whole = cropped_in_the_video(path, tmp_path / "whole.mp4", codec, Sides())
        np.testing.assert_array_equal(picture.planes[0], stored_luma(whole)[30:474, 72:600])
        captured = capture(path, "video/snapshots,f_png,inter_1000")
        assert {(image.width, image.height) for image in captured.images} == {(528, 444)}
