"""The end of a service, in the order the outside world needs."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from base64 import urlsafe_b64encode
from collections.abc import AsyncGenerator, AsyncIterable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2
from grpc import aio
from grpc_health.v1 import health_pb2, health_pb2_grpc

from api.test_cancellation import alive, decoders, first_frame
from framecap.admission import AdmissionLimits
from framecap.config import Settings
from framecap.decoder.service.settings import DecoderSettings
from framecap.server import grpc_server
from framecap.server.serve import Service
from framecap.server.serve import running as run_service
from framecap.server.stop import Stop
from framecap.storage.settings import StorageSettings
from framecap.v1.snapshot_service_pb2 import (
    CaptureFramesRequest,
    CaptureImageRequest,
    ExplainCaptureRequest,
    ProbeMediaRequest,
)
from framecap.v1.snapshot_service_pb2_grpc import SnapshotServiceStub
from support.api.calls import (
    EVERY_FRAME_JPG,
    EVERY_SECOND,
    Taken,
    code,
    detail,
    reason,
    refusal,
    take,
    take_all,
    until,
)
from support.api.running import NOISY_FRAMES, server_settings
from support.served import served

SERVICE = "framecap.v1.SnapshotService"

SLACK_S = 5.0
"""How much longer than its limits an end may take on a busy machine."""


SMALL_WINDOW = (("grpc.http2.bdp_probe", 0), ("grpc.http2.lookahead_bytes", 65_536))
"""Options of a client whose connection holds little of what it does not read."""

LARGE = "video/snapshots,f_png,inter_0,w_2000,h_2000"
"""A request for images that are larger than what a connection holds for a client."""


class Ending(NamedTuple):
    """A service that is about to end, and a client of it."""

    service: Service
    channel: aio.Channel
    stub: SnapshotServiceStub
    ended: asyncio.Event


@asynccontextmanager
async def ending(
    media: Path,
    data: Path,
    stop: Stop,
    grace: float,
    *,
    running: int = 2,
    storage: StorageSettings | None = None,
    base: Settings | None = None,
) -> AsyncGenerator[Ending]:
    """Runs a service that ends when `stop` says so, while its client stays."""
    server = server_settings(media, data, metrics=False, grace=grace)
    begun: asyncio.Future[Service] = asyncio.get_running_loop().create_future()

    async def serve() -> None:
        # None forked ahead: the tests see a capture's decoder by its being there.
        settings = replace(
            base or Settings(),
            server=server,
            decoder=DecoderSettings(idle_decoders=0),
            admission=AdmissionLimits(running=running, open=running),
            storage=storage or StorageSettings(),
        )
        async with run_service(settings, stop) as service:
            begun.set_result(service)
            await stop.requested()

    task = asyncio.create_task(serve())
    ended = asyncio.Event()
    task.add_done_callback(lambda _: ended.set())
    try:
        service = await begun
        async with aio.insecure_channel(service.address, options=SMALL_WINDOW) as channel:
            yield Ending(service, channel, SnapshotServiceStub(channel), ended)
    finally:
        stop.request()
        await task


async def slowly(call: AsyncIterable[Message], pause: float) -> AsyncGenerator[Message]:
    """Reads a call's messages with a pause before each."""
    async for message in call:
        await asyncio.sleep(pause)
        yield message


async def begin(client: Ending, media: Path, text: str = EVERY_FRAME_JPG) -> aio.UnaryStreamCall:
    """Returns a long capture that has begun to send images."""
    call = client.stub.CaptureFrames(CaptureFramesRequest(source=f"{media}/noisy.mkv", text=text))
    await first_frame(call)
    return call


async def test_captures_under_way_finish_while_new_ones_are_refused(
    media: Path, tmp_path: Path
) -> None:
    stop = Stop()
    async with ending(media, tmp_path, stop, grace=600) as client:
        health = health_pb2_grpc.HealthStub(client.channel)
        call = await begin(client, media)
        stop.request()
        await until(lambda: client.service.admission.draining, "the service drains")
        for name in ("", SERVICE):
            answer = await health.Check(health_pb2.HealthCheckRequest(service=name))
            assert answer.status == health_pb2.HealthCheckResponse.NOT_SERVING
        refused = await take(client.stub, source=f"{media}/short.mp4", text=EVERY_SECOND)
        assert refused.events == []
        assert (code(refused.status), reason(refused.status)) == ("UNAVAILABLE", "DRAINING")
        retry = detail(refused.status, error_details_pb2.RetryInfo).retry_delay
        assert retry.ToMilliseconds() > 0
        probe = client.stub.ProbeMedia(ProbeMediaRequest(source=f"{media}/short.mp4"))
        assert reason(await refusal(probe)) == "DRAINING"
        rest = await take_all(call)
        assert rest.status is None
        assert len(rest.frames) == NOISY_FRAMES - 1


def check_drained(rest: Taken) -> None:
    """Checks that a capture was ended by a shutdown: `finished` last, and the call as it says."""
    assert rest.cases[-2:] == ["progress", "finished"]
    assert rest.status is not None
    assert rest.finished.status == rest.status
    check_status(rest.status)


def check_status(status: status_pb2.Status) -> None:
    """Checks that a call ended by a shutdown says so, and when to try again."""
    assert (code(status), reason(status)) == ("UNAVAILABLE", "DRAINING")
    assert "shutting down" in status.message
    assert detail(status, error_details_pb2.RetryInfo).retry_delay.ToMilliseconds() > 0


@pytest.mark.parametrize("pause", [0.0, 0.05], ids=["prompt", "slow"])
async def test_a_capture_that_outlasts_the_grace_finishes_with_draining(
    media: Path, tmp_path: Path, pause: float
) -> None:
    stop = Stop()
    async with ending(media, tmp_path, stop, grace=0.1) as client:
        call = await begin(client, media)
        (pid,) = decoders(client)
        stop.request()
        # The client does not read meanwhile: its capture ends all the same.
        await until(lambda: not alive(pid), "the decoder is gone")
        rest = await take_all(slowly(call, pause))
        check_drained(rest)
        captured = rest.finished.captured_count
        assert 0 < len(rest.frames) < NOISY_FRAMES
        # The first was read before; all that were captured are told.
        assert [frame.index for frame in rest.frames] == list(range(2, captured + 1))
        assert [len(image) for image in rest.images()] == [f.size_bytes for f in rest.frames]


async def test_an_ended_capture_tells_what_is_stored(media: Path, tmp_path: Path) -> None:
    stop = Stop()
    async with ending(media, tmp_path, stop, grace=0.2) as client:
        Path(tmp_path, "buckets", "shots").mkdir(parents=True, exist_ok=True)
        bucket = urlsafe_b64encode(b"shots").decode().rstrip("=")
        target = urlsafe_b64encode(b"a").decode().rstrip("=")
        call = client.stub.CaptureFrames(
            CaptureFramesRequest(
                source=f"{media}/noisy.mkv",
                text=f"video/snapshots,f_png,inter_0,w_2000,h_2000|sys/saveas,b_{bucket},o_{target}",
            )
        )
        await first_frame(call)
        stop.request()
        rest = await take_all(call)
        check_drained(rest)
        stored = {path.name for path in Path(tmp_path, "buckets", "shots").iterdir()}
        told = {frame.uri.rpartition("/")[2] for frame in rest.frames}
        assert told <= stored
        assert stored - told <= {"a_0_1.png"}, "the first was told before"


async def test_several_captures_end_at_once(media: Path, tmp_path: Path) -> None:
    stop = Stop()
    async with ending(media, tmp_path, stop, grace=0.1, running=3) as client:
        calls = [await begin(client, media) for _ in range(3)]
        stop.request()
        await until(lambda: not decoders(client), "the decoders are gone")
        for rest in await asyncio.gather(*map(take_all, calls)):
            check_drained(rest)


async def test_calls_that_wait_end_with_draining(media: Path, tmp_path: Path) -> None:
    stop = Stop()
    async with ending(media, tmp_path, stop, grace=0.1, running=1) as client:
        first = await begin(client, media)
        source = f"{media}/short.mp4"
        answers = [
            client.stub.CaptureImage(CaptureImageRequest(source=source, text=EVERY_SECOND)),
            client.stub.ProbeMedia(ProbeMediaRequest(source=source)),
            client.stub.ExplainCapture(ExplainCaptureRequest(source=source, text=EVERY_SECOND)),
        ]
        refusals = [asyncio.create_task(refusal(answer)) for answer in answers]
        stream = asyncio.create_task(take(client.stub, source=source, text=EVERY_SECOND))
        await until(lambda: client.service.admission.load.queued == 4, "they wait")
        stop.request()
        for status in await asyncio.gather(*refusals):
            check_status(status)
        check_drained(await stream)
        check_drained(await take_all(first))


async def test_a_source_that_does_not_open_ends_with_draining(media: Path, tmp_path: Path) -> None:
    arrived = asyncio.Event()

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        arrived.set()
        await reader.read()
        writer.close()

    async with await asyncio.start_server(say_nothing, "127.0.0.1", 0) as web:
        port = web.sockets[0].getsockname()[1]
        hosts = StorageSettings(allow_private_host=(f"127.0.0.1:{port}",))
        stop = Stop()
        async with ending(media, tmp_path, stop, grace=0.1, storage=hosts) as client:
            call = asyncio.create_task(
                take(client.stub, source=f"https://127.0.0.1:{port}/a.mp4", text=EVERY_SECOND)
            )
            await arrived.wait()
            stop.request()
            refused = await call
            assert refused.events == []
            assert refused.status is not None
            check_status(refused.status)


async def test_a_client_that_reads_nothing_does_not_hold_up_the_end(
    media: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grpc_server, "LAST_READ_SECONDS", 0.5)
    stop = Stop()
    async with ending(media, tmp_path, stop, grace=0.1) as client:
        call = await begin(client, media, LARGE)
        other = await begin(client, media)
        stop.request()
        began = time.monotonic()
        check_drained(await take_all(other))
        await client.ended.wait()
        taken = time.monotonic() - began
        # What is in the connection's buffers can be read; the end could not be sent.
        rest = await take_all(call)
        assert "finished" not in rest.cases
        assert code(rest.status) in {"UNAVAILABLE", "CANCELLED"}
    assert taken < 0.1 + 0.5 + grpc_server.FLUSH_SECONDS + SLACK_S


async def test_asking_again_ends_the_grace(media: Path, tmp_path: Path) -> None:
    stop = Stop()
    async with ending(media, tmp_path, stop, grace=600) as client:
        await begin(client, media)
        (pid,) = decoders(client)
        stop.request()
        await until(lambda: client.service.admission.draining, "the service drains")
        assert alive(pid)
        stop.request()
        await until(lambda: not alive(pid), "the decoder is gone")


async def test_one_who_watches_health_learns_of_the_end(media: Path, tmp_path: Path) -> None:
    stop = Stop()
    async with ending(media, tmp_path, stop, grace=600) as client:
        watch = health_pb2_grpc.HealthStub(client.channel).Watch(
            health_pb2.HealthCheckRequest(service=SERVICE)
        )
        assert (await watch.read()).status == health_pb2.HealthCheckResponse.SERVING
        stop.request()
        assert (await watch.read()).status == health_pb2.HealthCheckResponse.NOT_SERVING


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda n: n.name)
async def test_a_signal_ends_the_process_once_its_captures_are_done(
    media: Path, tmp_path: Path, number: signal.Signals
) -> None:
    with served(data=tmp_path, allow=media) as service:
        async with aio.insecure_channel(service.address) as channel:
            call = SnapshotServiceStub(channel).CaptureFrames(
                CaptureFramesRequest(source=f"{media}/noisy.mkv", text=EVERY_FRAME_JPG)
            )
            await first_frame(call)
            os.kill(service.process.pid, number)
            rest = await take_all(call)
        assert rest.status is None
        assert len(rest.frames) == NOISY_FRAMES - 1
        assert await asyncio.to_thread(service.process.wait) == 0


async def test_a_process_ends_captures_that_outlast_its_grace(media: Path, tmp_path: Path) -> None:
    with served(data=tmp_path, allow=media, FRAMECAP_GRACE="0.2") as service:
        async with aio.insecure_channel(service.address, options=SMALL_WINDOW) as channel:
            stub = SnapshotServiceStub(channel)
            source = f"{media}/noisy.mkv"
            call = stub.CaptureFrames(CaptureFramesRequest(source=source, text=EVERY_FRAME_JPG))
            silent = stub.CaptureFrames(CaptureFramesRequest(source=source, text=LARGE))
            await first_frame(call)
            await first_frame(silent)
            os.kill(service.process.pid, signal.SIGTERM)
            began = time.monotonic()
            check_drained(await take_all(call))
            assert await asyncio.to_thread(service.process.wait) == 0
            limit = grpc_server.LAST_READ_SECONDS + grpc_server.FLUSH_SECONDS
            assert time.monotonic() - began < 0.2 + limit + SLACK_S
            assert "finished" not in (await take_all(silent)).cases
