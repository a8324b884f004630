"""Scaling: the planes of a picture at the size they have in the image.

Each plane is resampled by itself, once, straight out of the decoder's buffer: chroma goes from its
own grid to the image's, and the width of a pixel is part of the horizontal step.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from framecap.model.media import Model, Picture, Plane, Siting, Transfer
from framecap.model.plan import Geometry, Size
from framecap.pixels.alpha import alpha_for, sample_weighed
from framecap.pixels.levels import is_chroma
from framecap.pixels.sample import sample
from framecap.pixels.window import Window, window

SQUARE = Fraction(1)


def scale(picture: Picture, geometry: Geometry) -> Picture:
    """Returns the content of the image, as it is stored, all planes at full size."""
    return _scale(picture, geometry, chroma_pitch=1)


def scale_for_jpeg(picture: Picture, geometry: Geometry) -> Picture:
    """Returns the content of the image, chroma at half size.

    Chroma keeps its full size where bars meet the content, for they may meet inside a chroma
    sample, where tones are mapped, for that takes whole pixels, and where there is none until
    colours are converted.
    """
    bars = geometry.canvas != geometry.content
    layout = picture.layout
    halved = layout.model is Model.YUV and layout.transfer is Transfer.SDR and not bars
    return _scale(picture, geometry, chroma_pitch=2 if halved else 1)


def _scale(picture: Picture, geometry: Geometry, *, chroma_pitch: int) -> Picture:
    planes = tuple(
        _plane(picture, index, _window(picture, geometry, index, chroma_pitch))
        for index in range(len(picture.planes))
    )
    layout = replace(
        picture.layout,
        chroma_shift_x=chroma_pitch - 1,
        chroma_shift_y=chroma_pitch - 1,
        siting=Siting.CENTER,
    )
    return replace(picture, planes=planes, layout=layout, sample_aspect_ratio=SQUARE)


def _window(picture: Picture, geometry: Geometry, index: int, chroma_pitch: int) -> Window:
    rows, columns = picture.planes[index].shape
    chroma = is_chroma(picture.layout, index)
    return window(
        Size(picture.width, picture.height),
        Size(columns, rows),
        picture.layout,
        picture.orientation,
        geometry,
        chroma=chroma,
        pitch=chroma_pitch if chroma else 1,
    )


def _plane(picture: Picture, index: int, window: Window) -> Plane:
    layout, plane = picture.layout, picture.planes[index]
    if layout.alpha and index < len(picture.planes) - 1:
        return sample_weighed(plane, alpha_for(picture, index), window, layout, index)
    return sample(plane, window, layout.depth)
