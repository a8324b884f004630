"""What clients see of calls, in short."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, Awaitable
from dataclasses import dataclass, field
from typing import Any

import grpc
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2
from grpc import aio
from grpc_status import rpc_status

from framecap.v1.event_pb2 import CaptureEvent, CaptureFinished, FrameCaptured
from framecap.v1.snapshot_service_pb2 import CaptureFramesRequest
from framecap.v1.snapshot_service_pb2_grpc import SnapshotServiceStub

EVERY_SECOND = "video/snapshots,f_jpg,inter_1000"
EVERY_FRAME = "video/snapshots,f_png,inter_0"
EVERY_FRAME_JPG = "video/snapshots,f_jpg,inter_0"


@dataclass
class Taken:
    """A call, as far as it went."""

    events: list[CaptureEvent] = field(default_factory=list)
    status: status_pb2.Status | None = None

    @property
    def cases(self) -> list[str]:
        """The events' cases, in order."""
        return [str(event.WhichOneof("event")) for event in self.events]

    @property
    def frames(self) -> list[FrameCaptured]:
        """The frames, in order."""
        return [event.frame for event in self.events if event.HasField("frame")]

    @property
    def finished(self) -> CaptureFinished:
        """The last event, which is `finished`."""
        assert self.cases[-1] == "finished"
        return self.events[-1].finished

    def images(self) -> list[bytes]:
        """Returns the images, put together from their parts."""
        parts: dict[int, bytes] = {}
        for event in self.events:
            if event.HasField("frame"):
                parts[event.frame.index] = event.frame.data
            elif event.HasField("chunk"):
                assert event.chunk.offset == len(parts[event.chunk.index])
                parts[event.chunk.index] += event.chunk.data
        return list(parts.values())


async def take(stub: SnapshotServiceStub, **request: Any) -> Taken:
    """Returns everything a CaptureFrames call brings, its failure included."""
    return await take_all(stub.CaptureFrames(CaptureFramesRequest(**request)))


async def take_all(call: AsyncIterable[Any]) -> Taken:
    """Returns everything that is left of a CaptureFrames call."""
    taken = Taken()
    try:
        async for response in call:
            taken.events.append(response.event)
    except aio.AioRpcError as error:
        taken.status = rich(error)
    return taken


async def refusal(call: Awaitable[Any]) -> status_pb2.Status:
    """Returns the status that a unary call fails with."""
    try:
        answer = await call
    except aio.AioRpcError as error:
        return rich(error)
    raise AssertionError(f"was answered: {answer}")


def rich(error: aio.AioRpcError) -> status_pb2.Status:
    """Returns the rich status of a failed call; code and sentence agree with the plain ones."""
    status = rpc_status.from_call(error)
    if status is None:
        return status_pb2.Status(code=error.code().value[0], message=error.details() or "")
    assert isinstance(status, status_pb2.Status)
    return status


def code(status: status_pb2.Status | None) -> str:
    """Returns the name of a status's code."""
    number = status.code if status else 0
    (name,) = (code.name for code in grpc.StatusCode if code.value[0] == number)
    return str(name)


def detail(status: status_pb2.Status | None, kind: type[Any]) -> Any:
    """Returns the one detail of a kind."""
    assert status is not None
    (packed,) = (item for item in status.details if item.Is(kind.DESCRIPTOR))
    message: Message = kind()
    packed.Unpack(message)
    return message


def reason(status: status_pb2.Status | None) -> str:
    """Returns the reason of a failure."""
    info = detail(status, error_details_pb2.ErrorInfo)
    assert info.domain == "framecap"
    return str(info.reason)


async def until(holds: Any, what: str) -> None:
    """Returns once `holds()` is true; fails when it never is."""
    for _ in range(12_000):
        if holds():
            return
        await asyncio.sleep(0.005)
    raise AssertionError(f"never: {what}")
