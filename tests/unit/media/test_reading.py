"""Reading a source: every frame, its time, its end, whatever the container says."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import pytest

from framecap.errors import ContainerUnsupported, MediaCorrupt, NoVideoStream
from framecap.media.containers.container import Container
from framecap.media.containers.cursor import SharedFile
from framecap.media.decoding.sequential import FrameReader
from framecap.media.media import Media
from framecap.media.pictures.decoded import decoded_of
from framecap.model.media import Frame
from framecap.timebase import Clock, Pts
from support.clips import make_clip, read_number
from support.media.readings import drain, keyframes_of


class Read:
    """A source, read to its end."""

    def __init__(self, path: Path, *, strict: bool = False) -> None:
        with path.open("rb") as file, Media(file, strict=strict) as media:
            drain(media.find_first())
            self.clock: Clock = media.clock
            self.end: Pts | None = drain(media.measure_end())
            self.measured_frames = media.measuring.decoded
            self.frames = [frame for frame in media.frames() if frame is not None]
            self.again = [frame for frame in media.frames() if frame is not None]
            self.keys = keyframes_of(media, self.end)
            self.counts = media.counts
            self.alone = media.keyframes_stand_alone

    @property
    def numbers(self) -> list[int]:
        return [number(frame) for frame in self.frames]

    @property
    def times(self) -> list[Fraction]:
        return [self.clock.media_time(frame.pts) for frame in self.frames]


def number(frame: Frame) -> int:
    return read_number(decoded_of(frame).frame.to_ndarray(format="gray"))


CLIPS = {
    "mp4": ("a.mp4", {}),
    "b frames": ("a.mp4", {"b_frames": 3}),
    "ts": ("a.ts", {"b_frames": 2}),
    "ts beside audio": ("a.ts", {"b_frames": 2, "audio": True}),
    "mkv": ("a.mkv", {"b_frames": 2}),
    "fragmented": ("a.mp4", {"muxing": {"movflags": "frag_keyframe+empty_moov"}}),
    "hevc": (
        "a.mp4",
        {"codec": "libx265", "b_frames": 2, "options": {"x265-params": "log-level=none"}},
    ),
    "vp9": ("a.webm", {"codec": "libvpx-vp9"}),
    "mpeg-2": ("a.mpg", {"codec": "mpeg2video", "b_frames": 2}),
    "mpeg-4 in avi": ("a.avi", {"codec": "mpeg4", "b_frames": 2}),
    "h264 in avi": ("a.avi", {"b_frames": 3}),
    "raw h264": ("a.h264", {"b_frames": 2}),
    "prores": ("a.mov", {"codec": "prores_ks", "pix_fmt": "yuv422p10le"}),
    "mjpeg": ("a.mov", {"codec": "mjpeg", "pix_fmt": "yuvj420p"}),
}


@pytest.fixture(scope="module", params=CLIPS.values(), ids=CLIPS.keys())
def read(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Read:
    name, options = request.param
    return Read(make_clip(tmp_path_factory.mktemp("clip") / name, **options))


def test_every_frame_comes_once_in_display_order(read: Read) -> None:
    assert read.numbers == list(range(50))


def test_frames_are_on_screen_one_after_the_other(read: Read) -> None:
    assert read.times[0] == 0
    # Containers with a coarse time base round; the sum of the roundings stays below one tick.
    for k, time in enumerate(read.times):
        assert abs(time - Fraction(k, 25)) <= read.clock.time_base
    assert [frame.end for frame in read.frames[:-1]] == [frame.pts for frame in read.frames[1:]]
    assert read.frames[-1].end > read.frames[-1].pts


def test_a_second_reading_equals_the_first(read: Read) -> None:
    assert [(f.pts, f.end, f.keyframe) for f in read.again] == [
        (f.pts, f.end, f.keyframe) for f in read.frames
    ]


def test_the_end_found_from_the_tail_is_that_of_the_last_frame(read: Read) -> None:
    assert read.end == read.frames[-1].end


def test_keyframes_are_those_of_the_whole_reading(read: Read) -> None:
    expected = [frame for frame in read.frames if frame.keyframe]
    assert [(frame.pts, number(frame)) for frame in read.keys] == [
        (frame.pts, number(frame)) for frame in expected
    ]
    assert read.keys[-1].end == read.frames[-1].end
    assert number(read.keys[0]) == 0
    assert len(read.keys) >= 2


def test_the_tail_of_a_long_clip_is_enough(tmp_path: Path) -> None:
    read = Read(make_clip(tmp_path / "a.mp4", frames=500, gop=25, size=(64, 36)))
    assert read.end == read.frames[-1].end
    assert read.measured_frames <= 2 * 25


def test_a_lying_duration_is_not_believed(tmp_path: Path) -> None:
    whole = make_clip(tmp_path / "whole.mkv", frames=500, gop=25)
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 3])
    read = Read(cut)
    assert len(read.frames) < 300
    assert read.numbers == list(range(len(read.frames)))
    assert read.end == read.frames[-1].end


def test_a_variable_frame_rate_keeps_its_times(tmp_path: Path) -> None:
    times = [k * k for k in range(40)]
    clip = make_clip(
        tmp_path / "a.mp4", frames=40, pts=lambda k: times[k], time_base=Fraction(1, 100)
    )
    assert Read(clip).times == [Fraction(time, 100) for time in times]


def test_a_late_picture_keeps_its_lateness(tmp_path: Path) -> None:
    read = Read(make_clip(tmp_path / "a.mp4", audio=True, audio_lead=Fraction(1)))
    assert read.times[0] == 1


def test_audio_priming_is_not_programme_time(tmp_path: Path) -> None:
    read = Read(make_clip(tmp_path / "a.ts", audio=True))
    assert read.times[0] == 0


def test_the_same_film_has_the_same_times_in_mp4_and_ts(tmp_path: Path) -> None:
    options = {"frames": 75, "b_frames": 2, "audio": True, "rate": Fraction(30)}
    mp4 = Read(make_clip(tmp_path / "a.mp4", **options))
    ts = Read(make_clip(tmp_path / "a.ts", **options))
    assert ts.numbers == mp4.numbers
    assert ts.times == mp4.times


@pytest.mark.parametrize(
    ("name", "content", "error", "sentence"),
    [
        (
            "text.mp4",
            b"this is no video\n" * 20,
            MediaCorrupt,
            "the file is not a video or audio file that can be read",
        ),
        (
            "list.txt",
            b"ffconcat version 1.0\nfile '/etc/hostname'\n",
            ContainerUnsupported,
            "the file refers to other files, which are not read",
        ),
    ],
)
def test_what_is_no_media_is_refused(
    tmp_path: Path, name: str, content: bytes, error: type[Exception], sentence: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with path.open("rb") as file, pytest.raises(error) as caught:
        Media(file, strict=False)
    assert str(caught.value) == sentence


def test_sound_alone_has_nothing_to_capture(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mp4", frames=5, audio=True)
    sound = tmp_path / "sound.mp4"
    remux_audio(clip, sound)
    with sound.open("rb") as file, pytest.raises(NoVideoStream) as caught:
        Media(file, strict=False)
    assert str(caught.value) == "the file has neither a video stream nor cover art"


def remux_audio(clip: Path, target: Path) -> None:
    with av.open(str(clip)) as source, av.open(str(target), "w") as container:
        stream = container.add_stream_from_template(source.streams.audio[0])
        for packet in source.demux(source.streams.audio[0]):
            if packet.dts is not None:
                packet.stream = stream
                container.mux(packet)


def test_strict_reading_ends_at_the_first_damage(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mkv", frames=50, gop=10)
    data = bytearray(clip.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 400] = b"\xff" * 400
    clip.write_bytes(data)
    lenient = Read(clip)
    assert lenient.counts.undecodable + lenient.counts.read_errors > 0 or any(
        frame.damaged for frame in lenient.frames
    )
    with pytest.raises(MediaCorrupt):
        Read(clip, strict=True)


class Forgetful:
    """A container that meets a packet of a stream it does not know, as PyAV does now and then.

    Whether it does depends on memory it did not clear, so a file alone does not show it.
    """

    def __init__(self, native: av.container.InputContainer) -> None:
        self._native = native
        self._left = 3

    def __getattr__(self, name: str) -> object:
        return getattr(self._native, name)

    def demux(self, stream: av.VideoStream) -> Iterator[av.Packet]:
        for number, packet in enumerate(self._native.demux(stream)):
            yield packet
            if number == 10 and self._left:
                self._left -= 1
                raise IndexError("list index out of range")


def test_a_stream_that_begins_late_is_passed_over(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mp4")
    with clip.open("rb") as file, Container(SharedFile(file)) as container:
        container.native = Forgetful(container.native)
        reader = FrameReader(container)
        frames = [frame for frame in reader.frames() if frame is not None]
    assert [number(frame) for frame in frames] == list(range(50))
    assert reader.counts.read_errors == 0
