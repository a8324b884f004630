"""Films whose decoder is told something else in the middle, or is not told everything."""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import av
import pytest

from framecap.model.plan import Strategy
from support.clips import make_clip, read_number
from support.media.judging import Film, assert_exact
from support.media.modes import SPARSE, SPECS, seeks_cost_nothing

FRAMES = 30

# What two parts of a film are encoded with.
PARTS = {
    "another size": ({}, {"size": (64, 48)}),
    "other coding": ({}, {"options": {"x264-params": "cabac=0:ref=1:8x8dct=0:weightp=0"}}),
    "other quantizers": ({}, {"options": {"x264-params": "qp=40:chroma-qp-offset=7"}}),
}


def boxes(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yields the kinds and payloads of boxes in a row."""
    at = 0
    while at < len(content):
        size, kind = struct.unpack_from(">I4s", content, at)
        yield kind, content[at + 8 : at + size]
        at += size


def box(kind: bytes, payload: bytes) -> bytes:
    return struct.pack(">I4s", len(payload) + 8, kind) + payload


def inside(content: bytes, *path: bytes) -> bytes:
    """Returns the payload of the box at a path."""
    for kind in path:
        content = dict(boxes(content))[kind]
    return content


def replaced(content: bytes, payload: bytes, *path: bytes) -> bytes:
    """Returns boxes with the payload of the one at a path replaced, without edit lists."""
    return b"".join(
        box(kind, payload if path == (kind,) else replaced(old, payload, *path[1:]))
        if kind == path[0]
        else box(kind, old)
        for kind, old in boxes(content)
        if kind != b"edts"
    )


TABLES = (b"moov", b"trak", b"mdia", b"minf", b"stbl")


def joined(parts: Sequence[bytes]) -> bytes:
    """Returns the film of MP4 files one behind the other, each with a sample description."""
    tables = [dict(boxes(inside(part, *TABLES))) for part in parts]
    media = [inside(part, b"mdat") for part in parts]
    head = box(b"ftyp", inside(parts[0], b"ftyp"))
    begins = len(head) + 8

    def entries(kind: bytes, header: int = 8) -> list[bytes]:
        return [table[kind][header:] for table in tables]

    def listed(kind: bytes, size: int) -> bytes:
        rows = b"".join(entries(kind))
        return box(kind, tables[0][kind][:4] + struct.pack(">I", len(rows) // size) + rows)

    keys = [
        FRAMES * number + key
        for number, rows in enumerate(entries(b"stss"))
        for (key,) in struct.iter_unpack(">I", rows)
    ]
    chunks = [(number, FRAMES, number) for number in range(1, len(parts) + 1)]
    offsets = [begins + sum(map(len, media[:number])) for number in range(len(parts))]
    table = b"".join(
        (
            box(b"stsd", struct.pack(">II", 0, len(parts)) + b"".join(entries(b"stsd"))),
            listed(b"stts", 8),
            listed(b"ctts", 8),
            box(b"stss", struct.pack(f">II{len(keys)}I", 0, len(keys), *keys)),
            box(
                b"stsc",
                struct.pack(">II", 0, len(chunks))
                + b"".join(struct.pack(">III", *chunk) for chunk in chunks),
            ),
            box(
                b"stsz",
                struct.pack(">III", 0, 0, FRAMES * len(parts)) + b"".join(entries(b"stsz", 12)),
            ),
            box(b"stco", struct.pack(f">II{len(offsets)}I", 0, len(offsets), *offsets)),
        )
    )
    moov = box(b"moov", inside(parts[0], b"moov"))
    return head + box(b"mdat", b"".join(media)) + replaced(moov, table, *TABLES)


@pytest.mark.parametrize("kinds", PARTS.values(), ids=PARTS.keys())
def test_a_second_sample_description(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kinds: Sequence[dict[str, Any]]
) -> None:
    path = tmp_path / "whole.mp4"
    settings = {"frames": FRAMES, "gop": 5, "b_frames": 2, "size": (96, 54), "scene": 13}
    parts = [
        make_clip(tmp_path / f"{number}.mp4", **{**settings, **kind}).read_bytes()
        for number, kind in enumerate((*kinds, kinds[0]))
    ]
    path.write_bytes(joined(parts))
    # Each thread has a decoder, and only one of them comes by where the film changes.
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: range(4))
    film = Film(path)
    shown = [read_number(frame.to_ndarray(format="gray")) for frame in film.frames]
    assert shown == [*range(FRAMES)] * 3
    assert_exact(film, SPECS)
    seeks_cost_nothing(monkeypatch)
    assert Strategy.SEEK in assert_exact(film, SPARSE)


def without_hints(unit: bytes) -> bytes:
    """Returns a sequence parameter set of H.264 without its usability information.

    That says how many pictures are held back for their order. Where it is missing, decoders guess.
    """
    payload = unit.replace(b"\0\0\3", b"\0\0")
    bits = "".join(f"{byte:08b}" for byte in payload)
    at = 32  # Kind, profile, constraints, level.

    def number() -> int:
        nonlocal at
        zeros = bits.index("1", at) - at
        at += 2 * zeros + 1
        return int(bits[at - zeros - 1 : at], 2) - 1

    def flag() -> bool:
        nonlocal at
        at += 1
        return bits[at - 1] == "1"

    number()
    if payload[1] == 100:
        assert number() == 1, "4:2:0"
        number(), number(), flag()
        assert not flag(), "no scaling matrices"
    number()
    assert number() == 0, "picture order count of type 0"
    number(), number(), flag(), number(), number()
    assert flag(), "frames only"
    flag()
    if flag():
        number(), number(), number(), number()
    bits = bits[:at] + "01"
    bits += "0" * (-len(bits) % 8)
    payload = bytes(int(bits[k : k + 8], 2) for k in range(0, len(bits), 8))
    return re.sub(rb"\x00\x00(?=[\x00-\x03])", b"\0\0\3", payload)


def remuxed(source: Path, target: Path, *, hints: bool) -> Path:
    """Copies a transport stream of H.264, with or without what helps to order pictures."""
    with av.open(str(source)) as clip, av.open(str(target), "w") as container:
        stream = container.add_stream_from_template(clip.streams.video[0])
        for packet in clip.demux(video=0):
            if packet.size == 0:
                continue
            content = bytes(packet)
            if not hints:
                units = re.split(rb"(\x00\x00\x01)", content)
                content = b"".join(
                    without_hints(part) if part[:1] and part[0] & 31 == 7 else part
                    for part in units
                )
            copy = av.Packet(content)
            copy.pts, copy.dts, copy.time_base = packet.pts, packet.dts, packet.time_base
            copy.duration, copy.is_keyframe = packet.duration, packet.is_keyframe
            copy.stream = stream
            container.mux(copy)
    return target


@pytest.mark.parametrize("suffix", ["ts", "mp4", "mkv"])
@pytest.mark.parametrize("structure", ["b-pyramid=normal", "b-pyramid=none", "open-gop=1"])
def test_an_order_that_has_to_be_guessed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, structure: str, suffix: str
) -> None:
    clip = make_clip(
        tmp_path / "clip.ts",
        frames=90,
        gop=24,
        b_frames=3,
        size=(96, 54),
        scene=13,
        options={"x264-params": f"b-adapt=0:{structure}"},
    )
    plain = remuxed(clip, tmp_path / "plain.ts", hints=False)
    path = remuxed(plain, tmp_path / f"a.{suffix}", hints=True)
    film = Film(path)
    assert len(film.frames) == 90
    assert_exact(film, SPECS)
    seeks_cost_nothing(monkeypatch)
    assert_exact(film, SPARSE)
