"""Films whose headers travel in packets and are not repeated.

Wherever decoding starts, the headers must be those that a whole decoding knows there.

Parts of a film are encoded with other parameter sets or quantiser matrices; only the first keyframe
of each part keeps its headers, or of the film where there is one part.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
import pytest
from imageio_ffmpeg import get_ffmpeg_exe

from framecap.media.media import Media
from framecap.model.plan import Strategy
from framecap.model.wanted import Instants
from framecap.spec import text
from support.clips import make_clip
from support.media.capturing import capture, seconds
from support.media.judging import Film, assert_exact
from support.media.modes import SPARSE, SPECS, seeks_cost_nothing
from support.media.readings import drain, wanted_frames

FRAMES: Final = 50
GOP: Final = 10
TICKS: Final = 3600


def nal_headers(kinds: Sequence[int], shift: int) -> Callable[[bytes], tuple[bytes, bytes]]:
    """Returns what parts a packet of H.264 or HEVC into its parameter sets and the rest."""

    def divided(content: bytes) -> tuple[bytes, bytes]:
        kept = {True: b"", False: b""}
        for unit in re.split(rb"\x00\x00\x00?\x01", content)[1:]:
            kept[(unit[0] >> shift) & (31 if shift == 0 else 63) in kinds] += b"\0\0\0\1" + unit
        return kept[True], kept[False]

    return divided


def headers_before(ends: bytes) -> Callable[[bytes], tuple[bytes, bytes]]:
    """Returns what parts a packet of MPEG before the first of some start codes."""

    def divided(content: bytes) -> tuple[bytes, bytes]:
        found = re.search(rb"\x00\x00\x01[" + re.escape(ends) + rb"]", content)
        assert found is not None
        return content[: found.start()], content[found.start() :]

    return divided


H264: Final = nal_headers((7, 8), 0)
HEVC: Final = nal_headers((32, 33, 34), 1)
MPEG2: Final = headers_before(b"\xb8\x00")
MPEG4: Final = headers_before(b"\xb3\xb6")

MATRIX: Final = ",".join(["8", *(str(8 + 3 * k) for k in range(1, 64))])
MATRICES: Final = ("-intra_matrix", MATRIX, "-inter_matrix", MATRIX)
QUIET: Final = "log-level=none"


@dataclass(frozen=True)
class Kind:
    """How the parts of a film are encoded, by FFmpeg's own command."""

    divided: Callable[[bytes], tuple[bytes, bytes]]
    encoder: str
    options: tuple[str, ...]
    others: tuple[str, ...]


# What is wrong by the other part's headers decodes all the same, and looks otherwise.
KINDS: Final = {
    "h264": Kind(
        H264,
        "libx264",
        ("-x264-params", "cabac=0:qp=22"),
        ("-x264-params", "cabac=0:qp=36"),
    ),
    "hevc": Kind(
        HEVC,
        "libx265",
        ("-x265-params", f"open-gop=0:{QUIET}"),
        ("-x265-params", f"cbqpoffs=9:crqpoffs=-9:qp=35:open-gop=0:{QUIET}"),
    ),
    "mpeg2": Kind(MPEG2, "mpeg2video", ("-q:v", "4"), ("-q:v", "4", *MATRICES)),
    "mpeg1": Kind(MPEG2, "mpeg1video", ("-q:v", "4"), ("-q:v", "4", *MATRICES)),
    "mpeg4": Kind(MPEG4, "mpeg4", ("-q:v", "4"), ("-q:v", "4", "-mpeg_quant", "1", *MATRICES)),
}

SUFFIXES: Final = {
    "h264": ("ts", "mkv", "mp4", "flv"),
    "hevc": ("ts", "mkv", "mp4"),
    "mpeg2": ("ts", "mkv", "mp4"),
    "mpeg1": ("ts", "mkv"),
    "mpeg4": ("mkv", "mp4"),
}

FILMS: Final = [f"{kind}.{suffix}" for kind, suffixes in SUFFIXES.items() for suffix in suffixes]


def make_part(folder: Path, kind: Kind, *, other: bool) -> Path:
    """Writes a part of a film, with headers in front of every keyframe."""
    source = make_clip(folder / "source.mkv", frames=FRAMES, size=(96, 64), scene=13)
    target = folder / "part.ts"
    command = [get_ffmpeg_exe(), "-v", "error", "-y", "-i", str(source), "-threads", "1"]
    command += ["-c:v", kind.encoder, *(kind.others if other else kind.options)]
    command += ["-g", str(GOP), "-bf", "2", "-sc_threshold", "0", str(target)]
    subprocess.run(command, check=True)
    return target


def made_stream(
    container: av.container.OutputContainer, video: av.VideoStream, suffix: str, kind: Kind
) -> av.VideoStream:
    """Returns a stream for a film's packets."""
    if suffix != "ts":
        return container.add_stream_from_template(video)
    # From a template, the muxer puts the headers that it knows in front of all keyframes.
    stream = container.add_stream(kind.encoder, rate=25)
    assert isinstance(stream, av.VideoStream)
    stream.width, stream.height = video.codec_context.width, video.codec_context.height
    return stream


def make_film(folder: Path, name: str, *, parts: Sequence[bool], keeps: Sequence[int]) -> Path:
    """Writes a film.

    Args:
        folder: Where to.
        name: The kind and the container.
        parts: Of each part, whether it is encoded the other way.
        keeps: The parts whose first keyframe keeps its headers.
    """
    codec, _, suffix = name.partition(".")
    kind = KINDS[codec]
    target = folder / f"{'-'.join(map(str, (*map(int, parts), *keeps)))}.{suffix}"
    with av.open(str(target), "w") as container:
        stream: av.VideoStream | None = None
        for number, other in enumerate(parts):
            clip = make_part(folder, kind, other=other)
            with av.open(str(clip)) as source:
                video = source.streams.video[0]
                if stream is None:
                    stream = made_stream(container, video, suffix, kind)
                assert video.start_time is not None
                # Not from 0: muxers shift times that would be negative.
                shift = (10 + number * FRAMES) * TICKS - video.start_time
                for at, packet in enumerate(p for p in source.demux(video) if p.size):
                    content = bytes(packet)
                    if packet.is_keyframe and not (at == 0 and number in keeps):
                        headers, content = kind.divided(content)
                        assert headers, "the encoder repeats its headers"
                    copy = av.Packet(content)
                    assert packet.pts is not None and packet.dts is not None
                    copy.pts, copy.dts = packet.pts + shift, packet.dts + shift
                    copy.time_base = packet.time_base
                    copy.duration, copy.is_keyframe = packet.duration, packet.is_keyframe
                    copy.stream = stream
                    container.mux(copy)
    return target


@pytest.fixture(params=[1, 2])
def threads(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: range(request.param))
    number: int = request.param
    return number


def assert_right(path: Path, monkeypatch: pytest.MonkeyPatch) -> set[Strategy]:
    """Asserts that captures give the pictures of a whole decoding; returns the ways."""
    film = Film(path)
    assert not any(frame.is_corrupt for frame in film.frames)
    assert film.line.undecodable == 0
    access_paths = assert_exact(film, SPECS)
    with path.open("rb") as file, Media(file, strict=False) as media:
        drain(media.find_first())
        end = drain(media.measure_end())
        assert end is not None
        assert media.clock.time_base * end - film.line.zero == film.line.end
    seeks_cost_nothing(monkeypatch)
    return access_paths | assert_exact(film, SPARSE)


@pytest.mark.parametrize("name", FILMS)
def test_headers_that_change_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, threads: int, name: str
) -> None:
    parts = [False, True, False]
    path = make_film(tmp_path, name, parts=parts, keeps=range(len(parts)))
    assert_right(path, monkeypatch)


@pytest.mark.parametrize("name", FILMS)
def test_headers_that_come_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    path = make_film(tmp_path, name, parts=[False, False], keeps=[0])
    assert_right(path, monkeypatch)


@pytest.mark.parametrize("name", ["h264.ts", "h264.mkv", "hevc.mp4", "mpeg2.mkv", "mpeg4.mp4"])
def test_such_a_film_that_is_too_large_to_be_read_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr("framecap.media.containers.starts._PASS_BYTES", 0)
    path = make_film(tmp_path, name, parts=[False, True], keeps=[0, 1])
    assert_right(path, monkeypatch)


@pytest.mark.parametrize("name", ["h264.ts", "h264.mkv", "hevc.mp4", "mpeg2.mkv", "mpeg4.mp4"])
def test_such_a_film_is_not_decoded_whole(tmp_path: Path, name: str) -> None:
    path = make_film(tmp_path, name, parts=[False, True, False], keeps=[0, 1, 2])
    film = Film(path)
    wanted = film.line.frames[-4]
    with path.open("rb") as file, Media(file, strict=False) as media:
        drain(media.find_first())
        instant = media.clock.floor(wanted.start)
        (found,) = wanted_frames(media, Instants([instant]), Strategy.SEEK)
        assert found.pts == instant
        assert media.counts.decoded < 2 * GOP


@pytest.mark.parametrize("name", ["headers_change_once_mpeg2.mkv", "headers_change_once_h264.ts"])
def test_films_that_gave_several_results(cases: Path, threads: int, name: str) -> None:
    film = Film(cases / name)
    assert (len(film.frames), film.line.end) == (750, 30)
    requests = {
        "all": "f_png,num_120",
        "seconds": "f_png,inter_1000",
        "keys": "f_png,m_key",
        "average": "f_png,m_avg,num_7",
        "changes": "f_png,m_dhash,thr_10,inter_400",
        "largest": "f_png,m_dhash,num_9,inter_400",
    }
    specs = {key: text.parse(f"video/snapshots,{line}").spec for key, line in requests.items()}
    assert_exact(film, specs)
    keys = capture(film.path, specs["keys"])
    assert [seconds(image.media_time) for image in keys.images] == [*range(30)]
    assert not any(image.damaged for image in keys.images)
    average = capture(film.path, specs["average"])
    expected = [Fraction(428 * k, 100) for k in range(7)]
    assert [seconds(image.media_time) for image in average.images] == expected
    for key in ("keys", "changes"):
        runs = [[image.data for image in capture(film.path, specs[key]).images] for _ in range(3)]
        assert runs[0] == runs[1] == runs[2]
