"""`framecap capture` from the outside: files, lines, sentences."""

import base64
import shutil

import pytest
from PIL import Image

from support.clips import read_number

EVERY_HALF_SECOND = "video/snapshots,f_png,inter_500"


def saveas(bucket, template):
    encoded = [
        base64.urlsafe_b64encode(text.encode()).decode().rstrip("=") for text in (bucket, template)
    ]
    return "|sys/saveas,b_{},o_{}".format(*encoded)


def files(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_the_images_are_named_after_the_video(framecap, clip, tmp_path):
    done = framecap("capture", clip, EVERY_HALF_SECOND, "-o", "out")
    assert done.returncode == 0, done.stderr
    assert files(tmp_path) == [f"out/film_0_{index}.png" for index in (1, 2, 3, 4)]
    numbers = [read_number((tmp_path / name).read_bytes()) for name in files(tmp_path)]
    assert numbers == [0, 12, 25, 37]


def test_without_a_directory_it_is_the_current_one(framecap, clip, tmp_path):
    assert framecap("capture", clip, "video/snapshots,f_jpg,num_1").returncode == 0
    assert files(tmp_path) == ["film_0_1.jpg"]
    with Image.open(tmp_path / "film_0_1.jpg") as image:
        assert (image.format, image.size) == ("JPEG", (192, 108))


def test_the_filter_says_how_pictures_become_smaller(framecap, clip, tmp_path):
    request = "video/snapshots,f_png,num_1,w_40,h_40"
    for options in ((), ("--filter", "bicubic"), ("--filter", "area")):
        folder = f"out{options[-1] if options else ''}"
        assert framecap("capture", clip, request, "-o", folder, *options).returncode == 0
    default, bicubic, area = (
        (tmp_path / folder / "film_0_1.png").read_bytes()
        for folder in ("out", "outbicubic", "outarea")
    )
    assert default == bicubic
    assert default != area


def test_a_filter_that_does_not_exist_is_refused(framecap, clip):
    done = framecap("capture", clip, "video/snapshots,f_png", "--filter", "nearest")
    assert done.returncode == 2
    assert "'area', 'bicubic'" in done.stderr


def test_a_pipe_gets_a_line_per_image_and_nothing_else(framecap, clip):
    done = framecap("capture", clip, EVERY_HALF_SECOND, "-o", "out")
    times = ("00:00:00.000", "00:00:00.480", "00:00:01.000", "00:00:01.480")
    lines = [f"out/film_0_{index}.png\t{time}" for index, time in enumerate(times, 1)]
    assert done.stdout.splitlines() == lines
    assert done.stderr == "4 images in out.\n"


def test_a_shortfall_is_explained(framecap, clip):
    done = framecap("capture", clip, "video/snapshots,f_jpg,inter_1000,num_9")
    assert done.returncode == 0
    sentence, explanation = done.stderr.split(". ", 1)
    assert sentence == "2 images in the current directory"
    assert "9" in explanation


def test_options_without_effect_are_told(framecap, clip):
    done = framecap("capture", clip, "video/snapshots,f_jpg,m_key,thr_5")
    assert done.returncode == 0
    assert done.stderr.startswith("framecap: warning: ")
    assert "thr" in done.stderr


def test_capturing_again_replaces_the_images(framecap, clip, tmp_path):
    (tmp_path / "film_0_1.png").write_bytes(b"old")
    assert framecap("capture", clip, "video/snapshots,f_png,ss_1000,num_1").returncode == 0
    assert read_number((tmp_path / "film_0_1.png").read_bytes()) == 25


def test_saveas_stores_into_a_local_bucket(framecap, clip, tmp_path):
    request = EVERY_HALF_SECOND + saveas("shots", "of/{barename}-{index}")
    done = framecap("capture", clip, request, "--data", "store")
    assert done.returncode == 0, done.stderr
    expected = [f"store/buckets/shots/of/film-{index}.png" for index in (1, 2, 3, 4)]
    assert files(tmp_path) == expected
    assert [line.split("\t")[0] for line in done.stdout.splitlines()] == expected
    assert done.stderr == "4 images in store/buckets/shots/of.\n"


def test_one_name_for_all_keeps_the_last(framecap, clip, tmp_path):
    request = EVERY_HALF_SECOND + saveas("shots", "last.png")
    done = framecap("capture", clip, request)
    assert done.returncode == 0
    assert files(tmp_path) == ["framecap-data/buckets/shots/last.png"]
    assert len(done.stdout.splitlines()) == 1
    assert "only the last of them stored (3 had the same name)" in done.stderr


def test_an_object_of_a_local_bucket_is_a_source(framecap, clip, tmp_path):
    bucket = tmp_path / "framecap-data" / "buckets" / "films"
    bucket.mkdir(parents=True)
    shutil.copy(clip, bucket / "other.mp4")
    done = framecap("capture", "films/other.mp4", "video/snapshots,f_jpg,num_1", "-o", "out")
    assert done.returncode == 0, done.stderr
    assert files(tmp_path / "out") == ["other_0_1.jpg"]


def test_a_variable_stands_for_an_option(framecap, clip, tmp_path):
    done = framecap("capture", clip, "video/snapshots,f_jpg,num_1", FRAMECAP_OUTPUT="there")
    assert done.returncode == 0
    assert files(tmp_path) == ["there/film_0_1.jpg"]


@pytest.mark.parametrize("name", ["mit Leerzeichen.mp4", "ä{index}.mp4", "100%.mp4", "no-ending"])
def test_any_name_of_a_video_will_do(framecap, clip, tmp_path, name):
    shutil.copy(clip, tmp_path / name)
    done = framecap("capture", name, "video/snapshots,f_jpg,num_1", "-o", "out")
    assert done.returncode == 0, done.stderr
    stored = "out/" + name.removesuffix(".mp4") + "_0_1.jpg"
    assert files(tmp_path / "out") == [stored.removeprefix("out/")]
    assert done.stdout.split("\t")[0] == stored
