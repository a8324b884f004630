"""PNG from packed pixels."""

from __future__ import annotations

from io import BytesIO
from typing import Final

from PIL import Image

from framecap.model.raster import PackedImage

COMPRESS_LEVEL: Final = 1
"""Of film at 640 x 360, level 1 takes 20 ms for 224 kB, level 6 (Pillow's own) 57 ms for 192 kB and
level 9 180 ms for 187 kB: 15 % of size against a third of the time."""


def encode_png(image: PackedImage) -> bytes:
    """Returns the image as a PNG file, RGB or RGBA as its pixels are."""
    buffer = BytesIO()
    Image.fromarray(image.pixels).save(buffer, "PNG", compress_level=COMPRESS_LEVEL)
    return buffer.getvalue()
