"""A cover is never taken for video, nor video for a cover."""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path

import pytest

from framecap.model.plan import Strategy
from support.boxes import box, children, moov_children, replace_moov
from support.clips import make_clip, read_number
from support.covers import Art, drawn, make_sound, saved, tag_asf, tag_mp4
from support.media.capturing import capture

COVER = Art(saved(drawn(), "JPEG"))


def assert_is_video(path: Path, codec: str, frames: int) -> None:
    captured = capture(path, "video/snapshots,f_png,inter_0")
    assert not captured.info.cover
    assert captured.info.codec == codec
    assert captured.info.stream_ordinal == 0
    assert captured.plan is not None
    assert captured.plan.strategy is not Strategy.COVER
    assert [read_number(image.data) for image in captured.images] == [*range(frames)]


@pytest.mark.parametrize("frames", [1, 2, 12])
@pytest.mark.parametrize("audio", [False, True])
def test_a_cover_after_the_video_is_not_the_video(tmp_path: Path, frames: int, audio: bool) -> None:
    path = make_clip(tmp_path / "film.mp4", frames=frames, audio=audio)
    tag_mp4(path, [COVER, COVER])
    assert_is_video(path, "h264", frames)


@pytest.mark.parametrize("frames", [1, 2, 12])
def test_a_cover_before_the_video_is_not_the_video(tmp_path: Path, frames: int) -> None:
    path = make_clip(tmp_path / "film.mp4", frames=frames)
    tag_mp4(path, [COVER])
    parts = moov_children(path)
    replace_moov(path, [whole for _, whole in sorted(parts, key=lambda part: part[0] != b"udta")])
    assert moov_children(path)[0][0] == b"udta"
    assert_is_video(path, "h264", frames)


@pytest.mark.parametrize("frames", [1, 2, 12])
def test_a_cover_in_asf_which_is_always_first_is_not_the_video(tmp_path: Path, frames: int) -> None:
    path = make_clip(tmp_path / "film.wmv", frames=frames, codec="wmv2")
    tag_asf(path, [COVER])
    captured = capture(path, "video/snapshots,f_png")
    # With one frame only, libavformat's own choice is the cover.
    assert (captured.info.cover, captured.info.codec) == (False, "wmv2")
    assert captured.info.stream_index == 1
    assert captured.info.stream_ordinal == 0
    assert [read_number(image.data) for image in captured.images] == [*range(frames)]


@pytest.mark.parametrize("ending", ["avi", "mov", "mkv", "mp4"])
@pytest.mark.parametrize("frames", [1, 12])
@pytest.mark.parametrize("audio", [False, True])
def test_video_in_mjpeg_is_not_a_cover(
    tmp_path: Path, ending: str, frames: int, audio: bool
) -> None:
    path = make_clip(
        tmp_path / f"film.{ending}", frames=frames, codec="mjpeg", pix_fmt="yuvj420p", audio=audio
    )
    assert_is_video(path, "mjpeg", frames)


def test_video_in_png_is_not_a_cover(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "film.mov", frames=5, codec="png", pix_fmt="rgb24", audio=True)
    assert_is_video(path, "png", 5)


def with_chapter_pictures(path: Path) -> Path:
    """Makes a file's second track, its sound, name the first as its chapters' pictures."""
    parts = moov_children(path)
    tracks = [number for number, (kind, _) in enumerate(parts) if kind == b"trak"]
    kind, sound = parts[tracks[1]]
    reference = box(b"tref", box(b"chap", struct.pack(">I", 1)))
    inner = [whole for _, whole in children(sound)]
    # The reference goes behind the header.
    parts[tracks[1]] = kind, box(b"trak", inner[0], reference, *inner[1:])
    replace_moov(path, [whole for _, whole in parts])
    return path


def test_pictures_of_chapters_serve_where_there_is_no_cover(tmp_path: Path) -> None:
    book = make_clip(
        tmp_path / "book.mov",
        frames=3,
        rate=Fraction(1),
        codec="mjpeg",
        pix_fmt="yuvj420p",
        audio=True,
    )
    captured = capture(with_chapter_pictures(book), "video/snapshots,f_png")
    assert captured.info.cover
    assert [read_number(image.data) for image in captured.images] == [0]


def test_a_cover_goes_before_pictures_of_chapters(tmp_path: Path) -> None:
    book = make_clip(
        tmp_path / "book.mp4",
        frames=3,
        rate=Fraction(1),
        codec="mjpeg",
        pix_fmt="yuvj420p",
        audio=True,
    )
    tag_mp4(book, [COVER])
    (image,) = capture(with_chapter_pictures(book), "video/snapshots,f_jpg").images
    assert image.data == COVER.data


def test_a_cover_alone_is_found_in_every_audio_only_mp4(tmp_path: Path) -> None:
    path = make_sound(tmp_path / "sound.mp4", [COVER])
    assert capture(path, "video/snapshots,f_jpg").images[0].data == COVER.data
