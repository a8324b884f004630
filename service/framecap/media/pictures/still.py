"""Format and size of a picture file, read from its first bytes before it is decoded.

The tag that holds a cover also names its format, and is often wrong. And a decoder gives the same
error for a size beyond its limits as for a broken file.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from framecap.formats.registry import begun_by

_GIFS: Final = (b"GIF87a", b"GIF89a")

_START_OF_SCAN: Final = 0xDA
_WITHOUT_LENGTH: Final = (0x01, *range(0xD0, 0xD9))
_NO_FRAME_HEADERS: Final = (0xC4, 0xC8, 0xCC)

_WEBP_FLAGS: Final = 20
_WEBP_ANIMATED: Final = 0x02

# The first of these brands in a file gives its format.
_UNREAD_BRANDS: Final = {
    b"avif": "AVIF",
    b"avis": "AVIF",
    b"heic": "HEIC",
    b"heix": "HEIC",
    b"mif1": "HEIF",
}

_UNREAD_HEADS: Final = {
    b"\xff\x0a": "JPEG XL",
    b"\0\0\0\x0cJXL \r\n\x87\n": "JPEG XL",
    b"\0\0\0\x0cjP  \r\n\x87\n": "JPEG 2000",
    b"<svg": "SVG",
    b"%PDF-": "PDF",
}

Size: TypeAlias = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Still:
    """Properties in the header of a picture file."""

    codec: str
    """The codec's name, as libavcodec gives it."""

    width: int
    """Stored width in pixels."""

    height: int
    """Stored height in pixels."""


def read_still(data: bytes) -> Still | None:
    """Returns the properties of a picture file; None if its format is not known here."""
    codec = _codec(data)
    size_of = None if codec is None else _SIZES.get(codec)
    if codec is None or size_of is None:
        return None
    try:
        width, height = size_of(data)
    except (struct.error, ValueError):
        return None
    return Still(codec=codec, width=width, height=height)


def ends_early(data: bytes) -> bool:
    """Returns whether a GIF ends before its first picture does.

    libavcodec decodes such a GIF as far as it goes, without an error. For other formats it reports
    one.
    """
    if not data.startswith(_GIFS):
        return False
    try:
        _skip_first_gif_picture(data)
    except IndexError:
        return True
    return False


def is_animated_webp(data: bytes) -> bool:
    """Returns whether a picture file is an animated WebP, which libavcodec cannot read."""
    return (
        _codec(data) == "webp"
        and data[12:16] == b"VP8X"
        and len(data) > _WEBP_FLAGS
        and bool(data[_WEBP_FLAGS] & _WEBP_ANIMATED)
    )


def unread_format(data: bytes) -> str | None:
    """Returns the name of a format that is recognized but cannot be read; else None."""
    if data[4:8] == b"ftyp":
        brands = {data[8:12], *(data[at : at + 4] for at in range(16, 64, 4))}
        return next((name for brand, name in _UNREAD_BRANDS.items() if brand in brands), None)
    return next((name for head, name in _UNREAD_HEADS.items() if data.startswith(head)), None)


def _codec(data: bytes) -> str | None:
    row = begun_by(data)
    if row is not None:
        return row.codec
    if data.startswith(_GIFS):
        return "gif"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "webp"
    return "bmp" if data.startswith(b"BM") else None


def _jpeg_size(data: bytes) -> Size:
    """Returns the size in the frame header, which any number of segments may precede."""
    position = 2
    while True:
        fill, marker = struct.unpack_from("BB", data, position)
        if fill != 0xFF or marker == _START_OF_SCAN:
            raise ValueError("no frame header")
        if marker == 0xFF:
            position += 1
        elif marker in _WITHOUT_LENGTH:
            position += 2
        elif 0xC0 <= marker <= 0xCF and marker not in _NO_FRAME_HEADERS:
            height, width = struct.unpack_from(">HH", data, position + 5)
            return width, height
        else:
            position += 2 + struct.unpack_from(">H", data, position + 2)[0]


def _png_size(data: bytes) -> Size:
    width, height = struct.unpack_from(">II", data, 16)
    return width, height


def _gif_size(data: bytes) -> Size:
    width, height = struct.unpack_from("<HH", data, 6)
    return width, height


def _bmp_size(data: bytes) -> Size:
    (header,) = struct.unpack_from("<I", data, 14)
    width, height = struct.unpack_from("<HH" if header == 12 else "<ii", data, 18)
    # A negative height means that rows are stored from the top.
    return abs(width), abs(height)


def _webp_size(data: bytes) -> Size:
    kind = data[12:16]
    if kind == b"VP8X":
        width, width_top, height, height_top = struct.unpack_from("<HBHB", data, 24)
        return (width_top << 16 | width) + 1, (height_top << 16 | height) + 1
    if kind == b"VP8L":
        (packed,) = struct.unpack_from("<I", data, 21)
        return (packed & 0x3FFF) + 1, (packed >> 14 & 0x3FFF) + 1
    width, height = struct.unpack_from("<HH", data, 26)
    return width & 0x3FFF, height & 0x3FFF


_SIZES: Final[Mapping[str, Callable[[bytes], Size]]] = {
    "mjpeg": _jpeg_size,
    "png": _png_size,
    "gif": _gif_size,
    "bmp": _bmp_size,
    "webp": _webp_size,
}


def _skip_first_gif_picture(data: bytes) -> None:
    position = 13 + _colour_table_bytes(data[10])
    while data[position] == 0x21:
        position = _after_sub_blocks(data, position + 2)
    if data[position] == 0x2C:
        position += 10 + _colour_table_bytes(data[position + 9])
        _after_sub_blocks(data, position + 1)


def _colour_table_bytes(flags: int) -> int:
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _after_sub_blocks(data: bytes, position: int) -> int:
    while data[position]:
        position += 1 + data[position]
    return position + 1
