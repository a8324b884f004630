"""Random damage never crashes, never hangs, and never gives a wrong frame with a confident time.

Each case damages a file at random, captures from it in several ways, and holds every image against
a whole decoding. A run tries a few; FRAMECAP_DAMAGE=1000 tries as many of each film.
"""

from __future__ import annotations

import os
import random
from pathlib import Path
from typing import Any, Final

import pytest

from support.clips import make_clip
from support.damage import damaged
from support.media.judging import RIGHT, Film, judge
from support.media.modes import SPECS

X265: Final = {"codec": "libx265", "b_frames": 3, "options": {"x265-params": "log-level=none"}}
OPEN: Final = {"b_frames": 3, "options": {"x264-params": "open-gop=1"}}

CLIPS: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "h264 mp4": ("a.mp4", {"b_frames": 2}),
    "h264 fragmented": (
        "a.mp4",
        {"b_frames": 2, "muxing": {"movflags": "frag_keyframe+empty_moov"}},
    ),
    "h264 mkv": ("a.mkv", {"b_frames": 2}),
    "h264 ts": ("a.ts", {"b_frames": 2, "audio": True}),
    "h264 open gop ts": ("a.ts", OPEN),
    "h264 open gop mkv": ("a.mkv", OPEN),
    "h264 flv": ("a.flv", {"b_frames": 2}),
    "h264 avi": ("a.avi", {"b_frames": 2}),
    "mpeg-4 avi": ("a.avi", {"codec": "mpeg4"}),
    "mpeg-4 mp4": ("a.mp4", {"codec": "mpeg4", "b_frames": 2}),
    "mpeg-2 ts": ("a.ts", {"codec": "mpeg2video", "b_frames": 2}),
    "mpeg-2 ps": ("a.mpg", {"codec": "mpeg2video", "b_frames": 2}),
    "hevc mp4": ("a.mp4", X265),
    "hevc mkv": ("a.mkv", X265),
    "hevc ts": ("a.ts", X265),
    "vp8 webm": ("a.webm", {"codec": "libvpx"}),
    "vp9 webm": ("a.webm", {"codec": "libvpx-vp9"}),
    "av1 mp4": ("a.mp4", {"codec": "libsvtav1", "options": {"preset": "10"}}),
}

CLIP: Final[dict[str, Any]] = {"frames": 90, "gop": 15, "size": (96, 54), "scene": 13}

SEEDS: Final = int(os.environ.get("FRAMECAP_DAMAGE", "4"))

# Damage that the soak found answered wrongly.
FOUND: Final = [
    # The last tag is cut; whether it is given depended on where reading began.
    ("h264 flv", 3441970598),
    ("h264 flv", 2716901204),
    ("h264 flv", 2917987596),
    # A broken keyframe gave an image, another way then as many as were asked for in all.
    ("mpeg-2 ps", 2278779270),
    # One decoding time leaps 95,000 s ahead and back.
    ("h264 open gop ts", 1816732110),
    # Behind a hole a whole decoding loses pictures for a while.
    ("h264 open gop ts", 2816046689),
    # The first half of the file comes twice.
    ("hevc mkv", 1108757197),
    # Its shape is so broken that its images would be too wide.
    ("h264 fragmented", 353921578),
    # A keyframe steps back in time.
    ("hevc ts", 2722930106),
    # Pictures come twice, once broken.
    ("vp8 webm", 1057892260),
]


@pytest.fixture(scope="module", params=CLIPS.values(), ids=CLIPS.keys())
def clip(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    name, options = request.param
    return make_clip(tmp_path_factory.mktemp("clip") / name, **CLIP, **options)


@pytest.fixture(scope="module")
def film(clip: Path) -> Film:
    return Film(clip)


def test_an_undamaged_film_is_judged_right(clip: Path, film: Film) -> None:
    verdict = judge(clip, film, SPECS)
    assert verdict.faults == []
    assert verdict.counts[RIGHT] > 150
    assert set(verdict.counts) == {RIGHT}


@pytest.mark.parametrize("seed", range(SEEDS))
def test_no_image_is_wrong(clip: Path, film: Film, tmp_path: Path, seed: int) -> None:
    path = tmp_path / clip.name
    path.write_bytes(damaged(clip.read_bytes(), random.Random(f"{clip.name} {seed}")))
    assert judge(path, film, SPECS).faults == []


@pytest.mark.parametrize(("kind", "seed"), FOUND)
def test_what_was_found_once(tmp_path: Path, kind: str, seed: int) -> None:
    name, options = CLIPS[kind]
    whole = make_clip(tmp_path / f"whole_{name}", **CLIP, **options)
    path = tmp_path / name
    path.write_bytes(damaged(whole.read_bytes(), random.Random(seed)))
    assert judge(path, Film(whole), SPECS).faults == []
