"""A client that reads slowly slows the decoder; one that takes nothing is left."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from api.test_cancellation import alive, decoders, first_frame
from framecap.admission import AdmissionLimits
from framecap.api.settings import ApiSettings
from framecap.config import Settings
from framecap.services import CaptureLimits
from framecap.v1.snapshot_service_pb2 import CaptureFramesRequest
from support.api.calls import EVERY_FRAME_JPG, EVERY_SECOND, code, reason, take, take_all, until
from support.api.running import NOISY_FRAMES, Run

PATIENCE_S = 30.0


def cpu_ticks(pid: int) -> int:
    """Returns the processor time a process has used."""
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(words[11]) + int(words[12])


async def idles(pid: int) -> None:
    """Returns once a process uses no more processor time; what it may do ahead is bounded."""
    last = -1
    give_up = time.monotonic() + PATIENCE_S
    while (now := cpu_ticks(pid)) != last:
        assert time.monotonic() < give_up, "it goes on"
        last = now
        await asyncio.sleep(0.5)


async def test_the_decoder_waits_for_its_client(run: Run, media: Path) -> None:
    settings = Settings(capture=CaptureLimits(pause_after=0.1))
    async with run(settings) as client:
        call = client.stub.CaptureFrames(
            CaptureFramesRequest(source=f"{media}/noisy.mkv", text=EVERY_FRAME_JPG)
        )
        await first_frame(call)
        admission = client.service.admission
        # Whatever lies between the two has filled up: the decoder is blocked, not done.
        await until(lambda: admission.load.running == 0, "the place is given back")
        assert admission.load.open == 1
        (pid,) = decoders(client)
        await idles(pid)
        # Others work meanwhile, and the client finds everything when it reads on.
        other = await take(client.stub, source=f"{media}/short.mp4", text=EVERY_SECOND)
        assert len(other.frames) == 4
        rest = await take_all(call)
        assert rest.status is None
        assert len(rest.frames) == NOISY_FRAMES - 1


async def test_a_client_that_takes_nothing_is_left(run: Run, media: Path) -> None:
    settings = Settings(api=ApiSettings(client_stall_after=0.5))
    async with run(settings) as client:
        call = client.stub.CaptureFrames(
            CaptureFramesRequest(source=f"{media}/noisy.mkv", text=EVERY_FRAME_JPG)
        )
        await first_frame(call)
        (pid,) = decoders(client)
        await until(lambda: not alive(pid), "the decoder is gone")
        await until(lambda: client.service.admission.load.open == 0, "its place is free")
        rest = await take_all(call)
        assert (code(rest.status), reason(rest.status)) == ("ABORTED", "CLIENT_STALLED")
        assert "finished" not in rest.cases
        assert len(rest.frames) < NOISY_FRAMES - 1


async def test_a_blocked_capture_takes_a_place_again_before_it_goes_on(
    run: Run, media: Path
) -> None:
    settings = Settings(
        admission=AdmissionLimits(running=1, open=2, queue=2),
        capture=CaptureLimits(pause_after=0.1),
    )
    async with run(settings) as client:
        admission = client.service.admission
        calls = []
        for _ in range(2):
            call = client.stub.CaptureFrames(
                CaptureFramesRequest(source=f"{media}/noisy.mkv", text=EVERY_FRAME_JPG)
            )
            await first_frame(call)
            await until(lambda: admission.load.running == 0, "the place is given back")
            calls.append(call)
        assert admission.load.open == 2
        for rest in await asyncio.gather(*map(take_all, calls)):
            assert rest.status is None
            assert len(rest.frames) == NOISY_FRAMES - 1
