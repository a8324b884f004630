"""Containers without presentation times: AVI counts chunks, raw streams only have durations."""

from __future__ import annotations

import struct
import subprocess
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest
from imageio_ffmpeg import get_ffmpeg_exe

from support.clips import make_clip, read_number
from support.media.capturing import Captured, capture
from support.media.judging import Film, assert_exact
from support.media.modes import SPARSE, SPECS

FRAMES = 50
SMALL = (96, 54)
EMPTY = range(20, 28)

CODECS: Mapping[str, Mapping[str, Any]] = {
    "mjpeg": {"codec": "mjpeg", "pix_fmt": "yuvj420p"},
    "mpeg-4": {"codec": "mpeg4"},
    "mpeg-4, b frames": {"codec": "mpeg4", "b_frames": 2},
    "h264, b frames": {"codec": "libx264", "b_frames": 3},
    "mpeg-2, b frames": {"codec": "mpeg2video", "b_frames": 2},
}


def run(*options: str) -> None:
    subprocess.run((get_ffmpeg_exe(), "-v", "error", "-nostdin", "-y", *options), check=True)


def every_frame(clip: Path) -> Captured:
    return capture(clip, SPECS["every frame"])


def times(captured: Captured) -> list[Fraction]:
    return [image.pts * image.time_base for image in captured.images]


def numbers(captured: Captured) -> list[int]:
    return [read_number(image.data) for image in captured.images]


def without_index(clip: Path) -> Path:
    """Has an AVI's index go by another name, so that nothing finds it."""
    data = clip.read_bytes()
    position = data.rindex(b"idx1")
    clip.write_bytes(data[:position] + b"JUNK" + data[position + 4 :])
    return clip


def emptied(clip: Path, chunks: range) -> Path:
    """Has some chunks of an AVI be empty: their pictures stay out, their time passes."""
    data = bytearray(clip.read_bytes())
    movi, index = data.index(b"movi"), data.rindex(b"idx1")
    count = struct.unpack_from("<I", data, index + 4)[0] // 16
    entries = [list(struct.unpack_from("<4sIII", data, index + 8 + 16 * k)) for k in range(count)]
    frames = bytearray(b"movi")
    for number, entry in enumerate(entries):
        begin = movi + entry[2] + 8
        payload = b"" if number in chunks else bytes(data[begin : begin + entry[3]])
        entry[2], entry[3] = len(frames), len(payload)
        frames += struct.pack("<4sI", entry[0], len(payload)) + payload + b"\0" * (len(payload) % 2)
    rows = b"".join(struct.pack("<4sIII", *entry) for entry in entries)
    body = bytes(data[12 : movi - 8])
    body += struct.pack("<4sI", b"LIST", len(frames)) + frames
    body += struct.pack("<4sI", b"idx1", len(rows)) + rows
    clip.write_bytes(struct.pack("<4sI4s", b"RIFF", len(body) + 4, b"AVI ") + body)
    return clip


@pytest.mark.parametrize("index", [True, False])
@pytest.mark.parametrize("codec", CODECS)
def test_an_avi_with_a_film_made_in_it_is_exact(tmp_path: Path, codec: str, index: bool) -> None:
    # MPEG-2 knows few rates.
    rate = Fraction(30000, 1001) if codec.startswith("mpeg-2") else Fraction(3013, 100)
    clip = make_clip(tmp_path / "a.avi", rate=rate, size=SMALL, frames=FRAMES, **CODECS[codec])
    if not index:
        without_index(clip)
    captured = every_frame(clip)
    assert numbers(captured) == list(range(FRAMES))
    assert times(captured) == [k / rate for k in range(FRAMES)]
    assert captured.info.clock.zero == 0
    assert captured.info.frame_rate == rate or not index
    assert_exact(Film(clip), SPARSE)


@pytest.mark.parametrize("codec", ["mjpeg", "mpeg-4"])
def test_an_empty_chunk_takes_its_time(tmp_path: Path, codec: str) -> None:
    options = {**CODECS[codec], "gop": 1}
    clip = emptied(make_clip(tmp_path / "a.avi", frames=FRAMES, size=SMALL, **options), EMPTY)
    captured = every_frame(clip)
    left = [k for k in range(FRAMES) if k not in EMPTY]
    assert numbers(captured) == left
    assert times(captured) == [Fraction(k, 25) for k in left]
    assert captured.summary.end == 2 * 10**9
    assert captured.info.frame_rate == Fraction(len(left), 2)
    assert captured.info.frame_count == len(left)
    instant = capture(clip, "video/snapshots,f_png,ss_1000,num_1").images[0]
    assert read_number(instant.data) == EMPTY.start - 1
    assert_exact(Film(clip), SPECS)


@pytest.mark.parametrize("codec", [codec for codec in CODECS if codec != "mjpeg"])
def test_many_empty_chunks_between_pictures_change_nothing(tmp_path: Path, codec: str) -> None:
    source = make_clip(tmp_path / "a.mkv", frames=FRAMES, size=SMALL, **CODECS[codec])
    # The command writes a chunk per tick of a time base that suits any rate.
    source = remuxed(source, tmp_path / "b.mp4")
    clip = remuxed(source, tmp_path / "a.avi", "-time_base", "1/600")
    with av.open(str(clip)) as container:
        unit = container.streams.video[0].time_base
        assert unit < Fraction(1, 100), "there are empty chunks between the pictures"
    captured = every_frame(clip)
    assert numbers(captured) == list(range(FRAMES))
    assert times(captured) == [Fraction(k, 25) for k in range(FRAMES)]
    assert captured.info.frame_count == FRAMES
    assert captured.info.frame_rate == 25
    assert_exact(Film(clip), SPARSE)


def remuxed(source: Path, target: Path, *options: str) -> Path:
    run("-i", str(source), "-c", "copy", *options, str(target))
    return target


RAW: Mapping[str, Mapping[str, Any]] = {
    "a.h264": {"codec": "libx264", "b_frames": 3},
    "a.hevc": {"codec": "libx265", "options": {"x265-params": "log-level=none"}},
    "a.m2v": {"codec": "mpeg2video", "b_frames": 2},
    "a.mjpeg": {"codec": "mjpeg", "pix_fmt": "yuvj420p"},
}


@pytest.mark.parametrize("name", RAW)
def test_a_raw_stream_runs_at_its_rate_from_zero(tmp_path: Path, name: str) -> None:
    # Raw JPEG has no rate; libav takes it for 25.
    rate = Fraction(25) if name == "a.mjpeg" else Fraction(30000, 1001)
    source = make_clip(
        tmp_path / "source.mkv", rate=rate, frames=FRAMES, size=(96, 64), **RAW[name]
    )
    clip = remuxed(source, tmp_path / name)
    captured = every_frame(clip)
    assert numbers(captured) == list(range(FRAMES))
    assert times(captured) == [k / rate for k in range(FRAMES)]
    assert captured.info.clock.zero == 0
    assert captured.info.frame_rate == rate
    assert captured.summary.end == FRAMES / rate * 10**9 // 1
    assert_exact(Film(clip), SPARSE)


@pytest.mark.parametrize("b_frames", [0, 2])
def test_repeated_fields_count_in_raw_streams(tmp_path: Path, b_frames: int) -> None:
    source = make_clip(
        tmp_path / "a.mkv", codec="mpeg2video", frames=FRAMES, size=(96, 64), b_frames=b_frames
    )
    clip = remuxed(source, tmp_path / "a.m2v")
    repeating(clip)
    captured = every_frame(clip)
    assert numbers(captured) == list(range(FRAMES))
    # Each even picture stays for three fields of 1/50 s, each odd one for two.
    assert times(captured) == [Fraction(5 * (k // 2) + 3 * (k % 2), 50) for k in range(FRAMES)]
    assert captured.summary.end == Fraction(5 * FRAMES, 100) * 10**9
    assert captured.info.frame_rate == 20
    late = capture(clip, "video/snapshots,f_png,ss_2400,num_1").images[0]
    assert read_number(late.data) == FRAMES - 2
    assert_exact(Film(clip), SPECS)


def repeating(clip: Path) -> None:
    """Flags every other picture of an MPEG-2 stream as one whose first field is repeated."""
    data = bytearray(clip.read_bytes())
    at = shown = begun = pictures = 0
    while (at := data.find(b"\0\0\1", at)) >= 0:
        match data[at + 3], data[at + 4] >> 4:
            case 0xB5, 1:
                # progressive_sequence: whole pictures would be repeated, not fields.
                data[at + 5] &= ~0x08
            case 0, _:
                # temporal_reference, from the beginning of the group.
                shown = begun + (data[at + 4] << 2 | data[at + 5] >> 6)
                pictures += 1
            case 0xB8, _:
                begun = pictures
            case 0xB5, 8:
                # repeat_first_field, and progressive_frame.
                data[at + 7] |= 0x02 if shown % 2 == 0 else 0
                data[at + 8] |= 0x80
        at += 4
    clip.write_bytes(data)


def test_chunks_that_are_empty_in_the_middle(cases: Path) -> None:
    clip = cases / "null.avi"
    captured = capture(clip, "video/snapshots,f_png,inter_1000")
    answers = [(image.media_time // 10**6, image.answered_count) for image in captured.images]
    assert answers == [(0, 1), (1000, 2), (3000, 1), (4000, 1), (5000, 1)]
    spread = capture(clip, "video/snapshots,f_png,m_avg,num_3")
    assert [image.pts for image in spread.images] == [0, 25, 100]
    assert spread.summary.end == 6 * 10**9
    assert len(every_frame(clip).images) == 101
    assert capture(clip, "video/snapshots,f_png,ss_5500,num_1").images[0].pts == 137
    assert captured.info.frame_rate == Fraction(101, 6)
    assert_exact(Film(clip), SPARSE)


def test_a_rate_that_libav_rounds(cases: Path) -> None:
    captured = capture(cases / "r3013_120.avi", "video/snapshots,f_jpg,ss_110000,num_1")
    [image] = captured.images
    assert image.pts * image.time_base == Fraction(331400, 3013)
    spread = capture(cases / "r3013_120.avi", "video/snapshots,f_jpg,m_avg,num_2")
    assert spread.summary.end == Fraction(361600, 3013) * 10**9 // 1
    assert captured.info.frame_rate == Fraction(3013, 100)


def test_soft_telecine(cases: Path) -> None:
    clip = cases / "soft_telecine.m2v"
    captured = every_frame(clip)
    field = Fraction(1001, 60000)
    assert times(captured) == [(5 * (k // 2) + 3 * (k % 2)) * field for k in range(240)]
    spread = capture(clip, "video/snapshots,f_png,m_avg,num_4")
    assert [image.media_time for image in spread.images] == [0, 2502500000, 5005000000, 7507500000]
    assert spread.summary.end == 10010000000
    assert len(capture(clip, "video/snapshots,f_png,ss_9000").images) == 25
    assert captured.info.frame_rate == Fraction(24000, 1001)


def test_an_avi_of_reordered_h264_stays_as_it_was(corpus: Path) -> None:
    captured = every_frame(corpus / "media" / "ax_h264_avi_no_pts.avi")
    assert times(captured) == [Fraction(k, 30) for k in range(58)]
