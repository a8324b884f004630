"""Files with names that no image can have: captured all the same, and the reason is said."""

import json
import os
import re
import shutil
from pathlib import Path

import pytest

REQUEST = "video/snapshots,f_jpg,num_1"

NAMES = {
    "new\nline.mp4": ("new\ufffdline", "a line break"),
    "carriage\rreturn.mp4": ("carriage\ufffdreturn", "a line break"),
    "tab\tname.mp4": ("tab\ufffdname", "a tab"),
    "bell\a.mp4": ("bell\ufffd", "U+0007"),
    os.fsdecode(b"bad\xffname.mp4"): ("bad\ufffdname", "the byte 0xFF, which is not UTF-8"),
}


@pytest.fixture(params=NAMES, ids=ascii)
def named(request, clip, tmp_path):
    return Path(shutil.copy(clip, tmp_path / request.param))


def test_a_file_of_any_name_is_captured(framecap, named, tmp_path):
    stem, fault = NAMES[named.name]
    done = framecap("capture", named.name, REQUEST, "-o", "out")
    assert done.returncode == 0, done.stderr
    assert os.listdir(tmp_path / "out") == [f"{stem}_0_1.jpg"]
    assert done.stdout == f"out/{stem}_0_1.jpg\t00:00:00.000\n"
    assert (
        f"framecap: warning: source: the file's name has {fault}, so the images are named after"
        f' "{stem}.mp4"; rename the file to name them otherwise\n'
    ) in done.stderr


def test_its_events_can_be_written(framecap, named):
    done = framecap("capture", named.name, REQUEST, "-o", "out", "--events", "-")
    assert done.returncode == 0, done.stderr
    accepted = json.loads(done.stdout.splitlines()[0])["accepted"]
    assert [warning["reason"] for warning in accepted["warnings"]][-1:] == ["NAME_CHANGED"]
    assert accepted["source"].endswith(f"/{NAMES[named.name][0]}.mp4")


@pytest.mark.parametrize("command", [("probe",), ("explain", REQUEST)], ids=["probe", "explain"])
def test_it_is_looked_at(framecap, named, command):
    name, *request = command
    done = framecap(name, named.name, *request)
    assert done.returncode == 0, done.stderr
    assert re.search(r"^video +h264", done.stdout, re.MULTILINE)


def test_one_that_is_not_there_is_named(framecap, named):
    missing = f"no {named.name}"
    done = framecap("capture", missing, REQUEST)
    assert done.returncode == 2
    assert re.fullmatch(
        r'framecap: source: there is no ".*/no .+\.mp4" \(SOURCE_NOT_FOUND\)\n', done.stderr
    )


def test_an_ordinary_name_is_no_reason_to_warn(framecap, clip):
    assert "warning" not in framecap("capture", clip, REQUEST, "-o", "out").stderr


@pytest.mark.parametrize(
    ("folder", "shown"), [("o\nut", r"o\nut"), ("o\tut", r"o\tut"), ("o\udcffut", r"o\xffut")]
)
def test_a_folder_of_any_name_takes_images(framecap, clip, tmp_path, folder, shown):
    done = framecap("capture", clip, REQUEST, "-o", folder)
    assert done.returncode == 0, done.stderr
    assert os.listdir(tmp_path / folder) == ["film_0_1.jpg"]
    assert done.stdout == f"{shown}/film_0_1.jpg\t00:00:00.000\n"
    assert done.stderr.endswith(f"1 image in {shown}.\n")


@pytest.mark.parametrize("scheme", ["s3", "oss"])
@pytest.mark.parametrize(
    ("key", "shown", "fault"),
    [
        ("a\n.mp4", r"a\n.mp4", "a line break"),
        ("a\t.mp4", r"a\t.mp4", "a tab"),
        ("a\udcff.mp4", r"a\xff.mp4", "the byte 0xFF, which is not UTF-8"),
    ],
)
def test_a_key_that_none_can_be_is_2(framecap, scheme, key, shown, fault):
    done = framecap("capture", f"{scheme}://films/{key}", REQUEST)
    assert done.returncode == 2
    assert done.stderr == (
        f'framecap: source: "{scheme}://films/{shown}" has a control character, or one that UTF-8'
        f" cannot say ({fault}); write the name without it, or rename what has it"
        " (SOURCE_INVALID)\n"
    )
