"""The hash kernels against their definition, bit for bit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from framecap._kernels import dhash
from oracles.luma_hash import difference_hash
from oracles.pictures import noise

SIZES = [(1, 1), (1, 9), (8, 1), (2, 3), (7, 5), (8, 9), (9, 10), (16, 18), (17, 64), (71, 161)]
TALL = [(64, 9), (65, 9), (127, 20), (1079, 33), (1080, 1918)]


@pytest.mark.parametrize("depth", (8, 10, 16))
@pytest.mark.parametrize("shape", SIZES + TALL)
def test_a_hash_is_as_defined(shape: tuple[int, int], depth: int) -> None:
    plane = noise(*shape, depth)
    assert dhash.difference_bits(dhash.cell_sums(plane)) == difference_hash(plane)


@given(
    height=st.integers(1, 40),
    # Cells are summed by vector where they are wide enough, from 297 columns on.
    width=st.integers(1, 40) | st.integers(280, 700),
    depth=st.sampled_from((8, 16)),
    seed=st.integers(0, 2**32),
)
def test_sums_are_exact(height: int, width: int, depth: int, seed: int) -> None:
    """Every sample repeated 9 x 8 times, cells have whole samples."""
    plane = noise(height, width, depth, seed)
    fine = plane.astype(np.int64).repeat(8, 0).repeat(9, 1)
    sums = fine.reshape(8, height, 9, width).sum((1, 3))
    np.testing.assert_array_equal(dhash.cell_sums(plane), sums)


def test_the_largest_sums_are_exact() -> None:
    plane = np.full((4320, 7680), 65535, np.uint16)
    assert (dhash.cell_sums(plane) == 65535 * 4320 * 7680).all()


def test_rows_may_go_upwards() -> None:
    plane = noise(35, 21)
    np.testing.assert_array_equal(dhash.cell_sums(plane[::-1]), dhash.cell_sums(plane)[::-1])


def test_bits_go_row_by_row_the_first_the_highest() -> None:
    sums = np.zeros((8, 9), np.int64)
    sums[0, 1:] = 1
    assert dhash.difference_bits(sums) == 1 << 63
    sums[7, 8] = 1
    assert dhash.difference_bits(sums) == 1 << 63 | 1


def test_equal_cells_give_nothing() -> None:
    assert dhash.difference_bits(np.full((8, 9), 7)) == 0


@pytest.mark.parametrize(
    ("first", "second", "count"),
    [(0, 0, 0), (0, 2**64 - 1, 64), (5, 6, 2), (1 << 63, 0, 1), (2**64 - 1, 2**64 - 1, 0)],
)
def test_changed_bits_are_those_that_differ(first: int, second: int, count: int) -> None:
    assert dhash.changed_bits(first, second) == count


class TestRefusals:
    """What the kernels do not take."""

    def test_an_empty_plane(self) -> None:
        with pytest.raises(ValueError, match="the plane is empty"):
            dhash.cell_sums(np.empty((0, 4), np.uint8))

    @pytest.mark.parametrize("shape", [(65537, 1), (1, 65537)])
    def test_a_plane_too_large_to_sum(self, shape: tuple[int, int]) -> None:
        with pytest.raises(ValueError, match="more than 65536 rows or columns"):
            dhash.cell_sums(np.empty(shape, np.uint8))

    def test_columns_that_stand_apart(self) -> None:
        with pytest.raises(ValueError, match="samples of a row must be adjacent"):
            dhash.cell_sums(noise(4, 8)[:, ::2])

    def test_another_number_of_cells(self) -> None:
        with pytest.raises(ValueError, match="8 rows of 9 cells"):
            dhash.difference_bits(np.zeros((9, 8), np.int64))

    @pytest.mark.parametrize("hash", (-1, 2**64))
    def test_a_hash_of_more_than_64_bits(self, hash: int) -> None:
        with pytest.raises(OverflowError):
            dhash.changed_bits(hash, 0)
