"""Encrypted video is refused by name before anything of it is decoded."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from framecap.errors import Code, MediaEncrypted
from support.encrypted import (
    ASF_PROTECTIONS,
    AUDIO,
    KEY,
    KEY_ID,
    VIDEO,
    encrypt_entries,
    encrypt_matroska,
    make_film,
    protect_asf,
    scramble,
)
from support.media.capturing import capture

REQUEST: Final = "video/snapshots,f_jpg,inter_400"

ENCRYPTION: Final = (
    *("-encryption_scheme", "cenc-aes-ctr"),
    *("-encryption_key", KEY),
    *("-encryption_kid", KEY_ID),
)
FRAGMENTED: Final = ("-movflags", "frag_keyframe+empty_moov")
FAST_START: Final = ("-movflags", "faststart")

BOXED: Final = [("a.mp4", "libx264"), ("a.mp4", "libx265"), ("a.mov", "libx264")]
MATROSKA: Final = [("a.mkv", "libx264"), ("a.mkv", "libx265"), ("a.webm", "libvpx")]


def sound_for(name: str) -> str:
    return {"webm": "libopus", "wmv": "wmav2", "asf": "wmav2"}.get(name[2:], "aac")


def assert_refused(path: Path, how: str) -> None:
    with pytest.raises(MediaEncrypted) as refusal:
        capture(path, REQUEST)
    error = refusal.value
    assert (error.code, error.reason) == (Code.FAILED_PRECONDITION, "MEDIA_ENCRYPTED")
    assert error.message == (
        f"the video is encrypted ({how}); decrypt it first, and capture from the result"
    )
    assert error.metadata == {"scheme": how}


@pytest.mark.parametrize("encoder", ["libx264", "libx265"])
@pytest.mark.parametrize("options", [(), FRAGMENTED, FAST_START], ids=["plain", "parts", "fast"])
def test_common_encryption_is_refused(
    tmp_path: Path, encoder: str, options: tuple[str, ...]
) -> None:
    path = make_film(tmp_path / "a.mp4", encoder, *options, *ENCRYPTION, sound="aac")
    assert_refused(path, "cenc")


@pytest.mark.parametrize(("name", "encoder"), BOXED)
@pytest.mark.parametrize("scheme", [b"cenc", b"cbcs", b"cens", b"cbc1", b"piff"])
def test_what_is_described_as_encrypted_is_refused_though_its_packets_are_clear(
    tmp_path: Path, name: str, encoder: str, scheme: bytes
) -> None:
    path = make_film(tmp_path / name, encoder, sound="aac")
    assert capture(path, REQUEST).images
    encrypt_entries(path, b"vide", scheme=scheme)
    assert_refused(path, scheme.decode())


@pytest.mark.parametrize(("name", "encoder"), BOXED)
@pytest.mark.parametrize("scheme", [b"", b"\0\n\xff\1"])
def test_a_scheme_without_a_name_is_common_encryption(
    tmp_path: Path, name: str, encoder: str, scheme: bytes
) -> None:
    path = make_film(tmp_path / name, encoder)
    encrypt_entries(path, b"vide", scheme=scheme)
    assert_refused(path, "Common Encryption")


def test_what_a_shop_sold_is_refused(tmp_path: Path) -> None:
    path = make_film(tmp_path / "a.mp4", "libx264")
    encrypt_entries(path, b"vide", kind=b"drmi", scheme=b"")
    assert_refused(path, "FairPlay")


@pytest.mark.parametrize(("name", "encoder"), BOXED)
def test_encrypted_sound_beside_clear_video_does_not_matter(
    tmp_path: Path, name: str, encoder: str
) -> None:
    path = make_film(tmp_path / name, encoder, sound="aac")
    before = [image.data for image in capture(path, REQUEST).images]
    encrypt_entries(path, b"soun")
    assert b"enca" in path.read_bytes()
    assert [image.data for image in capture(path, REQUEST).images] == before


@pytest.mark.parametrize(("name", "encoder"), MATROSKA)
def test_encrypted_matroska_is_refused(tmp_path: Path, name: str, encoder: str) -> None:
    path = make_film(tmp_path / name, encoder, sound=sound_for(name))
    assert capture(path, REQUEST).images
    encrypt_matroska(path, VIDEO)
    assert_refused(path, "Matroska content encryption")


@pytest.mark.parametrize(("name", "encoder"), MATROSKA)
def test_encrypted_sound_in_matroska_does_not_matter(
    tmp_path: Path, name: str, encoder: str
) -> None:
    path = make_film(tmp_path / name, encoder, sound=sound_for(name))
    before = [image.data for image in capture(path, REQUEST).images]
    encrypt_matroska(path, AUDIO)
    assert [image.data for image in capture(path, REQUEST).images] == before


@pytest.mark.parametrize("encoder", ["wmv2", "msmpeg4"])
@pytest.mark.parametrize("protection", ASF_PROTECTIONS)
def test_protected_windows_media_is_refused(tmp_path: Path, encoder: str, protection: str) -> None:
    path = make_film(tmp_path / "a.wmv", encoder, sound="wmav2")
    protect_asf(path, protection, lambda _: True)
    assert_refused(path, "Windows Media protection")


@pytest.mark.parametrize("encoder", ["wmv2", "msmpeg4"])
@pytest.mark.parametrize(("protection", "flagged"), [("", True), ("content", False)])
def test_protection_or_a_flag_on_the_video_is_enough(
    tmp_path: Path, encoder: str, protection: str, flagged: bool
) -> None:
    path = make_film(tmp_path / "a.wmv", encoder, sound="wmav2")
    assert capture(path, REQUEST).images
    protect_asf(path, protection, lambda is_video: is_video and flagged)
    assert_refused(path, "Windows Media protection")


@pytest.mark.parametrize("encoder", ["wmv2", "msmpeg4"])
def test_protected_sound_in_windows_media_does_not_matter(tmp_path: Path, encoder: str) -> None:
    path = make_film(tmp_path / "a.wmv", encoder, sound="wmav2")
    before = [image.data for image in capture(path, REQUEST).images]
    protect_asf(path, "content", lambda is_video: not is_video)
    assert [image.data for image in capture(path, REQUEST).images] == before


@pytest.mark.parametrize("encoder", ["libx264", "mpeg2video"])
def test_a_scrambled_transport_stream_is_refused(tmp_path: Path, encoder: str) -> None:
    path = make_film(tmp_path / "a.ts", encoder, sound="aac")
    assert capture(path, REQUEST).images
    scramble(path, 257)
    assert_refused(path, "a scrambled transport stream")


@pytest.mark.parametrize("encoder", ["libx264", "mpeg2video"])
def test_scrambled_sound_in_a_transport_stream_does_not_matter(
    tmp_path: Path, encoder: str
) -> None:
    path = make_film(tmp_path / "a.ts", encoder, sound="aac")
    scramble(path, 256)
    assert capture(path, REQUEST).images
