"""Files that a source refers to: few at once, and each the one that was opened first."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from framecap.errors import LimitExceeded, SourceChanged, SourceNotAllowed
from framecap.source import nested
from framecap.source.nested import MAX_OPEN, Nested
from framecap.source.opened import OpenSource
from framecap.storage.directory.regular import open_regular


class Folder:
    """Opens the files of a folder, and knows which are open."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.opened: list[OpenSource] = []

    def write(self, name: str, data: bytes) -> None:
        (self.path / name).write_bytes(data)

    @property
    def open_now(self) -> int:
        return sum(source.fd >= 0 for source in self.opened)

    async def refer(self, reference: str) -> OpenSource:
        if reference == "no":
            raise SourceNotAllowed("no")
        path = str(self.path / reference)
        source = open_regular(path, public_name=reference, bucket=None, key=reference)
        self.opened.append(source)
        return source


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    made = Folder(tmp_path)
    for number in range(MAX_OPEN + 3):
        made.write(f"{number}", f"file {number}".encode())
    return made


async def test_each_file_has_a_number_and_its_bytes(folder: Folder) -> None:
    files = Nested(folder.refer)
    assert await files.open("3") == (1, 6)
    assert await files.open("10") == (2, 7)
    assert await files.open("3") == (1, 6)
    assert await files.read(1, 0, 100) == b"file 3"
    assert await files.read(2, 5, 1) == b"1"
    assert await files.read(2, 700, 1) == b""
    assert [files.knows(number) for number in (-1, 0, 1, 2, 3)] == [False, False, True, True, False]
    await files.close()
    assert folder.open_now == 0


async def test_few_are_open_at_once_and_others_are_opened_again(folder: Folder) -> None:
    files = Nested(folder.refer)
    for number in range(MAX_OPEN + 3):
        await files.open(str(number))
    assert folder.open_now == MAX_OPEN
    read = [files.read(number, 0, 9) for number in range(1, MAX_OPEN + 4)]
    assert await asyncio.gather(*read) == [
        f"file {number}".encode() for number in range(MAX_OPEN + 3)
    ]
    await files.read(1, 0, 9)
    assert folder.open_now <= MAX_OPEN + 3
    await files.close()
    assert folder.open_now == 0


async def test_a_file_that_is_another_by_now_fails(folder: Folder) -> None:
    files = Nested(folder.refer)
    for number in range(MAX_OPEN + 1):
        await files.open(str(number))
    (folder.path / "0").unlink()
    folder.write("0", b"other!")
    os.utime(folder.path / "0", (1, 1))
    with pytest.raises(SourceChanged, match="changed while it was read"):
        await files.read(1, 0, 9)
    await files.close()
    assert folder.open_now == 0


async def test_a_refusal_opens_nothing(folder: Folder) -> None:
    files = Nested(folder.refer)
    with pytest.raises(SourceNotAllowed):
        await files.open("no")
    assert not files.knows(1)
    await files.close()


async def test_not_more_than_so_many(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nested, "MAX_FILES", 2)
    files = Nested(folder.refer)
    await files.open("1")
    await files.open("2")
    with pytest.raises(LimitExceeded, match="more than 2 files"):
        await files.open("3")
    await files.close()
