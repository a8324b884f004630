"""Films cut so that no keyframe is left, or none but in the middle."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from framecap.model.spec import KeyframeSelection
from support.clips import make_clip
from support.media.capturing import capture
from support.media.judging import Film, judge
from support.media.modes import SPECS

TS_PACKET = 188

CLIPS: dict[str, tuple[str, dict[str, Any]]] = {
    "h264 ts": ("a.ts", {"gop": 1000}),
    "h264 intra refresh ts": (
        "a.ts",
        {"gop": 15, "options": {"x264-params": "intra-refresh=1"}},
    ),
    "mpeg-2 ts": ("a.ts", {"codec": "mpeg2video", "gop": 1000}),
    "h264 raw": ("a.h264", {"gop": 1000}),
    "a keyframe in the middle": ("a.ts", {"gop": 60, "b_frames": 2}),
}


@pytest.mark.parametrize(("name", "options"), CLIPS.values(), ids=CLIPS.keys())
def test_no_image_is_wrong(tmp_path: Path, name: str, options: dict[str, Any]) -> None:
    settings = {"frames": 90, "size": (96, 54), "scene": 13, **options}
    clip = make_clip(tmp_path / f"whole_{name}", **settings)
    content = clip.read_bytes()
    cut = tmp_path / name
    cut.write_bytes(content[len(content) // 3 // TS_PACKET * TS_PACKET :])
    verdict = judge(cut, Film(clip), SPECS)
    assert verdict.faults == []


def test_that_there_is_no_keyframe_is_said(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mkv", frames=90, size=(96, 54), gop=1000)
    from_within = SPECS["keyframes from 600 ms"]
    assert isinstance(from_within.selection, KeyframeSelection)
    captured = capture(clip, from_within)
    assert captured.images == []
    assert captured.summary.explanation.startswith("asked 2, gave 0: ")
