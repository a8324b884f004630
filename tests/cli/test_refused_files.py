"""What the command line says of files that are refused for what they are."""

import subprocess
from pathlib import Path

import pytest
from imageio_ffmpeg import get_ffmpeg_exe
from PIL import Image

from support.encrypted import encrypt_entries, make_film
from support.stills import Grid, irot

REQUEST = "video/snapshots,f_jpg,num_1"


@pytest.fixture(scope="module")
def playlist(tmp_path_factory) -> Path:
    """A film in fragments beside an HLS playlist."""
    folder = tmp_path_factory.mktemp("hls")
    hls = ("-f", "hls", "-hls_time", "1", "-hls_segment_type", "fmp4")
    command = [get_ffmpeg_exe(), "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=160x96:r=25:d=2"]
    command += ["-c:v", "libx264", "-g", "25", "-pix_fmt", "yuv420p", *hls, "film.m3u8"]
    subprocess.run(command, check=True, capture_output=True, cwd=folder)
    return folder / "film.m3u8"


def assert_refused(done, sentence, reason):
    assert done.returncode == 3
    assert done.stdout == ""
    assert done.stderr == f"framecap: {sentence} ({reason})\n"


CURE = (
    "capture from the stream's HLS playlist, or join the init segment and the media segments,"
    " in this order, into one file"
)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("init.mp4", "the file is an init segment alone, which has no pictures"),
        ("film1.m4s", "the file is a media segment without its init segment"),
    ],
)
def test_a_segment_is_named_with_what_helps(framecap, playlist, name, sentence):
    done = framecap("capture", playlist.with_name(name), REQUEST)
    assert_refused(done, f"{sentence}; {CURE}", "MEDIA_CORRUPT")
    # That helps.
    assert framecap("capture", playlist, REQUEST, "-o", "out").returncode == 0


@pytest.mark.parametrize("command", [("capture", REQUEST), ("explain", REQUEST), ("probe",)])
def test_an_encrypted_film_is_named(framecap, tmp_path, command):
    name, *request = command
    path = make_film(tmp_path / "film.mp4", "libx264")
    encrypt_entries(path, b"vide", scheme=b"cbcs")
    sentence = "the video is encrypted (cbcs); decrypt it first, and capture from the result"
    assert_refused(framecap(name, path, *request), sentence, "MEDIA_ENCRYPTED")


def test_encrypted_segments_of_a_playlist_are_named(framecap, playlist, tmp_path):
    for part in playlist.parent.iterdir():
        (tmp_path / part.name).write_bytes(part.read_bytes())
    encrypt_entries(tmp_path / "init.mp4", b"vide")
    done = framecap("capture", tmp_path / playlist.name, REQUEST)
    sentence = "the video is encrypted (cenc); decrypt it first, and capture from the result"
    assert_refused(done, sentence, "MEDIA_ENCRYPTED")


def test_an_animated_webp_is_named(framecap, tmp_path):
    pictures = [Image.new("RGB", (64, 48), (shade, 90, 30)) for shade in (0, 240)]
    path = tmp_path / "a.webp"
    pictures[0].save(path, save_all=True, append_images=pictures[1:])
    sentence = "the file is an animated WebP, which is not read; convert it to a video, or to a GIF"
    assert_refused(framecap("capture", path, REQUEST), sentence, "CODEC_UNSUPPORTED")


@pytest.mark.parametrize("kind", ["heic", "avif"])
def test_a_still_in_tiles_is_captured(framecap, tmp_path, kind):
    path = Grid(kind, size=(250, 180), properties=(irot(1),)).write(tmp_path / f"still.{kind}")
    done = framecap("capture", path, REQUEST, "-o", "out")
    assert done.returncode == 0, done.stderr
    with Image.open(tmp_path / "out" / "still_0_1.jpg") as image:
        assert image.size == (180, 250)
    assert "turned by" in framecap("probe", path).stdout
