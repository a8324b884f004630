"""One row a format, and everything that asks about formats reads it."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from framecap.formats.encode import encode, encoder
from framecap.formats.registry import FORMATS, begun_by, decoded_by, encoded_by, numbered
from framecap.formats.row import Format, RasterKind
from framecap.model.raster import PackedImage, PlanarImage, Raster
from framecap.model.spec import ImageFormat
from framecap.v1 import capture_pb2

ROWS = pytest.mark.parametrize("row", list(FORMATS.values()), ids=lambda row: row.format.value)


def raster(kind: RasterKind) -> Raster:
    if kind is RasterKind.PACKED:
        return PackedImage(pixels=np.full((8, 8, 3), 40, np.uint8))
    luma, chroma = np.full((8, 8), 40, np.uint8), np.full((4, 4), 128, np.uint8)
    return PlanarImage(y=luma, cb=chroma, cr=chroma)


def test_every_format_has_a_row() -> None:
    assert set(FORMATS) == set(ImageFormat)


@ROWS
def test_a_row_is_found_by_each_of_its_names(row: Format) -> None:
    assert numbered(row.number) is row
    assert encoded_by(row.encoding) is row
    assert decoded_by(row.codec) is row
    assert begun_by(row.signature + b"more") is row
    assert begun_by(row.signature[:-1]) is None
    assert row.format.value in row.extensions
    name = capture_pb2.ImageFormat.Name(row.number)
    assert name == f"IMAGE_FORMAT_{row.format.value.upper()}"
    cases = capture_pb2.CaptureSpec.DESCRIPTOR.oneofs_by_name["encoding"].fields
    assert row.encoding in {field.name for field in cases}


@ROWS
def test_what_an_encoder_makes_begins_with_the_signature(row: Format) -> None:
    data = encode(raster(row.raster), row.format)
    assert data.startswith(row.signature)
    assert encoder(row.format)(raster(row.raster), row.quality and row.quality.default) == data


@ROWS
def test_qualities_are_a_range_with_the_default_in_it(row: Format) -> None:
    if row.quality is None:
        assert encode(raster(row.raster), row.format, 1) == encode(raster(row.raster), row.format)
    else:
        assert row.quality.least < row.quality.default < row.quality.greatest


def test_rows_share_nothing_that_tells_them_apart() -> None:
    for one, other in combinations(FORMATS.values(), 2):
        assert not one.extensions & other.extensions
        assert not one.signature.startswith(other.signature)
        assert not other.signature.startswith(one.signature)


def test_what_is_no_format_is_found_by_nothing() -> None:
    assert numbered(capture_pb2.IMAGE_FORMAT_UNSPECIFIED) is None
    assert encoded_by("webp") is None
    assert encoded_by(None) is None
    assert decoded_by("h264") is None
    assert begun_by(b"GIF89a") is None
    assert begun_by(b"") is None
