"""Lanes, alone and side by side, give the frames of a whole decoding."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any

import av
import pytest

from framecap.media.containers import seeking as result
from framecap.media.decoding import runs
from framecap.media.decoding.segments import AccessPath
from framecap.media.fast_path import FarApart, FastPathUnavailable
from framecap.media.media import Media
from framecap.model.grid import UniformGrid
from framecap.model.media import Frame
from framecap.model.plan import Strategy
from framecap.model.wanted import Instants, Wanted, wanted_at
from framecap.pipeline.workers import SegmentWorkers
from support.clips import make_clip
from support.media.readings import EVERYTHING, Seen, drain, frames_of, seen

SMALL: dict[str, Any] = {"frames": 120, "gop": 12, "size": (96, 54), "b_frames": 2}
OPEN = {"x264-params": "open-gop=1"}

CLIPS = {
    "mp4": ("a.mp4", {}),
    "mp4 open gop": ("a.mp4", {"b_frames": 3, "options": OPEN}),
    "mp4 one gop": ("a.mp4", {"gop": 1000}),
    "mp4 fragmented": ("a.mp4", {"muxing": {"movflags": "frag_keyframe+empty_moov"}}),
    "mp4 of variable rate": ("a.mp4", {"pts": lambda k: k * 3 + k % 3, "rate": 75}),
    "mkv open gop": ("a.mkv", {"b_frames": 3, "options": OPEN}),
    "mkv without cues": ("a.mkv", {"muxing": {"live": "1"}}),
    "webm": ("a.webm", {"codec": "libvpx-vp9", "frames": 60, "options": {"cpu-used": "8"}}),
    "ts": ("a.ts", {"audio": True}),
    "ts open gop": ("a.ts", {"b_frames": 3, "options": OPEN}),
    "flv": ("a.flv", {}),
}


class Clip:
    """A clip and all its frames."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with media_of(path) as media:
            self.frames = [seen(frame) for frame in media.frames() if frame is not None]

    def wanted(self, step: int) -> tuple[Wanted, list[Seen]]:
        """Returns what shows every so many frames, and these."""
        chosen = self.frames[step // 2 :: step]
        return Instants([(frame.pts + frame.end) // 2 for frame in chosen]), chosen


@contextmanager
def media_of(path: Path, threads: int = 1) -> Iterator[Media]:
    with path.open("rb") as file, Media(file, strict=False, threads=threads) as media:
        drain(media.find_first())
        yield media


LONG_GROUPS = {
    "h264": ("a.mp4", {"b_frames": 3}),
    "h264 open gop": ("a.mkv", {"b_frames": 3, "options": OPEN}),
    "hevc": ("a.mp4", {"codec": "libx265"}),
    "vp9": ("a.webm", {"codec": "libvpx-vp9", "options": {"cpu-used": "8"}}),
    "av1": ("a.mp4", {"codec": "libsvtav1", "options": {"preset": "12"}}),
    "mpeg4": ("a.mp4", {"codec": "mpeg4", "b_frames": 2}),
}


@pytest.fixture(scope="module", params=LONG_GROUPS.values(), ids=LONG_GROUPS.keys())
def long_groups(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Clip:
    name, options = request.param
    made = {**SMALL, "frames": 80, "gop": 40, **options}
    return Clip(make_clip(tmp_path_factory.mktemp("clip") / name, **made))


def short_ways(media: Media) -> dict[str, AccessPath]:
    seeking, reading, _ = media.access_paths(Strategy.SEEK, limit=None, to_end=True)
    return {"seeking": seeking, "reading": reading}


def side_by_side(way: AccessPath, wanted: Wanted, threads: int) -> list[Seen]:
    with SegmentWorkers(
        way(wanted),
        seen,
        size=lambda _: 1,
        confirmation=lambda frame: frame.confirmation,
        threads=threads,
    ) as workers:
        return [found for found in workers.results() if found is not None]


@pytest.fixture(scope="module", params=CLIPS.values(), ids=CLIPS.keys())
def clip(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Clip:
    name, options = request.param
    return Clip(make_clip(tmp_path_factory.mktemp("clip") / name, **{**SMALL, **options}))


@pytest.mark.parametrize("way", ["seeking", "reading"])
@pytest.mark.parametrize("step", [1, 7, 50])
def test_frames_equal_a_whole_decoding_in_any_number_of_threads(
    clip: Clip, way: str, step: int
) -> None:
    wanted, expected = clip.wanted(step)
    for threads in (1, 2, 4):
        with media_of(clip.path) as media:
            try:
                found = side_by_side(short_ways(media)[way], wanted, threads)
            except FarApart:
                # Many instants in a group, and nothing tells where keyframes are.
                assert (way, step) == ("seeking", 1)
                continue
            # Two lanes may each have a moment of one frame.
            assert list(dict.fromkeys(found)) == expected
            assert len(media._pool.containers) <= threads + 1


@pytest.mark.parametrize("way", ["seeking", "reading"])
def test_a_decoder_of_several_threads_gives_the_same_frames(long_groups: Clip, way: str) -> None:
    for number in (17, 30, 58, 75, -1):
        wanted = Instants([long_groups.frames[number].pts])
        with media_of(long_groups.path, threads=8) as media:
            taken = list(frames_of(short_ways(media)[way], wanted))
            assert [seen(frame) for frame in taken] == [long_groups.frames[number]]
            assert max(container.threads for container in media._pool.containers) == 8


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts"])
@pytest.mark.parametrize("codec", ["libx264", "libx265"])
def test_lanes_that_share_leading_pictures_do_not_disturb_each_other(
    tmp_path: Path, codec: str, suffix: str
) -> None:
    coding = "open-gop=1:b-adapt=0:scenecut=0"
    options = {"x264-params": coding}
    if codec == "libx265":
        options = {"x265-params": f"{coding}:log-level=none"}
    made = {**SMALL, "b_frames": 3, "codec": codec, "options": options}
    clip = Clip(make_clip(tmp_path / f"a.{suffix}", **made))
    before = sys.getswitchinterval()
    # So that threads meet wherever they can.
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(15):
            with media_of(clip.path) as media:
                assert side_by_side(short_ways(media)["reading"], EVERYTHING, 4) == clip.frames
    finally:
        sys.setswitchinterval(before)


def test_several_threads_are_not_for_many_groups_nor_short_ones(long_groups: Clip) -> None:
    first, key, last = (long_groups.frames[number].pts for number in (0, 40, -1))
    for wanted in (Instants([first, last]), Instants([first]), Instants([key])):
        with media_of(long_groups.path, threads=2) as media:
            list(frames_of(short_ways(media)["seeking"], wanted))
            assert {container.threads for container in media._pool.containers} == {1}


def test_every_frame_is_read_in_lanes(clip: Clip) -> None:
    with media_of(clip.path) as media:
        assert side_by_side(short_ways(media)["reading"], EVERYTHING, 2) == clip.frames
        # Nothing is decoded twice but what leading pictures of an open group need.
        assert media.counts.decoded <= len(clip.frames) * 3 // 2


@pytest.mark.parametrize("way", ["seeking", "reading"])
def test_little_is_decoded_for_a_frame_here_and_there(clip: Clip, way: str) -> None:
    wanted, expected = clip.wanted(60)
    with media_of(clip.path) as media:
        assert side_by_side(short_ways(media)[way], wanted, 1) == expected
        keyframes = sum(frame.keyframe for frame in clip.frames)
        assert media.counts.decoded <= 1 + len(expected) * 18 or keyframes == 1


@pytest.mark.parametrize("threads", [1, 4])
def test_keyframes_are_decoded_alone(clip: Clip, threads: int) -> None:
    with media_of(clip.path) as media:
        before = media.counts.decoded
        found = side_by_side(next(iter(media.keyframe_access_paths())), EVERYTHING, threads)
        expected = [frame for frame in clip.frames if frame.keyframe]
        assert [(frame.pts, frame.number) for frame in found] == [
            (frame.pts, frame.number) for frame in expected
        ]
        assert media.counts.decoded - before == len(expected)


@pytest.mark.parametrize("threads", [1, 4])
def test_a_grid_without_an_end_ends_with_the_video(clip: Clip, threads: int) -> None:
    with media_of(clip.path) as media:
        step = Fraction(5 * 10**8)
        grid = UniformGrid(start=Fraction(0), step=step)
        wanted = wanted_at(grid, media.clock, clip.frames[0].pts)
        expected = [frame for frame in clip.frames if wanted.holds(frame.pts, frame.end)]
        try:
            found = side_by_side(short_ways(media)["seeking"], wanted, threads)
        except FarApart:
            # FLV lists no keyframes: a container finds those behind the ones it has read.
            assert clip.path.suffix == ".flv" or sum(f.keyframe for f in clip.frames) == 1
            return
    # The last frame may be there without being asked for.
    found = list(dict.fromkeys(found))
    assert [frame for frame in found if wanted.holds(frame.pts, frame.end)] == expected
    assert set(found) <= {*expected, clip.frames[-1]}


def test_lanes_behind_the_end_are_few(tmp_path: Path) -> None:
    clip = Clip(make_clip(tmp_path / "a.ts", **SMALL))
    with media_of(clip.path) as media:
        grid = UniformGrid(start=Fraction(0), step=Fraction(10**9))
        wanted = wanted_at(grid, media.clock, clip.frames[0].pts)
        made = 0
        for segment in islice(short_ways(media)["seeking"](wanted), 100):
            made += 1
            assert all(frame is None or seen(frame) in clip.frames for frame in segment())
        # 4.8 seconds, four moments a lane.
        assert made <= 3


def test_a_lane_that_came_to_the_end_leaves_earlier_ones_their_moments(tmp_path: Path) -> None:
    clip = Clip(make_clip(tmp_path / "a.ts", **{**SMALL, "frames": 250}))
    # Four moments a lane, so far apart that each is sought.
    places = [0, 60, 120, 180, 240]
    wanted = Instants([clip.frames[assign].pts for assign in places])
    with media_of(clip.path) as media:
        early, late = (segment() for segment in short_ways(media)["seeking"](wanted))
        first = next(frame for frame in early if frame is not None)
        rest = [seen(frame).number for frame in late if frame is not None]
        before = [seen(frame).number for frame in early if frame is not None]
    assert [seen(first).number, *before, *rest] == places


def test_groups_too_far_apart_are_not_sought(tmp_path: Path) -> None:
    clip = Clip(make_clip(tmp_path / "a.ts", **{**SMALL, "gop": 1000}))
    wanted, _ = clip.wanted(2)
    with media_of(clip.path) as media, pytest.raises(FarApart):
        side_by_side(short_ways(media)["seeking"], wanted, 2)


def test_a_group_too_large_to_keep_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "MAX_BYTES", 1000)
    path = make_clip(tmp_path / "a.mp4", **SMALL)
    for way in ("seeking", "reading"):
        with media_of(path) as media, pytest.raises(FarApart):
            list(frames_of(short_ways(media)[way]))


@pytest.mark.parametrize("threads", [1, 3])
def test_as_many_pictures_as_asked_for_are_decoded(tmp_path: Path, threads: int) -> None:
    clip = Clip(make_clip(tmp_path / "a.mp4", **SMALL))
    for limit in (1, 3, 13, 500):
        with media_of(clip.path) as media:
            reading = next(iter(media.access_paths(Strategy.SLICED, limit=limit, to_end=True)))
            found = side_by_side(reading, EVERYTHING, threads)
            assert found == clip.frames[:limit]
            assert media.counts.decoded <= limit + 6


def test_a_lane_let_go_gives_its_container_back(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "a.mp4", **SMALL)
    with media_of(path) as media:
        for _ in range(5):
            segment = next(iter(short_ways(media)["seeking"](EVERYTHING)))()
            next(segment)
            segment.close()  # type: ignore[attr-defined]
        assert len(media._pool.containers) == 1


def damaged_clip(path: Path) -> Path:
    make_clip(path, **SMALL)
    data = bytearray(path.read_bytes())
    begin = len(data) * 6 // 10
    data[begin : begin + 1500] = b"\x55" * 1500
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("way", ["seeking", "reading"])
def test_frames_shortly_before_damage_stay_in_doubt(tmp_path: Path, way: str) -> None:
    found: list[Frame] = []
    with media_of(damaged_clip(tmp_path / "a.mp4")) as media, pytest.raises(FastPathUnavailable):
        for segment in short_ways(media)[way](EVERYTHING):
            found += (frame for frame in segment() if frame is not None)
    proven = [frame.confirmation.given for frame in found]
    doubtful = proven.count(False)
    assert 1 <= doubtful <= 3
    assert proven == [True] * (len(found) - doubtful) + [False] * doubtful


@pytest.mark.parametrize("name", ["a.ts", "a.mkv", "a.mp4"])
def test_damage_ends_a_way_and_what_came_before_is_right(tmp_path: Path, name: str) -> None:
    path = damaged_clip(tmp_path / name)
    clip = Clip(path)
    for way in ("seeking", "reading"):
        with media_of(path) as media:
            found = []
            ended = False
            try:
                for frame in frames_of(short_ways(media)[way], clip.wanted(3)[0]):
                    found.append(seen(frame))
            except FastPathUnavailable:
                ended = True
        found = list(dict.fromkeys(found))
        assert found == clip.wanted(3)[1][: len(found)]
        assert ended or len(found) == len(clip.wanted(3)[1])


def test_keyframes_that_discard_pictures_are_read_through(tmp_path: Path) -> None:
    options = {"x265-params": "log-level=none:open-gop=0"}
    path = make_clip(tmp_path / "a.mp4", **{**SMALL, "codec": "libx265", "options": options})
    data = bytearray(path.read_bytes())
    with av.open(str(path)) as container:
        for packet in container.demux(video=0):
            if packet.is_keyframe and packet.pos:
                begin = data.index(bytes(packet), packet.pos)
                at = begin
                while at < begin + packet.size:
                    if data[at + 4] >> 1 in (19, 20):
                        # no_output_of_prior_pics_flag
                        data[at + 6] |= 0x40
                    at += 4 + int.from_bytes(data[at : at + 4], "big")
    path.write_bytes(data)
    clip = Clip(path)
    assert len(clip.frames) < SMALL["frames"]
    for way in ("seeking", "reading"):
        with media_of(path) as media, pytest.raises(FastPathUnavailable):
            list(frames_of(short_ways(media)[way]))


def test_a_source_that_cannot_be_read_on_ends_a_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make_clip(tmp_path / "a.mp4", **SMALL)
    with media_of(path) as media:
        monkeypatch.setattr(result, "_MAX_PACKETS", -1)
        with pytest.raises(FastPathUnavailable):
            list(frames_of(short_ways(media)["seeking"]))


@pytest.mark.parametrize("name", ["a.ts", "a.mkv"])
def test_seeks_that_land_too_late_are_counted(tmp_path: Path, name: str) -> None:
    # A transport stream is searched by decoding times, which lie before the pictures'.
    path = make_clip(tmp_path / name, frames=250, b_frames=2)
    with media_of(path) as media:
        wanted = Instants(
            tuple(media.clock.floor(Fraction((2 * k + 1) * 10**9, 2)) for k in range(1, 9, 3))
        )
        assert len(side_by_side(short_ways(media)["seeking"], wanted, 1)) == 3
        assert (media.seek_repairs > 0) is (name == "a.ts")
