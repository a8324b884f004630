"""Files that are refused for what they are: the sentence names it, and what helps."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Final

import pytest
from imageio_ffmpeg import get_ffmpeg_exe
from PIL import Image

from framecap.errors import Code, CodecUnsupported, MediaCorrupt
from oracles import timeline
from support.media.capturing import assert_captured, capture

REQUEST: Final = "video/snapshots,f_jpg,inter_1000"

CURE: Final = (
    "capture from the stream's HLS playlist, or join the init segment and the media segments,"
    " in this order, into one file"
)
MEDIA_SEGMENT: Final = f"the file is a media segment without its init segment; {CURE}"
INIT_SEGMENT: Final = f"the file is an init segment alone, which has no pictures; {CURE}"

# Closed groups: where a later segment begins with a keyframe that has leading pictures, FFmpeg's
# muxers give the keyframe the time of one of these, so that the joined file has two frames there.
X265: Final = ("-c:v", "libx265", "-x265-params", "open-gop=0")

DASH: Final = {
    "h264": ("-c:v", "libx264", "-f", "dash", "-seg_duration", "1"),
    "hevc": (*X265, "-f", "dash", "-seg_duration", "1"),
    "vp8": ("-c:v", "libvpx", "-f", "dash", "-seg_duration", "1", "-dash_segment_type", "webm"),
    "vp9": ("-c:v", "libvpx-vp9", "-f", "dash", "-seg_duration", "1", "-dash_segment_type", "webm"),
}
HLS: Final = ("-f", "hls", "-hls_time", "1", "-hls_segment_type", "fmp4")


def segments(folder: Path, *options: str) -> tuple[Path, list[Path]]:
    """Writes three seconds of film in segments; returns the init segment and the others."""
    name = "list.m3u8" if "hls" in options else "list.mpd"
    command = [get_ffmpeg_exe(), "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=160x96:r=25:d=3"]
    command += ["-g", "25", "-pix_fmt", "yuv420p", *options, str(folder / name)]
    subprocess.run(command, check=True, capture_output=True, cwd=folder)
    (init,) = folder.glob("init*")
    return init, sorted({*folder.iterdir()} - {init, folder / name})


def assert_refused(path: Path, sentence: str) -> None:
    with pytest.raises(MediaCorrupt) as refusal:
        capture(path, REQUEST)
    assert refusal.value.code is Code.FAILED_PRECONDITION
    assert refusal.value.reason == "MEDIA_CORRUPT"
    assert refusal.value.message == sentence


@pytest.mark.parametrize(
    "options",
    [*DASH.values(), ("-c:v", "libx264", *HLS), (*X265, "-tag:v", "hvc1", *HLS)],
    ids=[*DASH, "hls h264", "hls hevc"],
)
def test_one_segment_alone_is_named(tmp_path: Path, options: tuple[str, ...]) -> None:
    init, media = segments(tmp_path, *options)
    assert len(media) == 3
    assert_refused(init, INIT_SEGMENT)
    for each in media:
        assert_refused(each, MEDIA_SEGMENT)
    # What the sentence advises.
    joined = tmp_path / "joined"
    joined.write_bytes(b"".join(part.read_bytes() for part in (init, *media)))
    assert [image.media_time for image in capture(joined, REQUEST).images] == [0, 10**9, 2 * 10**9]


def test_joined_segments_of_open_groups_are_captured_by_their_times(tmp_path: Path) -> None:
    init, media = segments(tmp_path, "-c:v", "libx265", "-f", "dash", "-seg_duration", "1")
    joined = tmp_path / "joined"
    joined.write_bytes(b"".join(part.read_bytes() for part in (init, *media)))
    captured = assert_captured(joined, timeline.read(joined), REQUEST)
    assert len(captured.images) == 3


@pytest.mark.parametrize("codec", DASH)
def test_a_segment_that_is_cut_is_named_too(tmp_path: Path, codec: str) -> None:
    _, (first, *_) = segments(tmp_path, *DASH[codec])
    cut = tmp_path / "cut"
    cut.write_bytes(first.read_bytes()[:500])
    assert_refused(cut, MEDIA_SEGMENT)


def test_a_fragment_without_any_type_is_named(tmp_path: Path) -> None:
    _, (first, *_) = segments(tmp_path, *DASH["h264"])
    bare = tmp_path / "bare"
    data = first.read_bytes()
    bare.write_bytes(data[data.index(b"moof") - 4 :])
    assert_refused(bare, MEDIA_SEGMENT)


def test_what_is_no_segment_is_not_called_one(tmp_path: Path) -> None:
    for name, content in {
        "noise": b"no video at all" * 1000,
        "ftyp": b"\0\0\0\x10ftypisom\0\0\0\0",
        "mdat": b"\0\0\0\x10ftypisom\0\0\0\0\0\0\0\x10mdat12345678",
        "ebml": b"\x1a\x45\xdf\xa3\x80",
    }.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(MediaCorrupt) as refusal:
            capture(tmp_path / name, REQUEST)
        assert "segment" not in refusal.value.message


def animation(path: Path, *, lossless: bool) -> Path:
    pictures = [Image.new("RGB", (64, 48), (shade, 90, 30)) for shade in (0, 120, 240)]
    first, *others = pictures
    first.save(path, save_all=True, append_images=others, duration=100, lossless=lossless)
    return path


def assert_animated_webp(path: Path) -> None:
    with pytest.raises(CodecUnsupported) as refusal:
        capture(path, REQUEST)
    assert refusal.value.code is Code.FAILED_PRECONDITION
    assert refusal.value.reason == "CODEC_UNSUPPORTED"
    assert refusal.value.message == (
        "the file is an animated WebP, which is not read; convert it to a video, or to a GIF"
    )


@pytest.mark.parametrize("lossless", [False, True])
def test_an_animated_webp_is_refused_by_name(tmp_path: Path, lossless: bool) -> None:
    assert_animated_webp(animation(tmp_path / "a.webp", lossless=lossless))


def test_the_animated_webp_among_the_cases_is_refused_by_name(cases: Path) -> None:
    assert_animated_webp(cases / "anim.webp")


@pytest.mark.parametrize("lossless", [False, True])
def test_a_still_webp_is_read(tmp_path: Path, lossless: bool) -> None:
    Image.new("RGBA", (64, 48), (200, 90, 30, 128)).save(tmp_path / "a.webp", lossless=lossless)
    (image,) = capture(tmp_path / "a.webp", REQUEST).images
    assert (image.width, image.height) == (64, 48)
