"""Frames reached by shorter ways equal those of a whole decoding, with far fewer decoded."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from framecap.media.containers import index
from framecap.media.decoding import keyframes
from framecap.media.media import Media
from framecap.model.plan import Strategy
from framecap.model.wanted import Instants
from support.clips import make_clip
from support.media.readings import EVERYTHING, drain, keyframes_of, seen, wanted_frames

CLIPS = {
    "h264 mp4": ("a.mp4", {"b_frames": 3}),
    "h264 open gop": ("a.mp4", {"b_frames": 3, "options": {"x264-params": "open-gop=1"}}),
    "h264 16 b-frames": ("a.mkv", {"b_frames": 16, "options": {"x264-params": "b-adapt=0"}}),
    "h264 ts": ("a.ts", {"b_frames": 2, "audio": True}),
    "h264 open gop ts": ("a.ts", {"b_frames": 3, "options": {"x264-params": "open-gop=1"}}),
    "h264 mkv": ("a.mkv", {"b_frames": 2}),
    "h264 fragmented": ("a.mp4", {"muxing": {"movflags": "frag_keyframe+empty_moov"}}),
    "h264 flv": ("a.flv", {"b_frames": 2}),
    "hevc mp4": (
        "a.mp4",
        {"codec": "libx265", "b_frames": 3, "options": {"x265-params": "log-level=none"}},
    ),
    "hevc closed gop ts": (
        "a.ts",
        {
            "codec": "libx265",
            "b_frames": 3,
            "options": {"x265-params": "log-level=none:open-gop=0"},
        },
    ),
    "vp9": ("a.webm", {"codec": "libvpx-vp9"}),
    "mpeg-2": ("a.mp4", {"codec": "mpeg2video", "b_frames": 2}),
    "mpeg-4": ("a.mp4", {"codec": "mpeg4", "b_frames": 2}),
    "one gop": ("a.mp4", {"gop": 1000}),
    "late": ("a.mp4", {"audio": True, "audio_lead": 2}),
}


class Readings:
    """A clip, decoded whole and reached by the shortest way."""

    def __init__(self, path: Path, step: int, *, strict: bool = False) -> None:
        with path.open("rb") as file, Media(file, strict=strict) as media:
            drain(media.find_first())
            self.whole = [seen(frame) for frame in media.frames() if frame is not None]
            self.end = drain(media.measure_end())
        self.expected = self.whole[step::step]
        wanted = Instants([(frame.pts + frame.end) // 2 for frame in self.expected])
        for sparse in (True, False):
            with path.open("rb") as file, Media(file, strict=strict) as media:
                drain(media.find_first())
                self.reachable = media.access_modes(gaps=False, sparse=False).sliced
                seekable = media.access_modes(gaps=True, sparse=sparse).seekable
                reading = Strategy.SEEK if seekable else Strategy.SLICED
                self.found = wanted_frames(media, wanted, reading)
                self.decoded = media.counts.decoded
            if sparse:
                self.learned = self.found
        with path.open("rb") as file, Media(file, strict=strict) as media:
            drain(media.find_first())
            self.every = wanted_frames(media, EVERYTHING, Strategy.SLICED)


@pytest.fixture(scope="module", params=CLIPS.values(), ids=CLIPS.keys())
def clip(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    name, options = request.param
    settings = {"frames": 280, "gop": 20, "size": (96, 54), **options}
    return make_clip(tmp_path_factory.mktemp("clip") / name, **settings)


@pytest.mark.parametrize("step", [61, 137])
def test_frames_equal_a_whole_decoding(clip: Path, step: int) -> None:
    readings = Readings(clip, step)
    assert readings.reachable
    assert readings.found == readings.expected
    assert readings.learned == readings.expected
    assert readings.every == readings.whole
    if sum(frame.keyframe for frame in readings.whole) > 1:
        assert readings.decoded < 200


@pytest.mark.parametrize("position", [0.3, 0.5, 0.8])
def test_damage_on_the_way_leaves_frames_as_they_decode_or_as_they_were(
    tmp_path: Path, position: float
) -> None:
    clip = make_clip(tmp_path / "a.ts", frames=280, gop=20, size=(96, 54), b_frames=2)
    data = bytearray(clip.read_bytes())
    begin = int(len(data) * position)
    data[begin : begin + 3000] = b"\x11" * 3000
    clip.write_bytes(data)
    readings = Readings(clip, 45)
    first = readings.whole[0].pts
    assert len(readings.found) == len(readings.expected)
    for frame in readings.found:
        # What the decoder patches up from other frames without saying so shows an earlier number.
        assert frame in readings.whole or frame.pts == first + frame.number * 3600


def test_a_program_stream_is_decoded_whole(tmp_path: Path) -> None:
    clip = make_clip(
        tmp_path / "a.mpg", frames=100, gop=20, size=(96, 54), codec="mpeg2video", b_frames=2
    )
    readings = Readings(clip, 30)
    assert not readings.reachable
    assert readings.found == readings.expected


def test_a_strict_reading_passes_over_nothing(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mp4", frames=280, gop=20, size=(96, 54))
    readings = Readings(clip, 100, strict=True)
    assert not readings.reachable
    assert readings.found == readings.expected
    assert readings.decoded > 200


@pytest.mark.parametrize("pass_bytes", [0, 1 << 30], ids=["probed", "read whole"])
class TestTransportStreamsInARow:
    """Times that begin anew inside a file, found by a pass over it or by probing."""

    @pytest.fixture(autouse=True)
    def _limit(self, pass_bytes: int, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(index, "_PASS_BYTES", pass_bytes)

    def clip(self, tmp_path: Path, start: int) -> Path:
        return make_clip(
            tmp_path / f"{start}.ts",
            frames=200,
            gop=20,
            size=(96, 54),
            b_frames=2,
            pts=lambda k: start + k * 3600,
            time_base=Fraction(1, 90_000),
        )

    def test_times_that_begin_anew_are_decoded_whole(self, tmp_path: Path) -> None:
        once = self.clip(tmp_path, 0)
        twice = tmp_path / "twice.ts"
        twice.write_bytes(once.read_bytes() * 2)
        readings = Readings(twice, 50)
        assert readings.decoded >= 400
        assert len(readings.whole) == 400
        assert readings.found == readings.expected
        assert readings.end == readings.whole[-1].end

    def test_times_that_jump_ahead_need_no_whole_decoding(self, tmp_path: Path) -> None:
        parts = [self.clip(tmp_path, start).read_bytes() for start in (0, 90_000_000)]
        both = tmp_path / "both.ts"
        both.write_bytes(b"".join(parts))
        readings = Readings(both, 50)
        assert readings.reachable
        assert readings.found == readings.expected
        assert readings.end == readings.whole[-1].end
        assert readings.decoded < 200

    def test_the_wrap_of_33_bits_is_no_break(self, tmp_path: Path) -> None:
        readings = Readings(self.clip(tmp_path, 2**33 - 4 * 90_000), 50)
        assert readings.reachable
        assert [frame.number for frame in readings.whole] == list(range(200))
        first = readings.whole[0].pts
        assert [frame.pts - first for frame in readings.whole] == [k * 3600 for k in range(200)]
        assert readings.found == readings.expected
        assert readings.end == readings.whole[-1].end


@pytest.mark.parametrize("name", ["h264 mp4", "h264 open gop", "hevc mp4", "mpeg-2"])
def test_keyframes_far_apart_in_a_file_are_gone_to(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keyframes, "_WORTH_A_SEEK", 0)
    file_name, options = CLIPS[name]
    settings = {"frames": 140, "gop": 20, "size": (96, 54), **options}
    clip = make_clip(tmp_path / file_name, **settings)
    with clip.open("rb") as file, Media(file, strict=False) as media:
        drain(media.find_first())
        found = [seen(frame) for frame in keyframes_of(media, None)]
        decoded = media.counts.decoded
    with clip.open("rb") as file, Media(file, strict=False) as media:
        drain(media.find_first())
        whole = [seen(frame) for frame in media.frames() if frame is not None]
    expected = [frame for frame in whole if frame.keyframe]
    assert [(frame.pts, frame.number) for frame in found] == [
        (frame.pts, frame.number) for frame in expected
    ]
    assert decoded == len(expected) + 1
