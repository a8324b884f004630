"""The colour kernels against their definition, bit for bit."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from framecap._kernels import colour
from framecap.model.media import Matrix, Model, PixelLayout
from framecap.pixels.colour import Mix, to_jfif, to_rgb
from oracles import colour as oracle
from oracles.pictures import noise

SIZES = [(1, 1), (2, 2), (1, 5), (4, 1), (5, 3), (19, 2), (31, 3), (33, 4), (67, 33), (128, 9)]
DEPTHS = (8, 10, 16)
LAYOUTS = [
    PixelLayout(model=model, depth=depth, matrix=matrix, full_range=full_range)
    for model, depth, matrix, full_range in product(Model, DEPTHS, Matrix, (False, True))
]


def layout(depth: int) -> PixelLayout:
    return PixelLayout(model=Model.YUV, depth=depth, matrix=Matrix.BT709)


def expected(mix: Mix, index: int, planes: list[np.ndarray]) -> np.ndarray:
    coefficients = mix.coefficients[index].astype(np.int64)
    return oracle.mixed(np.array(planes, np.int64), coefficients, int(mix.biases[index]), mix.shift)


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("channels", (0, 3, 4))
def test_mix_is_as_defined(width: int, height: int, depth: int, channels: int) -> None:
    """Into planes, and into the samples of packed pixels."""
    mix = to_rgb(layout(depth))
    planes = [noise(height, width, depth, seed) for seed in range(3)]
    target = np.zeros((3, height, width), np.uint8)
    if channels:
        target = np.moveaxis(np.zeros((height, width, channels), np.uint8)[..., :3], 2, 0)
    colour.mix(*planes, target, mix.coefficients, mix.biases, mix.shift)
    for index in range(3):
        np.testing.assert_array_equal(target[index], expected(mix, index, planes))


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_luma_takes_chroma_of_half_its_size(width: int, height: int, depth: int) -> None:
    mix = to_jfif(layout(depth))
    half = (height + 1) // 2, (width + 1) // 2
    planes = [noise(height, width, depth), noise(*half, depth, 1), noise(*half, depth, 2)]
    target = np.zeros((height, width), np.uint8)
    colour.mix_luma(*planes, target, mix.coefficients[0], int(mix.biases[0]), mix.shift)
    repeated = [plane.repeat(2, 0).repeat(2, 1)[:height, :width] for plane in planes[1:]]
    np.testing.assert_array_equal(target, expected(mix, 0, [planes[0], *repeated]))


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_pair_is_as_defined(width: int, height: int, depth: int) -> None:
    mix = to_jfif(layout(depth))
    planes = [noise(height, width, depth, seed) for seed in range(2)]
    for index in (1, 2):
        target = np.zeros((height, width), np.uint8)
        pair = np.ascontiguousarray(mix.coefficients[index, 1:])
        colour.mix_pair(*planes, target, pair, int(mix.biases[index]), mix.shift)
        nothing = np.zeros_like(planes[0])
        np.testing.assert_array_equal(target, expected(mix, index, [nothing, *planes]))


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("apart", (1, 4))
def test_rescale_is_as_defined(width: int, height: int, depth: int, apart: int) -> None:
    mix = to_rgb(PixelLayout(model=Model.GRAY, depth=depth))
    plane = noise(height, width, depth)
    target = np.zeros((height, width, apart), np.uint8)
    coefficient, bias = int(mix.coefficients[0, 0]), int(mix.biases[0])
    colour.rescale(plane, target[..., 0], coefficient, bias, mix.shift)
    np.testing.assert_array_equal(
        target[..., 0], expected(mix, 0, [plane, np.zeros_like(plane), np.zeros_like(plane)])
    )
    assert not target[..., 1:].any()


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_halving_is_as_defined(width: int, height: int) -> None:
    plane = noise(height, width, padding=0)
    half = np.zeros(((height + 1) // 2, (width + 1) // 2), np.uint8)
    colour.halve(plane, half)
    np.testing.assert_array_equal(half, oracle.halved(plane))


@pytest.mark.parametrize("layout", LAYOUTS, ids=str)
def test_no_sum_reaches_32_bits(layout: PixelLayout) -> None:
    """However the terms are added up, and whatever 16 bits a decoder leaves in a sample."""
    largest = 2 ** (8 if layout.depth == 8 else 16) - 1
    for mix in (to_jfif(layout), to_rgb(layout)):
        for row, bias in zip(mix.coefficients.astype(object), mix.biases, strict=True):
            terms = [*(row * largest), int(bias)]
            assert sum(term for term in terms if term > 0) < 2**31
            assert sum(term for term in terms if term < 0) >= -(2**31)


class TestRefusals:
    """What the kernels do not take."""

    mix = to_jfif(layout(8))
    plane = noise(4, 4)
    wide = noise(4, 8)[:, ::2]

    def test_columns_that_stand_apart(self) -> None:
        pair = self.mix.coefficients[1, 1:].copy()
        with pytest.raises(ValueError, match="samples of a row must be adjacent"):
            colour.mix_pair(self.plane, self.wide, np.empty((4, 4), np.uint8), pair, 0, 13)
        with pytest.raises(ValueError, match="samples of a row must be adjacent"):
            colour.rescale(self.wide, np.empty((4, 4), np.uint8), 1, 0, 0)

    @pytest.mark.parametrize("shape", [(3, 4), (4, 5)])
    def test_planes_of_another_size(self, shape: tuple[int, int]) -> None:
        target = np.empty(shape, np.uint8)
        rows, bias = self.mix.coefficients, self.mix.biases
        with pytest.raises(ValueError, match="plane and dst differ in size"):
            colour.rescale(self.plane, target, 1, 0, 0)
        with pytest.raises(ValueError, match="plane and dst differ in size"):
            colour.mix_pair(self.plane, self.plane, target, rows[1, 1:].copy(), 0, 13)
        with pytest.raises(ValueError, match="plane and dst differ in size"):
            colour.mix(*[self.plane] * 3, np.empty((3, *shape), np.uint8), rows, bias, 13)
        with pytest.raises(ValueError, match="plane and dst differ in size"):
            colour.mix_luma(*[self.plane] * 3, target, rows[0], 0, 13)
        with pytest.raises(ValueError, match="half the plane's columns and rows"):
            colour.halve(np.empty((4, 4), np.uint8), target)

    def test_chroma_that_is_not_half_as_large(self) -> None:
        target = np.empty((4, 4), np.uint8)
        with pytest.raises(ValueError, match="plane and dst differ in size"):
            colour.mix_luma(*[self.plane] * 3, target, self.mix.coefficients[0], 0, 13)

    def test_coefficients_of_another_number(self) -> None:
        target, four = np.empty((3, 4, 4), np.uint8), np.zeros(4, np.int32)
        half = noise(2, 2)
        with pytest.raises(ValueError, match="three planes need three coefficients"):
            colour.mix_luma(self.plane, half, half, target[0], four, 0, 13)
        with pytest.raises(ValueError, match="two planes need two coefficients"):
            colour.mix_pair(self.plane, self.plane, target[0], four, 0, 13)
        with pytest.raises(ValueError, match="three by three coefficients"):
            colour.mix(*[self.plane] * 3, target, four.reshape(2, 2), self.mix.biases, 13)
        with pytest.raises(ValueError, match="three results"):
            colour.mix(*[self.plane] * 3, target, self.mix.coefficients, four, 13)
