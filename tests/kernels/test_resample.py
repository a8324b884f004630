"""The resampling kernel against its definition, bit for bit."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from PIL import Image

from framecap._kernels.resample import resample
from framecap.model.media import Plane
from framecap.pixels.axis import Axis, taps
from framecap.pixels.sample import sample
from framecap.pixels.window import Window
from oracles import resample as oracle
from oracles.pictures import noise, padded

F = Fraction

# (length, start, step, count)
AXES = {
    "one to one": (1, F(0), F(1), 1),
    "one to many": (1, F(0), F(1, 7), 7),
    "two to three": (2, F(0), F(2, 3), 3),
    "copied": (9, F(0), F(1), 9),
    "cut": (9, F(3), F(1), 4),
    "shifted": (9, F(1, 4), F(1), 9),
    "shifted out": (9, F(-5, 2), F(1), 14),
    "thirds": (21, F(0), F(3), 7),
    "odd thirds": (17, F(0), F(17, 6), 6),
    "barely smaller": (32, F(0), F(32, 31), 31),
    "barely larger": (31, F(0), F(31, 32), 32),
    "all into one": (50, F(0), F(50), 1),
    "doubled": (13, F(0), F(1, 2), 26),
    "cut and doubled": (13, F(9, 2), F(1, 2), 9),
    "chroma before the edge": (10, F(-1, 4), F(3, 2), 8),
    "chroma sited": (40, F(1, 4), F(40, 33), 33),
    "far outside": (3, F(10), F(2), 3),
}
MATRICES = {name: oracle.weights(*axis) for name, axis in AXES.items()}
DEPTHS = (8, 10, 16)


def run(plane: Plane, rows: Axis, columns: Axis, depth: int) -> Plane:
    """Calls the kernel itself, also where a view would do."""
    down, across = taps(rows), taps(columns)
    target = padded(np.zeros((rows.count, columns.count)), depth, padding=3)
    resample(
        plane,
        target,
        down.starts,
        down.weights,
        down.span,
        across.starts,
        across.weights,
        across.span,
        depth,
    )
    return target


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("across", AXES)
@pytest.mark.parametrize("down", AXES)
def test_every_pair_of_axes_is_as_defined(down: str, across: str, depth: int) -> None:
    rows, columns = AXES[down], AXES[across]
    plane = noise(rows[0], columns[0], depth)
    expected = oracle.resample(plane, MATRICES[down], MATRICES[across], depth)
    np.testing.assert_array_equal(run(plane, Axis(*rows), Axis(*columns), depth), expected)


@pytest.mark.parametrize("depth", (8, 10))
@pytest.mark.parametrize("padding", (0, 2, 31))
def test_a_wide_plane_is_as_defined(depth: int, padding: int) -> None:
    """Wider than the block of columns that is summed at a time, and not a multiple of it."""
    rows, columns = (8, F(0), F(8, 3), 3), (2117, F(0), F(2117, 1301), 1301)
    plane = noise(8, 2117, depth, padding=padding)
    expected = oracle.resample(plane, oracle.weights(*rows), oracle.weights(*columns), depth)
    np.testing.assert_array_equal(run(plane, Axis(*rows), Axis(*columns), depth), expected)


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("name", AXES)
def test_extremes_do_not_overflow(name: str, depth: int) -> None:
    """The checkerboards that drive a cubic's overshoot highest and lowest."""
    axis = AXES[name]
    high = np.indices((axis[0], axis[0])).sum(0) // 2 % 2 * (2**depth - 1)
    matrix = MATRICES[name]
    for board in (high, 2**depth - 1 - high):
        plane = padded(board, depth)
        expected = oracle.resample(plane, matrix, matrix, depth)
        np.testing.assert_array_equal(run(plane, Axis(*axis), Axis(*axis), depth), expected)


@pytest.mark.parametrize("name", AXES)
def test_samples_above_the_depth_count_as_its_largest(name: str) -> None:
    axis = AXES[name]
    plane = noise(axis[0], axis[0], 16)
    matrix = MATRICES[name]
    expected = oracle.resample(plane, matrix, matrix, 10)
    np.testing.assert_array_equal(run(plane, Axis(*axis), Axis(*axis), 10), expected)


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("name", AXES)
def test_one_colour_stays_that_colour(name: str, depth: int) -> None:
    axis = AXES[name]
    for value in (0, 1, 2 ** (depth - 1), 2**depth - 2, 2**depth - 1):
        plane = padded(np.full((axis[0], axis[0]), value), depth)
        assert (run(plane, Axis(*axis), Axis(*axis), depth) == value).all()


def test_rows_may_go_upwards() -> None:
    plane = noise(12, 10)
    axes = Axis(12, F(0), F(12, 5), 5), Axis(10, F(0), F(10, 13), 13)
    upwards = run(plane[::-1], *axes, depth=8)
    np.testing.assert_array_equal(upwards, run(plane[::-1].copy(), *axes, depth=8))


def test_shrinking_is_pillows_box() -> None:
    """Pillow weights a sample by whether its centre is covered, so only whole ratios compare."""
    plane = noise(19 * 3, 33 * 5)
    window = Window(Axis(33 * 5, F(0), F(5), 33), Axis(19 * 3, F(0), F(3), 19))
    ours = sample(plane, window, 8).astype(int)
    picture = Image.fromarray(np.ascontiguousarray(plane))
    theirs = np.asarray(picture.resize((33, 19), Image.Resampling.BOX))
    assert np.abs(ours - theirs).max() <= 1


@pytest.mark.parametrize("size", [(97, 55), (40, 80), (41, 23)])
def test_enlarging_is_pillows_bicubic(size: tuple[int, int]) -> None:
    """Pillow clips between the passes, and cuts weights off at an edge where ours repeat it.

    So the samples leave room for overshoot, and the edges are left out.
    """
    width, height = size
    plane = padded(noise(23, 40) // 2 + 64, 8)
    window = Window(Axis(40, F(0), F(40, width), width), Axis(23, F(0), F(23, height), height))
    ours = sample(plane, window, 8).astype(int)
    picture = Image.fromarray(np.ascontiguousarray(plane))
    theirs = np.asarray(picture.resize(size, Image.Resampling.BICUBIC))
    inner = np.s_[6:-6, 6:-6]
    assert np.abs(ours - theirs)[inner].max() <= 1


class TestRefusals:
    """What the kernel does not take."""

    axis = Axis(8, F(0), F(2), 4)

    def call(self, plane: Plane, target: Plane, depth: int = 8, **changes: object) -> None:
        table = taps(self.axis)
        arguments = {
            "row_starts": table.starts,
            "row_weights": table.weights,
            "row_span": table.span,
            "column_starts": table.starts,
            "column_weights": table.weights,
            "column_span": table.span,
        }
        resample(plane, target, **(arguments | changes), depth=depth)  # type: ignore[arg-type]

    def test_columns_that_stand_apart(self) -> None:
        with pytest.raises(ValueError, match="samples of a row must be adjacent"):
            self.call(noise(8, 16)[:, ::2], np.empty((4, 4), np.uint8))

    def test_an_empty_plane(self) -> None:
        with pytest.raises(ValueError, match="the source is empty"):
            self.call(np.empty((0, 8), np.uint8), np.empty((4, 4), np.uint8))

    @pytest.mark.parametrize("depth", (7, 9, 17))
    def test_a_depth_the_type_cannot_hold(self, depth: int) -> None:
        with pytest.raises(ValueError, match="cannot hold the depth"):
            self.call(noise(8, 8), np.empty((4, 4), np.uint8), depth=depth)

    @pytest.mark.parametrize(("shape", "axis"), [((5, 4), "rows"), ((4, 3), "columns")])
    def test_a_target_of_another_size(self, shape: tuple[int, int], axis: str) -> None:
        with pytest.raises(ValueError, match=f"the {axis}' taps and the target differ in size"):
            self.call(noise(8, 8), np.empty(shape, np.uint8))

    @pytest.mark.parametrize("shape", [(7, 8), (8, 7)])
    def test_taps_beyond_the_plane(self, shape: tuple[int, int]) -> None:
        with pytest.raises(ValueError, match="taps lie outside the source"):
            self.call(noise(*shape), np.empty((4, 4), np.uint8))

    def test_taps_before_the_plane(self) -> None:
        starts = np.array([-1, 0, 2, 4], np.int32)
        with pytest.raises(ValueError, match="taps lie outside the source"):
            self.call(noise(8, 8), np.empty((4, 4), np.uint8), row_starts=starts)

    @pytest.mark.parametrize("span", (0, 9))
    def test_a_span_without_weights(self, span: int) -> None:
        with pytest.raises(ValueError, match="the span exceeds the weights"):
            self.call(noise(8, 8), np.empty((4, 4), np.uint8), row_span=span)

    def test_weights_without_padding(self) -> None:
        weights = np.ascontiguousarray(taps(self.axis).weights[:, :2])
        with pytest.raises(ValueError, match="padded to a multiple of 8"):
            self.call(noise(8, 8), np.empty((4, 4), np.uint8), column_weights=weights)
