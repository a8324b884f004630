"""Films whose decoder is told something else in the middle, or is not told everything."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from clips import make_clip, read_number
from framecap.model.plan import Strategy
from media.judging import Film, assert_exact
from media.modes import SPARSE, SPECS, seeks_cost_nothing

FRAMES = 45

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
