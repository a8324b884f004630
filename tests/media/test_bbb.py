"""The requests people make, on a whole film: its frames, and their pictures, are the oracle's."""

from __future__ import annotations

import csv
import functools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image as PillowImage

from framecap.model.capture import Image
from framecap.spec import text
from oracles import timeline
from oracles.timeline import Timeline
from support.media.capturing import Captured, assert_captured, decoded, expected

pytestmark = pytest.mark.corpus

FILM = "bbb_10min_320x184.ts"
FRAMES = 19039

CROPPED = "video/snapshots,f_jpg,w_512,h_512,scaletype_crop,inter_10000"
HALVED = "video/snapshots,ss_11000,f_png,pw_50,ph_50,num_5"
CHANGED = "video/snapshots,m_dhash,f_jpg,inter_1000,thr_15"
MOST_CHANGED = "video/snapshots,m_dhash,f_jpg,inter_1000,num_5"
KEYFRAMES = "video/snapshots,m_key,f_jpg"
AVERAGE = "video/snapshots,m_avg,f_jpg,num_10"
REQUESTS = (CROPPED, HALVED, CHANGED, MOST_CHANGED, KEYFRAMES, AVERAGE)

# How near an image is to libav's own picture of its frame, as peak signal-to-noise ratio in
# decibels: JPEG at quality 90 and another resampling filter leave at least this.
BOUND = 30.0

# Pictures whose samples differ by less on average count as the same: JPEG's noise is as large.
ALIKE = 1.0

# At most so many images of a request are compared as pictures.
COMPARED = 64

Picture = npt.NDArray[np.float32]
Pictures = dict[int, npt.NDArray[np.uint8]]
Capture = Callable[[str], Captured]


@pytest.fixture(scope="module")
def film(corpus: Path) -> Path:
    return corpus / "media" / FILM


@pytest.fixture(scope="module")
def line(film: Path) -> Timeline:
    return timeline.read(film)


@pytest.fixture(scope="module")
def pictures(film: Path, line: Timeline) -> Pictures:
    """libav's own pictures of the frames that are compared, and of their neighbours."""
    chosen = [ordinal for request in REQUESTS for ordinal in compared(line, request)]
    return timeline.pictures(film, {i for ordinal in chosen for i in around(ordinal)})


@pytest.fixture(scope="module")
def captured(film: Path, line: Timeline) -> Capture:
    """Captures once for each request: the film is long."""
    return functools.cache(lambda request: assert_captured(film, line, request))


def compared(line: Timeline, request: str) -> list[int]:
    """Returns the ordinals of the frames whose pictures are compared."""
    ordinals = [pick.frame.ordinal for pick in expected(line, text.parse(request).spec)]
    return ordinals[:: -(-len(ordinals) // COMPARED)]


def around(ordinal: int) -> range:
    """Returns a frame's ordinal and those of its neighbours."""
    return range(max(ordinal - 1, 0), min(ordinal + 2, FRAMES))


def rendered(picture: npt.NDArray[np.uint8], image: Image, *, crop: bool) -> Picture:
    """Returns the picture as the image should show it."""
    height, width, _ = picture.shape
    source = PillowImage.fromarray(picture)
    if crop:
        side = max(image.width / width, image.height / height)
        left, top = width - image.width / side, height - image.height / side
        box = (left / 2, top / 2, width - left / 2, height - top / 2)
    else:
        box = (0, 0, width, height)
    size = (image.width, image.height)
    return np.asarray(source.resize(size, PillowImage.Resampling.BICUBIC, box), np.float32)


def noise_ratio(one: Picture, other: Picture) -> float:
    return float(10 * np.log10(255**2 / max(np.square(one - other).mean(), 1e-9)))


def assert_pictures(images: list[Image], line: Timeline, request: str, pictures: Pictures) -> None:
    """Asserts that images show their own frames, and neighbours that look different less well."""
    ordinals = [pick.frame.ordinal for pick in expected(line, text.parse(request).spec)]
    of = dict(zip(ordinals, images, strict=True))
    crop = "scaletype_crop" in request
    told_apart = 0
    for ordinal in compared(line, request):
        image = of[ordinal]
        given = np.asarray(decoded(image).convert("RGB"), np.float32)
        views = {i: rendered(pictures[i], image, crop=crop) for i in around(ordinal)}
        own = noise_ratio(given, views[ordinal])
        assert own >= BOUND, f"image {image.index} is not frame {ordinal}"
        for i, view in views.items():
            if np.abs(view - views[ordinal]).mean() >= ALIKE:
                told_apart += 1
                assert own > noise_ratio(given, view), f"image {image.index} looks like {i}"
    assert told_apart


@pytest.mark.parametrize("request_text", REQUESTS)
def test_frames_and_pictures_are_the_oracles(
    captured: Capture, line: Timeline, pictures: Pictures, request_text: str
) -> None:
    assert_pictures(captured(request_text).images, line, request_text, pictures)


def test_one_picture_every_ten_seconds_of_the_film(captured: Capture) -> None:
    images = captured(CROPPED).images
    assert len(images) == 64
    assert {(image.width, image.height) for image in images} == {(512, 512)}
    ten_seconds = [i * 10_000_000_000 for i in range(64)]
    assert [image.requested_time for image in images] == ten_seconds
    assert [image.media_time for image in images] == ten_seconds
    assert {image.answered_count for image in images} == {1}


def test_five_small_pictures_from_eleven_seconds_on(captured: Capture) -> None:
    images = captured(HALVED).images
    assert {(image.width, image.height) for image in images} == {(160, 92)}
    # 30 frames a second from 10 s on, on a clock of 90 kHz: 3000 ticks, give or take one.
    for number, image in enumerate(images):
        assert abs(image.pts - (21 * 90_000 + number * 3000)) <= 1


def test_the_film_is_covered_to_its_end(captured: Capture, line: Timeline) -> None:
    average = captured(AVERAGE)
    assert len(average.images) == 10
    assert average.images[-1].requested_time == line.end * 9 / 10 * 10**9 // 1
    assert average.summary.requested_count == 10


def test_every_keyframe_is_there(captured: Capture, corpus: Path) -> None:
    with (corpus / "MANIFEST.tsv").open(newline="") as manifest:
        (row,) = (r for r in csv.DictReader(manifest, delimiter="\t") if r["file"] == FILM)
    images = captured(KEYFRAMES).images
    assert len(images) == int(row["key_packets"])
    assert all(image.keyframe for image in images)


def test_the_largest_changes_are_among_those_above_any_threshold(captured: Capture) -> None:
    every = captured("video/snapshots,m_dhash,f_jpg,w_32,h_32,inter_1000")
    most = captured(MOST_CHANGED)
    assert {image.pts for image in most.images} <= {image.pts for image in every.images}
    largest = sorted((image.changed_bits or 0 for image in every.images), reverse=True)[:5]
    assert sorted((image.changed_bits or 0 for image in most.images), reverse=True) == largest
