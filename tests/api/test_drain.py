"""The end of a service, in the order the outside world needs."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from google.rpc import error_details_pb2
from grpc import aio
from grpc_health.v1 import health_pb2, health_pb2_grpc

from api.calls import (
    EVERY_FRAME_JPG,
    EVERY_SECOND,
    code,
    detail,
    reason,
    refusal,
    take,
    take_all,
    until,
)
from api.running import NOISY_FRAMES, Running, server_settings
from api.test_cancellation import alive, decoders, first_frame
from framecap.config import Settings
from framecap.decoder.settings import DecoderSettings
from framecap.server.serve import Service, running
from framecap.server.stop import Stop
from framecap.v1.snapshot_service_pb2 import CaptureFramesRequest, ProbeMediaRequest
from framecap.v1.snapshot_service_pb2_grpc import SnapshotServiceStub
from served import served

SERVICE = "framecap.v1.SnapshotService"


@asynccontextmanager
async def ending(media: Path, data: Path, stop: Stop, grace: float) -> AsyncGenerator[Running]:
    """Runs a service that ends when `stop` says so, while its client stays."""
    server = server_settings(media, data, metrics=False, grace=grace)
    begun: asyncio.Future[Service] = asyncio.get_running_loop().create_future()

    async def serve() -> None:
        # None forked ahead: the tests see a capture's decoder by its being there.
        settings = Settings(server=server, decoder=DecoderSettings(idle_decoders=0))
        async with running(settings, stop) as service:
            begun.set_result(service)
            await stop.asked()

    task = asyncio.create_task(serve())
    try:
        service = await begun
        async with aio.insecure_channel(service.address) as channel:
            yield Running(service, channel, SnapshotServiceStub(channel))
    finally:
        stop.ask()
        await task


async def begin(client: Running, media: Path) -> aio.UnaryStreamCall:
    """Returns a long capture that has begun to send images."""
    call = client.stub.CaptureFrames(
        CaptureFramesRequest(source=f"{media}/noisy.mkv", text=EVERY_FRAME_JPG)
    )
    await first_frame(call)
    return call


async def test_captures_under_way_finish_while_new_ones_are_refused(
    media: Path, tmp_path: Path
) -> None:
    stop = Stop()
    async with ending(media, tmp_path, stop, grace=600) as client:
        health = health_pb2_grpc.HealthStub(client.channel)
        call = await begin(client, media)
        stop.ask()
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


async def test_captures_that_outlast_the_grace_are_cancelled(media: Path, tmp_path: Path) -> None:
    stop = Stop()
    async with ending(media, tmp_path, stop, grace=0.1) as client:
        call = await begin(client, media)
        (pid,) = decoders(client)
        stop.ask()
        await until(lambda: not alive(pid), "the decoder is gone")
        rest = await take_all(call)
        assert code(rest.status) in {"UNAVAILABLE", "CANCELLED"}
        assert "finished" not in rest.cases


async def test_asking_again_ends_the_grace(media: Path, tmp_path: Path) -> None:
    stop = Stop()
    async with ending(media, tmp_path, stop, grace=600) as client:
        await begin(client, media)
        (pid,) = decoders(client)
        stop.ask()
        await until(lambda: client.service.admission.draining, "the service drains")
        assert alive(pid)
        stop.ask()
        await until(lambda: not alive(pid), "the decoder is gone")


async def test_one_who_watches_health_learns_of_the_end(media: Path, tmp_path: Path) -> None:
    stop = Stop()
    async with ending(media, tmp_path, stop, grace=600) as client:
        watch = health_pb2_grpc.HealthStub(client.channel).Watch(
            health_pb2.HealthCheckRequest(service=SERVICE)
        )
        assert (await watch.read()).status == health_pb2.HealthCheckResponse.SERVING
        stop.ask()
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
