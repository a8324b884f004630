"""The properties of an image format."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from framecap.model.spec import ImageFormat


class RasterKind(Enum):
    """The kind of finished pixels that an encoder takes."""

    PLANAR = "planar"
    """`PlanarImage`: full-range YCbCr 4:2:0 in JFIF's matrix, alpha flattened."""

    PACKED = "packed"
    """`PackedImage`: full-range RGB or RGBA."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityRange:
    """The range of qualities that an encoder takes."""

    least: int
    """The lowest."""

    greatest: int
    """The highest."""

    default: int
    """The quality of a request that names none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One image format: the only source of format properties for the rest of the code."""

    format: ImageFormat
    """The format; its value is its name in the text form, and its own file extension."""

    title: str
    """Its name for people."""

    extensions: frozenset[str]
    """File extensions that name it, in lower case."""

    media_type: str
    """Its media type."""

    codec: str
    """Its decoder's name in libavcodec, which identifies embedded pictures of the format."""

    signature: bytes
    """The first bytes of each of its files."""

    raster: RasterKind
    """The kind of pixels that its encoder takes."""

    quality: QualityRange | None
    """Its range of qualities; None if it has no quality."""

    number: int
    """Its number in `framecap.v1.ImageFormat`."""

    encoding: str
    """The case of `framecap.v1.CaptureSpec.encoding` that requests it."""

    encoder: str
    """The module of its `encode(raster, quality) -> bytes`; only decoder processes load it."""
