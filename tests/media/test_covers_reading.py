"""What a cover costs: neither the whole of a big file, nor the memory its header asks for."""

from __future__ import annotations

import subprocess
import sys
from io import BytesIO
from pathlib import Path
from typing import Final

import pytest

from framecap import pipeline
from framecap.errors import MediaCorrupt
from framecap.spec import text
from support.covers import MIMES, Art, claiming, drawn, make_sound, saved
from support.media.capturing import capture

MEGABYTE: Final = 1_000_000

# Of what finding a stream's properties in vain costs: libavformat reads a second or so of sound.
IN_VAIN: Final = 2_000_000


@pytest.mark.parametrize(
    ("ending", "seconds", "megabytes"),
    [("flac", 265, 50), ("aiff", 60, 11), ("mkv", 60, 11), ("mp4", 60, 11), ("wav", 60, 11)],
)
def test_a_big_file_is_not_read_for_its_cover(
    tmp_path: Path, ending: str, seconds: int, megabytes: int
) -> None:
    cover = saved(drawn(600, 600), "JPEG")
    path = make_sound(tmp_path / f"sound.{ending}", [Art(cover)], seconds=seconds)
    assert path.stat().st_size > megabytes * MEGABYTE
    captured = capture(path, "video/snapshots,f_jpg")
    assert captured.images[0].data == cover
    assert len(cover) < captured.summary.read_bytes < MEGABYTE


@pytest.mark.parametrize("ending", ["flac", "mkv", "wav", "tta"])
def test_nor_for_one_that_is_no_picture(tmp_path: Path, ending: str) -> None:
    path = make_sound(tmp_path / f"sound.{ending}", [Art(b"no picture")], seconds=60)
    assert read_before_refusal(path, "the cover art cannot be decoded") < IN_VAIN < size(path) / 4


@pytest.mark.parametrize("ending", ["mp4", "wma"])
def test_nor_for_one_that_is_empty(tmp_path: Path, ending: str) -> None:
    path = make_sound(tmp_path / f"sound.{ending}", [Art(b"")], seconds=180)
    assert read_before_refusal(path, "the cover art is empty") < IN_VAIN < size(path)


def size(path: Path) -> int:
    return path.stat().st_size


class Counted(BytesIO):
    """A file that counts what is read from it."""

    read_bytes = 0

    def read(self, length: int | None = -1) -> bytes:
        data = super().read(length)
        self.read_bytes += len(data)
        return data


def read_before_refusal(path: Path, sentence: str) -> int:
    """Returns how many bytes a capture that is refused has read."""
    counted = Counted(path.read_bytes())
    request = text.parse("video/snapshots,f_jpg").spec
    with pytest.raises(MediaCorrupt) as caught:
        list(pipeline.run(request, counted, size=size(path)))
    assert caught.value.message == sentence
    return counted.read_bytes


MEASURE: Final = """
import sys
from io import BytesIO
from pathlib import Path

from framecap import pipeline
from framecap.errors import LimitExceeded
from framecap.spec import text

def peak_kilobytes():
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmPeak:")[1].split()[0])

path = Path(sys.argv[1])
request = text.parse("video/snapshots,f_jpg,w_64,h_64").spec
before = peak_kilobytes()
try:
    with path.open("rb") as file:
        list(pipeline.run(request, file, size=path.stat().st_size))
except LimitExceeded:
    print(peak_kilobytes() - before)
"""


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP"])
def test_memory_is_not_taken_on_the_word_of_a_header(tmp_path: Path, kind: str) -> None:
    cover = claiming(kind, 30_000, 30_000)
    path = make_sound(tmp_path / "sound.mp3", [Art(cover, MIMES[kind])])
    run = subprocess.run(
        [sys.executable, "-c", MEASURE, str(path)], capture_output=True, text=True, check=True
    )
    # A picture of that size takes gigabytes.
    assert int(run.stdout) < 100_000
