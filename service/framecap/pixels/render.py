"""From a decoded picture to the pixels of an image.

Pictures keep their decoded planes and colours until they have the image's size: a JPEG of a 4:2:0
SDR video is made without an RGB pixel. Tone mapping and rotation come after scaling, when there are
fewer pixels.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from framecap.formats.registry import FORMATS
from framecap.formats.row import RasterKind
from framecap.model.media import Picture
from framecap.model.plan import Geometry
from framecap.model.raster import Raster
from framecap.model.spec import ImageFormat, ShrinkFilter
from framecap.pixels.alpha import flatten
from framecap.pixels.orient import orient
from framecap.pixels.packed import packed
from framecap.pixels.planar import planar
from framecap.pixels.scale import scale, scale_for_jpeg
from framecap.pixels.tonemap import tone_map

Step: TypeAlias = Callable[[Picture, Geometry, ShrinkFilter], Picture]

STEPS: Final[dict[RasterKind, tuple[Step, ...]]] = {
    RasterKind.PLANAR: (flatten, scale_for_jpeg, tone_map, orient),
    RasterKind.PACKED: (scale, tone_map, orient),
}

FINISH: Final[dict[RasterKind, Callable[[Picture, Geometry], Raster]]] = {
    RasterKind.PLANAR: planar,
    RasterKind.PACKED: packed,
}


def render(
    picture: Picture,
    geometry: Geometry,
    format: ImageFormat,
    shrink: ShrinkFilter = ShrinkFilter.BICUBIC,
) -> Raster:
    """Returns the pixels of an image.

    They may be views on the picture's own buffers, which must outlive them.
    """
    kind = FORMATS[format].raster
    for step in STEPS[kind]:
        picture = step(picture, geometry, shrink)
    return FINISH[kind](picture, geometry)
