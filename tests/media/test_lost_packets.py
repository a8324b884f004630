"""Every packet that was fed and gave no frame is counted; those that rightly have none are not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import pytest

from framecap.errors import MediaCorrupt
from framecap.model.spec import DamagePolicy
from framecap.spec import text
from oracles import timeline
from support.clips import make_clip
from support.cutting import changed, key_packets, zeros
from support.media.capturing import Captured, assert_captured, capture

FRAMES: Final = 40
GOP: Final = 10

KINDS: Final[dict[str, tuple[tuple[str, ...], dict[str, Any]]]] = {
    "h264": (("mp4", "mkv", "flv"), {"b_frames": 2}),
    "hevc": (
        ("mp4", "mkv"),
        {
            "codec": "libx265",
            "b_frames": 2,
            "options": {"x265-params": "log-level=none:open-gop=0:scenecut=0"},
        },
    ),
    "mpeg-2": (("mp4", "mkv"), {"codec": "mpeg2video"}),
    "mpeg-4": (("mp4", "mkv"), {"codec": "mpeg4"}),
    "vp8": (("webm",), {"codec": "libvpx"}),
    "vp9": (("webm", "mp4"), {"codec": "libvpx-vp9"}),
    "mjpeg": (("mov", "mkv"), {"codec": "mjpeg", "pix_fmt": "yuvj420p"}),
}
CASES: Final = [(kind, suffix) for kind, (suffixes, _) in KINDS.items() for suffix in suffixes]

REQUESTS: Final = ("m_key", "inter_0", "inter_300", "m_avg,num_5")


def asking(request: str) -> str:
    return f"video/snapshots,f_jpg,{request}"


def strictly(path: Path, request: str) -> Captured:
    spec = text.parse(asking(request)).spec
    return capture(path, replace(spec, damage_policy=DamagePolicy.STRICT))


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], Path]:
    folder = tmp_path_factory.mktemp("clips")

    def clip(kind: str, suffix: str) -> Path:
        path = folder / f"{kind}.{suffix}"
        if not path.exists():
            make_clip(path, frames=FRAMES, gop=GOP, **KINDS[kind][1])
        return path

    return clip


@pytest.mark.parametrize(("kind", "suffix"), CASES)
def test_lost_keyframes_are_counted_where_keyframes_are_read(
    clips: Callable[[str, str], Path], tmp_path: Path, kind: str, suffix: str
) -> None:
    source = clips(kind, suffix)
    keys = key_packets(source)
    if kind == "mjpeg":
        keys = keys[::10]
    path = changed(source, tmp_path / source.name, dict.fromkeys(keys[1:3], zeros))
    line = timeline.read(path)
    captured = assert_captured(path, line, asking("m_key"))
    # Two of them; or all that lacks, where the stream's keyframes do not stand alone.
    assert captured.summary.damage.undecodable in (2, line.undecodable)
    assert "PACKETS_UNDECODABLE" in {warning.reason for warning in captured.warnings}
    with pytest.raises(MediaCorrupt):
        strictly(path, "m_key")


@pytest.mark.parametrize(("kind", "suffix"), CASES)
def test_every_lost_packet_is_counted_in_every_mode_that_meets_it(
    clips: Callable[[str, str], Path], tmp_path: Path, kind: str, suffix: str
) -> None:
    source = clips(kind, suffix)
    lost = (13, 14, 16)
    path = changed(source, tmp_path / source.name, dict.fromkeys(lost, zeros))
    line = timeline.read(path)
    # Behind them some decoders lose more.
    assert line.undecodable >= len(lost)
    assert kind == "vp9" or line.undecodable == line.packets - line.decoded
    # Of pictures that stand alone, those not asked for are not decoded.
    for request in ["inter_0"] if kind == "mjpeg" else REQUESTS[1:]:
        captured = capture(path, asking(request))
        assert captured.summary.damage.undecodable == line.undecodable, request
    with pytest.raises(MediaCorrupt):
        strictly(path, "inter_0")


@pytest.mark.parametrize(("kind", "suffix"), CASES)
def test_nothing_is_lost_of_an_intact_clip(
    clips: Callable[[str, str], Path], kind: str, suffix: str
) -> None:
    assert_nothing_lost(clips(kind, suffix))


def assert_nothing_lost(path: Path) -> None:
    for request in REQUESTS:
        assert strictly(path, request).summary.damage.undecodable == 0
        captured = assert_captured(path, timeline.read(path), asking(request))
        assert captured.summary.damage.undecodable == 0


@pytest.mark.parametrize(("kind", "suffix"), [case for case in CASES if case[0] != "mjpeg"])
def test_packets_wrongly_flagged_as_keyframes_are_not_lost(
    clips: Callable[[str, str], Path], tmp_path: Path, kind: str, suffix: str
) -> None:
    """They give no frame alone, but where all is decoded."""
    source = clips(kind, suffix)
    path = changed(source, tmp_path / source.name, {}, keyframes=(13, 16, 25))
    assert_nothing_lost(path)


@pytest.mark.parametrize(
    "codec", ["libx264", "libx265", "libvpx-vp9", "libsvtav1", "mpeg4", "mpeg2video"]
)
def test_nothing_is_lost_where_all_packets_are_flagged_as_keyframes(
    tmp_path: Path, codec: str
) -> None:
    """So does an MP4 file without a sync table."""
    path = make_clip(tmp_path / "a.mp4", codec=codec, frames=FRAMES, gop=GOP)
    whole = path.read_bytes()
    assert whole.count(b"stss") == 1
    path.write_bytes(whole.replace(b"stss", b"free"))
    assert_nothing_lost(path)


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts"])
@pytest.mark.parametrize("parameters", ["open-gop=1", "intra-refresh=1"])
def test_keyframes_that_are_no_idr_are_lost_only_where_they_are_broken(
    tmp_path: Path, parameters: str, suffix: str
) -> None:
    """By themselves some of them give no frame."""
    whole = make_clip(
        tmp_path / f"whole.{suffix}",
        frames=FRAMES,
        gop=GOP,
        b_frames=2 if parameters == "open-gop=1" else 0,
        options={"x264-params": parameters},
    )
    assert_nothing_lost(whole)
    second = key_packets(whole)[1]
    path = changed(whole, tmp_path / f"a.{suffix}", {second: zeros})
    line = timeline.read(path)
    assert line.undecodable == (0 if suffix == "ts" else 1)
    for request in REQUESTS:
        captured = assert_captured(path, line, asking(request))
        assert captured.summary.damage.undecodable == line.undecodable


@pytest.mark.parametrize("suffix", ["webm", "mkv"])
def test_frames_coded_as_hidden_are_not_lost(tmp_path: Path, suffix: str) -> None:
    """VP8's alternate references are packets of their own, told by a bit."""
    whole = make_clip(tmp_path / f"whole.{suffix}", codec="libvpx", frames=FRAMES, gop=GOP)
    hide = dict.fromkeys((13, 17), lambda data, codec: bytes([data[0] & ~0x10]) + data[1:])
    path = changed(whole, tmp_path / f"a.{suffix}", hide)
    assert timeline.read(path).decoded == FRAMES - 2
    assert_nothing_lost(path)


@pytest.mark.parametrize(
    ("codec", "suffix"),
    [
        ("libx264", "mp4"),
        ("libx264", "mkv"),
        ("libx265", "mp4"),
        ("libx265", "mkv"),
        ("libx265", "ts"),
    ],
)
def test_leading_pictures_at_the_very_start_are_not_lost(
    tmp_path: Path, codec: str, suffix: str
) -> None:
    """Cut at an open group, so that its leading pictures count on what is gone."""
    name = "x264-params" if codec == "libx264" else "x265-params"
    more = "" if codec == "libx264" else ":log-level=none:scenecut=0"
    whole = make_clip(
        tmp_path / "whole.mkv",
        frames=FRAMES,
        gop=GOP,
        codec=codec,
        b_frames=3,
        options={name: f"open-gop=1{more}"},
    )
    second = key_packets(whole)[1]
    cut = dict.fromkeys(range(second), lambda data, codec: b"")
    path = changed(whole, tmp_path / f"a.{suffix}", cut)
    captured = strictly(path, "inter_0")
    assert captured.summary.damage.undecodable == 0
    assert len(captured.images) < FRAMES - second or codec == "libx264"


@pytest.mark.parametrize("suffix", ["ts", "mkv"])
def test_pictures_before_the_first_keyframe_are_not_lost(tmp_path: Path, suffix: str) -> None:
    whole = make_clip(tmp_path / "whole.mkv", frames=FRAMES, gop=GOP)
    path = changed(
        whole, tmp_path / f"a.{suffix}", dict.fromkeys(range(3), lambda data, codec: b"")
    )
    captured = capture(path, asking("inter_0"))
    assert captured.summary.damage.undecodable == 0
    assert len(captured.images) >= FRAMES - GOP


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
@pytest.mark.parametrize("codec", ["mpeg2video", "libx264"])
def test_interlaced_frames_are_not_lost(tmp_path: Path, codec: str, suffix: str) -> None:
    options = {"x264-params": "interlaced=1"} if codec == "libx264" else {"flags": "+ildct+ilme"}
    clip = make_clip(tmp_path / f"a.{suffix}", codec=codec, frames=FRAMES, gop=GOP, options=options)
    assert_nothing_lost(clip)


def test_fields_in_packets_of_their_own_are_not_lost(corpus: Path) -> None:
    path = corpus / "media" / "ft_h264_1080i.mts"
    line = timeline.read(path)
    captured = assert_captured(path, line, "video/snapshots,f_jpg,inter_0,w_64,h_36")
    assert captured.summary.damage.undecodable == line.undecodable == 0


@pytest.mark.parametrize("suffix", ["mp4", "avi"])
def test_pictures_that_repeat_the_one_before_are_not_lost(tmp_path: Path, suffix: str) -> None:
    """MPEG-4 says so in a VOP that is not coded."""
    empty = b"\0\0\1\xb6\x50\x4f"
    whole = make_clip(tmp_path / f"whole.{suffix}", codec="mpeg4", frames=FRAMES, gop=GOP)
    path = changed(whole, tmp_path / f"a.{suffix}", {14: lambda data, codec: empty})
    line = timeline.read(path)
    assert line.decoded < FRAMES
    assert line.undecodable == 0
    captured = strictly(path, "inter_0")
    assert captured.summary.damage.undecodable == 0


def test_zeros_within_a_file(cases: Path) -> None:
    path = cases / "zeros_within.mp4"
    captured = assert_captured(path, timeline.read(path), asking("m_key"))
    times = [Fraction(image.pts) * image.time_base for image in captured.images]
    assert times == [*range(0, 13, 2), *range(28, 39, 2)]
    assert captured.summary.damage.undecodable == 7
    (warning,) = captured.warnings
    assert (warning.reason, warning.metadata["count"]) == ("PACKETS_UNDECODABLE", "7")
    with pytest.raises(MediaCorrupt):
        strictly(path, "m_key")
