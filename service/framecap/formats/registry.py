"""All image formats there are."""

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
"""The rows, in the order in which they are listed for people."""


def numbered(number: int) -> Format | None:
    """Returns the format of a number of `framecap.v1.ImageFormat`; None where there is none."""
    return next((row for row in FORMATS.values() if row.number == number), None)


def encoded_by(case: str | None) -> Format | None:
    """Returns the format that a case of `CaptureSpec.encoding` asks for; None where none does."""
    return next((row for row in FORMATS.values() if row.encoding == case), None)


def decoded_by(codec: str) -> Format | None:
    """Returns the format whose files a decoder of libavcodec reads; None where it is no output."""
    return next((row for row in FORMATS.values() if row.codec == codec), None)
