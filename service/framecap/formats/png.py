"""The row of the PNG format."""

from __future__ import annotations

from typing import Final

from framecap.formats.row import Format, RasterKind
from framecap.model.spec import ImageFormat
from framecap.v1 import capture_pb2

PNG: Final = Format(
    format=ImageFormat.PNG,
    title="PNG",
    extensions=frozenset({"png"}),
    media_type="image/png",
    codec="png",
    signature=b"\x89PNG\r\n\x1a\n",
    raster=RasterKind.PACKED,
    quality=None,
    number=capture_pb2.IMAGE_FORMAT_PNG,
    encoding="png",
    encoder="framecap.formats.png_encoder",
)
