"""How the speed benchmark knows which frame a picture shows."""

from __future__ import annotations

import io
import subprocess
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest
from PIL import Image

from bench.speed import check, numbered
from bench.speed.check import FramesWrong
from bench.speed.films import Film
from bench.speed.jobs import Frame, Run
from bench.speed.ratios import Timing

SIZE = (640, 360)
COUNT = 50
TIMES = [Fraction(k, 10) for k in range(COUNT)]


def film(numbers: int | None) -> Film:
    return Film(
        name="film",
        path=Path("film.mp4"),
        codec="h264",
        width=SIZE[0],
        height=SIZE[1],
        rate=Fraction(10),
        frames=2 * COUNT,
        numbers=numbers,
    )


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    directory = tmp_path_factory.mktemp("numbered")
    source = f"testsrc2=size={SIZE[0]}x{SIZE[1]}:rate=10,{numbered.drawing(*SIZE)}"
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-f", "lavfi", "-i", source]
    command += ["-frames:v", f"{COUNT}", "-q:v", "4", f"{directory}/%03d.jpg"]
    subprocess.run(command, check=True)
    return [path.read_bytes() for path in sorted(directory.glob("*.jpg"))]


def run(pictures: list[bytes], times: list[Fraction] | None = None) -> Run:
    frames = [Frame(instant=at, time=at, pts=0, keyframe=False) for at in times or ()]
    return Run(timing=Timing(1, 1), pictures=pictures, frames=frames)


def test_numbers_are_read_at_any_size(pictures: list[bytes]) -> None:
    for number, picture in enumerate(pictures):
        whole = Image.open(io.BytesIO(picture)).convert("L")
        middle = whole.resize((178, 100)).crop((39, 0, 139, 100))
        for shown in (whole, whole.resize((214, 120)), middle):
            assert numbered.number(np.asarray(shown)) == number


def test_a_picture_without_number_has_none() -> None:
    assert numbered.number(np.full((90, 160), 128, np.uint8)) is None


def test_the_same_frames_are_the_same(pictures: list[bytes]) -> None:
    assert str(check.compare(film(COUNT), run(pictures, TIMES), run(pictures))) == "same"


def test_a_peer_that_is_off_is_told(pictures: list[bytes]) -> None:
    late = [*pictures[2:], *pictures[:1]]
    found = check.compare(film(COUNT), run(pictures, TIMES), run(late))
    assert str(found) == "49 of 49 off by up to 2 frames, -1 pictures"


def test_without_numbers_pictures_are_compared(pictures: list[bytes]) -> None:
    dark = io.BytesIO()
    Image.new("RGB", SIZE).save(dark, "jpeg")
    theirs = [*pictures[:-1], dark.getvalue()]
    found = check.compare(film(None), run(pictures), run(theirs))
    assert str(found) == "1 of 50 off"


def test_our_own_frames_are_held_to_their_times(pictures: list[bytes]) -> None:
    times = [Fraction(k, 10) for k in (0, 3, 53)]
    right = [pictures[k] for k in (0, 3, 3)]
    check.hold(film(COUNT), run(right, times))
    with pytest.raises(FramesWrong, match=r"film at 0.3 s: 3 is due, 3 is told, 4 is shown"):
        check.hold(film(COUNT), run([right[0], pictures[4], right[2]], times))
    with pytest.raises(FramesWrong, match="2 pictures, 3 frames"):
        check.hold(film(COUNT), run(right[:2], times))


def test_a_number_that_the_encoder_spoilt_is_not_read(pictures: list[bytes]) -> None:
    spoilt = replace(film(COUNT), unclear=frozenset({3}))
    times, shown = TIMES[3:5], [pictures[9], pictures[4]]
    check.hold(spoilt, run(shown, times))
    with pytest.raises(FramesWrong):
        check.hold(spoilt, run([pictures[9], pictures[5]], times))
    assert str(check.compare(spoilt, run(shown, times), run(shown))) == "same"
