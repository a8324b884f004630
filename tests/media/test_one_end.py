"""One end in every mode, sought or read, also where a stream has no durations of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest

from framecap.errors import OffsetAfterEnd
from support.clips import make_clip, read_number
from support.media.capturing import Captured, capture
from support.media.judging import Film, assert_exact
from support.media.modes import SPECS

SMALL = (96, 54)
CODECS: Mapping[str, Mapping[str, Any]] = {
    "vp8": {"codec": "libvpx"},
    "vp9": {"codec": "libvpx-vp9"},
    "h264": {"codec": "libx264"},
    "h264, b frames": {"codec": "libx264", "b_frames": 2},
    "mpeg-4": {"codec": "mpeg4"},
}


def without_durations(source: Path, target: Path) -> Path:
    """Writes a Matroska file whose track does not say how long a frame lasts."""
    with av.open(str(source)) as clip, av.open(str(target), "w") as container:
        stream = container.add_stream_from_template(clip.streams.video[0])
        for packet in clip.demux(video=0):
            if packet.size:
                packet.stream = stream
                packet.duration = 0
                container.mux(packet)
    data = bytearray(target.read_bytes())
    while (at := data.find(b"\x23\xe3\x83\x84")) >= 0:
        # What says so becomes as much of nothing.
        data[at : at + 8] = b"\xec\x86" + bytes(6)
    target.write_bytes(data)
    return target


def irregular(frames: int) -> Callable[[int], int]:
    """Returns times in ms that grow apart: the last gap is the longest."""
    return lambda k: 40 * k if k < frames - 3 else 40 * k + 600 * (k - frames + 4) ** 2


@pytest.mark.parametrize("frames", [4, 60, 400])
@pytest.mark.parametrize("codec", CODECS)
def test_the_end_without_durations_is_one(tmp_path: Path, codec: str, frames: int) -> None:
    clip = clip_without_durations(tmp_path, codec, frames)
    film = Film(clip)
    end = film.line.end
    assert_exact(film, SPECS)
    for found in ("m_avg,num_3", "inter_0", "m_dhash,thr_0,num_2", "inter_300"):
        assert ends(capture(clip, f"video/snapshots,f_png,{found}")) in (None, end)
    assert ends(capture(clip, "video/snapshots,f_png,m_avg,num_3")) == end
    within, behind = (end * 1000 - 1) // 1, -(-end * 1000 // 1)
    [last] = capture(clip, f"video/snapshots,f_png,num_1,ss_{within}").images
    assert read_number(last.data) == frames - 1
    for mode in ("inter_0", "m_avg,num_2", "inter_100,num_1", "m_key"):
        with pytest.raises(OffsetAfterEnd):
            capture(clip, f"video/snapshots,f_png,{mode},ss_{behind}")


def clip_without_durations(folder: Path, codec: str, frames: int) -> Path:
    source = make_clip(
        folder / "source.mkv",
        frames=frames,
        size=SMALL,
        gop=10,
        pts=irregular(frames),
        time_base=Fraction(1, 1000),
        **CODECS[codec],
    )
    return without_durations(source, folder / "a.mkv")


def ends(captured: Captured) -> Fraction | None:
    end = captured.summary.end
    return None if end is None else Fraction(end, 10**9)


@pytest.mark.parametrize("codec", ["vp8", "vp9"])
def test_an_end_that_libav_guesses_after_a_seek_is_not_taken(tmp_path: Path, codec: str) -> None:
    clip = clip_without_durations(tmp_path, codec, 4)
    with av.open(str(clip)) as container:
        read = [packet.duration for packet in container.demux(video=0)]
        container.seek(0)
        sought = [packet.duration for packet in container.demux(video=0)]
    assert not any(read)
    assert any(sought)
    # Of 0, 640, 2480 and 5520 ms.
    assert ends(capture(clip, "video/snapshots,f_png,m_avg,num_3")) == Fraction(5520 + 3040, 1000)


def appended(parts: list[Path], target: Path) -> Path:
    """Writes files one behind the other."""
    # Of FLV, the head is left out of all but the first.
    head = 13 if target.suffix == ".flv" else 0
    first, *others = (part.read_bytes() for part in parts)
    target.write_bytes(first + b"".join(other[head:] for other in others))
    return target


@pytest.mark.parametrize(
    ("codec", "name"),
    [
        ("libx264", "a.ts"),
        ("mpeg2video", "a.ts"),
        ("libx264", "a.flv"),
        ("flv", "a.flv"),
        ("mpeg2video", "a.mpg"),
    ],
)
def test_an_appended_recording_follows_the_one_before_it(
    tmp_path: Path, codec: str, name: str
) -> None:
    suffix = Path(name).suffix
    parts = [
        make_clip(tmp_path / f"{n}{suffix}", codec=codec, frames=75, gop=15, size=SMALL, scene=n)
        for n in (7, 11)
    ]
    film = Film(appended(parts, tmp_path / name))
    assert film.line.repaired == 1
    captured = capture(film.path, SPECS["every frame"])
    assert [read_number(image.data) for image in captured.images] == [*range(75), *range(75)]
    tick = captured.info.clock.time_base
    times = [image.pts * image.time_base - captured.info.clock.zero for image in captured.images]
    assert all(abs(time - Fraction(k, 25)) <= 3 * tick for k, time in enumerate(times))
    assert [warning.metadata["count"] for warning in captured.warnings] == ["1"]
    assert_exact(film, SPECS)


@pytest.mark.parametrize("codec", ["libx264", "mpeg4", "libvpx"])
def test_of_frames_at_one_time_the_last_is_shown(tmp_path: Path, codec: str) -> None:
    # 250 frames a second, on ticks of 10 ms.
    clip = tmp_path / "a.mkv"
    source = make_clip(
        tmp_path / "source.mkv", codec=codec, frames=300, rate=250, gop=50, size=SMALL
    )
    with av.open(str(source)) as given, av.open(str(clip), "w") as container:
        stream = container.add_stream_from_template(given.streams.video[0])
        for packet in given.demux(video=0):
            if packet.size:
                packet.stream = stream
                packet.pts = packet.dts = packet.pts // 10 * 10
                container.mux(packet)
    captured = capture(clip, SPECS["every frame"])
    shown = {image.media_time // 10**6: read_number(image.data) for image in captured.images}
    assert shown == {4 * k // 10 * 10: k for k in range(300)}
    assert captured.summary.damage.repaired_times == 300 - len(shown)
    assert_exact(Film(clip), SPECS)


def test_slides(cases: Path) -> None:
    clip = cases / "slides.webm"
    spread = capture(clip, "video/snapshots,f_png,m_avg,num_3")
    assert [image.media_time // 10**9 for image in spread.images] == [0, 10, 20]
    assert spread.summary.end == 30 * 10**9
    [last] = capture(clip, "video/snapshots,f_png,ss_29999,num_1").images
    assert last.media_time == 20 * 10**9
    for mode in ("num_1", "m_key", "m_avg,num_2", "inter_1000", "m_dhash"):
        with pytest.raises(OffsetAfterEnd, match=r"00:00:30\.000, but .* ends at 00:00:30\.000"):
            capture(clip, f"video/snapshots,f_png,ss_30000,{mode}")
    assert_exact(Film(clip), SPECS)


def test_two_frames_on_each_tick(cases: Path) -> None:
    clip = cases / "fps2000_ms_ticks.mkv"
    every = capture(clip, SPECS["every frame"])
    assert [image.pts for image in every.images] == list(range(1001))
    assert every.summary.end == 1001 * 10**6
    assert every.summary.damage.repaired_times == 999
    keys = capture(clip, SPECS["keyframes"])
    assert [image.pts for image in keys.images] == [0, 250, 500, 750]
    assert [image.pts for image in capture(clip, "video/snapshots,f_png,inter_250").images] == [
        0, 250, 500, 750, 1000,
    ]  # fmt: skip
    [sought] = capture(clip, "video/snapshots,f_png,ss_500,num_1").images
    with av.open(str(clip)) as container:
        frames = container.decode(video=0)
        thousandth = next(frame for number, frame in enumerate(frames) if number == 1000)
    assert f"{sought.dhash:016x}" == f"{Film(clip).line.frames[500].dhash:016x}"
    assert Film(clip).line.frames[500].ordinal == 1000
    assert thousandth.pts == 500


def test_late_frames_of_another_recording(cases: Path) -> None:
    clip = cases / "sarchange264.ts"
    film = Film(clip)
    assert len(film.line.frames) == 148
    assert film.line.end == Fraction(592, 100)
    keys = capture(clip, "video/snapshots,f_png,m_key")
    assert [image.media_time // 10**6 for image in keys.images] == [0, 1000, 2000, 3920, 4920]
    assert len(capture(clip, "video/snapshots,f_png,inter_500").images) == 12
    every = capture(clip, SPECS["every frame"])
    assert [image.media_time // 10**6 for image in every.images] == [40 * k for k in range(148)]
    assert every.summary.end == 5920 * 10**6
    with pytest.raises(OffsetAfterEnd):
        capture(clip, "video/snapshots,f_png,ss_5920,m_key")
