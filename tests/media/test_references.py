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
from media.capturing import Captured, capture, decoded, nanoseconds
from oracles import timeline

pytestmark = pytest.mark.corpus

EVERY_FRAME = "video/snapshots,f_png,inter_0"

# Mean absolute difference of an 8-bit sample. Torchcodec's references and ours differ only in how
# chroma is interpolated and in rounding; the counter's went through another converter as well.
TORCHCODEC_BOUND = 1.0
COUNTER_BOUND = 2.5

# Named by the time they were asked for, which there means the first frame from that time on.
NAMED_BY_TIME = {"6.000000": 180, "6.100000": 183, "10.000000": 300, "12.979633": 389}

Picture = npt.NDArray[np.float32]


def picture_at(path: Path) -> Picture:
    return np.asarray(PillowImage.open(path).convert("RGB"), np.float32)


def picture_of(image: Image) -> Picture:
    return np.asarray(decoded(image).convert("RGB"), np.float32)


def difference(one: Picture, other: Picture) -> float:
    assert one.shape == other.shape
    return float(np.abs(one - other).mean())


def references(folder: Path, video: str, stream: int) -> dict[int, Picture]:
    """Returns torchcodec's frames of a stream, by ordinal."""
    name = re.compile(rf"{re.escape(video)}\.stream{stream}\.frame(\d+)\.png")
    return {
        int(found[1]): picture_at(path)
        for path in folder.iterdir()
        if (found := name.fullmatch(path.name))
    }


def assert_each_is_its_own(
    images: dict[int, Image], expected: dict[int, Picture], bound: float
) -> None:
    """Asserts that each image shows its own reference, and none of the others better."""
    assert expected
    for ordinal, reference in expected.items():
        picture = picture_of(images[ordinal])
        own = difference(picture, reference)
        assert own <= bound, f"frame {ordinal}"
        for other, another in expected.items():
            if not np.array_equal(reference, another):
                assert own < difference(picture, another), f"frame {ordinal} looks like {other}"


def by_ordinal(captured: Captured) -> dict[int, Image]:
    return {image.index - 1: image for image in captured.images}


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
    assert_each_is_its_own(by_ordinal(captured), expected, TORCHCODEC_BOUND)


@pytest.mark.parametrize(
    ("video", "name", "ordinal"),
    [("tc_av1_video.mkv", "av1_video.mkv", 10), ("tc_h265_video.mp4", "h265_video.mp4", 5)],
)
def test_a_reference_frame_of_another_codec(
    corpus: Path, video: str, name: str, ordinal: int
) -> None:
    captured = capture(corpus / "media" / video, EVERY_FRAME)
    expected = references(corpus / "reference/torchcodec", name, 0)
    assert set(expected) == {ordinal}
    own, *others = [
        difference(picture_of(captured.images[i]), expected[ordinal])
        for i in (ordinal, ordinal - 1, ordinal + 1)
    ]
    assert own <= TORCHCODEC_BOUND
    assert own < min(others)


def counter(corpus: Path) -> dict[int, Picture]:
    folder = corpus / "reference/pyscenedetect/counter"
    return {i: picture_at(folder / f"frame{i + 1:03}.png") for i in range(30)}


def test_each_frame_of_the_counter_comes_at_its_own_time(corpus: Path) -> None:
    captured = capture(corpus / "media/psd_counter.mp4", "video/snapshots,f_png,inter_100")
    assert [image.media_time for image in captured.images] == [
        nanoseconds(Fraction(i, 10)) for i in range(30)
    ]
    assert [image.requested_time for image in captured.images] == [
        image.media_time for image in captured.images
    ]
    assert_each_is_its_own(by_ordinal(captured), counter(corpus), COUNTER_BOUND)


@pytest.mark.parametrize("ordinal", [0, 1, 13, 28, 29])
def test_a_single_instant_gives_the_counter_it_shows(corpus: Path, ordinal: int) -> None:
    # In the last millisecond of the frame: a seek that rounds would give the next one.
    text = f"video/snapshots,f_png,ss_{ordinal * 100 + 99},num_1"
    captured = capture(corpus / "media/psd_counter.mp4", text)
    (image,) = captured.images
    assert image.media_time == nanoseconds(Fraction(ordinal, 10))
    expected = counter(corpus)
    distances = [difference(picture_of(image), expected[i]) for i in range(30)]
    assert distances.index(min(distances)) == ordinal
    assert min(distances) <= COUNTER_BOUND


def test_libav_itself_shows_the_same_references(corpus: Path) -> None:
    expected = references(corpus / "reference/torchcodec", "nasa_13013.mp4", 3)
    pictures = timeline.pictures(corpus / "media/tc_nasa_13013.mp4", expected)
    for ordinal, reference in expected.items():
        assert np.array_equal(pictures[ordinal], reference), f"frame {ordinal}"
