"""Headers that claim another length, or another number of frames, than the film has."""

from __future__ import annotations

import struct
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import pytest

from support.clips import make_clip
from support.media.capturing import capture
from support.media.judging import Film, assert_exact
from support.media.modes import SPECS

FRAMES = 90
RATE = 25
SECONDS = Fraction(FRAMES, RATE)

Lie = Callable[[bytearray, Fraction], None]


def multiply(content: bytearray, at: int, form: str, factor: Fraction) -> None:
    """Multiplies the number at a place."""
    (number,) = struct.unpack_from(form, content, at)
    assert number > 0
    told = number * factor
    struct.pack_into(form, content, at, float(told) if "d" in form else int(told))


def in_mp4(content: bytearray, factor: Fraction) -> None:
    """The film's length and the track's, in their boxes of version 0."""
    for kind, place in ((b"mvhd", 20), (b"mdhd", 20), (b"tkhd", 24)):
        multiply(content, content.index(kind) + place, ">I", factor)


def in_matroska(content: bytearray, factor: Fraction) -> None:
    multiply(content, content.index(b"\x44\x89\x88") + 3, ">d", Fraction(factor))


def in_flv(content: bytearray, factor: Fraction) -> None:
    multiply(content, content.index(b"duration\0") + 9, ">d", Fraction(factor))


def in_avi(content: bytearray, factor: Fraction) -> None:
    """The number of frames, in the header of the file and of the stream."""
    multiply(content, content.index(b"avih") + 8 + 16, "<I", factor)
    multiply(content, content.index(b"strh") + 8 + 32, "<I", factor)


LIES: dict[str, Lie] = {"mp4": in_mp4, "mkv": in_matroska, "flv": in_flv, "avi": in_avi}


@pytest.mark.parametrize("factor", [Fraction(20), Fraction(1, 3)], ids=["too long", "too short"])
@pytest.mark.parametrize("suffix", LIES)
def test_each_mode_is_exact(tmp_path: Path, suffix: str, factor: Fraction) -> None:
    path = make_clip(
        tmp_path / f"a.{suffix}",
        frames=FRAMES,
        rate=RATE,
        gop=15,
        b_frames=0 if suffix == "avi" else 2,
        size=(96, 54),
        scene=13,
    )
    content = bytearray(path.read_bytes())
    LIES[suffix](content, factor)
    path.write_bytes(content)
    with av.open(str(path)) as container:
        claimed = Fraction(container.duration or 0, av.time_base)
    if suffix != "mp4":
        # There the library believes a lie only where it is too short.
        assert abs(claimed - SECONDS * factor) < SECONDS * factor / 10
    film = Film(path)
    assert len(film.frames) == FRAMES
    assert abs(film.line.end - SECONDS) < Fraction(1, 10)
    assert_exact(film, SPECS)
    beyond = capture(path, "video/snapshots,f_jpg,inter_1000,num_9")
    assert beyond.summary.explanation == "asked 9, gave 4: 5 after the end at 00:00:03.600"
