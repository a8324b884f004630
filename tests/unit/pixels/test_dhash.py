"""The difference hash of pictures."""

from __future__ import annotations

from dataclasses import replace

import imagehash
import numpy as np
import pytest
from PIL import Image

from framecap.model.media import Matrix, Model
from framecap.modes.change import changed_bits
from framecap.pixels.dhash import dhash
from oracles.luma_hash import difference_hash
from oracles.pictures import ORIENTATIONS, noise, noisy, padded, picture
from support.pixels.layouts import LAYOUTS, RGB


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("times", (1, 2, 5))
def test_bits_are_in_imagehashs_order(seed: int, times: int) -> None:
    """9 x 8 samples are what ImageHash would scale to, so it scales nothing."""
    cells = noise(8, 9, seed=seed, padding=0)
    source = picture([padded(cells.repeat(times, 0).repeat(times, 1), 8)], LAYOUTS["gray"])
    assert f"{dhash(source):016x}" == str(imagehash.dhash(Image.fromarray(cells)))


@pytest.mark.parametrize("name", [n for n, layout in LAYOUTS.items() if layout.model != Model.RGB])
def test_only_stored_luma_counts(name: str) -> None:
    layout = LAYOUTS[name]
    source = noisy(41, 29, layout)
    expected = difference_hash(source.planes[0])
    assert dhash(source) == expected
    for orientation in ORIENTATIONS:
        assert dhash(replace(source, orientation=orientation)) == expected
    other = [source.planes[0], *(plane[::-1] for plane in source.planes[1:])]
    assert dhash(picture(other, layout)) == expected


@pytest.mark.parametrize("matrix", Matrix)
@pytest.mark.parametrize("depth", (8, 10))
def test_luma_of_rgb_is_its_matrixs(matrix: Matrix, depth: int) -> None:
    """Weighted in whole ten-thousandths before any sum, as nothing may be lost."""
    shares = {
        Matrix.BT601: (2990, 5870, 1140),
        Matrix.BT709: (2126, 7152, 722),
        Matrix.BT2020: (2627, 6780, 593),
        Matrix.SMPTE240M: (2120, 7010, 870),
        Matrix.FCC: (3000, 5900, 1100),
    }
    source = noisy(20, 17, replace(RGB, matrix=matrix, depth=depth))
    luma = sum(
        share * plane.astype(np.uint32)
        for share, plane in zip(shares[matrix], source.planes, strict=True)
    )
    assert dhash(source) == difference_hash(np.asarray(luma, np.uint32))


def test_one_colour_has_no_differences() -> None:
    flat = picture([padded(np.full((33, 47), 77), 8)], LAYOUTS["gray"])
    assert dhash(flat) == 0


def test_a_rise_to_the_right_is_all_ones_and_a_fall_all_zeros() -> None:
    rise = np.broadcast_to(np.arange(50), (10, 50))
    assert dhash(picture([padded(rise, 8)], LAYOUTS["gray"])) == 2**64 - 1
    assert dhash(picture([padded(rise[:, ::-1], 8)], LAYOUTS["gray"])) == 0


def test_changed_bits_count_what_differs() -> None:
    assert changed_bits(0, 2**64 - 1) == 64
    assert changed_bits(0b1010, 0b0110) == 2
    assert changed_bits(3, 3) == 0
