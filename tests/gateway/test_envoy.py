"""The real Envoy with the configuration that is shipped, before the real service."""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

import pytest

from framecap.v1.snapshot_service_pb2 import ProbeMediaRequest, ProbeMediaResponse
from support.clips import make_clip, read_number
from support.noise import noise_clip
from support.served import START_S, command, free_address, served

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "deploy/envoy"


class Answer(NamedTuple):
    """What Envoy answered."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.body.splitlines()]


class Front(NamedTuple):
    """Envoy, as its HTTP clients know it."""

    address: str
    metrics: str

    def get(self, path: str, **query: str) -> Answer:
        return self.ask("GET", f"{path}?{urlencode(query)}")

    def post(self, path: str, body: object) -> Answer:
        return self.ask("POST", path, json.dumps(body).encode())

    def ask(
        self, method: str, target: str, body: bytes = b"", content: str = "application/json"
    ) -> Answer:
        with closing(http.client.HTTPConnection(self.address, timeout=60)) as connection:
            connection.request(method, target, body, {"content-type": content})
            answer = connection.getresponse()
            headers = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, headers, answer.read())

    def metric(self, name: str) -> float:
        """Returns a figure of the service behind."""
        with closing(http.client.HTTPConnection(self.metrics, timeout=60)) as connection:
            connection.request("GET", "/metrics")
            lines = connection.getresponse().read().decode().splitlines()
        return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(name))


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder the service may read."""
    return tmp_path_factory.mktemp("films")


@pytest.fixture(scope="module")
def clip(films: Path) -> str:
    return str(make_clip(films / "numbered.mp4", frames=50, rate=25))


@pytest.fixture(scope="module")
def front(films: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """Envoy in front of a service. Only places differ from what is shipped."""
    folder = tmp_path_factory.mktemp("envoy")
    descriptors = folder / "framecap.pb"
    subprocess.run((sys.executable, SHIPPED / "descriptor_set.py", descriptors), check=True)
    with served(data=tmp_path_factory.mktemp("data"), allow=films) as service:
        address = free_address()
        text = Path(SHIPPED, "envoy.yaml").read_text()
        for shipped, here in {
            "port_value: 8080": f"port_value: {address.rpartition(':')[2]}",
            "port_value: 50051": f"port_value: {service.address.rpartition(':')[2]}",
            "/etc/envoy/framecap.pb": str(descriptors),
        }.items():
            assert text.count(shipped) == 1
            text = text.replace(shipped, here)
        config = folder / "envoy.yaml"
        config.write_text(text)
        with Path(folder, "envoy.log").open("w+") as log:
            arguments = ("-c", config, "--disable-hot-restart", "--concurrency", "1", "-l", "warn")
            process = subprocess.Popen((command("envoy"), *arguments), stderr=log)
            try:
                front = Front(address, service.metrics)
                _await_front(process, front, absent=films / "absent.mp4", log=Path(log.name))
                yield front
            finally:
                process.terminate()
                process.wait()


def _await_front(process: subprocess.Popen[bytes], front: Front, absent: Path, log: Path) -> None:
    """Returns once Envoy passes calls on to the service."""
    give_up = time.monotonic() + START_S
    while process.poll() is None and time.monotonic() < give_up:
        try:
            if front.get("/v1/media:probe", source=str(absent)).status == 404:
                return
        except OSError:
            pass
        time.sleep(0.05)
    raise AssertionError(f"Envoy did not start:\n{log.read_text()}")


def test_a_capture_streams_json_lines(front: Front, clip: str) -> None:
    answer = front.post(
        "/v1/frames:capture", {"source": clip, "text": "video/snapshots,f_jpg,inter_400"}
    )
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    events = [line["event"] for line in answer.lines]
    of_record = [int(event["sequence"]) for event in events if "progress" not in event]
    assert of_record == list(range(1, len(of_record) + 1))
    assert not any(int(event["sequence"]) for event in events if "progress" in event)
    frames = [event["frame"] for event in events if "frame" in event]
    assert [frame["mediaTime"] for frame in frames] == [
        "0s",
        "0.400s",
        "0.800s",
        "1.200s",
        "1.600s",
    ]
    assert frames[0]["pts"] == "0"
    pictures = [base64.b64decode(frame["data"]) for frame in frames]
    assert [read_number(picture) for picture in pictures] == [0, 10, 20, 30, 40]
    assert [hashlib.sha256(picture).hexdigest() for picture in pictures] == [
        frame["sha256"] for frame in frames
    ]
    assert events[0].keys() >= {"accepted"}
    assert events[-1]["finished"]["status"]["code"] == 0


def test_the_structured_form_is_json_too(front: Front, clip: str) -> None:
    spec = {"instants": {"offsets": ["0.200s", "1s"]}, "png": {}}
    answer = front.post("/v1/frames:capture", {"source": clip, "spec": spec})
    frames = [line["event"]["frame"] for line in answer.lines if "frame" in line["event"]]
    assert [read_number(base64.b64decode(frame["data"])) for frame in frames] == [5, 25]


def test_a_picture_is_answered_as_itself(front: Front, clip: str) -> None:
    answer = front.get("/v1/image", source=clip, text="video/snapshots,f_jpg,ss_1000")
    assert (answer.status, answer.headers["content-type"]) == (200, "image/jpeg")
    assert read_number(answer.body) == 25
    assert hashlib.sha256(answer.body).hexdigest() in answer.headers["etag"]


def test_a_large_picture_passes(front: Front, films: Path) -> None:
    # Above what Envoy holds by default.
    source = str(films / "noise.mkv")
    noise_clip(films / "noise.mkv", (1080, 720))
    answer = front.get("/v1/image", source=source, text="video/snapshots,f_png,num_1")
    assert (answer.status, answer.headers["content-type"]) == (200, "image/png")
    assert len(answer.body) > 2_000_000
    streamed = front.post("/v1/frames:capture", {"source": source, "text": "video/snapshots,f_png"})
    parts = [
        base64.b64decode(event[kind]["data"])
        for event in (line["event"] for line in streamed.lines)
        for kind in ("frame", "chunk")
        if kind in event
    ]
    assert len(parts) > 1
    assert b"".join(parts) == answer.body


def test_what_a_source_contains_is_json(front: Front, clip: str) -> None:
    answer = front.get("/v1/media:probe", source=clip)
    assert answer.status == 200
    (media,) = (line["media"] for line in answer.lines)
    assert (media["codec"], media["width"], media["height"]) == ("h264", 192, 108)


def test_what_captures_used_is_json(front: Front, clip: str) -> None:
    front.get("/v1/image", source=clip, text="video/snapshots,f_jpg,ss_1000")
    (page,) = front.get("/v1/usage", page_size="1").lines
    (record,) = page["records"]
    assert (record["principal"], record["mode"]) == ("anonymous", "inter")
    assert int(record["usage"]["decodedCount"]) > 0
    answer = front.get("/v1/usage", page_token="made up")
    assert answer.status == 400


@pytest.mark.parametrize(
    ("text", "status", "reason"),
    [
        ("video/snapshots,f_gif", 400, "VALUE_OUT_OF_RANGE"),
        ("video/snapshots,f_jpg,ss_99000", 400, "OFFSET_AFTER_END"),
    ],
)
def test_a_refusal_says_why(front: Front, clip: str, text: str, status: int, reason: str) -> None:
    answer = front.get("/v1/image", source=clip, text=text)
    assert answer.status == status
    (body,) = answer.lines
    assert body["message"]
    assert reason in [detail.get("reason") for detail in body["details"]]


def test_a_failure_after_the_first_event_is_in_the_last(front: Front, clip: str) -> None:
    request = {"source": clip, "text": "video/snapshots,f_jpg,ss_99000"}
    answer = front.post("/v1/frames:capture", request)
    status = answer.lines[-1]["event"]["finished"]["status"]
    assert status["code"] == 11
    assert "the video ends at" in status["message"]


def test_a_browser_may_speak_grpc_web(front: Front, clip: str) -> None:
    message = ProbeMediaRequest(source=clip).SerializeToString()
    answer = front.ask(
        "POST",
        "/framecap.v1.SnapshotService/ProbeMedia",
        bytes([0]) + len(message).to_bytes(4, "big") + message,
        "application/grpc-web+proto",
    )
    assert answer.headers["content-type"] == "application/grpc-web+proto"
    size = int.from_bytes(answer.body[1:5], "big")
    assert ProbeMediaResponse.FromString(answer.body[5 : 5 + size]).media.codec == "h264"
    trailers = answer.body[5 + size :]
    assert trailers[0] == 0x80
    assert b"grpc-status:0" in trailers


def test_a_client_that_goes_away_stops_the_work(front: Front, films: Path) -> None:
    # More than all buffers on the way hold, so that the capture waits for its reader.
    clip = make_clip(films / "long.mp4", frames=500)
    request = {"source": str(clip), "text": "video/snapshots,f_png,inter_0,w_2048,h_2048"}

    def stopped() -> tuple[float, float]:
        kills = front.metric('framecap_decoder_kills_total{cause="cancelled"}')
        return kills, front.metric("framecap_captures_open")

    before = stopped()
    with closing(http.client.HTTPConnection(front.address, timeout=60)) as connection:
        connection.request("POST", "/v1/frames:capture", json.dumps(request))
        assert connection.getresponse().read(1000)
        assert front.metric("framecap_captures_open") == 1
    give_up = time.monotonic() + START_S
    while (now := stopped()) != (before[0] + 1, 0) and time.monotonic() < give_up:
        time.sleep(0.05)
    assert now == (before[0] + 1, 0)


SHOTS = {"object": {"bucket": "shots", "keyTemplate": "trip/{index}.jpg"}}


def create_task(front: Front, clip: str, **fields: object) -> str:
    """Returns the id of a new task."""
    request = {"source": clip, "text": "video/snapshots,f_jpg,inter_400", "delivery": SHOTS}
    answer = front.post("/v1/tasks", {**request, **fields})
    assert answer.status == 200
    (created,) = answer.lines
    assert created["accepted"]["source"] == clip
    return str(created["taskId"])


def cancelled(front: Front, task_id: str) -> list[dict[str, Any]]:
    """Returns the events of a task that is cancelled, or was quicker."""
    answer = front.post(f"/v1/tasks/{task_id}:cancel", {})
    assert answer.status == 200
    assert answer.lines[0]["task"]["taskId"] == task_id
    watched = front.get(f"/v1/tasks/{task_id}:watch")
    assert (watched.status, watched.headers["content-type"]) == (200, "application/json")
    events = [line["event"] for line in watched.lines]
    assert "finished" in events[-1]
    return events


def test_a_task_lives_its_life_in_json(front: Front, clip: str) -> None:
    task_id = create_task(front, clip, labels={"show": "trip"}, userData="u")
    (got,) = front.get(f"/v1/tasks/{task_id}").lines
    assert (got["task"]["taskId"], got["task"]["labels"]) == (task_id, {"show": "trip"})
    assert got["task"]["createTime"].endswith("Z")
    states = ("PENDING", "RUNNING", "SUCCEEDED", "FAILED", "CANCELLED")
    chosen = "&".join(f"states=TASK_STATE_{state}" for state in states)
    query = f"{chosen}&source_prefix={clip}&created_from={got['task']['createTime']}&page_size=9"
    (listed,) = front.ask("GET", f"/v1/tasks?{query}").lines
    assert task_id in [task["taskId"] for task in listed["tasks"]]
    events = cancelled(front, task_id)
    numbers = [int(event["sequence"]) for event in events if int(event["sequence"])]
    assert numbers == list(range(1, len(numbers) + 1))
    assert "accepted" in events[0]
    rest = front.get(f"/v1/tasks/{task_id}:watch", after_sequence="1")
    assert [line["event"] for line in rest.lines if int(line["event"]["sequence"])] == [
        event for event in events[1:] if int(event["sequence"])
    ]
    answer = front.post(f"/v1/tasks/{task_id}:retry", {})
    assert answer.status == 200
    again = answer.lines[0]["taskId"]
    assert front.get(f"/v1/tasks/{again}").lines[0]["task"]["retryOf"] == task_id
    cancelled(front, again)
    for ended in (task_id, again):
        assert front.ask("DELETE", f"/v1/tasks/{ended}").status == 200
        assert front.get(f"/v1/tasks/{ended}").status == 404


@pytest.mark.parametrize(
    ("fields", "status", "reason"),
    [
        ({"delivery": None}, 400, "DELIVERY_REQUIRED"),
        ({"source": "/absent.mp4"}, 403, "SOURCE_NOT_ALLOWED"),
        ({"source": "absent/a.mp4"}, 404, "BUCKET_NOT_FOUND"),
        ({"requestId": "x"}, 400, "VALUE_OUT_OF_RANGE"),
    ],
)
def test_a_task_that_is_refused_says_why(
    front: Front, clip: str, fields: dict[str, object], status: int, reason: str
) -> None:
    request = {"source": clip, "text": "video/snapshots,f_jpg,inter_400", "delivery": SHOTS}
    answer = front.post("/v1/tasks", {**request, **fields})
    assert answer.status == status
    assert reason in [detail.get("reason") for detail in answer.lines[0]["details"]]


def test_a_request_id_that_is_reused_is_a_conflict(front: Front, clip: str) -> None:
    identity = "0190163d-8694-739b-aea5-966c26f8ad91"
    task_id = create_task(front, clip, requestId=identity)
    assert create_task(front, clip, requestId=identity) == task_id
    request = {"source": clip, "text": "video/snapshots,f_png", "delivery": SHOTS}
    answer = front.post("/v1/tasks", {**request, "requestId": identity})
    assert answer.status == 409
    assert "REQUEST_ID_REUSED" in [detail.get("reason") for detail in answer.lines[0]["details"]]
    cancelled(front, task_id)
