"""The cover art of audio files, from the command line."""

import json

import pytest

from support.covers import BACK, Art, drawn, make_sound, saved

COVER = Art(saved(drawn(), "JPEG"))


@pytest.fixture
def song(tmp_path_factory):
    back = Art(saved(drawn(30), "PNG"), "image/png", BACK)
    return make_sound(tmp_path_factory.mktemp("music") / "song.mp3", [back, COVER])


def test_the_cover_is_stored_as_it_is(framecap, song, tmp_path):
    done = framecap("capture", song, "video/snapshots,f_jpg")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "song_0_1.jpg").read_bytes() == COVER.data
    assert done.stdout == "song_0_1.jpg\t00:00:00.000\n"


def test_options_without_effect_are_told(framecap, song, tmp_path):
    request = "video/snapshots,ss_5000,f_jpg,num_4,inter_100"
    done = framecap("capture", song, request, "-o", "out", "--events", "events.jsonl")
    assert done.returncode == 0, done.stderr
    for option in ("ss", "num", "inter"):
        assert f"framecap: warning: {option} has no effect" in done.stderr
    assert "asked 4, gave 1: 3 beyond the one cover" in done.stderr
    events = [json.loads(line) for line in (tmp_path / "events.jsonl").read_text().splitlines()]
    (probed,) = [event["probed"] for event in events if "probed" in event]
    assert probed["cover"] is True
    assert (probed["codec"], probed["width"], probed["height"]) == ("mjpeg", 64, 48)
    assert [event["warning"]["metadata"]["option"] for event in events if "warning" in event] == [
        "ss",
        "inter",
        "num",
    ]


def test_a_broken_cover_is_the_files_fault(framecap, tmp_path):
    song = make_sound(tmp_path / "song.flac", [Art(COVER.data[:400])])
    done = framecap("capture", song, "video/snapshots,f_jpg")
    assert done.returncode == 3
    assert "the cover art cannot be decoded" in done.stderr


def test_a_cover_with_exif_passes_the_confined_decoder(framecap, tmp_path):
    exif = drawn().getexif()
    exif[0x0112] = 6
    song = make_sound(tmp_path / "song.m4a", [Art(saved(drawn(), "JPEG", exif=exif))])
    done = framecap("capture", song, "video/snapshots,f_png", "-o", "out")
    assert done.returncode == 0, done.stderr


def test_explain_and_probe_know_a_cover(framecap, song):
    explained = framecap("explain", song, "video/snapshots,f_jpg,w_32", "--json")
    assert json.loads(explained.stdout)["media"]["cover"] is True
    probed = framecap("probe", song)
    assert probed.returncode == 0, probed.stderr
    assert "mjpeg" in probed.stdout
