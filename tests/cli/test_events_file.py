"""`--events`: one JSON object per line, whole, in order, `finished` last."""

import hashlib
import json

import pytest

REQUEST = "video/snapshots,f_jpg,inter_500"


def read(text):
    return [json.loads(line) for line in text.splitlines()]


def kind(event):
    (name,) = set(event) - {"sequence", "eventTime"}
    return name


def test_the_events_of_a_capture(framecap, clip, tmp_path):
    done = framecap("capture", clip, REQUEST, "--events", "events.jsonl")
    assert done.returncode == 0, done.stderr
    events = read((tmp_path / "events.jsonl").read_text())
    kinds = [kind(event) for event in events]
    assert [name for name in kinds if name != "progress"] == [
        "accepted", "probed", "planned", "frame", "frame", "frame", "frame", "finished",
    ]  # fmt: skip
    of_record = [
        int(e["sequence"]) for e, name in zip(events, kinds, strict=True) if name != "progress"
    ]
    assert of_record == list(range(1, len(of_record) + 1))
    assert done.stdout.count("\n") == 4


def test_default_values_are_printed(framecap, clip, tmp_path):
    framecap("capture", clip, REQUEST, "--events", "events.jsonl")
    events = read((tmp_path / "events.jsonl").read_text())
    first = next(event["frame"] for event in events if kind(event) == "frame")
    expected = {
        "index": 1,
        "pts": "0",
        "timeBase": first["timeBase"],
        "mediaTime": "0s",
        "requestedTime": "0s",
        "answeredCount": 1,
        "keyframe": True,
        "damaged": False,
        "width": 192,
        "height": 108,
        "format": "IMAGE_FORMAT_JPG",
        "change": 0.0,
        "superseded": False,
        "uri": (tmp_path / "film_0_1.jpg").as_uri(),
    }
    assert {name: first[name] for name in expected} == expected
    image = (tmp_path / "film_0_1.jpg").read_bytes()
    assert first["sizeBytes"] == str(len(image))
    assert first["sha256"] == hashlib.sha256(image).hexdigest()
    assert int(first["dhash"], 16) >= 0 and len(first["dhash"]) == 16
    assert "numerator" in first["timeBase"] and "denominator" in first["timeBase"]


def test_standard_output_has_only_events(framecap, clip):
    done = framecap("capture", clip, REQUEST, "--events", "-")
    events = read(done.stdout)
    assert kind(events[-1]) == "finished"
    assert events[-1]["finished"]["status"]["code"] == 0
    assert done.stderr == "4 images in the current directory.\n"


@pytest.mark.parametrize(
    ("source", "request_text", "reason"),
    [
        ("film.mp4", "video/snapshots,f_gif", "VALUE_OUT_OF_RANGE"),
        ("absent.mp4", REQUEST, "SOURCE_NOT_FOUND"),
        ("film.mp4", "video/snapshots,f_jpg,ss_2000", "OFFSET_AFTER_END"),
        ("noise.mp4", REQUEST, None),
    ],
)
def test_whatever_goes_wrong_finished_comes_last_and_says_it(
    framecap, clip, tmp_path, source, request_text, reason
):
    (tmp_path / "film.mp4").write_bytes(clip.read_bytes())
    (tmp_path / "noise.mp4").write_bytes(b"no video at all" * 1000)
    done = framecap("capture", source, request_text, "--events", "-")
    assert done.returncode in (2, 3)
    events = read(done.stdout)
    assert [kind(event) for event in events].count("finished") == 1
    status = events[-1]["finished"]["status"]
    assert status["code"] != 0
    assert status["message"] in done.stderr
    found = status["details"][0]["reason"]
    assert found == (reason or found)
    assert f"({found})" in done.stderr


def test_events_that_cannot_be_written(framecap, clip, tmp_path):
    done = framecap("capture", clip, REQUEST, "--events", "nowhere/events.jsonl")
    assert done.returncode == 4
    assert "nowhere/events.jsonl" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_last_event_has_the_work_of_the_decoder(framecap, clip, tmp_path):
    framecap("capture", clip, REQUEST, "--events", "events.jsonl")
    finished = read((tmp_path / "events.jsonl").read_text())[-1]["finished"]
    usage = finished["usage"]
    assert usage["imageCount"] == "4"
    assert usage["decodedCount"] == finished["decodedCount"]
    assert usage["readBytes"] == finished["readBytes"]
    images = tmp_path.glob("film_0_*.jpg")
    assert usage["writtenBytes"] == str(sum(image.stat().st_size for image in images))
    assert usage["requestCount"] == "0"
    assert float(usage["cpuTime"].removesuffix("s")) > 0
