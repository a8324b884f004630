"""What the first bytes of a picture file say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framecap.media.pictures.still import Still, ends_early, is_animated_webp, read_still
from support.covers import MIMES, claiming, drawn, saved

CODECS = {"JPEG": "mjpeg", "PNG": "png", "WEBP": "webp", "BMP": "bmp", "GIF": "gif"}


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        *((kind, {}) for kind in CODECS),
        ("JPEG", {"progressive": True}),
        ("JPEG", {"comment": b"\xff\xc0 no frame header" * 99}),
        ("WEBP", {"lossless": True}),
        ("WEBP", {"exif": b"Exif\0\0II*\0\0\0\0\0"}),
    ],
)
@pytest.mark.parametrize("size", [(1, 1), (64, 48), (300, 7)])
def test_the_size_is_the_pictures(
    kind: str, options: dict[str, object], size: tuple[int, int]
) -> None:
    data = saved(drawn(*size), kind, **options)
    assert read_still(data) == Still(codec=CODECS[kind], width=size[0], height=size[1])


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP"])
def test_the_size_is_what_is_claimed(kind: str) -> None:
    assert read_still(claiming(kind, 30_000, 20_000)) == Still(
        codec=CODECS[kind], width=30_000, height=20_000
    )


def test_rows_of_a_bitmap_may_go_downwards() -> None:
    assert read_still(claiming("BMP", 64, -48)) == Still(codec="bmp", width=64, height=48)


def test_old_bitmaps_have_a_short_header() -> None:
    data = b"BM" + bytes(12) + b"\x0c\0\0\0" + b"\x40\0\x30\0" + b"\1\0\x18\0"
    assert read_still(data) == Still(codec="bmp", width=64, height=48)


def test_jpeg_markers_may_be_filled_and_without_length() -> None:
    data = saved(drawn(), "JPEG")
    filled = data[:2] + b"\xff\x01\xff\xff\xff" + data[3:]
    assert read_still(filled) == Still(codec="mjpeg", width=64, height=48)


@pytest.mark.parametrize("kind", MIMES)
def test_a_cut_at_any_place_is_no_fault(kind: str) -> None:
    data = saved(drawn(20, 10), kind)
    for length in range(len(data)):
        still = read_still(data[:length])
        assert still is None or (still.width, still.height) == (20, 10)
        is_animated_webp(data[:length])


@given(
    st.sampled_from([b"\xff\xd8\xff", b"GIF89a", b"BM", b"RIFF0000WEBPVP8X", b"\x89PNG\r\n\x1a\n"]),
    st.binary(max_size=200),
)
def test_nothing_is_too_strange(start: bytes, rest: bytes) -> None:
    still = read_still(start + rest)
    assert still is None or (still.width >= 0 and still.height >= 0)
    ends_early(start + rest)
    is_animated_webp(start + rest)


@pytest.mark.parametrize("data", [b"", b"\xff\xd8", b"\xff\xd8\xff\xda\0\x02", b"no picture"])
def test_what_says_nothing_is_not_known(data: bytes) -> None:
    assert read_still(data) is None


@pytest.mark.parametrize("mode", ["L", "P", "RGB"])
def test_a_gif_ends_early_when_its_first_picture_does(mode: str) -> None:
    pictures = [drawn(mode=mode), drawn(mode=mode).rotate(90)]
    data = saved(pictures[0], "GIF")
    assert not ends_early(data)
    assert not ends_early(data.removesuffix(b"\x3b"))
    for length in (6, 13, len(data) // 2, len(data) - 2):
        assert ends_early(data[:length])
    film = saved(pictures[0], "GIF", save_all=True, append_images=pictures[1:], comment=b"film")
    assert not ends_early(film)
    assert not ends_early(film[:-20])


def test_only_a_webp_that_moves_is_animated() -> None:
    moving = saved(drawn(), "WEBP", save_all=True, append_images=[drawn().rotate(90)])
    assert is_animated_webp(moving)
    assert not is_animated_webp(saved(drawn(), "WEBP"))
    assert not is_animated_webp(saved(drawn(mode="RGBA"), "WEBP"))
