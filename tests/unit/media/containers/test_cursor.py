"""Readers on one file, wherever a broken file sends them."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest

from framecap.media.containers.cursor import SharedFile


@pytest.mark.parametrize("offset", [6, 7, 2**31, 2**63 - 1, 2**63, 2**64])
def test_nothing_lies_behind_the_end(tmp_path: Path, offset: int) -> None:
    path = tmp_path / "six"
    path.write_bytes(b"abcdef")
    with path.open("rb") as file:
        shared = SharedFile(file)
        assert shared.read_at(offset, 4) == b""
        cursor = shared.cursor()
        assert cursor.seek(offset) == offset
        assert cursor.read(4) == b""
        assert shared.read_bytes == 0


def test_a_read_ends_with_the_file() -> None:
    shared = SharedFile(BytesIO(b"abcdef"))
    assert (shared.read_at(4, 9), shared.read_at(0, 2)) == (b"ef", b"ab")
    assert shared.read_bytes == 4
