"""Images out of pixels: the pixels' kind decides the format."""

from __future__ import annotations

from framecap.encode.jpeg import encode_jpeg
from framecap.encode.png import encode_png
from framecap.model.raster import PlanarImage, Raster


def encode(raster: Raster, quality: int) -> bytes:
    """Returns an image file: JPEG of planes, PNG of packed pixels.

    Args:
        raster: The finished pixels.
        quality: 1..100, for JPEG.
    """
    if isinstance(raster, PlanarImage):
        return encode_jpeg(raster, quality)
    return encode_png(raster)
