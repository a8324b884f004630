"""What an index says is believed only where it proves true, and no other stream ends the film."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from pathlib import Path

import av
import pytest

from framecap.errors import OffsetAfterEnd
from framecap.media.containers.container import Container
from framecap.media.containers.cursor import SharedFile
from framecap.media.containers.index import Index
from framecap.media.decoding import keyframes
from oracles import timeline
from support.clips import make_clip, read_number
from support.media.capturing import Captured, assert_captured, capture
from support.media.judging import Film, assert_exact
from support.media.modes import SPECS, seeks_cost_nothing

MS = 1_000_000
GOP = 12
FRAMES = 60


def media_ms(captured: Captured) -> list[int]:
    return [image.media_time // MS for image in captured.images]


def test_a_broken_data_track_does_not_end_the_film(cases: Path) -> None:
    path = cases / "data_at_end_cut.mp4"
    every = capture(path, "video/snapshots,f_png,w_64,h_36")
    numbers = [*range(151), 152, 154]
    assert media_ms(every) == [40 * number for number in numbers]
    assert every.summary.damage.undecodable == 1
    keys = capture(path, "video/snapshots,f_png,m_key,w_64,h_36")
    assert media_ms(keys) == [1000 * second for second in range(7)]
    with pytest.raises(OffsetAfterEnd, match=r"ends at 00:00:06\.200"):
        capture(path, "video/snapshots,f_png,ss_6200,num_1")
    last = capture(path, "video/snapshots,f_png,ss_6199,num_1")
    assert media_ms(last) == [6160]


@pytest.mark.parametrize("ending", [".mp4", ".mov"])
@pytest.mark.parametrize("codec", ["libx264", "libx265", "mpeg4"])
def test_no_other_track_ends_the_film(codec: str, ending: str, tmp_path: Path) -> None:
    """A track whose only sample was cut off, and is due in the middle of the film."""
    whole = film(tmp_path / f"a{ending}", codec, audio=True)
    path = tmp_path / f"cut{ending}"
    path.write_bytes(lost(whole.read_bytes(), b"soun"))
    with av.open(str(path)) as container:
        read = sum(packet.size > 0 for packet in container.demux(container.streams.video[0]))
    assert read < FRAMES, "no trap"
    captured = assert_captured(path, timeline.read(path), "video/snapshots,f_png")
    assert len(captured.images) == FRAMES
    assert_exact(Film(path), SPECS)


def lost(data: bytes, handler: bytes) -> bytes:
    """Returns a film the chunks of one of whose tracks lie behind the end of the file."""
    edited = bytearray(data)
    at = data.index(b"stco", data.index(handler, data.index(b"moov")))
    (count,) = struct.unpack_from(">I", data, at + 8)
    for entry in range(count // 2, count):
        struct.pack_into(">I", edited, at + 12 + 4 * entry, len(data) + 1024)
    return bytes(edited)


def film(path: Path, codec: str, *, audio: bool = False) -> Path:
    b_frames = 2 if codec in ("libx264", "mpeg4") else 0
    options = {}
    if codec == "libx265":
        coding = f"keyint={GOP}:min-keyint={GOP}:scenecut=0:open-gop=0:bframes=2:log-level=none"
        options = {"x265-params": coding}
    return make_clip(
        path,
        codec=codec,
        frames=FRAMES,
        gop=GOP,
        b_frames=b_frames,
        scene=7,
        options=options,
        audio=audio,
    )


def listing(path: Path, samples: Iterable[int]) -> None:
    """Has the sync table of a film list some samples only, counted from 1."""
    data = bytearray(path.read_bytes())
    kept = list(samples)
    at = data.index(b"stss")
    (count,) = struct.unpack_from(">I", data, at + 8)
    assert count == FRAMES // GOP
    struct.pack_into(f">I{len(kept)}I", data, at + 8, len(kept), *kept)
    path.write_bytes(data)


ALL = range(1, FRAMES, GOP)
LACKING = {
    "one of many": ALL[:1],
    "every second": ALL[::2],
    "one missing": [*ALL[:2], *ALL[3:]],
    "the last missing": ALL[:-1],
}


@pytest.fixture(params=LACKING, ids=lambda name: name.replace(" ", "-"))
def listed(request: pytest.FixtureRequest) -> list[int]:
    return list(LACKING[request.param])


# Of HEVC and MPEG-4 the index is all that flags keyframes.
@pytest.mark.parametrize(
    ("codec", "ending"),
    [("libx264", ".mp4"), ("libx264", ".mov"), ("libvpx-vp9", ".mp4"), ("libsvtav1", ".mp4")],
)
def test_keyframes_that_are_not_listed_are_captured(
    codec: str, ending: str, listed: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = film(tmp_path / f"a{ending}", codec)
    listing(path, listed)
    seeks_cost_nothing(monkeypatch)
    captured = assert_captured(path, timeline.read(path), "video/snapshots,f_png,m_key")
    numbers = [read_number(image.data) for image in captured.images]
    assert numbers == [*range(0, FRAMES, GOP)]
    assert_exact(Film(path), SPECS)


@pytest.mark.parametrize("codec", ["libx264", "libx265", "libvpx-vp9"])
def test_an_index_that_proves_true_is_followed(
    codec: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = film(tmp_path / "a.mp4", codec)
    with path.open("rb") as file, Container(SharedFile(file)) as container:
        assert Index(container).lists_all_keys()
    seeks_cost_nothing(monkeypatch)
    followed: list[int] = []
    go = keyframes._keyframe_at

    def counted(container: Container, key: int, end: int) -> object:
        followed.append(key)
        return go(container, key, end)

    monkeypatch.setattr(keyframes, "_keyframe_at", counted)
    captured = capture(path, "video/snapshots,f_png,m_key")
    assert len(captured.images) == len(set(followed)) == FRAMES // GOP


def test_proving_reads_two_groups_only(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4", "libx264")
    with path.open("rb") as file:
        shared = SharedFile(file)
        with Container(shared) as container:
            index = Index(container)
            read: list[int] = []
            packets = Container.packets

            def counted(self: Container) -> Iterable[object]:
                for packet in packets(self):
                    read.append(packet.size)
                    yield packet

            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(Container, "packets", counted)
                assert index.lists_all_keys()
                assert index.lists_all_keys()
    assert 0 < len(read) <= 2 * (GOP + 1)
