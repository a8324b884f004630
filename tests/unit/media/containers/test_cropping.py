"""What a container leaves out of pictures: where it is found, and what is left."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import av
import numpy as np
import pytest

from framecap.media.containers.cropping import Cropping, cropping_of
from framecap.model.media import Model, PixelLayout
from support.clips import make_clip
from support.cropped import Sides, cropped_in_the_container, remuxed

SIZE = (192, 112)
SIDES = Sides(11, 2, 4, 30)


def found(path: Path, stream: int = 0) -> Cropping | None:
    with av.open(str(path)) as container:
        return cropping_of(container, stream)


def clip(folder: Path, suffix: str, sides: Sides = SIDES) -> Path:
    whole = make_clip(folder / "whole.mp4", frames=3, size=SIZE)
    return cropped_in_the_container(whole, folder / f"a.{suffix}", SIZE, sides)


@pytest.mark.parametrize("suffix", ["mp4", "mov", "mkv"])
def test_each_side_is_found(tmp_path: Path, suffix: str) -> None:
    assert found(clip(tmp_path, suffix)) == Cropping(left=11, right=2, top=4, bottom=30)


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_nothing_is_found_where_nothing_is_left_out(tmp_path: Path, suffix: str) -> None:
    assert found(clip(tmp_path, suffix, Sides())) is None
    assert found(make_clip(tmp_path / f"b.{suffix}", frames=3)) is None


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
@pytest.mark.parametrize("position", [0, 1])
def test_it_is_the_streams_own(tmp_path: Path, suffix: str, position: int) -> None:
    cut = clip(tmp_path, "mp4")
    other = tmp_path / "whole.mp4"
    inputs = [cut, other] if position == 0 else [other, cut]
    both = ("-map", "0", "-map", "1")
    path = remuxed(inputs[0], tmp_path / f"b.{suffix}", *both, second=inputs[1])
    assert found(path, 1 - position) is None
    assert found(path, position) == Cropping(left=11, right=2, top=4, bottom=30)


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_words_of_a_file_are_not_taken_for_it(tmp_path: Path, suffix: str) -> None:
    line = "      Frame Cropping: 0/0/60/60"
    words = f"a\n    Side data:\n{line}\n{line}\r{line}"
    tags = ["-metadata", f"title={words}", "-metadata:s:v:0", f"title={words}"]
    tags += [
        "-metadata:s:v:0",
        f"handler_name={words}",
        "-metadata:s:v:0",
        f"{line.strip()}={line}",
    ]
    whole = make_clip(tmp_path / "whole.mp4", frames=3)
    assert found(remuxed(whole, tmp_path / f"a.{suffix}", *tags)) is None


def test_threads_do_not_take_it_from_each_other(tmp_path: Path) -> None:
    path = clip(tmp_path, "mp4")
    with ThreadPoolExecutor(8) as threads:
        results = set(threads.map(found, [path] * 200))
    assert results == {Cropping(left=11, right=2, top=4, bottom=30)}


def test_logging_stays_off(tmp_path: Path) -> None:
    found(clip(tmp_path, "mp4"))
    assert av.logging.get_level() is None


CROPPING = Cropping(left=3, right=2, top=1, bottom=4)


@pytest.mark.parametrize(
    ("layout", "chroma", "luma_left", "chroma_left"),
    [
        # 20 x 12 are stored.
        (PixelLayout(model=Model.YUV, depth=8), (12, 20), (1, 7, 3, 15), (1, 7, 3, 15)),
        (
            PixelLayout(model=Model.YUV, depth=8, chroma_shift_x=1, chroma_shift_y=1),
            (6, 10),
            (0, 6, 2, 14),
            (0, 3, 1, 7),
        ),
        (
            PixelLayout(model=Model.YUV, depth=10, chroma_shift_x=1),
            (12, 10),
            (1, 7, 2, 14),
            (1, 7, 1, 7),
        ),
        (
            PixelLayout(model=Model.YUV, depth=8, chroma_shift_x=2),
            (12, 5),
            (1, 7, 0, 12),
            (1, 7, 0, 3),
        ),
        (PixelLayout(model=Model.RGB, depth=8), (12, 20), (1, 7, 3, 15), (1, 7, 3, 15)),
    ],
    ids=["444", "420", "422", "411", "rgb"],
)
def test_whole_chroma_samples_are_left(
    layout: PixelLayout,
    chroma: tuple[int, int],
    luma_left: tuple[int, int, int, int],
    chroma_left: tuple[int, int, int, int],
) -> None:
    shapes = [(12, 20), chroma, chroma, (12, 20)]
    planes = tuple(
        np.arange(rows * columns, dtype=np.uint16).reshape(rows, columns)
        for rows, columns in shapes
    )
    left = CROPPING.planes(planes, layout)
    for plane, given, (top, rows, begin, columns) in zip(
        planes, left, (luma_left, chroma_left, chroma_left, luma_left), strict=True
    ):
        np.testing.assert_array_equal(given, plane[top : top + rows, begin : begin + columns])
        assert np.shares_memory(given, plane)


@pytest.mark.parametrize("sides", [{"left": 20}, {"top": 6, "bottom": 6}, {"right": 2**31}])
def test_a_picture_of_which_nothing_would_be_left_is_whole(sides: dict[str, int]) -> None:
    planes = (np.zeros((12, 20), np.uint8),)
    given = Cropping(**sides).planes(planes, PixelLayout(model=Model.GRAY, depth=8))
    assert [plane.shape for plane in given] == [(12, 20)]
