"""The resampling kernel against its definition, bit for bit."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from itertools import product

import numpy as np
import pytest
from PIL import Image

from framecap._kernels.resample import AxisTaps, resample
from framecap.model.media import Plane
from framecap.model.spec import ShrinkFilter
from framecap.pixels.axis import Axis, taps
from framecap.pixels.sample import sample
from framecap.pixels.window import Window
from oracles import resample as oracle
from oracles.pictures import noise, padded
from support.kernels.axes import AXES, FEW, WIDE, Span

F = Fraction
AREA = ShrinkFilter.AREA

COUNTS = (*range(1, 18), 23, 24, 25, 31, 32, 33, 40, 63, 64, 65)
DEPTHS = (8, 10, 12, 13, 16)


@cache
def matrix(axis: Span, shrink: ShrinkFilter = AREA) -> np.ndarray:
    """Returns the weights of an axis, which many tests share."""
    return oracle.weights(*axis, shrink)


def agree(
    rows: Span, columns: Span, depth: int, shrink: ShrinkFilter = AREA, padding: int = 7
) -> None:
    """Holds the kernel to its definition, on noise."""
    plane = noise(rows[0], columns[0], depth, padding=padding)
    expected = oracle.resample(plane, matrix(rows, shrink), matrix(columns, shrink), depth)
    ours = run(plane, Axis(*rows), Axis(*columns), depth, shrink)
    np.testing.assert_array_equal(ours, expected, err_msg=f"{rows} by {columns}")


def run(plane: Plane, rows: Axis, columns: Axis, depth: int, shrink: ShrinkFilter = AREA) -> Plane:
    """Calls the kernel itself, also where a view would do."""
    target = padded(np.zeros((rows.count, columns.count)), depth, padding=3)
    resample(plane, target, taps(rows, shrink).kernel, taps(columns, shrink).kernel, depth)
    return target


@pytest.mark.parametrize("depth", DEPTHS)
def test_every_pair_of_axes_is_as_defined(depth: int) -> None:
    for rows, columns in product(AXES.values(), AXES.values()):
        agree(rows, columns, depth)


@pytest.mark.parametrize("shrink", ShrinkFilter)
@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("across", WIDE)
def test_every_way_through_the_kernel_is_as_defined(
    across: str, depth: int, shrink: ShrinkFilter
) -> None:
    """Wide enough for every vector, with and without a rest; each way is one of the pairs."""
    for rows in FEW.values():
        agree(rows, WIDE[across], depth, shrink)


@pytest.mark.parametrize("depth", DEPTHS)
def test_every_number_of_results_is_as_defined(depth: int) -> None:
    """Vectors take 8, 16 or 32 at a time; what is left over takes other ways."""
    for count, rows in product(COUNTS, (FEW["same"], FEW["thirds"])):
        agree(rows, (count, F(1, 4), F(1), count), depth)
        agree(rows, (3 * count, F(0), F(3), count), depth)
        agree(rows, (5 * count, F(0), F(5), count), depth)
        agree(rows, (count, F(0), F(1), count), depth)


@pytest.mark.parametrize("padding", (0, 2, 31))
def test_padded_rows_are_as_defined(padding: int) -> None:
    agree(FEW["barely smaller"], WIDE["longer than a block"], 8, padding=padding)


@pytest.mark.parametrize("shrink", ShrinkFilter)
@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("name", AXES)
def test_extremes_do_not_overflow(name: str, depth: int, shrink: ShrinkFilter) -> None:
    """The checkerboards that drive a cubic's overshoot highest and lowest."""
    axis = AXES[name]
    high = np.indices((axis[0], axis[0])).sum(0) // 2 % 2 * (2**depth - 1)
    weights = matrix(axis, shrink)
    for board in (high, 2**depth - 1 - high):
        plane = padded(board, depth)
        expected = oracle.resample(plane, weights, weights, depth)
        ours = run(plane, Axis(*axis), Axis(*axis), depth, shrink)
        np.testing.assert_array_equal(ours, expected)


@pytest.mark.parametrize("name", AXES)
def test_samples_above_the_depth_count_as_its_largest(name: str) -> None:
    axis = AXES[name]
    plane = noise(axis[0], axis[0], 16)
    expected = oracle.resample(plane, matrix(axis), matrix(axis), 10)
    np.testing.assert_array_equal(run(plane, Axis(*axis), Axis(*axis), 10), expected)


@pytest.mark.parametrize("shrink", ShrinkFilter)
@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("name", AXES)
def test_one_colour_stays_that_colour(name: str, depth: int, shrink: ShrinkFilter) -> None:
    axis = AXES[name]
    for value in (0, 1, 2 ** (depth - 1), 2**depth - 2, 2**depth - 1):
        plane = padded(np.full((axis[0], axis[0]), value), depth)
        assert (run(plane, Axis(*axis), Axis(*axis), depth, shrink) == value).all()


def test_rows_may_go_upwards() -> None:
    plane = noise(12, 10)
    axes = Axis(12, F(0), F(12, 5), 5), Axis(10, F(0), F(10, 13), 13)
    upwards = run(plane[::-1], *axes, depth=8)
    np.testing.assert_array_equal(upwards, run(plane[::-1].copy(), *axes, depth=8))


def test_shrinking_is_pillows_box() -> None:
    """Pillow weights a sample by whether its centre is covered, so only whole ratios compare."""
    plane = noise(19 * 3, 33 * 5)
    window = Window(Axis(33 * 5, F(0), F(5), 33), Axis(19 * 3, F(0), F(3), 19))
    ours = sample(plane, window, 8, AREA).astype(int)
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
    ours = sample(plane, window, 8, AREA).astype(int)
    picture = Image.fromarray(np.ascontiguousarray(plane))
    theirs = np.asarray(picture.resize(size, Image.Resampling.BICUBIC))
    inner = np.s_[6:-6, 6:-6]
    assert np.abs(ours - theirs)[inner].max() <= 1


class TestRefusals:
    """What the kernel does not take."""

    table = taps(Axis(8, F(0), F(2), 4), AREA).kernel

    def call(self, plane: Plane, target: Plane, depth: int = 8) -> None:
        resample(plane, target, self.table, self.table, depth)

    def test_columns_that_stand_apart(self) -> None:
        with pytest.raises(ValueError, match="samples of a row must be adjacent"):
            self.call(noise(8, 16)[:, ::2], np.empty((4, 4), np.uint8))

    @pytest.mark.parametrize("depth", (7, 9, 17))
    def test_a_depth_the_type_cannot_hold(self, depth: int) -> None:
        with pytest.raises(ValueError, match="cannot hold the depth"):
            self.call(noise(8, 8), np.empty((4, 4), np.uint8), depth=depth)

    @pytest.mark.parametrize("shape", [(5, 4), (4, 3)])
    def test_a_target_of_another_size(self, shape: tuple[int, int]) -> None:
        with pytest.raises(ValueError, match="the taps and dst differ in size"):
            self.call(noise(8, 8), np.empty(shape, np.uint8))

    @pytest.mark.parametrize("shape", [(7, 8), (8, 7), (0, 8)])
    def test_taps_beyond_the_plane(self, shape: tuple[int, int]) -> None:
        with pytest.raises(ValueError, match="taps lie outside the source"):
            self.call(noise(*shape), np.empty((4, 4), np.uint8))


class TestRefusedTaps:
    """Weights the kernel does not take."""

    def make(self, weights: list[list[int]], span: int, first: int = 0) -> AxisTaps:
        starts = np.arange(first, first + len(weights), dtype=np.int32)
        return AxisTaps(starts, np.array(weights, np.int16), span)

    def test_taps_before_the_plane(self) -> None:
        with pytest.raises(ValueError, match="taps lie outside the source"):
            self.make([[16384, 0, 0, 0]], 1, first=-1)

    def test_no_results(self) -> None:
        with pytest.raises(ValueError, match="each result needs a start and weights"):
            AxisTaps(np.empty(0, np.int32), np.empty((0, 4), np.int16), 1)

    def test_fewer_starts_than_weights(self) -> None:
        with pytest.raises(ValueError, match="each result needs a start and weights"):
            AxisTaps(np.zeros(1, np.int32), np.zeros((2, 4), np.int16), 1)

    @pytest.mark.parametrize("span", (0, 5))
    def test_a_span_without_weights(self, span: int) -> None:
        with pytest.raises(ValueError, match="the span exceeds the weights"):
            self.make([[16384, 0, 0, 0]], span)

    @pytest.mark.parametrize("width", (2, 12, 24))
    def test_weights_without_padding(self, width: int) -> None:
        with pytest.raises(ValueError, match="padded to 4, 8 or a multiple of 16"):
            self.make([[16384] + [0] * (width - 1)], 1)

    def test_weights_beyond_the_span(self) -> None:
        with pytest.raises(ValueError, match="weights beyond the span must be 0"):
            self.make([[8192, 8192, 0, 0]], 1)

    @pytest.mark.parametrize("weights", [[16383, 0], [20000, -3615], [20482, -4098]])
    def test_weights_of_another_sum(self, weights: list[int]) -> None:
        with pytest.raises(ValueError, match="the weights of a result must sum to 16384"):
            self.make([[*weights, 0, 0]], 2)
