"""However a film is encoded, each mode gives the frames, and the pictures, of a whole decoding.

What may be left out on the way to a picture depends on how pictures refer to each other: clips of
each way that encoders have. They are so short that no plan would go from place to place in them:
each is captured as planned, as if seeks cost nothing, and without passing over anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import pytest

from framecap.model.plan import Strategy
from framecap.model.spec import DamagePolicy
from support.clips import make_clip
from support.media.judging import Film, assert_exact
from support.media.modes import SPARSE, SPECS, seeks_cost_nothing


def x264(parameters: str, **options: Any) -> dict[str, Any]:
    return {"options": {"x264-params": parameters}, **options}


def x265(parameters: str, **options: Any) -> dict[str, Any]:
    quiet = {"x265-params": f"log-level=none:{parameters}"}
    return {"codec": "libx265", "options": quiet, **options}


PYRAMID: Final = "b-pyramid=normal:b-adapt=0:ref=5"
ALT_REF: Final = {"auto-alt-ref": "1", "lag-in-frames": "16", "arnr-maxframes": "5"}
SVT: Final = {"codec": "libsvtav1", "options": {"preset": "10"}}
ON_THE_CLOCK: Final = Fraction(1, 90_000)

CLIPS: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "h264 pyramid": ("a.mp4", x264(PYRAMID, b_frames=7, gop=24)),
    "h264 strict pyramid": ("a.mkv", x264("b-pyramid=strict:b-adapt=0", b_frames=3, gop=10)),
    "h264 pyramid, open": ("a.mp4", x264(f"{PYRAMID}:open-gop=1", b_frames=7, gop=12)),
    "h264 pyramid, open, ts": ("a.ts", x264(f"{PYRAMID}:open-gop=1", b_frames=3, gop=24)),
    "h264 all keyframes": ("a.mp4", {"gop": 1}),
    "h264 one keyframe": ("a.mkv", {"gop": 1000, "b_frames": 2}),
    "h264 one keyframe, ts": ("a.ts", {"gop": 1000, "b_frames": 2}),
    "h264 intra refresh": ("a.mp4", x264("intra-refresh=1", gop=15)),
    "h264 intra refresh, ts": ("a.ts", x264("intra-refresh=1", gop=15)),
    "h264 interlaced": (
        "a.mp4",
        {"b_frames": 2, "size": (96, 64), "options": {"flags": "+ildct+ilme"}},
    ),
    "h264 raw": ("a.h264", x264(PYRAMID, b_frames=3, gop=20)),
    "h264 avi": ("a.avi", {"b_frames": 2, "gop": 20}),
    "hevc open": ("a.mp4", x265("open-gop=1", b_frames=4, gop=20)),
    "hevc open, ts": ("a.ts", x265("open-gop=1:b-adapt=0", b_frames=7, gop=16)),
    "hevc closed": ("a.mkv", x265("open-gop=0", b_frames=4, gop=20)),
    "hevc decodable leading pictures": ("a.mp4", x265("open-gop=0:radl=2", b_frames=4, gop=20)),
    "hevc temporal layers": (
        "a.mp4",
        x265("temporal-layers=3:b-adapt=0", b_frames=7, gop=24),
    ),
    "hevc temporal layers, ts": ("a.ts", x265("temporal-layers=2:b-adapt=0", b_frames=3, gop=8)),
    "av1": ("a.mp4", {**SVT, "gop": 33}),
    "av1 short": ("a.mkv", {**SVT, "gop": 7}),
    "vp9 hidden references": (
        "a.webm",
        {"codec": "libvpx-vp9", "options": {**ALT_REF, "cpu-used": "5"}, "gop": 40},
    ),
    "vp9 mp4": (
        "a.mp4",
        {"codec": "libvpx-vp9", "options": {**ALT_REF, "cpu-used": "5"}, "gop": 12},
    ),
    "vp8 hidden references": ("a.webm", {"codec": "libvpx", "options": ALT_REF, "gop": 40}),
    "mpeg-2": ("a.mp4", {"codec": "mpeg2video", "b_frames": 2, "gop": 12}),
    "mpeg-2 ts": ("a.ts", {"codec": "mpeg2video", "b_frames": 2, "gop": 15}),
    "mpeg-4": ("a.mkv", {"codec": "mpeg4", "b_frames": 2, "gop": 12}),
    "mjpeg": ("a.mov", {"codec": "mjpeg", "pix_fmt": "yuvj420p"}),
    "prores": ("a.mov", {"codec": "prores_ks", "pix_fmt": "yuv422p10le"}),
    "wmv": ("a.asf", {"codec": "wmv2", "gop": 20}),
    "every distance": (
        "a.mkv",
        {"b_frames": 2, "pts": lambda k: k * k, "time_base": Fraction(1, 1000)},
    ),
    "a hole": (
        "a.ts",
        {"pts": lambda k: 3600 * k + 900_000 * (k > 44), "time_base": ON_THE_CLOCK},
    ),
    "the clock's wrap": (
        "a.ts",
        {"pts": lambda k: 2**33 - 150_000 + 3600 * k, "time_base": ON_THE_CLOCK, "b_frames": 2},
    ),
    # Matroska has no times before 0: the first twenty frames have none.
    "no times at first": (
        "a.mkv",
        {"pts": lambda k: k - 20, "muxing": {"avoid_negative_ts": "disabled"}, "b_frames": 2},
    ),
    "offsets before 0": (
        "a.mp4",
        {"b_frames": 2, "muxing": {"movflags": "negative_cts_offsets"}},
    ),
    "no edit list": ("a.mp4", {"b_frames": 2, "muxing": {"use_editlist": "0"}}),
    "a late start": ("a.mkv", {"b_frames": 2, "pts": lambda k: k + 1000}),
    "late picture": ("a.mp4", {"b_frames": 2, "audio": True, "audio_lead": Fraction(1)}),
}


STRICT: Final = {
    name: replace(SPECS[name], damage_policy=DamagePolicy.STRICT)
    for name in ("interval of 90 ms", "keyframes", "instants")
}


@pytest.mark.parametrize(("name", "options"), CLIPS.values(), ids=CLIPS.keys())
def test_each_mode_is_exact_by_every_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, options: Mapping[str, Any]
) -> None:
    settings = {"frames": 90, "gop": 15, "size": (96, 54), "scene": 13, **options}
    film = Film(make_clip(tmp_path / name, **settings))
    planned = assert_exact(film, SPECS)
    assert assert_exact(film, STRICT) == {Strategy.SEQUENTIAL}
    if planned != {Strategy.SEQUENTIAL}:
        seeks_cost_nothing(monkeypatch)
        assert Strategy.SEEK in assert_exact(film, SPARSE)
