"""A client in another language, made from the proto files alone, against the real service."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from google.api import annotations_pb2

from support.clips import make_clip, read_number
from support.noise import noise_clip
from support.served import served

ROOT = Path(__file__).parents[2]
CLIENT = ROOT / "tests/external/node"
MOST_BYTES = 512 * 1024

pytestmark = [pytest.mark.external("node", "npm"), pytest.mark.timeout(300)]

Line = dict[str, Any]
Capture = Callable[..., tuple[int, list[Line]]]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The client's folder, with what it requires installed."""
    folder = tmp_path_factory.mktemp("node")
    for name in ("package.json", "package-lock.json", "capture.js"):
        shutil.copyfile(CLIENT / name, folder / name)
    npm = ("npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts")
    installed = subprocess.run(npm, cwd=folder, capture_output=True, text=True, check=False)
    assert installed.returncode == 0, installed.stdout + installed.stderr
    return folder


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder the service may read."""
    return tmp_path_factory.mktemp("films")


@pytest.fixture(scope="module")
def address(films: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served(data=tmp_path_factory.mktemp("data"), allow=films) as service:
        yield service.address


@pytest.fixture
def capture(client: Path, address: str, tmp_path: Path) -> Capture:
    """Runs the client; returns its exit status and what it said."""
    google = Path(annotations_pb2.__file__).parents[2]
    environment = {**os.environ, "FRAMECAP_PROTO_PATH": f"{ROOT / 'proto'}:{google}"}

    def capture(**request: Any) -> tuple[int, list[Line]]:
        ran = subprocess.run(
            ("node", "capture.js", address, tmp_path, json.dumps(request)),
            cwd=client,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.stderr == ""
        return ran.returncode, [json.loads(line) for line in ran.stdout.splitlines()]

    return capture


def images(lines: list[Line]) -> list[Line]:
    return [line["image"] for line in lines if "image" in line]


def test_node_captures_the_right_frames_at_the_right_times(films: Path, capture: Capture) -> None:
    clip = make_clip(films / "numbered.mp4", frames=50, rate=25)
    status, lines = capture(source=str(clip), text="video/snapshots,f_jpg,inter_400")
    assert status == 0
    found = images(lines)
    assert [read_number(Path(image["file"]).read_bytes()) for image in found] == [0, 10, 20, 30, 40]
    assert [int(image["mediaTime"]) for image in found] == [k * 400_000_000 for k in range(5)]
    assert [int(image["requestedTime"]) for image in found] == [k * 400_000_000 for k in range(5)]
    for image in found:
        assert image["sizeMatches"] and image["sha256Matches"]
        unit = Fraction(int(image["timeBase"]["numerator"]), int(image["timeBase"]["denominator"]))
        assert int(image["pts"]) * unit * 10**9 == int(image["mediaTime"])
        assert (image["width"], image["height"]) == (192, 108)
    assert [image["index"] for image in found] == [1, 2, 3, 4, 5]


def test_node_sees_the_events_in_their_order(films: Path, capture: Capture) -> None:
    clip = make_clip(films / "ordered.mp4", frames=25)
    _, lines = capture(source=str(clip), text="video/snapshots,f_png,inter_500")
    assert [next(iter(line)) for line in lines if "progress" not in line] == [
        "accepted",
        "probed",
        "planned",
        "image",
        "image",
        "finished",
        "sequence",
    ]
    numbers = lines[-1]["sequence"]
    # Progress is not of record, and has none.
    of_record = [number for number in numbers if number]
    assert of_record == list(range(1, 7))
    assert numbers.count(0) == sum("progress" in line for line in lines)
    assert {"finished": {"code": 0, "message": "", "capturedCount": "2"}} in lines


def test_node_puts_large_images_together(films: Path, capture: Capture) -> None:
    noise = noise_clip(films / "noise.mkv", (1280, 720))
    status, lines = capture(source=str(films / "noise.mkv"), spec={"png": {}, "keyframe": {}})
    assert status == 0
    (image,) = images(lines)
    assert image["sizeMatches"] and image["sha256Matches"]
    assert image["parts"] > 1
    assert image["largestPart"] < MOST_BYTES
    with av.open(image["file"]) as stored:
        (decoded,) = stored.decode(video=0)
        assert np.array_equal(decoded.to_ndarray(format="rgb24"), noise)


@pytest.mark.parametrize(
    ("request_text", "code", "said"),
    [
        ("video/snapshots,f_gif", "INVALID_ARGUMENT", "gif"),
        ("video/snapshots,f_jpg,ss_99000", "OUT_OF_RANGE", "the video ends at 00:00:00.200"),
    ],
)
def test_node_learns_why_a_request_fails(
    films: Path, capture: Capture, request_text: str, code: str, said: str
) -> None:
    clip = make_clip(films / "short.mp4", frames=5)
    status, lines = capture(source=str(clip), text=request_text)
    assert status == 1
    (error,) = [line["error"] for line in lines if "error" in line]
    assert error["code"] == code
    assert said in error["details"]
