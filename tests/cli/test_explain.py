"""`framecap explain` and `framecap probe`, for people and for programs."""

import json


def rows(text):
    return {line[:11].strip(): line[12:] for line in text.splitlines() if line.strip()}


def test_explain_tells_the_request_the_video_and_the_plan(framecap, clip, tmp_path):
    done = framecap("explain", clip, "video/snapshots,num_3,inter_500,f_jpg,thr_5")
    assert done.returncode == 0, done.stderr
    told = rows(done.stdout)
    assert told["request"] == "video/snapshots,f_jpg,num_3,inter_500"
    assert "thr" in told["warning"]
    assert told["size"] == "192x108"
    assert "3 images, 192x108 JPG" in told["result"]
    assert told["decoding"]
    assert list(tmp_path.iterdir()) == []


def test_explain_as_json(framecap, clip):
    done = framecap("explain", clip, "video/snapshots,f_jpg,m_key", "--json")
    told = json.loads(done.stdout)
    assert told["accepted"]["text"] == "video/snapshots,f_jpg,m_key"
    assert told["media"]["codec"] == "h264"
    assert told["plan"]["outputs"][0]["width"] == 192


def test_explain_marks_the_mistake(framecap, clip):
    done = framecap("explain", clip, "video/snapshots,f_jpg,nun_3")
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].strip() == "^"


def test_probe_tells_the_video(framecap, clip):
    told = rows(framecap("probe", clip).stdout)
    assert told["video"].startswith("h264, yuv420p")
    assert told["duration"] == "00:00:02.000 by the header"


def test_probe_as_json(framecap, clip):
    told = json.loads(framecap("probe", clip, "--json").stdout)["media"]
    assert (told["width"], told["height"], told["rotationDegrees"]) == (192, 108, 0)
    assert told["duration"] == "2s"


def test_what_the_video_makes_of_the_request_is_warned_of(framecap, clip):
    request = "video/snapshots,f_jpg,m_key,w_96"
    done = framecap("explain", clip, request)
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("warning")]
    assert "scaletype_fit" in line
    (warning,) = json.loads(framecap("explain", clip, request, "--json").stdout)["warnings"]
    assert warning["reason"] == "ASPECT_CHANGED"


def test_a_selection_that_is_not_installed_is_named(framecap, clip):
    done = framecap("probe", clip, FRAMECAP_SELECTIONS="absent")
    assert done.returncode == 4
    assert "FRAMECAP_SELECTIONS: absent is not installed;" in done.stderr
    wrong = framecap("probe", clip, FRAMECAP_SELECTIONS="a b")
    assert wrong.returncode == 2
    assert 'FRAMECAP_SELECTIONS: "a b" is no name' in wrong.stderr
    assert "Traceback" not in done.stderr + wrong.stderr
