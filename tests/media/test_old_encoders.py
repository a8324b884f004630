"""Films whose first packet names an encoder for which decoders make allowances.

It is named once. A decoder that starts elsewhere must make the same allowances.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Final

import av
import pytest
from imageio_ffmpeg import get_ffmpeg_exe

from support.media.capturing import capture
from support.media.judging import Film, assert_exact
from support.media.modes import SPARSE, SPECS, seeks_cost_nothing

OLD_BUILD: Final = b"x264 - core 148"
SOURCE: Final = "testsrc2=s=96x64:r=25:d=4,noise=alls=12"


def encoded(target: Path, *options: str) -> Path:
    """Writes a film of a noisy picture."""
    command = [get_ffmpeg_exe(), "-v", "error", "-f", "lavfi", "-i", SOURCE, "-threads", "1"]
    command += ["-g", "10", "-bf", "2", "-sc_threshold", "0", *options, str(target)]
    subprocess.run(command, check=True)
    return target


def rewritten(source: Path, target: Path, change: Callable[[int, bytes], bytes]) -> Path:
    """Copies a film, with its packets changed by their number and bytes."""
    with av.open(str(source)) as clip, av.open(str(target), "w") as container:
        video = clip.streams.video[0]
        stream = container.add_stream_from_template(video)
        for number, packet in enumerate(p for p in clip.demux(video) if p.size):
            copy = av.Packet(change(number, bytes(packet)))
            copy.pts, copy.dts, copy.time_base = packet.pts, packet.dts, packet.time_base
            copy.duration, copy.is_keyframe = packet.duration, packet.is_keyframe
            copy.stream = stream
            container.mux(copy)
    return target


def by_old_x264(number: int, content: bytes) -> bytes:
    changed, named = re.subn(rb"x264 - core \d{3}", OLD_BUILD, content)
    assert named == (number == 0)
    return changed


def by_xvid(number: int, content: bytes) -> bytes:
    """Names XviD in the first packet, whose transform differs, and nothing in the others."""
    user_data = rb"\x00\x00\x01\xb2[^\x00]*"
    return re.sub(user_data, b"\0\0\1\xb2XviD0050" if number == 0 else b"", content)


def differs(film: Film, other: Film) -> bool:
    pairs = zip(film.frames, other.frames, strict=True)
    return any((a.to_ndarray() != b.to_ndarray()).any() for a, b in pairs)


def assert_right(film: Film, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not any(frame.is_corrupt for frame in film.frames)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: range(2))
    assert_exact(film, SPECS)
    seeks_cost_nothing(monkeypatch)
    assert_exact(film, SPARSE)


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts", "flv"])
@pytest.mark.parametrize("pix_fmt", ["yuv420p", "yuv444p"])
def test_lossless_pictures_of_an_old_x264(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pix_fmt: str, suffix: str
) -> None:
    lossless = "qp=0:8x8dct=1:cabac=0"
    options = ("-c:v", "libx264", "-pix_fmt", pix_fmt, "-x264-params", lossless)
    clip = encoded(tmp_path / f"clip.{suffix}", *options)
    film = Film(rewritten(clip, tmp_path / f"aged.{suffix}", by_old_x264))
    assert differs(film, Film(clip))
    assert_right(film, monkeypatch)


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_pictures_of_xvid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str) -> None:
    clip = encoded(tmp_path / "clip.ts", "-c:v", "mpeg4", "-q:v", "3", "-pix_fmt", "yuv420p")
    film = Film(rewritten(clip, tmp_path / f"xvid.{suffix}", by_xvid))
    assert differs(film, Film(clip))
    assert_right(film, monkeypatch)


@pytest.mark.parametrize("threads", [1, 2])
def test_a_film_of_build_144_in_444(
    cases: Path, monkeypatch: pytest.MonkeyPatch, threads: int
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: range(threads))
    film = Film(cases / "x264_old444_30s.mp4")
    wanted = ("keyframes", "average", "three from 1500 ms")
    assert_exact(film, {name: SPECS[name] for name in wanted})
    keys = capture(film.path, SPECS["keyframes"])
    assert [image.media_time for image in keys.images] == [k * 10**9 for k in range(30)]
    assert not any(image.damaged for image in keys.images)
    again = capture(film.path, SPECS["keyframes"])
    assert [image.data for image in again.images] == [image.data for image in keys.images]
