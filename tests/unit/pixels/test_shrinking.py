"""What the two ways of shrinking do to a picture: how sharp, and how free of false patterns."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import numpy.typing as npt
import pytest

from framecap.model.spec import ShrinkFilter
from framecap.pixels.axis import Axis
from framecap.pixels.sample import sample
from framecap.pixels.window import Window

Floats = npt.NDArray[np.float64]
LENGTH = 1200


def shrunk(plane: Floats, count: int, shrink: ShrinkFilter) -> Floats:
    """Returns a square plane of floats, rounded to samples, as `count` by `count` samples."""
    axis = Axis(LENGTH, Fraction(0), Fraction(LENGTH, count), count)
    samples = np.rint(plane).astype(np.uint8)
    return sample(samples, Window(axis, axis), 8, shrink).astype(float)


def lanczos(plane: Floats, count: int) -> Floats:
    """Returns the plane by Lanczos with three lobes, in floats."""
    step = LENGTH / count
    middles = (np.arange(count) + 0.5) * step
    x = (np.arange(LENGTH) + 0.5 - middles[:, None]) / step
    weights = np.where(np.abs(x) < 3, np.sinc(x) * np.sinc(x / 3), 0)
    weights /= weights.sum(1, keepdims=True)
    return weights @ plane @ weights.T


def grating(count: int, frequency: float) -> Floats:
    """Returns stripes, `frequency` times as fine as `count` samples can show at most."""
    phase = np.arange(LENGTH) * np.pi * frequency * count / LENGTH
    return np.broadcast_to(127.5 + 120 * np.cos(phase), (LENGTH, LENGTH))


def left(plane: Floats) -> float:
    """Returns how much of stripes is left, edges apart."""
    return float(plane[8:-8, 8:-8].std() / (120 / np.sqrt(2)))


@pytest.mark.parametrize("count", (100, 170, 400, 555))
@pytest.mark.parametrize(
    ("shrink", "most"), [(ShrinkFilter.AREA, 0.41), (ShrinkFilter.BICUBIC, 0.08)]
)
def test_stripes_too_fine_to_show_do_not_become_coarse_ones(
    count: int, shrink: ShrinkFilter, most: float
) -> None:
    """Taking every n-th sample would leave them all, as coarser stripes.

    Of stripes 1.4 times too fine the mean of three samples leaves 0.403, wider means less.
    """
    for frequency in (1.4, 1.7, 2.1):
        assert left(shrunk(grating(count, frequency), count, shrink)) < most


@pytest.mark.parametrize("count", (100, 170, 400, 555))
def test_bicubic_keeps_stripes_that_can_be_shown(count: int) -> None:
    stripes = grating(count, 0.5)
    assert left(shrunk(stripes, count, ShrinkFilter.BICUBIC)) > 0.97
    assert left(shrunk(stripes, count, ShrinkFilter.AREA)) < 0.92


@pytest.mark.parametrize("count", (100, 170, 400, 555))
def test_bicubic_is_nearer_to_lanczos_than_area(count: int) -> None:
    texture = np.random.default_rng(1).normal(127, 40, (LENGTH, LENGTH))
    for _ in range(2):  # As film has it: neighbours are alike.
        texture = (texture + np.roll(texture, 1, 0) + np.roll(texture, 1, 1)) / 3
    texture = np.clip(texture, 0, 255)
    reference = lanczos(texture, count)
    errors = {
        shrink: np.square(shrunk(texture, count, shrink) - reference)[8:-8, 8:-8].mean()
        for shrink in ShrinkFilter
    }
    assert errors[ShrinkFilter.BICUBIC] < errors[ShrinkFilter.AREA] / 3
