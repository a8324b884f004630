"""Cover art that is not read: the sentence says why, and a good picture beside it is taken."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import pytest
from PIL import Image as PillowImage

from framecap.errors import (
    CaptureError,
    Code,
    CodecUnsupported,
    LimitExceeded,
    MediaCorrupt,
    NoVideoStream,
)
from framecap.model.spec import DamagePolicy
from framecap.spec import text
from support.covers import BACK, MIMES, OTHER, SOUNDS, Art, claiming, drawn, make_sound, saved
from support.media.capturing import capture

REQUEST: Final = "video/snapshots,f_jpg"

JPEG: Final = saved(drawn(), "JPEG")
AVIF: Final = saved(drawn(), "AVIF")

NO_VIDEO: Final = "the file has no video stream, and its cover art"

# In MP4 and APE tags pictures have no MIME type.
WITHOUT_MIME: Final = ("m4a", "mp4", "wv")


def refusal(path: Path) -> CaptureError:
    with pytest.raises(CaptureError) as caught:
        capture(path, REQUEST)
    assert caught.value.code is Code.FAILED_PRECONDITION
    return caught.value


@pytest.mark.parametrize("mime", ["image/avif", "image/heic", "image/svg+xml"])
@pytest.mark.parametrize("ending", SOUNDS)
def test_a_format_that_is_not_read_is_named(tmp_path: Path, ending: str, mime: str) -> None:
    error = refusal(make_sound(tmp_path / f"sound.{ending}", [Art(AVIF, mime)]))
    assert isinstance(error, NoVideoStream)
    name = "" if ending in WITHOUT_MIME else f' ("{mime}")'
    assert error.message == (
        f"{NO_VIDEO} is in a format that is not read there{name}; replace it with a JPEG or PNG"
    )
    assert error.metadata == ({} if ending in WITHOUT_MIME else {"format": mime})


def test_a_format_without_a_decoder_is_refused(tmp_path: Path) -> None:
    unread = Art(b"\xff\x0a" + bytes(99), "image/jxl")
    error = refusal(make_sound(tmp_path / "sound.wv", [unread]))
    assert isinstance(error, CodecUnsupported)
    assert error.message == (
        "there is no decoder for the cover art's format; replace it with a JPEG or PNG"
    )
    good = Art(JPEG, kind=BACK)
    captured = capture(make_sound(tmp_path / "both.wv", [unread, good]), REQUEST)
    assert captured.images[0].data == JPEG
    assert [warning.reason for warning in captured.warnings] == ["COVER_SUBSTITUTED"]


@pytest.mark.parametrize("cover", [JPEG, AVIF], ids=["jpeg", "avif"])
@pytest.mark.parametrize("ending", sorted(set(SOUNDS) - set(WITHOUT_MIME)))
def test_an_empty_mime_type_is_named(tmp_path: Path, ending: str, cover: bytes) -> None:
    error = refusal(make_sound(tmp_path / f"sound.{ending}", [Art(cover, "")]))
    assert isinstance(error, NoVideoStream)
    assert error.message == (
        f"{NO_VIDEO} does not say its format (the MIME type is empty), so that it is not read;"
        " write image/jpeg or image/png in its tag"
    )


@pytest.mark.parametrize("mime", ["image/\njpeg", "image/\tx", "image/" + "x" * 300])
def test_a_strange_mime_type_breaks_no_line(tmp_path: Path, mime: str) -> None:
    error = refusal(make_sound(tmp_path / "sound.flac", [Art(JPEG, mime)]))
    assert error.message.isprintable()
    assert len(error.message) < 300


@pytest.mark.parametrize("ending", SOUNDS)
@pytest.mark.parametrize(
    ("cover", "name"),
    [
        (AVIF, "AVIF"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(99), "HEIC"),
        (b"\xff\x0a" + bytes(99), "JPEG XL"),
        (b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(99), "JPEG XL"),
        (b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(99), "JPEG 2000"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
    ],
)
def test_what_is_called_a_jpeg_and_is_none_is_named(
    tmp_path: Path, ending: str, cover: bytes, name: str
) -> None:
    error = refusal(make_sound(tmp_path / f"sound.{ending}", [Art(cover)]))
    assert isinstance(error, CodecUnsupported)
    assert error.message == (
        f"the cover art is {name}, which is not read; replace it with a JPEG or PNG"
    )


def noise() -> bytes:
    drawing = np.random.default_rng(5).integers(0, 256, (60, 80, 3), np.uint8)
    return saved(PillowImage.fromarray(drawing), "JPEG")


BROKEN: Final = {
    "half": (noise()[:2000], "the cover art cannot be decoded"),
    "none": (b"no picture\n" * 99, "the cover art cannot be decoded"),
    "avif": (AVIF, "the cover art is AVIF, which is not read; replace it with a JPEG or PNG"),
    "webp": (
        saved(drawn(), "WEBP", save_all=True, append_images=[drawn().rotate(90)]),
        "the cover art is an animated WebP, which is not read",
    ),
    "huge": (
        claiming("JPEG", 30_000, 30_000),
        "the picture has 900000000 pixels, more than 268435456",
    ),
}


@pytest.mark.parametrize("broken", BROKEN)
@pytest.mark.parametrize("ending", SOUNDS)
def test_a_good_picture_beside_a_broken_front_cover_is_taken(
    tmp_path: Path, ending: str, broken: str
) -> None:
    cover, fault = BROKEN[broken]
    good = Art(JPEG, kind=BACK)
    arts = [Art(cover), good] if ending in ("m4a", "mp4") else [good, Art(cover)]
    captured = capture(make_sound(tmp_path / f"sound.{ending}", arts), REQUEST)
    (image,) = captured.images
    assert image.data == JPEG
    assert captured.info.codec == "mjpeg"
    assert (captured.info.coded_width, captured.info.coded_height) == (64, 48)
    (warning,) = captured.warnings
    assert warning.reason == "COVER_SUBSTITUTED"
    assert warning.message == f"{fault}; another picture of the file is given instead"
    assert warning.metadata == {"fault": fault}


@pytest.mark.parametrize("ending", ["flac", "mp3", "mka"])
def test_the_next_in_order_is_taken(tmp_path: Path, ending: str) -> None:
    good = saved(drawn(40, 30), "PNG")
    arts = [
        Art(b"?", kind=OTHER),
        Art(good, MIMES["PNG"], kind=BACK),
        Art(JPEG, kind=OTHER, name="last.jpg"),
        Art(noise()[:2000]),
    ]
    captured = capture(make_sound(tmp_path / f"sound.{ending}", arts), REQUEST + ",w_64,h_64")
    assert captured.info.codec == "png"
    assert captured.info.stream_index == 2
    assert len(captured.warnings) == 1


def test_where_all_are_broken_the_front_cover_says_why(tmp_path: Path) -> None:
    arts = [Art(b"?", kind=BACK), Art(AVIF)]
    error = refusal(make_sound(tmp_path / "sound.flac", arts))
    assert error.message == BROKEN["avif"][1]


@pytest.mark.parametrize(
    ("broken", "kind"),
    [("half", MediaCorrupt), ("avif", CodecUnsupported), ("huge", LimitExceeded)],
)
def test_a_strict_capture_takes_no_other(
    tmp_path: Path, broken: str, kind: type[CaptureError]
) -> None:
    cover, fault = BROKEN[broken]
    path = make_sound(tmp_path / "sound.flac", [Art(JPEG, kind=BACK), Art(cover)])
    spec = replace(text.parse(REQUEST).spec, damage_policy=DamagePolicy.STRICT)
    with pytest.raises(kind) as caught:
        capture(path, spec)
    assert caught.value.message == fault
