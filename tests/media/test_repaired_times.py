"""Times that stand still or step back, in containers that have times: repaired, and counted."""

from __future__ import annotations

from pathlib import Path

import av
import pytest

from support.clips import make_clip, read_number
from support.media.capturing import capture
from support.media.judging import Film, assert_exact, judge
from support.media.modes import SPECS

FRAMES = 90
FRAME_MS = 40

# In frames; what is not here is on time. What is shown for no time moves no others.
ALONE = {
    "two at one time": {31: 30},
    "three at one time": {31: 30, 32: 30},
    "one steps back": {40: 38.5},
    "several step back": {40: 37.5, 41: 38, 42: 38.5},
    "one steps back to the time of another": {40: 38},
    "two change places": {50: 51, 51: 50},
    "a keyframe at the time of the frame before it": {30: 29},
    "a frame at the time of the keyframe before it": {31: 30},
    "the last but one is late": {FRAMES - 2: FRAMES - 3.5},
    "the last is late": {FRAMES - 1: FRAMES - 2.5},
    "the last two at one time": {FRAMES - 1: FRAMES - 2},
}

# These move all that follow, which is known where all are read only.
LASTING = {
    "one far ahead": {40: 70},
    "one far back": {40: 2.5},
    "another recording begins": {number: number - 50 for number in range(60, FRAMES)},
}
AT_ONCE = {0: 1}
TIMES = {**ALONE, **LASTING, "first of all late": AT_ONCE}

NOT_SHOWN = {
    "two at one time": {30},
    "three at one time": {30, 31},
    "one steps back": {40},
    "several step back": {40, 41, 42},
    "one steps back to the time of another": {40},
    "two change places": {51},
    "a keyframe at the time of the frame before it": {29},
    "a frame at the time of the keyframe before it": {30},
    "the last but one is late": {FRAMES - 2},
    "the last is late": {FRAMES - 1},
    "the last two at one time": {FRAMES - 2},
    "first of all late": {0},
}


def retime(source: Path, target: Path, times: dict[int, float]) -> Path:
    """Copies a clip, giving some frames other times. Its packets are in the order of display."""
    with av.open(str(source)) as clip, av.open(str(target), "w") as container:
        stream = container.add_stream_from_template(clip.streams.video[0])
        for number, packet in enumerate(clip.demux(video=0)):
            if packet.size:
                frame = round(FRAME_MS / 1000 / packet.time_base)
                # Presentation is so much later than decoding that its times may be anything.
                packet.dts = number * frame
                packet.pts = round((FRAMES + times.get(number, number)) * frame)
                packet.stream = stream
                container.mux(packet)
    return target


@pytest.fixture(params=["a.mkv", "a.ts", "a.mp4"])
def name(request: pytest.FixtureRequest) -> str:
    chosen: str = request.param
    return chosen


def clip_of(folder: Path, name: str, times: dict[int, float]) -> Path:
    source = make_clip(folder / "source.mp4", frames=FRAMES, gop=15, size=(96, 54), scene=13)
    return retime(source, folder / name, times)


@pytest.mark.parametrize("fault", TIMES)
def test_each_frame_that_is_shown_comes_once_in_its_order(
    tmp_path: Path, name: str, fault: str
) -> None:
    clip = clip_of(tmp_path, name, TIMES[fault])
    captured = capture(clip, SPECS["every frame"])
    hidden = NOT_SHOWN.get(fault, set())
    assert [read_number(image.data) for image in captured.images] == [
        number for number in range(FRAMES) if number not in hidden
    ]
    times = [image.media_time for image in captured.images]
    assert times == sorted(set(times))
    assert captured.summary.damage.repaired_times == max(1, len(hidden))
    assert "TIMES_REPAIRED" in {warning.reason for warning in captured.warnings}


@pytest.mark.parametrize("times", ALONE.values(), ids=ALONE.keys())
def test_each_mode_is_exact(tmp_path: Path, name: str, times: dict[int, float]) -> None:
    film = Film(clip_of(tmp_path, name, times))
    assert film.line.repaired
    assert_exact(film, SPECS)


@pytest.mark.parametrize("times", LASTING.values(), ids=LASTING.keys())
def test_no_image_is_wrong(tmp_path: Path, name: str, times: dict[int, float]) -> None:
    film = Film(clip_of(tmp_path, name, times))
    assert film.line.repaired
    assert judge(film.path, film, SPECS).faults == []


def test_a_second_frame_at_the_time_of_the_first_is_noticed_at_once(
    tmp_path: Path, name: str
) -> None:
    assert_exact(Film(clip_of(tmp_path, name, AT_ONCE)), SPECS)
