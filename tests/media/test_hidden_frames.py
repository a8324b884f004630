"""Frames that an edit list hides are not captured, in any mode."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from framecap.model.spec import KeyframeSelection
from support.clips import make_clip, read_number
from support.media.capturing import capture
from support.media.judging import Film, assert_exact
from support.media.modes import SPECS

RATE = 25
FRAMES = 90
GOP = 15

# As the library writes them: units of a second in the track, and in the edit list's durations.
TRACK_UNITS, MOVIE_UNITS = 12_800, 1000


def hide(path: Path, frames: int) -> None:
    """Has the edit list of a clip begin behind its first frames."""
    data = bytearray(path.read_bytes())
    at = data.index(b"elst")
    version_and_count = struct.unpack_from(">II", data, at + 4)
    assert version_and_count == (0, 1), "one entry of 32 bits"
    duration, begin = struct.unpack_from(">Ii", data, at + 12)
    duration -= frames * MOVIE_UNITS // RATE
    begin += frames * TRACK_UNITS // RATE
    struct.pack_into(">Ii", data, at + 12, duration, begin)
    path.write_bytes(data)


# How many frames are hidden, and the most B-frames in a row.
CLIPS = [(1, 2), (7, 0), (7, 2), (GOP, 0), (GOP + 5, 2), (3 * GOP + 14, 2)]


@pytest.fixture(params=CLIPS, ids=lambda clip: "{} hidden, {} b-frames".format(*clip))
def kind(request: pytest.FixtureRequest) -> tuple[int, int]:
    hidden, b_frames = request.param
    return hidden, b_frames


@pytest.fixture
def hidden(kind: tuple[int, int]) -> int:
    return kind[0]


@pytest.fixture
def clip(kind: tuple[int, int], tmp_path: Path) -> Path:
    hidden, b_frames = kind
    path = make_clip(
        tmp_path / "a.mp4",
        frames=FRAMES,
        rate=RATE,
        gop=GOP,
        b_frames=b_frames,
        size=(96, 54),
        scene=13,
    )
    hide(path, hidden)
    return path


def test_each_mode_begins_behind_them(clip: Path, hidden: int) -> None:
    for name, spec in SPECS.items():
        if spec.start >= (FRAMES - hidden) * 10**9 // RATE:
            continue
        captured = capture(clip, spec)
        for image in captured.images:
            shown = hidden + round(image.media_time * RATE / 10**9)
            assert read_number(image.data) == shown, name
        if not isinstance(spec.selection, KeyframeSelection) and spec.start == 0:
            assert read_number(captured.images[0].data) == hidden, name
    keyframes = [read_number(image.data) for image in capture(clip, SPECS["keyframes"]).images]
    assert keyframes == [number for number in range(0, FRAMES, GOP) if number >= hidden]
    assert len(capture(clip, SPECS["every frame"]).images) == FRAMES - hidden


def test_each_mode_is_exact(clip: Path) -> None:
    assert_exact(Film(clip), SPECS)
