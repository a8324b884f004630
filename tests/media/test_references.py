"""Full-size pictures, held against reference frames that others decoded."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image as PillowImage

from framecap.model.capture import Image
from oracles import timeline
from support.media.capturing import Captured, capture, decoded, nanoseconds

pytestmark = pytest.mark.corpus

EVERY_FRAME = "video/snapshots,f_png,inter_0"

# In levels of 8 bits, the mean over all samples. The references come from swscale's fast path,
# which repeats chroma samples and truncates, up to 1.4 levels; the counter's went through a file
# of their own as well. Another matrix is 5 levels away in some channel.
BOUND = 2.5
BIAS_BOUND = 1.8

# Where two references differ by as many levels, in as many pixels, an image is told by them.
TELLING = 12
ENOUGH = 25

# Named by the time they were asked for, which there means the first frame from that time on.
NAMED_BY_TIME = {"6.000000": 180, "6.100000": 183, "10.000000": 300, "12.979633": 389}

Picture = npt.NDArray[np.int16]
Pictures = dict[int, Picture]


def as_picture(picture: PillowImage.Image) -> Picture:
    # Of what is larger than 1000 pixels, every sixth pixel of every sixth row is enough.
    step = 6 if picture.width > 1000 else 1
    return np.asarray(picture.convert("RGB"), np.int16)[::step, ::step]


def picture_at(path: Path) -> Picture:
    return as_picture(PillowImage.open(path))


def references(folder: Path, video: str, stream: int) -> Pictures:
    """Returns torchcodec's frames of a stream, by ordinal."""
    name = re.compile(rf"{re.escape(video)}\.stream{stream}\.frame(\d+)\.png")
    return {
        int(found[1]): picture_at(path)
        for path in folder.iterdir()
        if (found := name.fullmatch(path.name))
    }


def by_ordinal(captured: Captured) -> dict[int, Image]:
    return {image.index - 1: image for image in captured.images}


def assert_shows(image: Image, ordinal: int, expected: Pictures) -> int:
    """Asserts that an image shows one reference, and no other; returns how many it was told from.

    Two references that hardly differ cannot tell.
    """
    picture, own = as_picture(decoded(image)), expected[ordinal]
    assert picture.shape == own.shape
    assert np.abs(picture - own).mean() <= BOUND, f"frame {ordinal}"
    assert np.abs((picture - own).mean(axis=(0, 1))).max() <= BIAS_BOUND, f"frame {ordinal}"
    told = 0
    for other, another in expected.items():
        telling = np.abs(own - another).max(axis=2) >= TELLING
        if telling.sum() >= ENOUGH:
            there = picture[telling]
            to_own, to_other = np.abs(there - own[telling]), np.abs(there - another[telling])
            assert to_own.mean() < to_other.mean(), f"frame {ordinal} looks like {other}"
            told += 1
    return told


def test_every_reference_frame_of_torchcodec(corpus: Path) -> None:
    captured = capture(corpus / "media/tc_nasa_13013.mp4", EVERY_FRAME)
    assert captured.info.stream_index == 3
    assert captured.info.stream_ordinal == 1
    assert len(captured.images) == 390
    folder = corpus / "reference/torchcodec"
    expected = references(folder, "nasa_13013.mp4", 3)
    for time, ordinal in NAMED_BY_TIME.items():
        expected[ordinal] = picture_at(folder / f"nasa_13013.mp4.time{time}.png")
    assert len(expected) == 23
    images = by_ordinal(captured)
    for ordinal in expected:
        assert assert_shows(images[ordinal], ordinal, expected) >= 7


@pytest.mark.parametrize(
    ("video", "name", "ordinal"),
    [("tc_av1_video.mkv", "av1_video.mkv", 10), ("tc_h265_video.mp4", "h265_video.mp4", 5)],
)
def test_a_reference_frame_of_another_codec(
    corpus: Path, video: str, name: str, ordinal: int
) -> None:
    path = corpus / "media" / video
    expected = references(corpus / "reference/torchcodec", name, 0)
    assert set(expected) == {ordinal}
    around = timeline.pictures(path, range(ordinal - 3, ordinal + 4))
    assert np.array_equal(around[ordinal], expected[ordinal])
    image = by_ordinal(capture(path, EVERY_FRAME))[ordinal]
    pictures = {i: picture.astype(np.int16) for i, picture in around.items()}
    assert assert_shows(image, ordinal, pictures) >= 2


@pytest.fixture(scope="module")
def counter(corpus: Path) -> Pictures:
    folder = corpus / "reference/pyscenedetect/counter"
    return {i: picture_at(folder / f"frame{i + 1:03}.png") for i in range(30)}


def test_each_frame_of_the_counter_comes_at_its_own_time(corpus: Path, counter: Pictures) -> None:
    captured = capture(corpus / "media/psd_counter.mp4", "video/snapshots,f_png,inter_100")
    tenths = [nanoseconds(Fraction(i, 10)) for i in range(30)]
    assert [image.media_time for image in captured.images] == tenths
    assert [image.requested_time for image in captured.images] == tenths
    for ordinal, image in by_ordinal(captured).items():
        assert assert_shows(image, ordinal, counter) == 29


@pytest.mark.parametrize("ordinal", [0, 1, 13, 28, 29])
def test_a_single_instant_gives_the_counter_it_shows(
    corpus: Path, counter: Pictures, ordinal: int
) -> None:
    # In the last millisecond of the frame: a seek that rounds would give the next one.
    text = f"video/snapshots,f_png,ss_{ordinal * 100 + 99},num_1"
    (image,) = capture(corpus / "media/psd_counter.mp4", text).images
    assert image.media_time == nanoseconds(Fraction(ordinal, 10))
    assert assert_shows(image, ordinal, counter) == 29


def test_libav_itself_shows_the_same_references(corpus: Path) -> None:
    expected = references(corpus / "reference/torchcodec", "nasa_13013.mp4", 3)
    pictures = timeline.pictures(corpus / "media/tc_nasa_13013.mp4", expected)
    for ordinal, reference in expected.items():
        assert np.array_equal(pictures[ordinal], reference), f"frame {ordinal}"
