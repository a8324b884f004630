"""What says where media time 0 is: the streams of one program, and frames before claims."""

from __future__ import annotations

import io
import subprocess
from fractions import Fraction
from pathlib import Path

import av
import imageio_ffmpeg
import pytest

from framecap import pipeline
from framecap.errors import OffsetAfterEnd
from framecap.model.capture import Image
from framecap.model.media import MediaInfo
from framecap.spec import text
from oracles import timeline
from support.clips import make_clip, read_number
from support.media.capturing import Captured, assert_captured, capture
from support.media.judging import Film, assert_exact
from support.media.modes import SPECS
from support.playlists import master_of

RATE = 25
LEAD = Fraction(13, RATE)
MS = 1_000_000


def media_ms(captured: Captured) -> list[int]:
    return [image.media_time // MS for image in captured.images]


def ffmpeg(*arguments: str | Path) -> None:
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-nostdin", "-y"]
    subprocess.run([*command, *map(str, arguments)], check=True)


def test_a_second_program_with_a_clock_of_its_own_does_not_count(cases: Path) -> None:
    path = cases / "twoA.ts"
    assert media_ms(capture(path, "video/snapshots,f_jpg,inter_1000")) == [0, 1000, 2000, 3000]
    assert media_ms(capture(path, "video/snapshots,f_jpg,m_avg,num_5")) == [
        0,
        800,
        1600,
        2400,
        3200,
    ]
    keyframes = capture(path, "video/snapshots,f_jpg,m_key")
    assert len(keyframes.images) == 4
    assert keyframes.info.clock.zero == Fraction(4000148, 100)
    with pytest.raises(OffsetAfterEnd, match=r"ends at 00:00:04\.000"):
        capture(path, "video/snapshots,f_jpg,ss_4000,num_1")


@pytest.fixture(params=["libx264", "mpeg2video"])
def codec(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def two_programs(folder: Path, codec: str, *, apart: bool, title: str = "A") -> Path:
    """Makes a film and sound that starts earlier, in two programs or one."""
    film = make_clip(folder / "film.ts", codec=codec, frames=75, scene=5)
    sound = make_clip(folder / "sound.ts", codec=codec, frames=75, audio=True)
    programs = [f"program_num=1:title={title}:st=0", "program_num=2:title=B:st=1"]
    if not apart:
        programs = ["program_num=1:title=A:st=0:st=1"]
    path = folder / "programs.ts"
    ffmpeg(
        *("-itsoffset", str(float(LEAD)), "-i", film, "-i", sound),
        *("-map", "0:v", "-map", "1:a", "-c", "copy"),
        *(word for program in programs for word in ("-program", program)),
        path,
    )
    return path


@pytest.mark.parametrize("packet", [188, 192])
def test_zero_is_judged_within_a_program(codec: str, packet: int, tmp_path: Path) -> None:
    """Packets of 192 bytes are those of discs and cameras: a time, then one of 188."""
    path = two_programs(tmp_path, codec, apart=True)
    data = path.read_bytes()
    packets = (data[at : at + 188] for at in range(0, len(data), 188))
    path.write_bytes(b"".join(bytes(packet - 188) + one for one in packets))
    captured = assert_captured(path, timeline.read(path), "video/snapshots,f_png,inter_700")
    video, audio = captured.info.streams
    assert (video.kind, audio.kind) == ("video", "audio")
    assert video.start - audio.start > Fraction(2, 5), "no trap"
    assert captured.info.clock.zero == video.start
    assert [image.media_time for image in captured.images[:1]] == [0]
    assert len(captured.images) == 5
    assert_exact(Film(path), SPECS)


def test_a_stream_of_the_same_program_counts(codec: str, tmp_path: Path) -> None:
    path = two_programs(tmp_path, codec, apart=False)
    captured = assert_captured(path, timeline.read(path), "video/snapshots,f_png,inter_700")
    video, audio = captured.info.streams
    assert captured.info.clock.zero == audio.start
    assert video.start - audio.start > Fraction(2, 5)


def test_metadata_cannot_name_a_program(tmp_path: Path) -> None:
    """A service is named by whoever made the file, and its name may have several lines."""
    title = "A\n  Program 7\n  Stream #0\\:1\n  Stream #0\\:0\n"
    path = two_programs(tmp_path, "libx264", apart=True, title=title)
    assert b"Program 7\n  Stream #0" in path.read_bytes(), "no trap"
    captured = assert_captured(path, timeline.read(path), "video/snapshots,f_png,inter_700")
    assert captured.images[0].media_time == 0


def test_each_quality_of_a_playlist_is_a_program(tmp_path: Path) -> None:
    for name, size, offset in (("large", "640x360", LEAD), ("small", "96x54", Fraction(0))):
        ffmpeg(
            *("-f", "lavfi", "-i", f"testsrc2=s={size}:r=25:d=3", "-c:v", "libx264", "-g", "25"),
            *("-output_ts_offset", str(float(offset)), "-f", "hls", "-hls_playlist_type", "vod"),
            tmp_path / f"{name}.m3u8",
        )
    master = tmp_path / "film.m3u8"
    master.write_bytes(
        master_of(
            "#EXT-X-STREAM-INF:BANDWIDTH=90000,RESOLUTION=96x54",
            "small.m3u8",
            "#EXT-X-STREAM-INF:BANDWIDTH=900000,RESOLUTION=640x360",
            "large.m3u8",
        )
    )
    with av.open(str(master)) as container:
        starts = {s.width: s.start_time * s.time_base for s in container.streams.video}
    assert starts[640] - starts[96] > Fraction(2, 5), "no trap"
    spec = text.parse("video/snapshots,f_png,num_1").spec
    with InAFolder(master) as file:
        reports = list(pipeline.run(spec, file, size=master.stat().st_size))
    info = next(report for report in reports if isinstance(report, MediaInfo))
    image = next(report for report in reports if isinstance(report, Image))
    assert (info.display_width, info.clock.zero) == (640, starts[640])
    assert image.media_time == 0


class InAFolder(io.BytesIO):
    """A file that may refer to those beside it."""

    def __init__(self, path: Path) -> None:
        super().__init__(path.read_bytes())
        self._folder = path.parent

    def open_reference(self, reference: str) -> InAFolder:
        return InAFolder(self._folder / reference)


LEADING = 2


def cut_at_leading_pictures(folder: Path, codec: str, ending: str) -> Path:
    """Makes a film that begins with a keyframe two of whose successors are shown before it."""
    if codec == "libx265":
        coding = "keyint=12:min-keyint=12:scenecut=0:open-gop=0:radl=2:bframes=3:log-level=none"
        whole = make_clip(folder / "w.mkv", codec=codec, frames=60, options={"x265-params": coding})
    else:
        whole = make_clip(folder / "w.mkv", codec=codec, frames=60, gop=12, b_frames=LEADING)
    path = folder / f"cut{ending}"
    with av.open(str(whole)) as source, av.open(str(path), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        keyframes = 0
        for packet in source.demux(source.streams.video[0]):
            keyframes += packet.is_keyframe
            if keyframes < 3 or not packet.size:
                continue
            copy = av.Packet(closed(bytes(packet)))
            copy.pts, copy.dts, copy.time_base = packet.pts, packet.dts, packet.time_base
            copy.duration, copy.is_keyframe = packet.duration, packet.is_keyframe
            copy.stream = stream
            target.mux(copy)
    return path


def closed(coded: bytes) -> bytes:
    """Returns an MPEG-2 picture whose group says that it needs none before it."""
    at = coded.find(b"\0\0\1\xb8")
    if at < 0:
        return coded
    return coded[: at + 7] + bytes([coded[at + 7] | 0x40]) + coded[at + 8 :]


@pytest.mark.parametrize("ending", [".ts", ".mkv"])
@pytest.mark.parametrize("codec", ["libx265", "mpeg2video"])
def test_no_stream_starts_after_its_first_frame(codec: str, ending: str, tmp_path: Path) -> None:
    path = cut_at_leading_pictures(tmp_path, codec, ending)
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        claimed = stream.start_time * stream.time_base
        first = next(container.decode(stream))
        begin = first.pts * stream.time_base
    assert claimed - begin == Fraction(LEADING, RATE), "no trap"
    captured = capture(path, "video/snapshots,f_png")
    assert captured.info.clock.zero == begin
    assert captured.info.streams[0].start == begin
    # Those of MPEG-2 are predicted from what was cut away, too.
    numbers = [read_number(image.data) for image in captured.images]
    assert numbers[LEADING:] == [*range(24, 60)]
    assert [image.media_time // MS for image in captured.images[:3]] == [0, 40, 80]
    assert_exact(Film(path), SPECS)


@pytest.mark.parametrize(
    ("ending", "codec", "start"),
    [
        # There an edit list hides it.
        (".mp4", "libx264", Fraction(0)),
        (".mov", "mpeg4", Fraction(0)),
        (".mkv", "libx264", Fraction(-21, 1000)),
        (".mkv", "mpeg2video", Fraction(-21, 1000)),
    ],
)
def test_audio_starts_with_its_first_packet(
    ending: str, codec: str, start: Fraction, tmp_path: Path
) -> None:
    """Samples that a decoder is to skip count: the container claims a start behind them."""
    for lead in (Fraction(0), LEAD):
        path = make_clip(tmp_path / f"a{ending}", codec=codec, audio=True, audio_lead=lead)
        with av.open(str(path)) as container:
            audio = container.streams.audio[0]
            assert audio.start_time > next(container.demux(audio)).pts, "no trap"
        captured = assert_captured(path, timeline.read.__wrapped__(path), "video/snapshots,f_png")
        assert [s.start for s in captured.info.streams if s.kind == "audio"] == [start]
        assert captured.info.clock.zero == (start if lead else 0)
        assert captured.images[0].media_time == (0 if not lead else (lead - start) * 10**9 // 1)
