"""A service that is killed: what it said was charged is charged, and what it cut off is not."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from grpc import aio

from framecap.v1.snapshot_service_pb2 import CaptureFramesRequest
from framecap.v1.snapshot_service_pb2_grpc import SnapshotServiceStub
from support.api.calls import EVERY_FRAME, EVERY_SECOND
from support.api.usage import recorded
from support.served import served


async def test_a_record_outlives_the_service_that_sent_finished(
    media: Path, tmp_path: Path
) -> None:
    with served(data=tmp_path, allow=media, exit_status=-signal.SIGKILL) as service:
        async with aio.insecure_channel(service.address) as channel:
            stub = SnapshotServiceStub(channel)
            cut_off = stub.CaptureFrames(
                CaptureFramesRequest(source=f"{media}/noisy.mkv", text=EVERY_FRAME)
            )
            async for response in cut_off:
                if response.event.HasField("frame"):
                    break
            usage = None
            ended = stub.CaptureFrames(
                CaptureFramesRequest(source=f"{media}/short.mp4", text=EVERY_SECOND)
            )
            async for response in ended:
                if response.event.HasField("finished"):
                    usage = response.event.finished.usage
                    # Before the call itself has ended.
                    service.process.kill()
                    break
            with pytest.raises(aio.AioRpcError):
                _ = [event async for event in cut_off]
            ended.cancel()
    with served(data=tmp_path, allow=media) as service:
        async with aio.insecure_channel(service.address) as channel:
            (record,) = await recorded(channel)
    assert record.usage == usage
    assert (record.outcome, record.usage.image_count) == ("OK", 4)
