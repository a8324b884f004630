"""Files of notifications have whole lines, whatever happens to them."""

from __future__ import annotations

import fcntl
import json
import os
import resource
import subprocess
import sys
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from framecap.tasks.notify import json_lines
from framecap.tasks.notify.delivery import DeliveryFailed
from framecap.tasks.notify.json_lines import FileWriter, JsonLines, append_line
from support.tasks.ended import message


@pytest.fixture
async def writer() -> AsyncGenerator[FileWriter]:
    made = FileWriter()
    yield made
    await made.close()


async def test_each_message_is_a_line(tmp_path: Path, writer: FileWriter) -> None:
    path = tmp_path / "new" / "done.jsonl"
    lines = JsonLines(path, writer)
    for number in range(3):
        await lines.deliver(message(f"e-{number}"))
    await lines.close()
    text = path.read_bytes()
    assert text == b"".join(message(f"e-{number}").body + b"\n" for number in range(3))
    assert [json.loads(line)["id"] for line in text.splitlines()] == ["e-0", "e-1", "e-2"]
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)


async def test_a_file_may_be_rotated(tmp_path: Path, writer: FileWriter) -> None:
    path = tmp_path / "done.jsonl"
    lines = JsonLines(path, writer)
    await lines.deliver(message("e-1"))
    path.rename(tmp_path / "done.1")
    await lines.deliver(message("e-2"))
    assert path.read_bytes() == message("e-2").body + b"\n"


def test_a_line_that_was_cut_off_stays_alone(tmp_path: Path) -> None:
    path = tmp_path / "done.jsonl"
    path.write_bytes(b'{"a":1}\n{"cut')
    append_line(path, b'{"b":2}')
    assert path.read_bytes() == b'{"a":1}\n{"cut\n{"b":2}\n'


def test_a_line_is_synced_before_it_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    monkeypatch.setattr(
        os, "fsync", lambda file: synced.append(os.readlink(f"/proc/self/fd/{file}"))
    )
    path = tmp_path / "new" / "done.jsonl"
    for _ in range(2):
        append_line(path, b"{}")
    assert synced == [str(path), str(path.parent), str(tmp_path), str(path)]


LIMITED = """
import resource, signal, sys
from pathlib import Path
from framecap.tasks.notify.json_lines import append_line
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (30, 30))
path = Path(sys.argv[1])
append_line(path, b"a" * 19)
for size in (19, 40):
    try:
        append_line(path, b"b" * size)
    except OSError as error:
        print(error.errno)
"""


def test_a_full_disk_leaves_whole_lines(tmp_path: Path) -> None:
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY
    path = tmp_path / "done.jsonl"
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(path)], capture_output=True, text=True, check=True
    )
    assert len(done.stdout.split()) == 2
    assert path.read_bytes() == b"a" * 19 + b"\n"


async def test_a_file_that_cannot_be_written_is_reported(
    tmp_path: Path, writer: FileWriter
) -> None:
    with pytest.raises(DeliveryFailed) as caught:
        await JsonLines(tmp_path, writer).deliver(message())
    assert (caught.value.detail, caught.value.refused) == ("Is a directory", False)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DeliveryFailed, match="no regular file"):
        await JsonLines(tmp_path / "pipe", writer).deliver(message())


async def test_another_writer_is_waited_for_within_bounds(
    tmp_path: Path, writer: FileWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_lines, "LOCK_SECONDS", 0.05)
    path = tmp_path / "done.jsonl"
    with path.open("wb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(DeliveryFailed):
            await JsonLines(path, writer).deliver(message())
    assert path.read_bytes() == b""
    await JsonLines(path, writer).deliver(message())
    assert path.read_bytes() == message().body + b"\n"


APPENDING = """
import sys
from pathlib import Path
from framecap.tasks.notify.json_lines import append_line
for number in range(50):
    append_line(Path(sys.argv[1]), (sys.argv[2] * 5000).encode())
"""


def test_processes_share_a_file(tmp_path: Path) -> None:
    path = tmp_path / "done.jsonl"
    processes = [
        subprocess.Popen([sys.executable, "-c", APPENDING, str(path), letter])
        for letter in ("a", "b")
    ]
    assert [process.wait() for process in processes] == [0, 0]
    lines = path.read_text().splitlines()
    assert sorted(lines) == ["a" * 5000] * 50 + ["b" * 5000] * 50


def test_a_line_has_no_line_break(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="line break"):
        append_line(tmp_path / "done.jsonl", b"a\nb")
