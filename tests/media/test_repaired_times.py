"""Times that stand still or step back, in containers that have times: repaired, and counted."""

from __future__ import annotations

from pathlib import Path

import av
import pytest

from clips import make_clip, read_number
from media.capturing import capture
from media.judging import Film, assert_exact, judge
from media.modes import SPECS

FRAMES = 90
FRAME_MS = 40

# In frames; what is not here is on time. Repairing them moves no others.
ALONE = {
    "two at one time": {31: 30},
    "three at one time": {31: 30, 32: 30},
    "one steps back": {40: 38.5},
    "one far back": {40: 2.5},
}

# Repairing these moves all that follow, which is known where all are decoded only.
LASTING = {
    "one far ahead": {40: 70},
    "two change places": {50: 51, 51: 50},
}
AT_ONCE = {0: 1}
TIMES = {**ALONE, **LASTING, "first of all late": AT_ONCE}


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


@pytest.fixture(params=["a.mkv", "a.ts"])
def name(request: pytest.FixtureRequest) -> str:
    chosen: str = request.param
    return chosen


def clip_of(folder: Path, name: str, times: dict[int, float]) -> Path:
    source = make_clip(folder / "source.mp4", frames=FRAMES, gop=15, size=(96, 54), scene=13)
    return retime(source, folder / name, times)


@pytest.mark.parametrize("times", TIMES.values(), ids=TIMES.keys())
def test_each_frame_comes_once_in_its_order(
    tmp_path: Path, name: str, times: dict[int, float]
) -> None:
    clip = clip_of(tmp_path, name, times)
    captured = capture(clip, SPECS["every frame"])
    assert [read_number(image.data) for image in captured.images] == list(range(FRAMES))
    times = [image.media_time for image in captured.images]
    assert times == sorted(set(times))
    assert captured.summary.damage.repaired_times > 0
    assert "TIMES_REPAIRED" in {notice.reason for notice in captured.notices}


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
