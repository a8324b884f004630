"""Films cut by edit lists: each instant is answered by the frame on screen, none by a later one."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import partial
from pathlib import Path

import pytest

from framecap.media.containers.container import Container
from framecap.media.containers.cursor import SharedFile
from framecap.media.containers.editlist import EditList, edit_list
from framecap.media.containers.index import Index
from framecap.media.decoding.segments import AccessPath, Segment
from framecap.media.media import Media
from framecap.model.media import Frame
from framecap.model.wanted import Wanted
from oracles import timeline
from support.clips import make_clip
from support.media.capturing import Captured, assert_captured, capture
from support.media.judging import Film, assert_exact
from support.media.modes import SPECS, seeks_cost_nothing

RATE = 25
FRAMES = 72
GOP = 12
MS = 1_000_000

# As the library writes them: units of a second in the track, and in the edit list's durations.
TRACK_UNITS, MOVIE_UNITS = 12_800, 1000

Piece = tuple[int | None, int]
"""The first frame of a piece, None for nothing on screen, and how many frames it lasts."""

PIECES: dict[str, list[Piece]] = {
    "repeated inside a group": [(0, 31), (18, 40)],
    "cut inside groups": [(5, 20), (31, 38)],
    "repeated from a keyframe": [(0, 36), (12, 48)],
    "another order": [(36, 36), (0, 36)],
    "a gap between keyframes": [(0, 24), (48, 24)],
    "a delay between pieces": [(0, 30), (None, 10), (20, 40)],
    "an end at a keyframe": [(0, 36)],
    "an end inside a group": [(0, 31)],
    "three times the same": [(7, 20), (7, 20), (7, 20)],
}


def media_ms(captured: Captured) -> list[int]:
    return [image.media_time // MS for image in captured.images]


def edited(path: Path, pieces: Sequence[Piece]) -> Path:
    """Gives a clip with its header at the end another edit list."""
    data = bytearray(path.read_bytes())
    moov = data.rindex(b"moov") - 4
    elst = data.index(b"elst", moov) - 4
    (size, _, version, count, _, begin, rate) = struct.unpack_from(">I4sIIIii", data, elst)
    assert (version, count) == (0, 1), "one entry of 32 bits"
    entries = b"".join(
        struct.pack(
            ">Iii",
            length * MOVIE_UNITS // RATE,
            -1 if first is None else begin + first * TRACK_UNITS // RATE,
            rate,
        )
        for first, length in pieces
    )
    data[elst + 16 : elst + size] = entries
    grown = 16 + len(entries) - size
    struct.pack_into(">I4sII", data, elst, size + grown, b"elst", 0, len(pieces))
    trak = data.rindex(b"trak", moov, elst) - 4
    for box in (elst - 8, trak, moov):
        (size,) = struct.unpack_from(">I", data, box)
        struct.pack_into(">I", data, box, size + grown)
    path.write_bytes(data)
    return path


def test_a_film_cut_inside_its_groups(cases: Path) -> None:
    path = cases / "edits_cut_inside_gop.mp4"
    request = "video/snapshots,f_png,"
    assert media_ms(capture(path, request + "inter_2500")) == [0, 2480, 5000, 7480, 10000, 12480]
    assert media_ms(capture(path, request + "m_avg,num_5")) == [0, 2880, 5760, 8640, 11520]
    assert len(capture(path, request + "m_key").images) == 8
    every = capture(path, request.rstrip(","))
    assert len(every.images) == 360
    assert every.images[-1].media_time == 14_400 * MS
    assert_exact(Film(path), SPECS)


@pytest.fixture(params=PIECES, ids=lambda name: name.replace(" ", "-"))
def pieces(request: pytest.FixtureRequest) -> list[Piece]:
    return PIECES[request.param]


@pytest.mark.parametrize(
    ("codec", "ending", "b_frames"),
    [("libx264", ".mp4", 2), ("libx264", ".mov", 0), ("mpeg4", ".mp4", 2), ("mpeg4", ".mov", 0)],
)
def test_each_mode_is_exact(
    codec: str,
    ending: str,
    b_frames: int,
    pieces: list[Piece],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clip = make_clip(
        tmp_path / f"a{ending}",
        codec=codec,
        frames=FRAMES,
        gop=GOP,
        b_frames=b_frames,
        size=(96, 54),
        scene=7,
    )
    film = Film(edited(clip, pieces))
    assert_exact(film, SPECS)
    seeks_cost_nothing(monkeypatch)
    assert_exact(film, SPECS)


def facts_of(path: Path) -> EditList:
    with path.open("rb") as file:
        return edit_list(SharedFile(file), 1)


def test_what_an_edit_list_says(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mp4", frames=FRAMES, gop=GOP, size=(96, 54))
    assert facts_of(clip) == EditList(present=True, contiguous=True)
    assert facts_of(edited(clip, [(None, 5), (3, 40)])) == EditList(present=True, contiguous=True)
    clip = make_clip(tmp_path / "a.mp4", frames=FRAMES, gop=GOP, size=(96, 54))
    assert facts_of(edited(clip, PIECES["another order"])) == EditList(
        present=True, contiguous=False
    )
    clip = make_clip(tmp_path / "a.mp4", frames=9, muxing={"use_editlist": "0"})
    assert facts_of(clip) == EditList(present=False, contiguous=True)
    clip.write_bytes(clip.read_bytes().replace(b"tkhd", b"free"))
    assert facts_of(clip) == EditList(present=True, contiguous=False), "not known"


def test_an_index_is_used_where_its_entries_rise(tmp_path: Path) -> None:
    for name, pieces in PIECES.items():
        clip = make_clip(tmp_path / "a.mp4", frames=FRAMES, gop=GOP, size=(96, 54))
        with edited(clip, pieces).open("rb") as file, Container(SharedFile(file)) as container:
            times = [entry.timestamp for entry in container.stream.index_entries]
            discards = [entry.is_discard for entry in container.stream.index_entries]
            rise = times == sorted(set(times)) and not any(discards)
            index = Index(container)
            assert (index.whole and index.continuous) or not rise, name
            assert not (index.whole or index.continuous) or times == sorted(set(times)), name


# Ways to frames that miss the one on screen at some instants.


def late(media: Media, _: Wanted) -> Iterator[Segment]:
    """Yields one lane that leaves out what is on screen at 1.4 s."""

    def frames() -> Iterator[Frame | None]:
        for frame in media.frames():
            if frame is None or media.clock.media_time(frame.pts) != Fraction(7, 5):
                yield frame

    yield frames


REQUESTS = (
    "inter_700",
    "m_avg,num_5,ss_1400",
    "ss_1400,num_1",
    "ss_1400",
    "m_dhash,inter_700",
)


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return make_clip(tmp_path / "a.mp4", frames=FRAMES, gop=GOP, size=(96, 54), scene=7)


@pytest.mark.parametrize("request_", REQUESTS)
def test_a_way_that_misses_a_frame_is_left(
    request_: str, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    access_paths = Media.access_paths

    def with_late(media: Media, *args: object, **kwargs: object) -> Iterator[AccessPath]:
        yield partial(late, media)
        yield from access_paths(media, *args, **kwargs)

    monkeypatch.setattr(Media, "access_paths", with_late)
    assert_captured(clip, timeline.read(clip), f"video/snapshots,f_png,{request_}")


@pytest.mark.parametrize("request_", [text for text in REQUESTS if "dhash" not in text])
def test_no_way_left_is_a_failure(
    request_: str, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def only_late(media: Media, *_: object, **__: object) -> Iterator[AccessPath]:
        yield partial(late, media)

    monkeypatch.setattr(Media, "access_paths", only_late)
    with pytest.raises(AssertionError, match="an instant before it"):
        capture(clip, f"video/snapshots,f_png,{request_}")
