"""The tone mapping kernel, with the tables it is used with, against the formulas."""

from __future__ import annotations

import zlib
from itertools import pairwise, product

import numpy as np
import pytest

from framecap._kernels import tonemap
from framecap.model.media import Matrix, Model, PixelLayout, Transfer
from framecap.pixels.colour import to_signal
from framecap.pixels.gamut import gamut_factors
from framecap.pixels.light import dimming_table, display_table, light_table
from oracles import tonemap as oracle
from oracles.pictures import noise, padded

SIZES = [(1, 1), (2, 2), (1, 5), (4, 1), (67, 33), (128, 9)]
DEPTHS = (8, 10, 12, 16)
HDR = (Transfer.PQ, Transfer.HLG)
LAYOUTS = [
    PixelLayout(
        model=model, depth=depth, matrix=Matrix.BT2020, full_range=full_range, transfer=transfer
    )
    for model, depth, full_range, transfer in product(
        (Model.YUV, Model.RGB), DEPTHS, (False, True), HDR
    )
]

# In levels of 8 bits: half of one for rounding, the rest for tables that have an end.
BOUND = 0.6

Planes = list[np.ndarray]


def arguments(layout: PixelLayout) -> tuple:
    """Returns what follows planes and target."""
    signal = to_signal(layout)
    return (
        signal.coefficients,
        signal.biases,
        signal.shift,
        light_table(layout.transfer),
        gamut_factors(),
        display_table(),
        dimming_table(),
    )


def mapped(planes: Planes, layout: PixelLayout) -> np.ndarray:
    target = np.zeros((3, *planes[0].shape), np.uint8)
    tonemap.tone_map(*planes, target, *arguments(layout))
    return target


def off(planes: Planes, layout: PixelLayout) -> float:
    """Returns how far the kernel is from the formulas, in levels, at most."""
    return float(np.abs(mapped(planes, layout) - oracle.levels(tuple(planes), layout)).max())


@pytest.mark.parametrize("layout", LAYOUTS, ids=str)
def test_it_is_as_defined(layout: PixelLayout) -> None:
    """Of any samples, also of those that are no colour."""
    planes = [noise(128, 256, layout.depth, seed) for seed in range(3)]
    assert off(planes, layout) <= BOUND


@pytest.mark.parametrize("layout", LAYOUTS, ids=str)
def test_pale_colours_are_as_defined(layout: PixelLayout) -> None:
    """Near the gray axis, where film is and noise hardly ever."""
    middle, spread = 2 ** (layout.depth - 1), 2 ** (layout.depth - 6)
    first = noise(128, 256, layout.depth)
    centre = first if layout.model is Model.RGB else middle
    rng = np.random.default_rng(1)
    others = [
        np.clip(centre + rng.integers(-spread, spread, first.shape), 0, 2 * middle - 1)
        for _ in range(2)
    ]
    planes = [first, *(padded(other, layout.depth) for other in others)]
    assert off(planes, layout) <= BOUND


@pytest.mark.parametrize("transfer", HDR)
@pytest.mark.parametrize("full_range", (False, True))
def test_every_gray_is_as_defined(transfer: Transfer, full_range: bool) -> None:
    layout = PixelLayout(model=Model.GRAY, depth=16, full_range=full_range, transfer=transfer)
    ramp = np.arange(2**16, dtype=np.uint16).reshape(256, 256)
    as_yuv = PixelLayout(
        model=Model.YUV,
        depth=16,
        full_range=full_range,
        matrix=Matrix.BT2020,
        transfer=transfer,
    )
    middle = np.full_like(ramp, 2**15)
    result = mapped([ramp, ramp, ramp], layout)
    assert np.abs(result - oracle.levels((ramp, middle, middle), as_yuv)).max() <= BOUND
    for plane in result:
        np.testing.assert_array_equal(plane, result[0])
        assert (np.diff(plane.ravel().astype(int)) >= 0).all()


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("depth", (8, 10))
def test_pixels_do_not_depend_on_where_they_are(width: int, height: int, depth: int) -> None:
    layout = PixelLayout(model=Model.YUV, depth=depth, matrix=Matrix.BT2020, transfer=Transfer.PQ)
    planes = [noise(height, width, depth, seed) for seed in range(3)]
    one_by_one = np.zeros((3, height, width), np.uint8)
    for y, x in np.ndindex(height, width):
        pixel = [plane[y : y + 1, x : x + 1] for plane in planes]
        one_by_one[:, y : y + 1, x : x + 1] = mapped(pixel, layout)
    np.testing.assert_array_equal(mapped(planes, layout), one_by_one)


@pytest.mark.parametrize(
    ("depth", "transfer", "expected"),
    [
        (8, Transfer.PQ, 0x2DA7F5B2),
        (8, Transfer.HLG, 0xE78C9C63),
        (10, Transfer.PQ, 0x99D23804),
        (10, Transfer.HLG, 0x91C13F4E),
    ],
)
def test_every_build_gives_the_same(depth: int, transfer: Transfer, expected: int) -> None:
    """Whatever the compiler, its flags and the processor."""
    layout = PixelLayout(model=Model.YUV, depth=depth, matrix=Matrix.BT2020, transfer=transfer)
    numbers = np.arange(3 * 256 * 256, dtype=np.uint64).reshape(3, 256, 256)
    first, *others = numbers * 2654435761 % 2**32 >> (32 - depth)
    # Chroma near gray, or hardly any result would be neither 0 nor 255.
    planes = [first, *(7 * 2 ** (depth - 4) + other // 8 for other in others)]
    planes = [padded(plane, depth) for plane in planes]
    assert zlib.crc32(mapped(planes, layout).tobytes()) == expected


@pytest.mark.parametrize("transfer", HDR)
def test_no_product_outgrows_its_type(transfer: Transfer) -> None:
    """Light stays below 2^31 before and after it is moved to other primaries."""
    table, factors = light_table(transfer).astype(object), gamut_factors().astype(object)
    assert min(table) == 0
    for row in factors:
        most = sum(max(factor, 0) for factor in row) * max(table) + 2**27
        assert most >> 28 < 2**31
    assert max(abs(b - a) for a, b in pairwise(table)) < 2**31


class TestRefusals:
    """What the kernel does not take."""

    layout = PixelLayout(model=Model.YUV, depth=8, transfer=Transfer.PQ)
    plane = noise(4, 4)

    def refused(
        self, match: str, *, planes: Planes | None = None, shape=(3, 4, 4), **other
    ) -> None:
        names = ("coefficients", "biases", "shift", "light", "gamut", "display", "dimming")
        given = dict(zip(names, arguments(self.layout), strict=True)) | other
        with pytest.raises(ValueError, match=match):
            tonemap.tone_map(*(planes or [self.plane] * 3), np.zeros(shape, np.uint8), **given)

    def test_columns_that_stand_apart(self) -> None:
        wide = noise(4, 8)[:, ::2]
        self.refused("must be adjacent", planes=[self.plane, self.plane, wide])

    @pytest.mark.parametrize("shape", [(3, 3, 4), (3, 4, 5)])
    def test_planes_of_another_size(self, shape: tuple[int, int, int]) -> None:
        self.refused("plane and dst differ in size", shape=shape)

    def test_colours_of_another_number(self) -> None:
        self.refused("three colours", shape=(4, 4, 4))
        self.refused("three colours", biases=np.zeros(2, np.int64))
        self.refused("three by three coefficients", coefficients=np.zeros((3, 2), np.int32))
        self.refused("three by three factors", gamut=np.zeros((2, 3), np.int32))

    @pytest.mark.parametrize("name", ["display", "dimming"])
    def test_tables_of_another_length(self, name: str) -> None:
        self.refused("a table has another length", **{name: np.zeros(22527, np.uint32)})

    def test_a_table_without_a_step(self) -> None:
        self.refused("a table has another length", light=np.zeros(1, np.int32))
