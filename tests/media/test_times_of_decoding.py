"""Packets whose pts are their dts, although pictures are reordered: the n-th takes the n-th."""

from __future__ import annotations

import subprocess
from fractions import Fraction
from pathlib import Path

import av
import pytest
from av.video.frame import PictureType
from imageio_ffmpeg import get_ffmpeg_exe

from framecap.media.containers.container import Container
from framecap.media.containers.cursor import SharedFile
from framecap.media.containers.opening import Order, inspect_opening
from framecap.spec import text
from support.clips import make_clip, picture, read_number
from support.media.capturing import capture
from support.media.judging import Film, assert_exact
from support.media.modes import SPARSE, SPECS

FRAMES = 90
RATE = 25
HEVC = {"x265-params": "log-level=none:keyint=15:min-keyint=15:scenecut=0"}
CLOSED = {"flags": "+cgop", "sc_threshold": "1000000000"}

CODECS = {
    "h264": {"codec": "libx264", "b_frames": 3, "gop": 15},
    "hevc, leading pictures": {"codec": "libx265", "b_frames": 3, "gop": 15, "options": HEVC},
    "mpeg-2": {"codec": "mpeg2video", "b_frames": 2, "gop": 15, "options": CLOSED},
    "mpeg-2, leading pictures": {"codec": "mpeg2video", "b_frames": 2, "gop": 15},
    "mpeg-4": {"codec": "mpeg4", "b_frames": 2, "gop": 15, "options": CLOSED},
}
KINDS = [
    ("h264", "a.flv"),
    ("hevc, leading pictures", "a.flv"),
    *((codec, "a.mkv") for codec in CODECS),
    *((codec, "a.ts") for codec in CODECS if codec != "mpeg-4"),
]


def with_times_of_decoding(source: Path, target: Path) -> Path:
    command = (get_ffmpeg_exe(), "-v", "error", "-nostdin", "-i", str(source), "-c", "copy")
    subprocess.run((*command, "-bsf:v", "setts=pts=DTS", str(target)), check=True)
    with av.open(str(target)) as container:
        times = [packet.pts for packet in container.demux(video=0) if packet.size]
    assert times == sorted(set(times)), "packets' times rise"
    return target


@pytest.fixture(scope="module", params=KINDS, ids=[" in ".join(kind) for kind in KINDS])
def clip(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    codec, name = request.param
    folder = tmp_path_factory.mktemp("clip")
    source = make_clip(folder / "source.mkv", frames=FRAMES, size=(96, 54), **CODECS[codec])
    return with_times_of_decoding(source, folder / name)


def test_each_frame_has_the_time_it_was_made_for(clip: Path) -> None:
    captured = capture(clip, SPECS["every frame"])
    assert [read_number(image.data) for image in captured.images] == list(range(FRAMES))
    zero = captured.info.clock.zero
    times = [image.pts * image.time_base - zero for image in captured.images]
    tick = captured.info.clock.time_base
    assert all(abs(time - Fraction(k, RATE)) <= tick for k, time in enumerate(times))
    assert captured.summary.damage.repaired_times == 0
    assert abs(Fraction(captured.summary.end or 0, 10**9) - Fraction(FRAMES, RATE)) <= 2 * tick


@pytest.mark.parametrize("step", [200, 1000])
def test_each_instant_shows_its_frame(clip: Path, step: int) -> None:
    captured = capture(clip, f"video/snapshots,f_png,inter_{step}")
    numbers = [read_number(image.data) for image in captured.images]
    assert numbers == list(range(0, FRAMES, step * RATE // 1000))


def test_each_keyframe_has_its_own_time(clip: Path) -> None:
    captured = capture(clip, "video/snapshots,f_png,m_key")
    assert len(captured.images) >= FRAMES // 15
    for image in captured.images:
        assert image.media_time // 10**6 in range(*around(read_number(image.data)))


def around(number: int) -> tuple[int, int]:
    return number * 1000 // RATE - 1, number * 1000 // RATE + 2


def test_each_mode_is_exact(clip: Path) -> None:
    assert_exact(Film(clip), SPECS)


@pytest.mark.parametrize("codec", ["libx264", "mpeg2video"])
@pytest.mark.parametrize("name", ["a.mkv", "a.flv", "a.ts"])
def test_a_film_that_begins_to_reorder_later_is_not_taken_by_its_word(
    tmp_path: Path, name: str, codec: str
) -> None:
    if codec == "mpeg2video":
        # There is none in FLV; and in TS it is decoded from the beginning anyway.
        name = "a.mkv"
    source = reordered_from(60, tmp_path / "source.mkv", codec)
    film = Film(with_times_of_decoding(source, tmp_path / name))
    assert [frame.ordinal for frame in film.line.frames] == list(range(150))
    with film.path.open("rb") as file, Container(SharedFile(file)) as container:
        assert inspect_opening(container).order is Order.UNKNOWN
    single = {
        f"at {start}": text.parse(f"video/snapshots,f_png,inter_700,num_1,ss_{start}").spec
        for start in range(2280, 4000, 40)
    }
    assert_exact(film, SPARSE | single)


def reordered_from(number: int, path: Path, codec: str) -> Path:
    """Writes a film whose frames are coded in the order they are shown in, up to one."""
    size = (96, 54)
    with av.open(str(path), "w") as container:
        settings = {"g": "30", "bf": "3", "threads": "1", "sc_threshold": "1000000000"}
        if codec == "libx264":
            settings |= {"b_strategy": "0", "keyint_min": "30", "sc_threshold": "0"}
        stream = container.add_stream(codec, rate=RATE, options=settings)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        for k in range(150):
            grey = picture(k, size, k // 13)
            frame = av.VideoFrame.from_ndarray(grey, format="gray").reformat(format="yuv420p")
            frame.pts, frame.time_base = k, Fraction(1, RATE)
            if k < number:
                frame.pict_type = PictureType.I if k % 30 == 0 else PictureType.P
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(
    ("codec", "name"), [("libx264", "a.mp4"), ("libx264", "a.ts"), ("libx265", "a.mkv")]
)
def test_a_sound_film_is_known_by_its_packets(tmp_path: Path, codec: str, name: str) -> None:
    options = HEVC if codec == "libx265" else {}
    clip = make_clip(
        tmp_path / name, codec=codec, b_frames=3, frames=60, size=(96, 54), options=options
    )
    decoded = 0
    with clip.open("rb") as file, Container(SharedFile(file)) as container:

        def decode(packet: object) -> list[av.VideoFrame]:
            nonlocal decoded
            decoded += 1
            return []

        container.decode = decode
        assert inspect_opening(container).order is Order.SHOWN
    assert decoded == 0


def test_late_frames_are_no_times_of_decoding(cases: Path) -> None:
    captured = capture(cases / "sarchange264.ts", SPECS["every frame"])
    times = [image.media_time // 10**6 for image in captured.images]
    assert times == [40 * k for k in range(148)]
    assert captured.summary.damage.repaired_times == 2


@pytest.mark.parametrize("name", ["a.mkv", "a.flv", "a.ts"])
def test_the_film_of_the_case_is_right_in_every_mode(tmp_path: Path, name: str) -> None:
    source = tmp_path / "b.mp4"
    picture = ("-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=6")
    coded = ("-c:v", "libx264", "-bf", "3", "-g", "50")
    command = (get_ffmpeg_exe(), "-v", "error", "-nostdin", *picture, *coded, str(source))
    subprocess.run(command, check=True)
    clip = with_times_of_decoding(source, tmp_path / name)
    assert milliseconds(clip, "inter_0") == [40 * k for k in range(150)]
    assert milliseconds(clip, "inter_1000") == [1000 * k for k in range(6)]
    assert milliseconds(clip, "m_key") == [0, 2000, 4000]
    assert milliseconds(clip, "m_avg,num_3") == [0, 2000, 4000]
    assert milliseconds(clip, "ss_5960,num_1") == [5960]
    for found in ("inter_1000", "m_key", "ss_5960,num_1"):
        for image in capture(clip, f"video/snapshots,f_png,{found}").images:
            moment = image.media_time // 10**6
            same = capture(source, f"video/snapshots,f_png,num_1,ss_{moment}").images[0]
            assert image.data == same.data


def milliseconds(clip: Path, options: str) -> list[int]:
    captured = capture(clip, f"video/snapshots,f_png,{options}")
    if captured.summary.end is not None:
        assert captured.summary.end == 6 * 10**9
    return [round(image.media_time / 10**6) for image in captured.images]
