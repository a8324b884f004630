"""Scaling of a picture's planes to their size in the image.

Each plane is resampled by itself, once, directly from the decoder's buffer: chroma goes from its
own grid to the image's, and the horizontal step includes the pixel aspect ratio.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache

from framecap.model.media import Model, Orientation, Picture, PixelLayout, Plane, Siting, Transfer
from framecap.model.plan import Geometry, Size
from framecap.model.spec import ShrinkFilter
from framecap.pixels.alpha import alpha_for, sample_weighed
from framecap.pixels.levels import is_chroma
from framecap.pixels.sample import Resampling, View, sampler
from framecap.pixels.window import Window, window

SQUARE = Fraction(1)


@dataclass(frozen=True, slots=True, eq=False)
class Recipe:
    """The samplers of all planes of a picture: exact arithmetic done once for many frames."""

    windows: tuple[Window, ...]
    """The region of each plane that becomes the image."""

    samplers: tuple[View | Resampling, ...]
    """The sampler of each plane."""

    layout: PixelLayout
    """The layout of the result."""


def scale(picture: Picture, geometry: Geometry, shrink: ShrinkFilter) -> Picture:
    """Returns the content of the image in stored orientation, all planes at full size."""
    return _scale(picture, geometry, shrink, chroma_pitch=1)


def scale_for_jpeg(picture: Picture, geometry: Geometry, shrink: ShrinkFilter) -> Picture:
    """Returns the content of the image, chroma at half size.

    Chroma keeps its full size in three cases: with bars, whose border may lie inside a chroma
    sample; with tone mapping, which needs whole pixels; and for RGB and gray, which have no chroma
    before colour conversion.
    """
    bars = geometry.canvas != geometry.content
    layout = picture.layout
    halved = layout.model is Model.YUV and layout.transfer is Transfer.SDR and not bars
    return _scale(picture, geometry, shrink, chroma_pitch=2 if halved else 1)


def _scale(
    picture: Picture, geometry: Geometry, shrink: ShrinkFilter, *, chroma_pitch: int
) -> Picture:
    layout = picture.layout
    recipe = _recipe(
        tuple(plane.shape for plane in picture.planes),
        layout,
        picture.orientation,
        geometry,
        shrink,
        chroma_pitch,
    )
    planes = tuple(
        _weighed(picture, index, recipe.windows[index], shrink)
        if layout.alpha and index < len(picture.planes) - 1
        else sampler(plane, layout.depth)
        for index, (plane, sampler) in enumerate(zip(picture.planes, recipe.samplers, strict=True))
    )
    return Picture(
        planes=planes,
        layout=recipe.layout,
        sample_aspect_ratio=SQUARE,
        orientation=picture.orientation,
    )


@lru_cache(maxsize=16)
def _recipe(
    shapes: tuple[tuple[int, ...], ...],
    layout: PixelLayout,
    orientation: Orientation,
    geometry: Geometry,
    shrink: ShrinkFilter,
    chroma_pitch: int,
) -> Recipe:
    rows, columns = shapes[0]
    windows = []
    for index, (plane_rows, plane_columns) in enumerate(shapes):
        chroma = is_chroma(layout, index)
        windows.append(
            window(
                Size(columns, rows),
                Size(plane_columns, plane_rows),
                layout,
                orientation,
                geometry,
                chroma=chroma,
                pitch=chroma_pitch if chroma else 1,
            )
        )
    shift = chroma_pitch - 1
    return Recipe(
        windows=tuple(windows),
        samplers=tuple(sampler(window, shrink) for window in windows),
        layout=replace(layout, chroma_shift_x=shift, chroma_shift_y=shift, siting=Siting.CENTER),
    )


def _weighed(picture: Picture, index: int, window: Window, shrink: ShrinkFilter) -> Plane:
    plane, alpha = picture.planes[index], alpha_for(picture, index)
    return sample_weighed(plane, alpha, window, picture.layout, index, shrink)
