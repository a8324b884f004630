"""A keyframe at or before a moment is found also where a seek lands behind it."""

from __future__ import annotations

from pathlib import Path

import pytest

from framecap.media.containers.container import Container
from framecap.media.containers.cursor import SharedFile
from framecap.media.containers.index import Index
from framecap.media.containers.seeking import keyframe_before
from support.clips import make_clip

FRAMES = 120
TICKS = 3600


@pytest.mark.parametrize("gop", [50, 1000], ids=["a last group", "one keyframe"])
@pytest.mark.parametrize("codec", ["libx264", "libx265"])
def test_a_transport_stream_lands_behind_its_last_keyframe(
    tmp_path: Path, codec: str, gop: int
) -> None:
    quiet = {"x265-params": "log-level=none"} if codec == "libx265" else {}
    path = make_clip(
        tmp_path / "a.ts", codec=codec, frames=FRAMES, gop=gop, size=(96, 54), options=quiet
    )
    with path.open("rb") as file:
        shared = SharedFile(file)
        with Container(shared) as container:
            keys = [packet.pts for packet in container.packets() if packet.is_keyframe]
            first, last = keys[0], keys[-1]
            assert first is not None and last is not None
            moment = first + (FRAMES - 2) * TICKS
            container.seek(moment)
            assert not any(packet.is_keyframe for packet in container.packets()), "no trap"
            index = Index(container)
            result = keyframe_before(container, moment, first=first, index=index)
            packet = result.key
            assert result.repairs > 0
            assert packet.is_keyframe
            assert packet.pts is not None and packet.pts <= moment
            assert next(container.packets()).pts == packet.pts + TICKS


@pytest.mark.parametrize("b_frames", [0, 3])
def test_keyframes_known_of_a_pass_are_landed_on_at_once(tmp_path: Path, b_frames: int) -> None:
    path = make_clip(tmp_path / "a.ts", frames=FRAMES, gop=50, size=(96, 54), b_frames=b_frames)
    with path.open("rb") as file, Container(SharedFile(file)) as container:
        index = Index(container)
        index.learn()
        assert index.learned
        keys = [packet.pts for packet in container.packets() if packet.is_keyframe]
        first = keys[0]
        assert first is not None and len(keys) == 3
        for number, key in enumerate(keys):
            assert key is not None
            before = keys[max(0, number - 1)]
            moments = {key: key, key + 49 * TICKS: key, max(first, key - 1): before}
            for moment, expected in moments.items():
                result = keyframe_before(container, moment, first=first, index=index)
                assert result.repairs == 0
                assert result.key.pts == expected
                assert next(container.packets()).pts != expected
