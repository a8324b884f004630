"""Alpha in WebM: a second stream beside the picture's, with keyframes of its own.

Decoding may start only where both have one. What is right is what libvpx gives from the start.
"""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path
from typing import Any, Final, cast

import av
import numpy as np
import pytest
from av.codec.context import CodecContext
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext

from framecap.spec import text
from support.clips import picture
from support.media.capturing import capture, seconds
from support.media.judging import Film, assert_exact
from support.media.modes import SPARSE, SPECS, seeks_cost_nothing

SIZE: Final = (96, 64)
FRAMES: Final = 100
ADDITION: Final = "matroska_block_additional"
DECODERS: Final = {"vp8": "libvpx", "vp9": "libvpx-vp9"}


def coded(encoder: str, gop: int) -> list[Packet[Any]]:
    """Returns pictures with alpha, in which a bar moves, with so many to a keyframe."""
    context = cast("VideoCodecContext", CodecContext.create(encoder, "w"))
    context.width, context.height = SIZE
    context.pix_fmt = "yuva420p"
    context.framerate, context.time_base = Fraction(25), Fraction(1, 25)
    context.options = {
        "auto-alt-ref": "0",
        "lag-in-frames": "0",
        "g": str(gop),
        "keyint_min": str(gop),
        "deadline": "realtime",
        "cpu-used": "8",
        "b": "400k",
    }
    packets = []
    for number in range(FRAMES):
        rgba = np.empty((SIZE[1], SIZE[0], 4), np.uint8)
        rgba[..., :3] = picture(number, SIZE)[..., None]
        rgba[..., 3] = 255 - 2 * number
        rgba[:, number % SIZE[0] :, 3] //= 3
        frame = av.VideoFrame.from_ndarray(rgba, format="rgba").reformat(format="yuva420p")
        frame.pts, frame.time_base = number, Fraction(1, 25)
        packets += context.encode(frame)
    return packets + context.encode(None)


def make_film(path: Path, encoder: str, *, gop: int, alpha_gop: int) -> Path:
    """Writes a film whose alpha has other keyframes than its picture."""
    colour = coded(encoder, gop)
    alpha = coded(encoder, alpha_gop)
    with av.open(str(path), "w", format="matroska" if path.suffix == ".mkv" else "webm") as output:
        stream = output.add_stream(encoder, rate=25, options={"auto-alt-ref": "0"})
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuva420p"
        if path.suffix == ".webm":
            # Said by a tag too, which the library then gives in capitals.
            stream.metadata["alpha_mode"] = "1"
        for packet, other in zip(colour, alpha, strict=True):
            made: Packet[Any] = Packet(bytes(packet))
            made.pts, made.dts, made.time_base = packet.pts, packet.dts, Fraction(1, 25)
            made.duration, made.is_keyframe = 1, packet.is_keyframe
            made.set_sidedata(other.get_sidedata(ADDITION))
            made.stream = stream
            output.mux(made)
    return path


def film_of(path: Path) -> Film:
    """Returns a film whose frames have their alpha."""
    film = Film(path)
    with av.open(str(path)) as container:
        video = container.streams.video[0]
        decoder = CodecContext.create(DECODERS[video.codec_context.codec.canonical_name], "r")
        frames: list[av.VideoFrame] = []
        for packet in container.demux(video):
            frames += cast("list[av.VideoFrame]", decoder.decode(packet if packet.size else None))
    assert [frame.pts for frame in frames] == [frame.pts for frame in film.frames]
    assert {frame.format.name for frame in frames} == {"yuva420p"}
    film.frames = frames
    return film


def assert_right(film: Film, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: range(2))
    assert_exact(film, SPARSE | {"keyframes": SPECS["keyframes"]})
    seeks_cost_nothing(monkeypatch)
    assert_exact(film, SPARSE)


@pytest.mark.parametrize("suffix", ["webm", "mkv"])
@pytest.mark.parametrize("encoder", ["libvpx", "libvpx-vp9"])
@pytest.mark.parametrize("alpha_gop", [1000, 35, 10])
def test_alpha_with_keyframes_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encoder: str, suffix: str, alpha_gop: int
) -> None:
    path = make_film(tmp_path / f"a.{suffix}", encoder, gop=10, alpha_gop=alpha_gop)
    film = film_of(path)
    assert len(film.frames) == FRAMES
    assert sum(frame.keyframe for frame in film.line.frames) == FRAMES // 10
    assert_right(film, monkeypatch)


def test_a_film_whose_alpha_has_one_keyframe(cases: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    film = film_of(cases / "vp8cut.webm")
    expected = {
        "f_png,inter_1300": [0, 1280, 2600, 3880, 5200],
        "f_png,m_key": [0, 2520],
        "f_png,m_avg,num_5": [0, 1200, 2400, 3600, 4800],
        "f_png,ss_2600,num_1": [2600],
    }
    for line, times in expected.items():
        spec = text.parse(f"video/snapshots,{line}").spec
        for _ in range(2):
            images = capture(film.path, spec).images
            assert [1000 * seconds(image.media_time) for image in images] == times
        assert_exact(film, {line: spec})
