"""Cover art in every form a picture can have: colours, depths, alpha, Exif, and broken ones."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any, Final

import av
import numpy as np
import pytest
from PIL import Image as PillowImage
from PIL import ImageOps

from framecap.errors import Code, CodecUnsupported, LimitExceeded, MediaCorrupt
from support.covers import BACK, MIMES, Art, claiming, drawn, make_sound, saved
from support.media.capturing import capture, decoded

# Mean absolute difference of an 8-bit sample: of a JPEG, and of two ways to make RGB of a picture.
JPEG_BOUND: Final = 4.0
ROUNDING: Final = 1.5

UNDECODABLE: Final = "the cover art cannot be decoded"


def captured_image(
    tmp_path: Path, cover: bytes, kind: str, request: str = "f_png,w_64"
) -> PillowImage.Image:
    """Returns what a capture makes of a cover."""
    path = make_sound(tmp_path / "sound.flac", [Art(cover, MIMES[kind])])
    (image,) = capture(path, f"video/snapshots,{request}").images
    return decoded(image)


def samples(image: PillowImage.Image, mode: str = "RGB") -> np.ndarray[Any, Any]:
    return np.asarray(image.convert(mode), np.float32)


@pytest.mark.parametrize(
    ("kind", "mode", "options"),
    [
        ("JPEG", "L", {}),
        ("JPEG", "CMYK", {}),
        ("JPEG", "RGB", {"progressive": True}),
        ("JPEG", "RGB", {"subsampling": 0}),
        ("JPEG", "RGB", {"keep_rgb": True}),
        ("JPEG", "RGB", {"restart_marker_rows": 1}),
        ("JPEG", "RGB", {"dpi": (72, 144)}),
        ("PNG", "1", {}),
        ("PNG", "L", {}),
        ("PNG", "P", {}),
        ("PNG", "RGB", {"dpi": (72, 144)}),
        ("WEBP", "RGB", {"quality": 95}),
        ("WEBP", "RGB", {"lossless": True}),
        ("BMP", "1", {}),
        ("BMP", "L", {}),
        ("BMP", "P", {}),
        ("GIF", "L", {}),
        ("GIF", "P", {}),
        ("TIFF", "L", {}),
    ],
)
def test_a_cover_has_its_colours(
    tmp_path: Path, kind: str, mode: str, options: dict[str, Any]
) -> None:
    cover = saved(drawn(mode=mode), kind, **options)
    given = captured_image(tmp_path, cover, kind)
    assert given.size == (64, 48)
    original = PillowImage.open(BytesIO(cover))
    assert np.abs(samples(given) - samples(original)).mean() <= ROUNDING


@pytest.mark.parametrize(
    ("kind", "mode", "options"),
    [
        ("PNG", "RGBA", {}),
        ("PNG", "LA", {}),
        ("PNG", "P", {"transparency": bytes(7 * k % 256 for k in range(256))}),
        ("WEBP", "RGBA", {"lossless": True}),
    ],
)
def test_alpha_is_kept_in_png_and_black_in_jpg(
    tmp_path: Path, kind: str, mode: str, options: dict[str, Any]
) -> None:
    cover = saved(drawn(mode=mode), kind, **options)
    with PillowImage.open(BytesIO(cover)) as file:
        original = file.convert("RGBA")
    kept = captured_image(tmp_path, cover, kind)
    assert kept.mode == "RGBA"
    assert np.abs(samples(kept, "RGBA") - samples(original, "RGBA")).mean() <= ROUNDING
    black = PillowImage.new("RGBA", original.size, (0, 0, 0, 255))
    black.alpha_composite(original)
    flat = captured_image(tmp_path, cover, kind, "f_jpg")
    # Neighbouring colours of a palette may have nothing in common, which JPEG blurs.
    bound = 4 * JPEG_BOUND if mode == "P" else JPEG_BOUND
    assert np.abs(samples(flat) - samples(black)).mean() <= bound


@pytest.mark.parametrize("pixel_format", ["rgb48be", "gray16be", "rgba64be"])
def test_sixteen_bits_are_rounded_to_eight(tmp_path: Path, pixel_format: str) -> None:
    channels = {"rgb48be": 3, "gray16be": 1, "rgba64be": 4}[pixel_format]
    deep = np.random.default_rng(2).integers(0, 2**16, (48, 64, channels), np.uint16)
    encoder = av.CodecContext.create("png", "w")
    encoder.width, encoder.height, encoder.pix_fmt = 64, 48, pixel_format
    encoder.time_base = 1
    frame = av.VideoFrame(64, 48, pixel_format)
    frame.planes[0].update(deep.astype(">u2").tobytes())
    cover = b"".join(bytes(packet) for packet in (*encoder.encode(frame), *encoder.encode(None)))
    mode = {3: "RGB", 1: "L", 4: "RGBA"}[channels]
    given = samples(captured_image(tmp_path, cover, "PNG"), mode).reshape(deep.shape)
    assert np.abs(given - deep / 257).max() <= 1


@pytest.mark.parametrize("kind", MIMES)
@pytest.mark.parametrize("image_format", ["jpg", "png"])
def test_a_cover_may_be_one_pixel(tmp_path: Path, kind: str, image_format: str) -> None:
    cover = saved(PillowImage.new("RGB", (1, 1), (200, 100, 50)), kind)
    given = captured_image(tmp_path, cover, kind, f"f_{image_format}")
    assert given.size == (1, 1)
    assert np.abs(samples(given) - (200, 100, 50)).max() <= 8


@pytest.mark.parametrize("image_format", ["jpg", "png"])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_cover_is_turned_as_its_exif_says(
    tmp_path: Path, kind: str, orientation: int, image_format: str
) -> None:
    exif = PillowImage.Exif()
    exif[0x0112] = orientation
    cover = saved(drawn(), kind, exif=exif)
    shown = ImageOps.exif_transpose(PillowImage.open(BytesIO(cover)))
    path = make_sound(tmp_path / "sound.mp3", [Art(cover, MIMES[kind])])
    for box in ("", f",w_{shown.width}"):
        captured = capture(path, f"video/snapshots,f_{image_format}{box}")
        (image,) = captured.images
        passes = not box and MIMES[kind] == {"jpg": "image/jpeg", "png": "image/png"}[image_format]
        assert (image.data == cover) == passes
        assert (image.width, image.height) == shown.size
        assert (captured.info.display_width, captured.info.display_height) == shown.size
        assert (captured.info.coded_width, captured.info.coded_height) == (64, 48)
        turned = captured.info.orientation
        assert (turned.quarter_turns % 2 == 1) == (orientation > 4)
        assert turned.mirrored == (orientation in (2, 4, 5, 7))
        given = ImageOps.exif_transpose(decoded(image))
        assert np.abs(samples(given) - samples(shown)).mean() <= JPEG_BOUND


@pytest.mark.parametrize("kind", ["GIF", "PNG"])
def test_of_an_animation_it_is_the_first_picture(tmp_path: Path, kind: str) -> None:
    pictures = [drawn().rotate(90 * k) for k in range(3)]
    cover = saved(pictures[0], kind, save_all=True, append_images=pictures[1:])
    given = captured_image(tmp_path, cover, kind)
    assert np.abs(samples(given) - samples(PillowImage.open(BytesIO(cover)))).mean() <= ROUNDING


def refusal(tmp_path: Path, cover: bytes, mime: str = "image/jpeg", request: str = "f_jpg") -> Any:
    """Returns the error a capture of a cover ends with."""
    path = make_sound(tmp_path / "sound.mp3", [Art(cover, mime)])
    with pytest.raises(Exception) as caught:
        capture(path, f"video/snapshots,{request}")
    assert caught.value.code is Code.FAILED_PRECONDITION
    return caught.value


def test_an_animated_webp_is_refused(tmp_path: Path) -> None:
    cover = saved(drawn(), "WEBP", save_all=True, append_images=[drawn().rotate(90)])
    error = refusal(tmp_path, cover, "image/webp")
    assert isinstance(error, CodecUnsupported)
    assert error.message == "the cover art is an animated WebP, which is not read"


@pytest.mark.parametrize("request_format", ["f_jpg", "f_png", "f_jpg,w_40"])
@pytest.mark.parametrize(
    ("kind", "options"),
    [
        *((kind, {}) for kind in MIMES),
        ("JPEG", {"progressive": True}),
        ("WEBP", {"lossless": True}),
        ("PNG", {"bits": 8}),
    ],
)
def test_half_a_picture_is_refused(
    tmp_path: Path, kind: str, options: dict[str, Any], request_format: str
) -> None:
    noise = np.random.default_rng(5).integers(0, 256, (60, 80, 3), np.uint8)
    cover = saved(PillowImage.fromarray(noise), kind, **options)
    error = refusal(tmp_path, cover[: len(cover) // 2], MIMES[kind], request_format)
    assert isinstance(error, MediaCorrupt)
    assert error.message == UNDECODABLE


@pytest.mark.parametrize("mime", MIMES.values())
@pytest.mark.parametrize("cover", [b"\xff", b"no picture\n" * 99, bytes(range(256)) * 20])
def test_what_is_no_picture_is_refused(tmp_path: Path, mime: str, cover: bytes) -> None:
    error = refusal(tmp_path, cover, mime)
    assert isinstance(error, MediaCorrupt)
    assert error.message == UNDECODABLE


def test_a_broken_picture_does_not_harm_the_front_cover(tmp_path: Path) -> None:
    good = Art(saved(drawn(), "JPEG"))
    broken = [Art(good.data[:300], kind=BACK), Art(b"", kind=BACK), Art(b"?", kind=BACK)]
    for ending in ("flac", "mp3", "m4a"):
        arts = [good, *broken] if ending == "m4a" else [*broken, good]
        path = make_sound(tmp_path / f"sound.{ending}", arts)
        assert capture(path, "video/snapshots,f_jpg").images[0].data == good.data


@pytest.mark.parametrize("request_format", ["f_jpg", "f_png,w_100,h_100"])
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP"])
def test_a_size_beyond_the_limit_is_refused(tmp_path: Path, kind: str, request_format: str) -> None:
    error = refusal(tmp_path, claiming(kind, 30_000, 30_000), MIMES[kind], request_format)
    assert isinstance(error, LimitExceeded)
    assert error.message == "the picture has 900000000 pixels, more than 268435456"
    assert error.metadata == {
        "actual": "900000000",
        "limit": "268435456",
        "limit_name": "pixels",
    }


def test_a_cover_longer_than_an_image_may_be_needs_a_box(tmp_path: Path) -> None:
    cover = saved(PillowImage.new("RGB", (8200, 40)), "PNG")
    error = refusal(tmp_path, cover, "image/png", "f_png")
    assert isinstance(error, LimitExceeded)
    assert error.metadata["actual"] == "8200"
    assert captured_image(tmp_path, cover, "PNG", "f_png,w_100").size == (100, 40)
