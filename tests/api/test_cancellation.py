"""A client that goes away stops the work at once."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from grpc import aio

from framecap.api.settings import ApiSettings
from framecap.config import Settings
from framecap.v1.snapshot_service_pb2 import CaptureFramesRequest
from support.api.calls import EVERY_FRAME, code, reason, rich, take_all, until
from support.api.running import Run, Running


def decoders(client: Running) -> list[int]:
    """Returns the pids of the service's decoders."""
    return children_of(client.service.launcher.pid)


def children_of(pid: int | None) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [child for child in map(int, children) if alive(child)]


def alive(pid: int) -> bool:
    """Returns whether a process runs; one that ended and waits to be collected does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    state = stat.rpartition(")")[2].split()[0]
    return state not in "ZX"


async def first_frame(call: aio.UnaryStreamCall) -> None:
    """Returns once a frame has arrived."""
    async for response in call:
        if response.event.HasField("frame"):
            return


async def test_a_cancelled_call_ends_its_decoder(run: Run, media: Path) -> None:
    async with run() as client:
        call = client.stub.CaptureFrames(
            CaptureFramesRequest(source=f"{media}/noisy.mkv", text=EVERY_FRAME)
        )
        await first_frame(call)
        (pid,) = decoders(client)
        call.cancel()
        await until(lambda: not alive(pid), "the decoder is gone")
        await until(lambda: client.service.admission.load.open == 0, "its place is free")


async def test_a_client_that_is_cut_off_ends_its_decoder(run: Run, media: Path) -> None:
    async with run() as client:
        async with aio.insecure_channel(client.service.address) as channel:
            stub = type(client.stub)(channel)
            call = stub.CaptureFrames(
                CaptureFramesRequest(source=f"{media}/noisy.mkv", text=EVERY_FRAME)
            )
            await first_frame(call)
            (pid,) = decoders(client)
        await until(lambda: not alive(pid), "the decoder is gone")


async def test_a_deadline_that_passes_ends_the_decoder(run: Run, media: Path) -> None:
    async with run() as client:
        call = client.stub.CaptureFrames(
            CaptureFramesRequest(source=f"{media}/noisy.mkv", text=EVERY_FRAME), timeout=2.0
        )
        cases = []
        with pytest.raises(aio.AioRpcError) as caught:
            async for response in call:
                cases.append(response.event.WhichOneof("event"))
                if cases[-1] == "frame":
                    # No machine is so fast that the capture ends: it waits for this client.
                    await asyncio.sleep(0.5)
        assert code(rich(caught.value)) == "DEADLINE_EXCEEDED"
        assert cases[0] == "accepted"
        assert "finished" not in cases
        await until(lambda: decoders(client) == [], "the decoder is gone")
        await until(lambda: client.service.admission.load.open == 0, "its place is free")


async def test_the_services_own_limit_ends_a_call_without_deadline(run: Run, media: Path) -> None:
    async with run(Settings(api=ApiSettings(max_call_seconds=2.0))) as client:
        call = client.stub.CaptureFrames(
            CaptureFramesRequest(source=f"{media}/noisy.mkv", text=EVERY_FRAME)
        )
        await first_frame(call)
        # No machine is so fast that the capture ends: it waits for this client.
        await asyncio.sleep(2.5)
        taken = await take_all(call)
        assert "finished" not in taken.cases
        assert (code(taken.status), reason(taken.status)) == ("DEADLINE_EXCEEDED", "DEADLINE")
        assert taken.status is not None
        assert "2.000 s" in taken.status.message
        assert decoders(client) == []
        assert client.service.admission.load.open == 0
