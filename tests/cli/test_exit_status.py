"""The exit status tells a script whose fault it was; the sentence tells a person."""

import re
import wave

import pytest

REQUEST = "video/snapshots,f_jpg,inter_500"


def sentence(done):
    found = re.search(r"^framecap: (.+) \(([A-Z_]+)\)$", done.stderr, re.MULTILINE)
    assert found, done.stderr
    return found[1], found[2]


@pytest.mark.parametrize(
    ("request_text", "reason", "words"),
    [
        ("video/snapshots,f_jpg,nun_3", "OPTION_UNKNOWN", "num"),
        ("video/snapshots,f_gif", "VALUE_OUT_OF_RANGE", "gif"),
        ("video/snapshots,m_key", "OPTION_MISSING", "f"),
        ("video/snapshots,f_jpg,f_png", "OPTION_REPEATED", "f"),
        ("video/snapshots,f_jpg,w_10", "VALUE_OUT_OF_RANGE", "32"),
        ("nonsense", "SPEC_SYNTAX", "video/snapshots"),
    ],
)
def test_a_wrong_request_is_2(framecap, clip, request_text, reason, words):
    done = framecap("capture", clip, request_text)
    assert done.returncode == 2
    assert done.stdout == ""
    text, found = sentence(done)
    assert found == reason
    assert words in text


def test_the_place_of_the_mistake_is_marked(framecap, clip):
    done = framecap("capture", clip, "video/snapshots,f_jpg,nun_3")
    request, mark = done.stderr.splitlines()[-2:]
    assert request[mark.index("^") :].startswith("nun_3")


def test_a_source_that_is_not_there_is_2(framecap):
    done = framecap("capture", "absent.mp4", REQUEST)
    assert done.returncode == 2
    text, reason = sentence(done)
    assert reason == "SOURCE_NOT_FOUND"
    assert "absent.mp4" in text


def test_a_directory_as_source_is_2(framecap, tmp_path):
    assert framecap("capture", tmp_path, REQUEST).returncode == 2


def test_a_beginning_past_the_end_is_2_and_names_both_times(framecap, clip):
    done = framecap("capture", clip, "video/snapshots,f_jpg,ss_2000")
    assert done.returncode == 2
    text, reason = sentence(done)
    assert reason == "OFFSET_AFTER_END"
    assert "00:00:02.000" in text


def test_saying_twice_where_images_go_is_2(framecap, clip, tmp_path):
    request = REQUEST + "|sys/saveas,b_c2hvdHM,o_YS5qcGc"
    done = framecap("capture", clip, request, "-o", "out")
    assert done.returncode == 2
    assert sentence(done)[1] == "DELIVERY_CONFLICT"
    assert list(tmp_path.iterdir()) == []


def test_an_output_that_is_a_file_is_2(framecap, clip, tmp_path):
    (tmp_path / "out").touch()
    assert framecap("capture", clip, REQUEST, "-o", "out").returncode == 2


def test_a_file_that_is_no_video_is_3(framecap, tmp_path):
    (tmp_path / "noise.mp4").write_bytes(b"no video at all" * 1000)
    done = framecap("capture", "noise.mp4", REQUEST)
    assert done.returncode == 3
    assert sentence(done)[1] in {"MEDIA_CORRUPT", "CODEC_UNSUPPORTED", "MEDIA_UNUSABLE"}


def test_a_file_without_video_is_3(framecap, tmp_path):
    with wave.open(str(tmp_path / "sound.wav"), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(bytes(16000))
    done = framecap("capture", "sound.wav", REQUEST)
    assert done.returncode == 3
    assert sentence(done)[1] == "NO_VIDEO_STREAM"


def test_an_empty_file_is_3(framecap, tmp_path):
    (tmp_path / "empty.mp4").touch()
    assert framecap("capture", "empty.mp4", REQUEST).returncode == 3


def test_a_place_that_takes_no_images_is_4(framecap, clip):
    done = framecap("capture", clip, REQUEST, "-o", "/proc/self/nowhere")
    assert done.returncode == 4
    assert sentence(done)[1] == "SINK_UNREACHABLE"


def test_a_process_ends_with_the_same_statuses(process, clip, tmp_path):
    (tmp_path / "noise.mp4").write_bytes(b"no video at all" * 1000)
    for expected, arguments in (
        (0, ("capture", clip, REQUEST, "-o", "out")),
        (2, ("capture", "absent.mp4", REQUEST)),
        (3, ("capture", "noise.mp4", REQUEST)),
        (4, ("capture", clip, REQUEST, "-o", "/proc/self/nowhere")),
    ):
        done = process(*arguments)
        assert done.returncode == expected, done.stderr
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["explain", "probe"])
def test_the_other_commands_end_alike(framecap, clip, tmp_path, command):
    (tmp_path / "noise.mp4").write_bytes(b"no video at all" * 1000)
    request = [REQUEST] if command == "explain" else []
    assert framecap(command, clip, *request).returncode == 0
    assert framecap(command, "absent.mp4", *request).returncode == 2
    assert framecap(command, "noise.mp4", *request).returncode == 3
