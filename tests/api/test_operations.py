"""What operators see: health, reflection, metrics, log lines."""

from __future__ import annotations

import asyncio
import json
import urllib.request
from pathlib import Path

from google.protobuf import descriptor_pb2
from grpc import aio
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from prometheus_client.parser import text_string_to_metric_families

from api.test_cancellation import alive, decoders, first_frame
from framecap.v1.snapshot_service_pb2 import CaptureFramesRequest, CaptureImageRequest
from framecap.v1.snapshot_service_pb2_grpc import SnapshotServiceStub
from support.api.calls import EVERY_FRAME, EVERY_SECOND, take, until
from support.api.running import Run
from support.served import served

SERVICE = "framecap.v1.SnapshotService"


INVALID = "framecap_call_seconds_count|INVALID_ARGUMENT|CaptureFrames"
CANCELLED = "framecap_call_seconds_count|CANCELLED|CaptureFrames"


async def scrape(port: int | None, awaited: str = "framecap_decoders_alive") -> dict[str, float]:
    """Returns all samples of the metrics port, by name and labels, once `awaited` is there.

    A client has its answer a little before the service has counted the call.
    """

    def read() -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
            return str(answer.read().decode())

    for _ in range(1000):
        text = await asyncio.to_thread(read)
        seen = {
            sample.name + "".join(f"|{value}" for value in sample.labels.values()): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }
        if awaited in seen:
            return seen
        await asyncio.sleep(0.01)
    raise AssertionError(f"never shown: {awaited}")


async def test_the_service_is_well(run: Run) -> None:
    async with run() as client:
        health = health_pb2_grpc.HealthStub(client.channel)
        for name in ("", SERVICE):
            answer = await health.Check(health_pb2.HealthCheckRequest(service=name))
            assert answer.status == health_pb2.HealthCheckResponse.SERVING


async def test_the_service_describes_itself(run: Run) -> None:
    async with run() as client:
        stub = reflection_pb2_grpc.ServerReflectionStub(client.channel)
        requests = [
            reflection_pb2.ServerReflectionRequest(list_services=""),
            reflection_pb2.ServerReflectionRequest(file_containing_symbol=SERVICE),
        ]
        names, files = [answer async for answer in stub.ServerReflectionInfo(iter(requests))]
        listed = {service.name for service in names.list_services_response.service}
        assert {SERVICE, "grpc.health.v1.Health"} <= listed
        described = {
            descriptor_pb2.FileDescriptorProto.FromString(text).name
            for text in files.file_descriptor_response.file_descriptor_proto
        }
        assert "framecap/v1/snapshot_service.proto" in described


async def test_captures_are_counted(run: Run, media: Path) -> None:
    async with run(metrics=True) as client:
        taken = await take(client.stub, source=f"{media}/short.mp4", text=EVERY_SECOND)
        await take(client.stub, source=f"{media}/text.mp4", text="video/snapshots,f_jpg,m_key")
        await take(client.stub, source=f"{media}/short.mp4", text="nonsense")
        seen = await scrape(client.service.metrics_port, INVALID)
        assert seen["framecap_captures_total|inter|OK"] == 1
        assert seen["framecap_captures_total|key|MEDIA_CORRUPT"] == 1
        assert seen["framecap_frames_captured_total|anonymous"] == 4
        assert seen["framecap_image_bytes_total"] == taken.finished.image_bytes
        assert seen["framecap_source_read_bytes_total"] >= taken.finished.read_bytes
        assert seen["framecap_first_frame_seconds_count"] == 1
        assert seen["framecap_decoders_alive"] == 0
        assert seen["framecap_captures_queued"] == 0
        assert seen["framecap_call_seconds_count|OK|CaptureFrames"] == 1
        assert seen[INVALID] == 1


async def test_decoders_are_counted_while_they_live_and_when_they_are_killed(
    run: Run, media: Path
) -> None:
    async with run(metrics=True) as client:
        call = client.stub.CaptureFrames(
            CaptureFramesRequest(source=f"{media}/noisy.mkv", text=EVERY_FRAME)
        )
        await first_frame(call)
        seen = await scrape(client.service.metrics_port)
        assert seen["framecap_decoders_alive"] == 1
        assert seen["framecap_captures_open"] == 1
        (pid,) = decoders(client)
        call.cancel()
        await until(lambda: not alive(pid), "the decoder is gone")
        seen = await scrape(client.service.metrics_port, CANCELLED)
        assert seen["framecap_decoders_alive"] == 0
        assert seen["framecap_decoder_kills_total|cancelled"] == 1
        assert seen["framecap_captures_total|inter|CANCELLED"] == 1
        assert seen[CANCELLED] == 1


async def test_each_call_leaves_one_line_without_its_source(media: Path, tmp_path: Path) -> None:
    with served(data=tmp_path, allow=media) as service:
        async with aio.insecure_channel(service.address) as channel:
            stub = SnapshotServiceStub(channel)
            taken = await take(stub, source=f"{media}/short.mp4", text=EVERY_SECOND)
            await stub.CaptureImage(
                CaptureImageRequest(source=f"{media}/short.mp4", text=EVERY_SECOND)
            )
            await take(stub, source="https://me:secret@host/a.mp4?sig=secret", text=EVERY_SECOND)
    log = (tmp_path / "service.log").read_text()
    assert "secret" not in log
    lines = [json.loads(line) for line in log.splitlines()]
    calls = [line for line in lines if line["logger"] == "framecap.access"]
    assert [(line["method"], line["status"]) for line in calls] == [
        ("CaptureFrames", "OK"),
        ("CaptureImage", "OK"),
        ("CaptureFrames", "PERMISSION_DENIED"),
    ]
    assert calls[0]["call_id"] == taken.events[0].accepted.call_id
    assert all(line["duration_ms"] > 0 for line in calls)
