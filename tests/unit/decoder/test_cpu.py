"""The CPU time of a decoder, which its fork server reports with its exit."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from framecap.decoder.service.launcher import Launcher
from framecap.decoder.wire.control import PacketMalformed, Reply, ReplyKind
from framecap.errors import DecoderLost
from support.decoder.jobs import collect, job, reported, source, until

MS = 1_000_000


async def burnt(launcher: Launcher, milliseconds: int) -> int:
    """Returns the CPU time of a decoder that is killed after it used so much."""
    with source(f"burn {milliseconds}") as descriptor:
        async with await launcher.launch(descriptor) as decoder:
            await decoder.send(job())
            await until(lambda: reported(descriptor) == milliseconds)
            assert decoder.cpu == 0
    return decoder.cpu


async def check_killed(launcher: Launcher) -> None:
    """Checks that killed decoders are counted by their work."""
    little, much = await burnt(launcher, 20), await burnt(launcher, 200)
    assert 20 * MS <= little < much
    assert much >= 200 * MS


async def test_a_killed_decoder_is_counted_by_its_work(launcher: Launcher) -> None:
    await check_killed(launcher)


async def test_the_program_of_the_service_counts_as_well(forkserver: Launcher) -> None:
    await check_killed(forkserver)


async def test_a_decoder_whose_work_is_done_is_counted(launcher: Launcher) -> None:
    with source("capture 2") as descriptor:
        async with await launcher.launch(descriptor) as decoder:
            await collect(decoder)
    assert decoder.cpu > 0


async def test_a_decoder_killed_from_outside_is_counted(launcher: Launcher) -> None:
    with source("burn 20") as descriptor:
        async with await launcher.launch(descriptor) as decoder:
            await decoder.send(job())
            await until(lambda: reported(descriptor) == 20)
            os.kill(decoder.pid, signal.SIGKILL)
            with pytest.raises(DecoderLost):
                [_ async for _ in decoder.messages()]
    assert decoder.cpu >= 20 * MS


async def test_the_report_is_awaited_although_the_capture_is_cancelled(launcher: Launcher) -> None:
    with source("burn 20") as descriptor:
        decoder = await launcher.launch(descriptor)

        async def capture() -> None:
            async with decoder:
                await decoder.send(job())
                await until(lambda: reported(descriptor) == 20)
                begun.set()
                await asyncio.Event().wait()

        begun = asyncio.Event()
        capturing = asyncio.create_task(capture())
        await begun.wait()
        capturing.cancel()
        await asyncio.sleep(0)
        # A second cancellation arrives while the decoder's end is awaited.
        capturing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await capturing
    assert decoder.cpu >= 20 * MS


async def test_the_time_of_a_decoder_lost_with_its_fork_server_is_unknown(
    forkserver: Launcher,
) -> None:
    with source("burn 1") as descriptor:
        async with await forkserver.launch(descriptor) as decoder:
            await decoder.send(job())
            await until(lambda: reported(descriptor) == 1)
            os.kill(forkserver.pid, signal.SIGKILL)  # type: ignore[attr-defined]
            with pytest.raises(DecoderLost):
                [_ async for _ in decoder.messages()]
    assert decoder.cpu == 0


def test_a_reply_carries_the_time() -> None:
    reply = Reply(kind=ReplyKind.EXITED, number=3, pid=4, value=9, cpu=2**63)
    assert Reply.unpack(reply.pack()) == reply
    with pytest.raises(PacketMalformed):
        Reply.unpack(reply.pack()[:-8])
