"""A stream is never silent for long."""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest

from api.test_cancellation import first_frame
from framecap.admission import AdmissionLimits
from framecap.config import Settings
from framecap.events.pace import Heartbeat
from framecap.v1 import event_pb2
from framecap.v1.snapshot_service_pb2 import CaptureFramesRequest
from support.api.calls import EVERY_FRAME, EVERY_SECOND, take_all, until
from support.api.running import Run


async def test_one_that_waits_hears_that_it_waits_again_and_again(
    run: Run, media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("framecap.capture.Heartbeat", partial(Heartbeat, period_ms=20))
    settings = Settings(admission=AdmissionLimits(running=1, open=1, queue=1))
    async with run(settings) as client:
        first = client.stub.CaptureFrames(
            CaptureFramesRequest(source=f"{media}/noisy.mkv", text=EVERY_FRAME)
        )
        await first_frame(first)
        second = client.stub.CaptureFrames(
            CaptureFramesRequest(source=f"{media}/short.mp4", text=EVERY_SECOND)
        )
        responses = aiter(second)
        assert (await anext(responses)).event.HasField("accepted")
        for _ in range(5):
            told = (await anext(responses)).event
            assert told.progress.phase == event_pb2.CAPTURE_PHASE_QUEUED
        await until(lambda: client.service.admission.load.queued == 1, "the second waits")
        first.cancel()
        rest = await take_all(second)
        assert rest.status is None
        assert len(rest.frames) == 4


async def test_nothing_stands_between_an_image_and_its_parts(
    run: Run, media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("framecap.capture.Heartbeat", partial(Heartbeat, period_ms=0))
    async with run() as client:
        text = "video/snapshots,f_png,num_5,w_1280"
        call = client.stub.CaptureFrames(
            CaptureFramesRequest(source=f"{media}/noisy.mkv", text=text)
        )
        taken = await take_all(call)
        assert taken.status is None
        cases = taken.cases
        assert "chunk" in cases
        for before, after in pairwise(cases):
            assert after != "chunk" or before in {"frame", "chunk"}
        assert [len(image) for image in taken.images()] == [
            frame.size_bytes for frame in taken.frames
        ]
