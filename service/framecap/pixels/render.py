"""From a decoded picture to the pixels of an image.

Pictures stay in the planes and colours they were decoded in until they have the image's size: of a
4:2:0 video of standard range, a JPEG is made without an RGB pixel. Tones are mapped and pictures
turned after that, for by then there is less of them.
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

    The picture's own samples may be among them, so its buffers must live as long as they do.
    """
    kind = FORMATS[format].raster
    for step in STEPS[kind]:
        picture = step(picture, geometry, shrink)
    return FINISH[kind](picture, geometry)
