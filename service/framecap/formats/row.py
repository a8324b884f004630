"""What is known of an image format."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from framecap.model.spec import ImageFormat


class RasterKind(Enum):
    """The finished pixels an encoder takes."""

    PLANAR = "planar"
    """`PlanarImage`: full-range YCbCr 4:2:0 in JFIF's matrix, alpha flattened."""

    PACKED = "packed"
    """`PackedImage`: full-range RGB or RGBA."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityRange:
    """The qualities that an encoder takes."""

    least: int
    """The lowest."""

    greatest: int
    """The highest."""

    default: int
    """The one used where a request names none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One image format. Everything that asks about formats reads these rows."""

    format: ImageFormat
    """The format; its value is its name in the text form, and its own file extension."""

    title: str
    """Its name for people."""

    extensions: frozenset[str]
    """File extensions that name it, in lower case."""

    media_type: str
    """Its media type."""

    codec: str
    """Its decoder's name in libavcodec, by which embedded pictures of the format are known."""

    signature: bytes
    """The first bytes of each of its files."""

    raster: RasterKind
    """The pixels its encoder takes."""

    quality: QualityRange | None
    """The qualities it has; None where it has none."""

    number: int
    """Its number in `framecap.v1.ImageFormat`."""

    encoding: str
    """The case of `framecap.v1.CaptureSpec.encoding` that asks for it."""

    encoder: str
    """The module of its encoder, loaded in decoders only: `encode(raster, quality) -> bytes`."""
