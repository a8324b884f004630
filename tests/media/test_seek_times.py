"""Times after a seek are those without one, or seeking is not believed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import av
import pytest

from framecap.errors import OffsetAfterEnd
from framecap.media.containers import seek_times as seektimes
from framecap.media.containers.cursor import SharedFile
from framecap.media.containers.seek_times import seeks_keep_times
from oracles import timeline
from support.clips import make_clip
from support.media.capturing import assert_captured, capture
from support.media.judging import Film, assert_exact
from support.media.modes import SPECS

RATE = 25
FRAMES = 200

# Keys of an MXF file's index table segments, and of what readers pass over (SMPTE ST 377-1).
INDEX = bytes.fromhex("060e2b34025301010d01020101100100")
FILL = bytes.fromhex("060e2b34010101010301021001000000")


def without_index(data: bytes) -> bytes:
    assert INDEX in data
    return data.replace(INDEX, FILL)


def without_end(data: bytes) -> bytes:
    """Its index was to follow the pictures."""
    assert data.index(INDEX) > len(data) * 9 // 10
    return data[: len(data) * 9 // 10]


LOSSES = [without_index, without_end]

KINDS = {
    "mpeg2video with B-frames": ("mpeg2video", 12, 2),
    "mpeg2video, intra only": ("mpeg2video", 1, 0),
    "libx264": ("libx264", 12, 0),
}


@pytest.fixture(params=KINDS, ids=lambda name: name.replace(" ", "-"))
def whole(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    codec, gop, b_frames = KINDS[request.param]
    return make_clip(
        tmp_path / "whole.mxf",
        codec=codec,
        frames=FRAMES,
        gop=gop,
        b_frames=b_frames,
        scene=7,
        # A size of groups that changes, so that a place guessed by the bit rate is wrong.
        options={"qmin": "2", "qmax": "31"},
    )


@pytest.fixture(params=LOSSES, ids=lambda loss: loss.__name__)
def lossy(request: pytest.FixtureRequest, whole: Path, tmp_path: Path) -> Path:
    loss: Callable[[bytes], bytes] = request.param
    path = tmp_path / "lossy.mxf"
    path.write_bytes(loss(whole.read_bytes()))
    return path


def moved(path: Path) -> int:
    """Returns how many packets have another pts after some seek than without one."""

    def times(seek: int | None) -> dict[tuple[int | None, int], int | None]:
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            if seek is not None:
                container.seek(seek, stream=stream)
            return {(p.pos, p.size): p.pts for p in container.demux(stream) if p.size}

    straight = times(None)
    return sum(
        straight[place] != pts for seek in range(0, FRAMES, 8) for place, pts in times(seek).items()
    )


def keeps_times(path: Path) -> bool:
    with path.open("rb") as file:
        return seeks_keep_times(SharedFile(file))


def test_times_that_seeks_move_are_found(lossy: Path) -> None:
    assert keeps_times(lossy) == (moved(lossy) == 0)


@pytest.mark.parametrize("loss", LOSSES)
def test_seeks_move_times_where_sizes_change(
    loss: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    """Without an index, places are guessed by the bit rate, and times counted on from the guess."""
    path = make_clip(tmp_path / "a.mxf", codec="mpeg2video", frames=FRAMES, gop=12, b_frames=2)
    path.write_bytes(loss(path.read_bytes()))
    assert moved(path) > 0
    assert not keeps_times(path)


def test_each_mode_is_exact(lossy: Path) -> None:
    assert_exact(Film(lossy), SPECS)


def test_the_end_is_that_of_a_whole_decoding(lossy: Path) -> None:
    line = timeline.read(lossy)
    last = int(line.end * 1000) - 1
    captured = assert_captured(lossy, line, f"video/snapshots,f_png,ss_{last},num_1")
    assert len(captured.images) == 1
    with pytest.raises(OffsetAfterEnd):
        capture(lossy, f"video/snapshots,f_png,ss_{last + 1},num_1")
    assert_captured(lossy, line, "video/snapshots,f_png,m_avg,num_7")


def test_keyframes_from_within_are_those_of_a_whole_decoding(lossy: Path) -> None:
    line = timeline.read(lossy)
    for start in (1000, 3000, 5200):
        assert_captured(lossy, line, f"video/snapshots,f_png,m_key,num_3,ss_{start}")


def test_seeks_of_whole_files_are_believed(whole: Path) -> None:
    assert moved(whole) == 0, "no trap"
    assert keeps_times(whole)
    assert_exact(Film(whole), SPECS)


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("a.mp4", "libx264"),
        ("a.mkv", "mpeg2video"),
        ("a.ts", "mpeg2video"),
        ("a.mpg", "mpeg2video"),
        ("a.asf", "msmpeg4"),
        ("a.nut", "mpeg4"),
    ],
)
def test_seeks_of_other_containers_are_believed(name: str, codec: str, tmp_path: Path) -> None:
    assert keeps_times(make_clip(tmp_path / name, codec=codec, frames=FRAMES, gop=12))


def test_the_end_of_a_large_file_is_held_against_its_header(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where its last second lies too far for reading, only the header knows it."""
    monkeypatch.setattr(seektimes, "_READ_BYTES", 4096)
    assert keeps_times(whole)
    path = tmp_path / "lossy.mxf"
    path.write_bytes(without_end(whole.read_bytes()))
    assert not keeps_times(path)
