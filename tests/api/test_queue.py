"""More captures than the service takes at once."""

from __future__ import annotations

import asyncio
from pathlib import Path

from google.rpc import error_details_pb2

from api.test_cancellation import first_frame
from framecap.admission import AdmissionLimits
from framecap.config import Settings
from framecap.v1 import event_pb2
from framecap.v1.snapshot_service_pb2 import CaptureFramesRequest, ProbeMediaRequest
from support.api.calls import (
    EVERY_FRAME,
    EVERY_SECOND,
    code,
    detail,
    reason,
    refusal,
    take,
    until,
)
from support.api.running import Run
from support.clips import read_number


async def test_two_captures_at_once_do_not_mix(run: Run, media: Path) -> None:
    settings = Settings(admission=AdmissionLimits(running=2, open=2, queue=2))
    async with run(settings) as client:
        source = f"{media}/short.mp4"
        one, other = await asyncio.gather(
            take(client.stub, source=source, text=EVERY_FRAME),
            take(client.stub, source=source, text=EVERY_SECOND),
        )
        assert [read_number(image) for image in one.images()] == list(range(100))
        assert [read_number(image) for image in other.images()] == [0, 25, 50, 75]


async def test_a_capture_that_waits_says_so_and_begins_when_a_place_is_free(
    run: Run, media: Path
) -> None:
    settings = Settings(admission=AdmissionLimits(running=1, open=1, queue=1))
    async with run(settings) as client:
        admission = client.service.admission
        first = client.stub.CaptureFrames(
            CaptureFramesRequest(source=f"{media}/noisy.mkv", text=EVERY_FRAME)
        )
        await first_frame(first)
        waiting = asyncio.ensure_future(
            take(client.stub, source=f"{media}/short.mp4", text=EVERY_SECOND)
        )
        await until(lambda: admission.load.queued == 1, "the second capture waits")
        first.cancel()
        taken = await waiting
        assert taken.cases[:2] == ["accepted", "progress"]
        assert taken.events[1].progress.phase == event_pb2.CAPTURE_PHASE_QUEUED
        assert len(taken.frames) == 4


async def test_a_full_queue_refuses_at_once_and_says_when_to_try_again(
    run: Run, media: Path
) -> None:
    settings = Settings(admission=AdmissionLimits(running=1, open=1, queue=0))
    async with run(settings) as client:
        first = client.stub.CaptureFrames(
            CaptureFramesRequest(source=f"{media}/noisy.mkv", text=EVERY_FRAME)
        )
        await first_frame(first)
        taken = await take(client.stub, source=f"{media}/short.mp4", text=EVERY_SECOND)
        assert taken.events == []
        assert (code(taken.status), reason(taken.status)) == ("RESOURCE_EXHAUSTED", "QUEUE_FULL")
        assert detail(taken.status, error_details_pb2.RetryInfo).retry_delay.ToMilliseconds() > 0
        probe = client.stub.ProbeMedia(ProbeMediaRequest(source=f"{media}/short.mp4"))
        assert reason(await refusal(probe)) == "QUEUE_FULL"
        first.cancel()
        await until(lambda: client.service.admission.load.open == 0, "the place is free")
        again = await take(client.stub, source=f"{media}/short.mp4", text=EVERY_SECOND)
        assert len(again.frames) == 4


async def test_a_client_that_leaves_the_queue_leaves_its_place(run: Run, media: Path) -> None:
    settings = Settings(admission=AdmissionLimits(running=1, open=1, queue=1))
    async with run(settings) as client:
        admission = client.service.admission
        request = CaptureFramesRequest(source=f"{media}/noisy.mkv", text=EVERY_FRAME)
        first = client.stub.CaptureFrames(request)
        await first_frame(first)
        waiting = client.stub.CaptureFrames(request)
        await until(lambda: admission.load.queued == 1, "the second capture waits")
        waiting.cancel()
        await until(lambda: admission.load.queued == 0, "it no longer waits")
        first.cancel()
        await until(lambda: admission.load.open == 0, "the place is free")
