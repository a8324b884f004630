"""The alpha kernels against their definition, bit for bit."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from framecap._kernels import alpha as kernels
from framecap.model.media import Plane
from oracles.pictures import noise

DEPTHS = (8, 10, 16)


def half_up(value: Fraction) -> int:
    return int((value + Fraction(1, 2)) // 1)


def samples(depth: int) -> tuple[Plane, Plane]:
    """Returns a plane and its alpha; both have rows of nothing and of everything."""
    plane, alpha = noise(9, 13, depth, 1), noise(9, 13, depth, 2)
    alpha[0], alpha[1], plane[2], plane[3] = 0, 2**depth - 1, 0, 2**depth - 1
    alpha[4] = 1
    return plane, alpha


@pytest.mark.parametrize("depth", DEPTHS)
def test_flattening_is_as_defined(depth: int) -> None:
    plane, alpha = samples(depth)
    most = 2**depth - 1
    for black in (0, 16 << (depth - 8), 1 << (depth - 1)):
        flat = np.empty(plane.shape, plane.dtype)
        kernels.flatten(plane, alpha, flat, black, depth)
        for p, a, result in zip(plane.flat, alpha.flat, flat.flat, strict=True):
            seen = Fraction(int(a), most)
            assert result == half_up(int(p) * seen + black * (1 - seen))


@pytest.mark.parametrize("depth", DEPTHS)
def test_weighing_is_as_defined(depth: int) -> None:
    plane, alpha = samples(depth)
    product = np.empty(plane.shape, np.uint16)
    kernels.weigh(plane, alpha, product, depth)
    for p, a, result in zip(plane.flat, alpha.flat, product.flat, strict=True):
        assert result == half_up(Fraction(int(p) * int(a) * 2**15, 4**depth))


@pytest.mark.parametrize("depth", DEPTHS)
def test_unweighing_is_as_defined(depth: int) -> None:
    product, alpha = (np.ascontiguousarray(plane) for plane in samples(16))
    result = np.empty(product.shape, np.uint8 if depth == 8 else np.uint16)
    kernels.unweigh(product, alpha, result, 5, depth)
    for w, a, value in zip(product.flat, alpha.flat, result.flat, strict=True):
        if a == 0:
            assert value == 5
        else:
            assert value == min(half_up(Fraction(int(w) * 2**depth, int(a))), 2**depth - 1)


class TestRefusals:
    """What the kernels do not take."""

    plane = noise(4, 4)
    words = np.zeros((4, 4), np.uint16)

    @pytest.mark.parametrize("shape", [(3, 4), (4, 3)])
    def test_another_size(self, shape: tuple[int, int]) -> None:
        other, target = noise(*shape), np.empty((4, 4), np.uint8)
        with pytest.raises(ValueError, match="plane, alpha and dst differ in size"):
            kernels.flatten(self.plane, other, target, 0, 8)
        with pytest.raises(ValueError, match="plane, alpha and dst differ in size"):
            kernels.weigh(other, self.plane, self.words.copy(), 8)
        with pytest.raises(ValueError, match="plane, alpha and dst differ in size"):
            kernels.unweigh(self.words, np.zeros(shape, np.uint16), target, 0, 8)

    @pytest.mark.parametrize("depth", (7, 9))
    def test_a_depth_the_type_cannot_hold(self, depth: int) -> None:
        target = np.empty((4, 4), np.uint8)
        with pytest.raises(ValueError, match="cannot hold the depth"):
            kernels.flatten(self.plane, self.plane, target, 0, depth)
        with pytest.raises(ValueError, match="cannot hold the depth"):
            kernels.weigh(self.plane, self.plane, self.words.copy(), depth)
        with pytest.raises(ValueError, match="cannot hold the depth"):
            kernels.unweigh(self.words, self.words, target, 0, depth)

    def test_columns_that_stand_apart(self) -> None:
        with pytest.raises(ValueError, match="samples of a row must be adjacent"):
            kernels.flatten(noise(4, 8)[:, ::2], self.plane, np.empty((4, 4), np.uint8), 0, 8)
