"""Boxes of MP4 files, for moving what no muxer would put elsewhere."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path


def boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yields the type and the whole of every box in a row of boxes."""
    position = 0
    while position < len(data):
        size, kind = struct.unpack_from(">I4s", data, position)
        yield kind, data[position : position + size]
        position += size


def children(box: bytes) -> list[tuple[bytes, bytes]]:
    """Returns the boxes in a box."""
    return list(boxes(box[8:]))


def box(kind: bytes, *parts: bytes) -> bytes:
    """Returns a box."""
    content = b"".join(parts)
    return struct.pack(">I4s", 8 + len(content), kind) + content


def replace_moov(path: Path, parts: list[bytes]) -> None:
    """Writes other parts into a file's last box, `moov`, which no offsets cross."""
    *before, (kind, _) = boxes(path.read_bytes())
    assert kind == b"moov"
    path.write_bytes(b"".join(whole for _, whole in before) + box(b"moov", *parts))


def moov_children(path: Path) -> list[tuple[bytes, bytes]]:
    """Returns the boxes in a file's `moov`."""
    return children(dict(boxes(path.read_bytes()))[b"moov"])
