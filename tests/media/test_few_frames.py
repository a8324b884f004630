"""Films of a few frames: far apart, or cut within the first."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from framecap.model.spec import IntervalSelection
from oracles import timeline
from oracles.timeline import NoPicture
from support.clips import make_clip
from support.media.capturing import assert_captured, capture, expected, given_row, wanted_row
from support.media.judging import Film, assert_exact
from support.media.modes import MS, SPECS, asking

DAY_MS = 24 * 60 * 60 * 1000
TS_PACKET = 188


@pytest.mark.parametrize("suffix", ["mkv", "flv"])
def test_frames_days_apart_are_found_along_a_fine_grid(tmp_path: Path, suffix: str) -> None:
    path = make_clip(
        tmp_path / f"a.{suffix}",
        frames=3,
        size=(96, 54),
        gop=1,
        pts=lambda k: k * DAY_MS * 9 // 2,
        time_base=Fraction(1, 1000),
    )
    spec = asking(IntervalSelection(spacing=MS, max_count=3))
    line = timeline.read(path)
    captured = assert_captured(path, line, spec)
    answered = DAY_MS * 9 // 2
    assert [image.answered_count for image in captured.images[:2]] == [answered, answered]
    assert len(captured.images) == 3


def test_frames_hours_apart_are_exact_in_each_mode(tmp_path: Path) -> None:
    path = make_clip(
        tmp_path / "a.mp4",
        frames=9,
        size=(96, 54),
        gop=4,
        b_frames=2,
        scene=2,
        pts=lambda k: k * 3_600_000,
        time_base=Fraction(1, 1000),
    )
    assert_exact(Film(path), SPECS)


@pytest.mark.parametrize("codec", ["libx264", "mpeg2video"])
@pytest.mark.parametrize("frames", [1, 2, 40])
def test_a_transport_stream_cut_anywhere_gives_its_frames(
    tmp_path: Path, codec: str, frames: int
) -> None:
    clip = make_clip(tmp_path / "a.ts", codec=codec, frames=frames, size=(640, 360), gop=20)
    content = clip.read_bytes()
    cuts = range(10 * TS_PACKET, min(len(content), 50 * TS_PACKET), 10 * TS_PACKET)
    read = 0
    for cut in cuts:
        path = tmp_path / f"{cut}.ts"
        path.write_bytes(content[:cut])
        try:
            line = timeline.read(path)
        except NoPicture:
            continue
        read += 1
        for name in ("every frame", "keyframes", "average", "instants"):
            wanted = [wanted_row(line, pick) for pick in expected(line, SPECS[name])]
            given = [given_row(image) for image in capture(path, SPECS[name]).images]
            # Where a picture was cut off it shows whatever memory held: no hash of it is right.
            assert [row._replace(dhash="") for row in given] == [
                row._replace(dhash="") for row in wanted
            ]
    assert read >= len(cuts) // 2
