"""Pictures made of numbers, in planes whose rows are padded as a decoder's are."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from framecap.model.media import Model, Orientation, Picture, PixelLayout, Plane

PADDING = 7
UPRIGHT = Orientation()
ORIENTATIONS = [
    Orientation(turns, mirrored) for mirrored in (False, True) for turns in (0, 1, 2, 3)
]


def padded(samples: npt.ArrayLike, depth: int, padding: int = PADDING) -> Plane:
    """Returns samples as a view on rows that go on with samples nobody may read."""
    dtype = np.dtype(np.uint8 if depth == 8 else np.uint16)
    values = np.asarray(samples)
    rows, columns = values.shape
    buffer = np.full((rows, columns + padding), np.iinfo(dtype).max, dtype)
    buffer[:, ::2] = 0
    buffer[:, :columns] = values
    return buffer[:, :columns]


def noise(height: int, width: int, depth: int = 8, seed: int = 0, padding: int = PADDING) -> Plane:
    """Returns samples of every size in no order."""
    values = np.random.default_rng(seed).integers(0, 2**depth, (height, width))
    return padded(values, depth, padding)


def shapes(width: int, height: int, layout: PixelLayout) -> list[tuple[int, int]]:
    """Returns the shapes of a picture's planes."""
    luma = (height, width)
    chroma = (-(-height >> layout.chroma_shift_y), -(-width >> layout.chroma_shift_x))
    planes = {Model.GRAY: [luma], Model.RGB: [luma] * 3, Model.YUV: [luma, chroma, chroma]}
    return planes[layout.model] + [luma] * layout.alpha


def picture(
    planes: Sequence[Plane],
    layout: PixelLayout,
    orientation: Orientation = UPRIGHT,
    sample_aspect_ratio: Fraction = Fraction(1),
) -> Picture:
    """Returns a picture of planes."""
    return Picture(
        planes=tuple(planes),
        layout=layout,
        sample_aspect_ratio=sample_aspect_ratio,
        orientation=orientation,
    )


def noisy(
    width: int, height: int, layout: PixelLayout, orientation: Orientation = UPRIGHT
) -> Picture:
    """Returns a picture of noise."""
    planes = [
        noise(*shape, layout.depth, seed)
        for seed, shape in enumerate(shapes(width, height, layout))
    ]
    return picture(planes, layout, orientation)


def plain(
    width: int,
    height: int,
    layout: PixelLayout,
    samples: Sequence[int],
    orientation: Orientation = UPRIGHT,
) -> Picture:
    """Returns a picture of one colour."""
    planes = [
        padded(np.full(shape, sample), layout.depth)
        for sample, shape in zip(samples, shapes(width, height, layout), strict=True)
    ]
    return picture(planes, layout, orientation)


def displayed(plane: npt.NDArray[np.generic], orientation: Orientation) -> Plane:
    """Returns a plane as it is displayed: mirrored first, then turned clockwise."""
    mirrored = np.fliplr(plane) if orientation.mirrored else plane
    turned = {0: mirrored, 1: mirrored[::-1].T, 2: mirrored[::-1, ::-1], 3: mirrored.T[::-1]}
    return turned[orientation.quarter_turns]
