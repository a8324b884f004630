"""The registry of image formats."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from framecap.formats.jpg import JPG
from framecap.formats.png import PNG
from framecap.formats.row import Format
from framecap.model.spec import ImageFormat

FORMATS: Final[Mapping[ImageFormat, Format]] = MappingProxyType(
    {row.format: row for row in (JPG, PNG)}
)
"""The rows, in the order in which help and messages list them."""


def numbered(number: int) -> Format | None:
    """Returns the format of a number of `framecap.v1.ImageFormat`; None if there is none."""
    return next((row for row in FORMATS.values() if row.number == number), None)


def encoded_by(case: str | None) -> Format | None:
    """Returns the format that a case of `CaptureSpec.encoding` requests; None if none does."""
    return next((row for row in FORMATS.values() if row.encoding == case), None)


def begun_by(data: bytes) -> Format | None:
    """Returns the format whose signature begins a file; None if there is none."""
    return next((row for row in FORMATS.values() if data.startswith(row.signature)), None)


def decoded_by(codec: str) -> Format | None:
    """Returns the format whose files a libavcodec decoder reads; None for other decoders."""
    return next((row for row in FORMATS.values() if row.codec == codec), None)
