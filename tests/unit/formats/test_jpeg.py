"""JPEG files."""

from __future__ import annotations

import io
import tracemalloc

import numpy as np
import pytest
from PIL import Image

from framecap.formats.encode import encode
from framecap.formats.jpg_encoder import encode as encode_jpeg
from framecap.model.raster import PlanarImage
from framecap.model.spec import ImageFormat
from oracles.pictures import noise

SIZES = [(1, 1), (1, 2), (2, 1), (3, 5), (16, 16), (17, 33), (31, 8), (640, 359)]


def planes(width: int, height: int, y: int, cb: int, cr: int) -> PlanarImage:
    """Returns one colour, in rows that go on with what nobody may see."""
    half = (height + 1) // 2, (width + 1) // 2

    def plane(shape: tuple[int, int], value: int) -> np.ndarray:
        buffer = np.full((shape[0] + 2, shape[1] + 9), 255 - value, np.uint8)
        buffer[: shape[0], : shape[1]] = value
        return buffer[: shape[0], : shape[1]]

    return PlanarImage(y=plane((height, width), y), cb=plane(half, cb), cr=plane(half, cr))


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("colour", [(104, 128, 128), (0, 128, 128), (255, 128, 128), (88, 96, 152)])
def test_one_colour_is_that_colour_to_the_last_pixel(
    width: int, height: int, colour: tuple[int, int, int]
) -> None:
    """At odd sizes the encoder reads on beyond the plane."""
    image = opened(encode(planes(width, height, *colour), ImageFormat.JPG, 100))
    assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (width, height))
    image = Image.open(io.BytesIO(encode(planes(width, height, *colour), ImageFormat.JPG, 100)))
    image.draft("YCbCr", image.size)
    found = np.asarray(image)
    assert np.abs(found.astype(int) - colour).max() <= 1


@pytest.mark.parametrize("padding", (0, 9))
def test_planes_of_even_sizes_are_not_copied(padding: int) -> None:
    buffer = noise(400, 600 + padding)
    image = PlanarImage(y=buffer[:, :600], cb=buffer[:200, :300], cr=buffer[:200, 50:350])
    encode_jpeg(image, 10)
    tracemalloc.start()
    data = encode_jpeg(image, 10)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < len(data) + 10_000 < image.y.size


def test_it_is_jfif_with_chroma_of_half_the_size() -> None:
    image = opened(encode_jpeg(planes(40, 30, 100, 90, 160), 90))
    assert image.info["jfif"] == 0x101
    assert image.layer == [(1, 2, 2, 0), (2, 1, 1, 1), (3, 1, 1, 1)]  # type: ignore[attr-defined]


def test_readers_see_the_colours_that_were_meant() -> None:
    found = np.asarray(opened(encode_jpeg(planes(32, 32, 76, 85, 255), 100)))
    assert np.abs(found.astype(int) - (254, 0, 0)).max() <= 3


def test_detail_survives() -> None:
    rows, columns = np.mgrid[:48, :64]
    luma = np.rint(128 + 60 * np.sin(rows / 5) + 50 * np.cos(columns / 7)).astype(np.uint8)
    neutral = np.full((24, 32), 128, np.uint8)
    data = encode_jpeg(PlanarImage(y=luma, cb=neutral, cr=neutral), 95)
    found = np.asarray(opened(data).convert("L"))
    assert np.abs(found.astype(int) - luma).mean() < 1


def test_quality_is_size() -> None:
    y, cb, cr = noise(64, 64), noise(32, 32, seed=1), noise(32, 32, seed=2)
    sizes = [
        len(encode_jpeg(PlanarImage(y=y, cb=cb, cr=cr), quality)) for quality in (1, 50, 90, 100)
    ]
    assert sizes == sorted(set(sizes))


def test_equal_planes_make_equal_files() -> None:
    image = planes(33, 21, 10, 100, 200)
    assert encode_jpeg(image, 90) == encode_jpeg(image, 90)
