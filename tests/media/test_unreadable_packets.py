"""Packets that no decoder takes: what is left is captured, and what lacks is said."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import replace
from pathlib import Path

import av
import pytest

from framecap.errors import MediaCorrupt
from framecap.model.capture import Lack
from framecap.model.spec import DamagePolicy
from framecap.spec import text
from support.clips import make_clip, read_number
from support.media.capturing import capture
from support.media.judging import Film, judge
from support.media.modes import SPECS

FRAMES = 50
BROKEN = (12, 13, 30)


def with_broken(source: Path, target: Path, broken: Container[int]) -> Path:
    """Copies a clip; of some packets only the size stays."""
    with av.open(str(source)) as clip, av.open(str(target), "w") as container:
        stream = container.add_stream_from_template(clip.streams.video[0])
        for number, packet in enumerate(clip.demux(video=0)):
            if packet.size == 0:
                continue
            copy = av.Packet(b"\1" * packet.size if number in broken else bytes(packet))
            copy.pts, copy.dts, copy.time_base = packet.pts, packet.dts, packet.time_base
            copy.duration, copy.is_keyframe = packet.duration, packet.is_keyframe
            copy.stream = stream
            container.mux(copy)
    return target


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clip")
    return make_clip(
        folder / "whole.mov", codec="mjpeg", pix_fmt="yuvj420p", frames=FRAMES, size=(96, 54)
    )


@pytest.fixture(scope="module")
def clip(whole: Path) -> Path:
    return with_broken(whole, whole.with_name("a.mov"), BROKEN)


def test_a_shortfall_says_how_many(clip: Path) -> None:
    captured = capture(clip, "video/snapshots,f_jpg,inter_0,num_60")
    shown = [read_number(image.data) for image in captured.images]
    assert shown == [number for number in range(FRAMES) if number not in BROKEN]
    summary = captured.summary
    lacks = {shortfall.reason: shortfall.count for shortfall in summary.shortfalls}
    assert lacks == {Lack.UNDECODABLE: 3, Lack.NO_MORE_FRAMES: 10}
    assert summary.explanation == "asked 60, gave 47: 3 undecodable, 10 for want of more frames"
    assert summary.damage.undecodable == 3
    assert {warning.reason for warning in captured.warnings} == {"PACKETS_UNDECODABLE"}


def test_the_one_before_stays_on_screen(clip: Path) -> None:
    captured = capture(clip, "video/snapshots,f_jpg,inter_40,ss_400,num_3")
    assert [read_number(image.data) for image in captured.images] == [10, 11, 14]
    assert [image.answered_count for image in captured.images] == [1, 3, 1]


def test_every_image_is_right(clip: Path, whole: Path) -> None:
    verdict = judge(clip, Film(whole), SPECS)
    assert verdict.faults == []


def test_strictly_it_ends_at_the_first(clip: Path) -> None:
    spec = text.parse("video/snapshots,f_jpg,inter_0").spec
    with pytest.raises(MediaCorrupt):
        capture(clip, replace(spec, damage_policy=DamagePolicy.STRICT))
