"""The row of the JPEG format."""

from __future__ import annotations

from typing import Final

from framecap.formats.row import Format, QualityRange, RasterKind
from framecap.model.spec import ImageFormat
from framecap.v1 import capture_pb2

JPG: Final = Format(
    format=ImageFormat.JPG,
    title="JPEG",
    extensions=frozenset({"jpg", "jpeg", "jpe", "jfif"}),
    media_type="image/jpeg",
    codec="mjpeg",
    signature=b"\xff\xd8\xff",
    raster=RasterKind.PLANAR,
    quality=QualityRange(least=1, greatest=100, default=90),
    number=capture_pb2.IMAGE_FORMAT_JPG,
    encoding="jpeg",
    encoder="framecap.formats.jpg_encoder",
)
