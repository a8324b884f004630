"""The cover art of files made here: every container, every kind of picture it can hold."""

from __future__ import annotations

import re
from fractions import Fraction
from io import BytesIO
from itertools import product
from pathlib import Path
from typing import Final

import numpy as np
import pytest
from PIL import Image as PillowImage
from PIL import ImageOps

from framecap.errors import Code, NoVideoStream
from framecap.model.capture import Reason
from framecap.model.media import Orientation
from framecap.model.plan import Strategy
from framecap.model.spec import CaptureSpec, ImageFormat, IntervalSelection
from support.covers import BACK, FRONT, MIMES, OTHER, SOUNDS, Art, drawn, make_sound, saved
from support.media.capturing import capture, decoded

CODECS: Final = {
    "JPEG": "mjpeg",
    "PNG": "png",
    "WEBP": "webp",
    "BMP": "bmp",
    "GIF": "gif",
    "TIFF": "tiff",
}

# What libavformat 62 does not take for a picture. In Matroska covers are JPEG and PNG, and MP4 has
# no number for these.
NOT_EXPOSED: Final = {
    "m4a": ("GIF", "TIFF", "WEBP"),
    "mp4": ("GIF", "TIFF", "WEBP"),
    "mka": ("BMP", "WEBP"),
    "mkv": ("BMP", "WEBP"),
    "wv": ("GIF",),
}

FORMATS: Final = {"jpg": "JPEG", "png": "PNG"}

EXPOSED: Final = [
    (ending, kind)
    for ending, kind in product(SOUNDS, MIMES)
    if kind not in NOT_EXPOSED.get(ending, ())
]

# Mean absolute difference of an 8-bit sample: of a JPEG, and of what is encoded without loss from
# a picture that was not.
JPEG_BOUND: Final = 4.0
ROUNDING: Final = 1.0


def difference(given: PillowImage.Image, original: PillowImage.Image, mode: str = "RGB") -> float:
    """Returns how much pictures of the same size differ on average."""
    assert given.size == original.size
    arrays = [np.asarray(image.convert(mode), np.float32) for image in (given, original)]
    return float(np.abs(arrays[0] - arrays[1]).mean())


def opened(data: bytes) -> PillowImage.Image:
    """Returns a picture file's picture, turned as its Exif says."""
    return ImageOps.exif_transpose(PillowImage.open(BytesIO(data)))


@pytest.mark.parametrize("image_format", FORMATS)
@pytest.mark.parametrize(("ending", "kind"), EXPOSED)
def test_a_cover_is_captured(tmp_path: Path, ending: str, kind: str, image_format: str) -> None:
    cover = saved(drawn(), kind)
    path = make_sound(tmp_path / f"sound.{ending}", [Art(cover, MIMES[kind])])
    captured = capture(path, f"video/snapshots,f_{image_format}")
    (image,) = captured.images
    assert (image.data == cover) == (kind == FORMATS[image_format])
    assert (image.width, image.height) == (64, 48)
    bound = JPEG_BOUND if image_format == "jpg" else ROUNDING
    assert difference(decoded(image), opened(cover)) <= bound
    assert captured.info.codec == CODECS[kind]


@pytest.mark.parametrize(
    ("ending", "kind"), [(ending, kind) for ending in NOT_EXPOSED for kind in NOT_EXPOSED[ending]]
)
def test_a_kind_of_picture_that_a_container_cannot_hold_is_no_cover(
    tmp_path: Path, ending: str, kind: str
) -> None:
    path = make_sound(tmp_path / f"sound.{ending}", [Art(saved(drawn(), kind), MIMES[kind])])
    with pytest.raises(NoVideoStream) as refusal:
        capture(path, "video/snapshots,f_jpg")
    assert refusal.value.code is Code.FAILED_PRECONDITION
    assert re.fullmatch(
        r"the file has no video stream, and its cover art is in a format that is not read there"
        r'( \("image/[a-z]+"\))?; replace it with a JPEG or PNG',
        refusal.value.message,
    )


@pytest.mark.parametrize("ending", SOUNDS)
def test_sound_without_a_picture_is_refused(tmp_path: Path, ending: str) -> None:
    with pytest.raises(NoVideoStream) as refusal:
        capture(make_sound(tmp_path / f"sound.{ending}"), "video/snapshots,f_png")
    assert refusal.value.message == "the file has neither a video stream nor cover art"


def test_a_link_to_a_picture_is_not_followed(tmp_path: Path) -> None:
    link = Art(b"https://example.org/cover.jpg", "-->")
    with pytest.raises(NoVideoStream) as refusal:
        capture(make_sound(tmp_path / "sound.mp3", [link]), "video/snapshots,f_png")
    assert refusal.value.message == (
        "the file has no video stream, and its cover art is a link, which is not followed;"
        " embed the picture"
    )


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF"])
@pytest.mark.parametrize("image_format", FORMATS)
@pytest.mark.parametrize(
    ("box", "size"),
    [
        ("w_32", (32, 48)),
        ("h_96", (64, 96)),
        ("w_64", (64, 48)),
        ("pw_50", (32, 48)),
        ("pw_200,ph_150", (128, 72)),
        ("w_40,h_40,scaletype_fit", (40, 30)),
        ("w_40,h_40,scaletype_crop", (40, 40)),
    ],
)
def test_a_box_is_obeyed(
    tmp_path: Path, kind: str, image_format: str, box: str, size: tuple[int, int]
) -> None:
    cover = saved(drawn(), kind)
    path = make_sound(tmp_path / "sound.flac", [Art(cover, MIMES[kind])])
    (image,) = capture(path, f"video/snapshots,f_{image_format},{box}").images
    assert (image.width, image.height) == size
    assert image.data != cover


def test_a_box_of_the_whole_is_no_box(tmp_path: Path) -> None:
    cover = saved(drawn(), "JPEG")
    path = make_sound(tmp_path / "sound.mp3", [Art(cover)])
    (image,) = capture(path, "video/snapshots,f_jpg,pw_100,ph_100,scaletype_fill").images
    assert image.data == cover


@pytest.mark.parametrize("ending", SOUNDS)
def test_the_front_cover_goes_first(tmp_path: Path, ending: str) -> None:
    arts = [
        Art(saved(drawn(40), "JPEG"), kind=BACK),
        Art(saved(drawn(50), "PNG"), "image/png", kind=OTHER),
        Art(saved(drawn(60), "JPEG"), kind=FRONT),
    ]
    (image,) = capture(
        make_sound(tmp_path / f"sound.{ending}", arts), "video/snapshots,f_jpg"
    ).images
    # The tags of MP4 say nothing of their pictures; the first is the one.
    assert image.data == arts[0 if ending in ("m4a", "mp4") else 2].data


@pytest.mark.parametrize("ending", sorted(set(SOUNDS) - {"wma", "wv"}))
def test_without_a_front_cover_it_is_the_first(tmp_path: Path, ending: str) -> None:
    arts = [
        Art(saved(drawn(50), "JPEG"), kind=OTHER),
        Art(saved(drawn(40), "JPEG"), kind=BACK),
    ]
    path = make_sound(tmp_path / f"sound.{ending}", arts)
    assert capture(path, "video/snapshots,f_jpg").images[0].data == arts[0].data


@pytest.mark.parametrize("ending", ["wma", "wv"])
def test_the_first_is_the_first_in_the_file(tmp_path: Path, ending: str) -> None:
    arts = [
        Art(saved(drawn(50), "JPEG"), kind=OTHER),
        Art(saved(drawn(40), "JPEG"), kind=BACK),
    ]
    path = make_sound(tmp_path / f"sound.{ending}", arts)
    # These tags are sorted when they are written.
    first = min(arts, key=lambda art: path.read_bytes().index(art.data))
    assert capture(path, "video/snapshots,f_jpg").images[0].data == first.data


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        (("small_cover.jpg", "cover_land.jpg", "cover.jpg"), 2),
        (("small_cover_land.jpg", "small_cover.jpg", "cover_land.jpg"), 2),
        (("scan.jpg", "small_cover_land.jpg", "small_cover.jpg"), 2),
        (("scan.jpg", "small_cover_land.jpg"), 1),
        (("back.jpg", "Cover.jpg", "cover.jpg.bak", "discover.jpg"), 0),
    ],
)
def test_matroska_tells_the_front_cover_by_its_name(
    tmp_path: Path, names: tuple[str, ...], chosen: int
) -> None:
    arts = [Art(saved(drawn(40 + 2 * k), "JPEG"), name=name) for k, name in enumerate(names)]
    (image,) = capture(make_sound(tmp_path / "sound.mka", arts), "video/snapshots,f_jpg").images
    assert image.data == arts[chosen].data


@pytest.mark.parametrize("said", ["JPEG", "PNG", "GIF"])
@pytest.mark.parametrize("kind", sorted(set(MIMES) - {"TIFF"}))
def test_a_picture_is_what_it_is_whatever_its_tag_says(
    tmp_path: Path, kind: str, said: str
) -> None:
    cover = saved(drawn(), kind)
    path = make_sound(tmp_path / "sound.mp3", [Art(cover, MIMES[said])])
    for image_format in FORMATS:
        captured = capture(path, f"video/snapshots,f_{image_format}")
        assert captured.info.codec == CODECS[kind]
        (image,) = captured.images
        assert (image.data == cover) == (kind == FORMATS[image_format])
        assert difference(decoded(image), opened(cover)) <= JPEG_BOUND


@pytest.mark.parametrize(
    ("options", "without_effect"),
    [
        ("", []),
        ("ss_0,num_0,inter_0,m_inter", []),
        ("ss_3600000", ["ss"]),
        ("num_5", ["num"]),
        ("inter_10", ["inter"]),
        ("m_key", ["m"]),
        ("ss_1,m_key,num_2", ["ss", "m", "num"]),
        ("ss_1,num_3,inter_500", ["ss", "inter", "num"]),
        ("m_avg,num_7", ["m", "num"]),
        ("m_dhash,thr_50,num_3,inter_10", ["m", "inter", "num", "thr"]),
    ],
)
def test_what_has_no_effect_is_told(
    tmp_path: Path, options: str, without_effect: list[str]
) -> None:
    cover = saved(drawn(), "JPEG")
    path = make_sound(tmp_path / "sound.m4a", [Art(cover)])
    captured = capture(path, f"video/snapshots,f_jpg,{options}".rstrip(","))
    assert [image.data for image in captured.images] == [cover]
    assert [warning.reason for warning in captured.warnings] == (
        ["OPTION_WITHOUT_EFFECT"] * len(without_effect)
    )
    assert [warning.metadata["option"] for warning in captured.warnings] == without_effect
    for warning, option in zip(captured.warnings, without_effect, strict=True):
        assert warning.message == (
            f"{option} has no effect: the file has cover art, which is one image"
        )


def test_an_end_has_no_effect_either(tmp_path: Path) -> None:
    path = make_sound(tmp_path / "sound.m4a", [Art(saved(drawn(), "JPEG"))])
    spec = CaptureSpec(selection=IntervalSelection(), format=ImageFormat.JPG, end=1)
    captured = capture(path, spec)
    assert [warning.metadata["option"] for warning in captured.warnings] == ["end_offset"]
    assert len(captured.images) == 1


def test_more_images_than_one_cannot_be_had(tmp_path: Path) -> None:
    path = make_sound(tmp_path / "sound.ogg", [Art(saved(drawn(), "JPEG"))])
    summary = capture(path, "video/snapshots,f_jpg,num_5").summary
    assert summary.explanation == "asked 5, gave 1: 4 beyond the one cover"
    assert not capture(path, "video/snapshots,f_jpg,num_1").summary.explanation


def test_a_cover_tells_its_facts(tmp_path: Path) -> None:
    arts = [Art(saved(drawn(20, 20), "PNG"), "image/png", BACK), Art(saved(drawn(), "JPEG"))]
    path = make_sound(tmp_path / "sound.flac", arts, seconds=2)
    captured = capture(path, "video/snapshots,f_png,w_32,ss_500")
    info = captured.info
    assert info.cover
    assert (info.container, info.codec, info.pixel_format) == ("flac", "mjpeg", "yuvj420p")
    assert (info.stream_index, info.stream_ordinal) == (2, 0)
    assert (info.coded_width, info.coded_height) == (64, 48)
    assert (info.display_width, info.display_height) == (64, 48)
    assert info.sample_aspect_ratio == 1
    assert info.orientation == Orientation()
    assert info.frame_rate is None
    assert info.frame_count is None
    assert info.clock.zero == 0
    assert info.duration is not None
    assert abs(Fraction(info.duration, 10**9) - 2) < Fraction(1, 5)
    assert [(start.index, start.kind) for start in info.streams] == [(0, "audio")]
    plan = captured.plan
    assert plan is not None
    assert (plan.strategy, plan.expected_count, plan.exact) == (Strategy.COVER, 1, True)
    assert (plan.geometry.canvas.width, plan.geometry.canvas.height) == (32, 48)
    (image,) = captured.images
    assert (image.pts, image.media_time, image.requested_time) == (0, 0, 0)
    assert (image.reason, image.keyframe, image.damaged) == (Reason.COVER, True, False)
    assert image.changed_bits is None
    assert captured.summary.decoded_count == 1
