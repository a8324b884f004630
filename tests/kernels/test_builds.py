"""Every processor gives the same bytes: the kernels compiled in several ways, held equal.

The installed kernels choose by the processor they run on; these are told what to be.
"""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import pytest

from framecap._kernels import colour, dhash, tonemap
from framecap._kernels.resample import resample
from framecap.model.media import Matrix, Model, PixelLayout, Transfer
from framecap.model.spec import ShrinkFilter
from framecap.pixels.axis import Axis, taps
from framecap.pixels.colour import to_jfif, to_rgb, to_signal
from framecap.pixels.gamut import gamut_factors
from framecap.pixels.light import dimming_table, display_table, light_table
from oracles.pictures import noise
from support.kernels.axes import FEW, WIDE
from support.kernels.builds import WAYS, Build

WIDTHS = (1, 7, 16, 31, 33, 64, 129)
DEPTHS = (8, 10, 16)


@pytest.mark.parametrize("way", WAYS)
def test_a_build_gives_the_same_bytes(way: str, tmp_path: Path) -> None:
    build = Build(way, tmp_path)
    _shrinks(build)
    _hashes(build)
    _mixes(build)
    _maps_tones(build)


def _shrinks(build: Build) -> None:
    for depth, shrink, columns, rows in product(
        (8, 10, 16), ShrinkFilter, WIDE.values(), FEW.values()
    ):
        plane = noise(rows[0], columns[0], depth)
        down, across = taps(Axis(*rows), shrink), taps(Axis(*columns), shrink)
        expected = np.zeros((rows[3], columns[3]), plane.dtype)
        resample(plane, expected, down.kernel, across.kernel, depth)
        given = build.resample(plane, down, across, depth)
        np.testing.assert_array_equal(given, expected, err_msg=f"{depth} {rows} {columns}")


def _hashes(build: Build) -> None:
    for depth, shape in product(DEPTHS, [(8, 9), (17, 64), (135, 301), (83, 640)]):
        plane = noise(*shape, depth)
        np.testing.assert_array_equal(build.cell_sums(plane), dhash.cell_sums(plane))


def _mixes(build: Build) -> None:
    for depth, width in product(DEPTHS, WIDTHS):
        layout = PixelLayout(model=Model.YUV, depth=depth, matrix=Matrix.BT709)
        planes = [noise(1, width, depth, seed) for seed in range(3)]
        mix = to_rgb(layout)
        colours = np.zeros((3, 1, width), np.uint8)
        colour.mix(*planes, colours, mix.coefficients, mix.biases, mix.shift)
        for row, bias, expected in zip(mix.coefficients, mix.biases, colours, strict=True):
            given = build.mixed("mix3", planes, row.tolist(), int(bias), mix.shift)
            np.testing.assert_array_equal(given, expected[0])
        packed = np.stack(list(colours[:, 0]), axis=1)
        np.testing.assert_array_equal(build.packed(list(colours)), packed)

        mix, half = to_jfif(layout), [plane[:, : (width + 1) // 2] for plane in planes[1:]]
        row, bias, target = mix.coefficients[0], int(mix.biases[0]), np.zeros((1, width), np.uint8)
        colour.mix_luma(planes[0], *half, target, row, bias, mix.shift)
        given = build.mixed("halved", [planes[0], *half], row.tolist(), bias, mix.shift)
        np.testing.assert_array_equal(given, target[0])

        pair, bias = np.ascontiguousarray(mix.coefficients[1, 1:]), int(mix.biases[1])
        colour.mix_pair(*planes[1:], target, pair, bias, mix.shift)
        given = build.mixed("mix2", planes[1:], pair.tolist(), bias, mix.shift)
        np.testing.assert_array_equal(given, target[0])

        colour.rescale(planes[0], target, int(row[0]), bias, mix.shift)
        given = build.mixed("mix1", planes[:1], [int(row[0])], bias, mix.shift)
        np.testing.assert_array_equal(given, target[0])

        two = np.ascontiguousarray(noise(2, width))
        averages = np.zeros((1, (width + 1) // 2), np.uint8)
        colour.halve(two, averages)
        np.testing.assert_array_equal(build.halved(two), averages[0])


def _maps_tones(build: Build) -> None:
    for depth, transfer in product(DEPTHS, (Transfer.PQ, Transfer.HLG)):
        layout = PixelLayout(model=Model.YUV, depth=depth, matrix=Matrix.BT2020, transfer=transfer)
        signal = to_signal(layout)
        planes = [noise(1, 701, depth, seed) for seed in range(3)]
        how = (signal.coefficients, signal.biases, signal.shift, light_table(transfer))
        tables = (gamut_factors(), display_table(), dimming_table())
        expected = np.zeros((3, 1, 701), np.uint8)
        tonemap.tone_map(*planes, expected, *how, *tables)
        np.testing.assert_array_equal(build.tone_mapped(planes, *how, *tables), expected[:, 0])
