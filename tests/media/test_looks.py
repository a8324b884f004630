"""How pictures are meant to look, by what container and bitstream say beside the samples."""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path
from typing import Final

import imageio_ffmpeg
import numpy as np
import pytest

from framecap import pipeline
from framecap.events import messages
from framecap.model.media import MediaInfo
from framecap.pipeline import Until
from support.clips import make_clip
from support.media import ffmpeg
from support.media.capturing import capture, decoded

LOCATIONS: Final = ("left", "center", "topleft", "top", "bottomleft", "bottom")
ENCODERS: Final = {
    "libx264": lambda number: ("-x264-params", f"chromaloc={number}", "-qp", "4"),
    "libx265": lambda number: ("-x265-params", f"chromaloc={number}:qp=4:log-level=none"),
}
# Noise, so that chroma differs from sample to sample.
NOISE: Final = "nullsrc=s=160x96:r=25:d=0.2,geq=random(1)*255:random(2)*255:random(3)*255"


def command(*options: str) -> None:
    exe = imageio_ffmpeg.get_ffmpeg_exe()
    subprocess.run((exe, "-v", "error", "-nostdin", "-y", *options), check=True)


def nearest(path: Path) -> str:
    """Returns the location of chroma with which FFmpeg makes the most similar picture."""
    captured = capture(path, "video/snapshots,f_png,num_1,inter_0")
    (image,) = captured.images
    ours = np.asarray(decoded(image).convert("RGB"), np.int16)
    size = f"scale={image.width}:{image.height}:{ffmpeg.BICUBIC}:in_chroma_loc="

    def off(location: str) -> float:
        theirs = ffmpeg.captured(path, captured.info, image, size + location)
        return float(np.abs(ours - theirs).mean())

    return min(LOCATIONS, key=off)


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
@pytest.mark.parametrize("location", LOCATIONS)
@pytest.mark.parametrize("encoder", ENCODERS)
def test_chroma_is_where_the_bitstream_says(
    tmp_path: Path, encoder: str, location: str, suffix: str
) -> None:
    path = tmp_path / f"a.{suffix}"
    by = ENCODERS[encoder](LOCATIONS.index(location))
    command("-f", "lavfi", "-i", NOISE, "-c:v", encoder, *by, "-pix_fmt", "yuv420p", str(path))
    assert nearest(path) == location


@pytest.mark.parametrize("codec", ["libvpx", "libvpx-vp9"])
def test_chroma_is_where_the_container_says(tmp_path: Path, codec: str) -> None:
    """VP8 and VP9 have no word for it; Matroska has."""
    path = tmp_path / "a.mkv"
    located = ("-vf", "setparams=chroma_location=topleft", "-chroma_sample_location", "topleft")
    quality = ("-crf", "4", "-b:v", "20M")
    command(
        *("-f", "lavfi", "-i", NOISE, *located, "-c:v", codec, *quality),
        *("-pix_fmt", "yuv420p", str(path)),
    )
    assert nearest(path) == "topleft"


def test_chroma_at_the_top_left(cases: Path) -> None:
    assert nearest(cases / "cl2.mkv") == "topleft"


def with_dolby_vision(source: Path, target: Path, profile: int, compatibility: int) -> Path:
    """Writes a copy of an MP4 whose sample description has a Dolby Vision configuration."""
    flags = profile << 9 | 3 << 3 | 0b101
    record = struct.pack(">BBHB19x", 1, 0, flags, compatibility << 4)
    box = struct.pack(">I4s", 8 + len(record), b"dvvC" if profile > 7 else b"dvcC") + record
    data = source.read_bytes()
    at = 0
    begins = []
    for name in (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd", b"entry"):
        while name != b"entry" and data[at + 4 : at + 8] != name:
            at += int.from_bytes(data[at : at + 4], "big")
        begins.append(at)
        at += 16 if name == b"stsd" else 8
    assert data.index(b"mdat") < begins[0], "chunks behind it would move"
    end = begins[-1] + int.from_bytes(data[begins[-1] : begins[-1] + 4], "big")
    made = bytearray(data[:end] + box + data[end:])
    for begin in begins:
        made[begin : begin + 4] = (
            int.from_bytes(made[begin : begin + 4], "big") + len(box)
        ).to_bytes(4, "big")
    target.write_bytes(made)
    return target


def probed(path: Path) -> MediaInfo:
    with path.open("rb") as file:
        # Opening may take long enough for progress before.
        *_, info = pipeline.run(None, file, size=path.stat().st_size, until=Until.PROBED)
    assert isinstance(info, MediaInfo)
    return info


X265: Final = {"codec": "libx265", "options": {"x265-params": "log-level=none"}}
AV1: Final = {"codec": "libsvtav1", "options": {"preset": "10"}}


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
@pytest.mark.parametrize(
    ("clip", "profile", "compatibility", "name", "wrong"),
    [
        (X265, 5, 0, "5", True),
        (X265, 8, 1, "8.1", False),
        (X265, 8, 4, "8.4", False),
        (AV1, 10, 0, "10.0", True),
        (AV1, 10, 1, "10.1", False),
    ],
)
def test_dolby_vision_is_named(
    tmp_path: Path,
    clip: dict[str, object],
    profile: int,
    compatibility: int,
    name: str,
    wrong: bool,
    suffix: str,
) -> None:
    plain = make_clip(tmp_path / "plain.mp4", frames=10, pix_fmt="yuv420p10le", **clip)
    path = with_dolby_vision(plain, tmp_path / "a.mp4", profile, compatibility)
    if suffix == "mkv":
        mp4, path = path, tmp_path / "a.mkv"
        command("-i", str(mp4), "-c", "copy", "-strict", "unofficial", str(path))
    assert_dolby_vision(path, name, wrong=wrong)
    assert messages.probed(probed(plain)).dolby_vision_profile == ""
    assert capture(plain, "video/snapshots,f_jpg,m_key").warnings == []


def assert_dolby_vision(path: Path, name: str, *, wrong: bool) -> None:
    assert messages.probed(probed(path)).dolby_vision_profile == name
    warnings = capture(path, "video/snapshots,f_jpg,m_key").warnings
    assert [warning.reason for warning in warnings] == ["DOLBY_VISION_COLOURS"] * wrong
    assert all(f"profile {name}," in warning.message for warning in warnings)


def test_dolby_vision_without_a_base_layer(cases: Path) -> None:
    assert_dolby_vision(cases / "dovi5_header.mp4", "5", wrong=True)


def test_what_a_file_writes_in_its_texts_is_not_believed(tmp_path: Path) -> None:
    plain = make_clip(tmp_path / "plain.mp4", frames=10)
    path = tmp_path / "a.mkv"
    said = "DOVI configuration record: version: 1.0, profile: 5, level: 3, compatibility id: 0"
    text = ("-metadata:s:v", f"title={said}", "-metadata", f"title=yuv420p(tv, topleft)\n{said}")
    command("-i", str(plain), "-c", "copy", *text, str(path))
    assert probed(path).dolby_vision is None
    assert capture(path, "video/snapshots,f_jpg,m_key").warnings == []


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_alpha_of_hevc_is_said_to_be_lost(tmp_path: Path, suffix: str) -> None:
    path, plain = tmp_path / f"a.{suffix}", tmp_path / f"plain.{suffix}"
    source = ("-f", "lavfi", "-i", "testsrc2=s=160x96:r=25:d=0.4")
    encoder = ("-c:v", "libx265", "-x265-params", "log-level=none")
    alpha = ("-vf", "format=yuva420p,geq=lum='lum(X,Y)':cb='cb(X,Y)':cr='cr(X,Y)':a='X'")
    command(*source, *alpha, *encoder, "-pix_fmt", "yuva420p", str(path))
    command(*source, *encoder, "-pix_fmt", "yuv420p", str(plain))
    for request in ("m_key", "inter_0", "ss_200,num_1"):
        captured = capture(path, f"video/snapshots,f_png,{request}")
        assert [warning.reason for warning in captured.warnings] == ["ALPHA_LOST"]
    assert capture(plain, "video/snapshots,f_png,m_key").warnings == []


def test_alpha_of_hevc(cases: Path) -> None:
    captured = capture(cases / "hevc_alpha.mp4", "video/snapshots,f_png,inter_500")
    assert [warning.reason for warning in captured.warnings] == ["ALPHA_LOST"]
    assert len(captured.images) == 4
