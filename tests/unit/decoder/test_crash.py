"""Decoders that end before their job does."""

from __future__ import annotations

import os
import signal

import pytest

from framecap.errors import Code, DecoderCrashed, DecoderLost
from support.decoder.jobs import capture, cases, job, source

OF_ITS_OWN = (
    *(signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL),
    *(signal.SIGSYS, signal.SIGXCPU, signal.SIGPIPE),
)

FROM_OUTSIDE = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)

AGAINST_THE_RULES = (
    "babble ffffffff",  # A message of 4 GiB.
    "babble 00000002ffff",  # No protobuf.
    "skip",  # An index left out.
    "usurp",  # An error that no file causes.
)


async def assert_works(launcher):
    messages = await capture(launcher, "capture 2")
    assert cases(messages) == ["probed", "planned", "image", "image", "finished"]


async def test_a_decoder_that_dies_of_its_file_has_crashed(launcher):
    for number in OF_ITS_OWN:
        with pytest.raises(DecoderCrashed) as caught:
            await capture(launcher, f"die {int(number)}")
        assert caught.value.code is Code.FAILED_PRECONDITION
        assert caught.value.reason == "DECODER_CRASHED"
        assert str(caught.value) == "the file crashed its decoder"
        assert f"signal {int(number)}," in str(caught.value.__cause__)
    await assert_works(launcher)


async def test_a_decoder_killed_from_outside_is_lost(launcher):
    for number in FROM_OUTSIDE:
        with source("hang") as descriptor:
            decoder = await launcher.launch(descriptor)
        async with decoder:
            await decoder.send(job())
            messages = decoder.messages()
            assert (await anext(messages)).HasField("probed")
            os.kill(decoder.pid, number)
            with pytest.raises(DecoderLost) as caught:
                await anext(messages)
        assert caught.value.code is Code.UNAVAILABLE
        assert caught.value.reason == "DECODER_LOST"
        assert caught.value.retry_after_ms
        assert "ended from outside" in str(caught.value)
    await assert_works(launcher)


async def test_a_decoder_killed_within_a_message_is_lost(launcher):
    with source("flood 4000000") as descriptor:
        decoder = await launcher.launch(descriptor)
    async with decoder:
        await decoder.send(job())
        messages = decoder.messages()
        await anext(messages)
        os.kill(decoder.pid, signal.SIGKILL)
        with pytest.raises(DecoderLost):
            [_ async for _ in messages]


async def test_a_decoder_that_leaves_has_crashed(launcher):
    for status in (0, 1, 137):
        with pytest.raises(DecoderCrashed) as caught:
            await capture(launcher, f"leave {status}")
        assert str(caught.value.__cause__) == f"exit status {status}"
        assert str(caught.value) == "the file crashed its decoder"


async def test_a_decoder_that_hangs_up_and_goes_on_has_crashed(launcher, monkeypatch):
    monkeypatch.setattr("framecap.decoder.service.process.EXIT_GRACE", 0.1)
    with pytest.raises(DecoderCrashed):
        await capture(launcher, "shun")
    await assert_works(launcher)


async def test_a_decoder_that_breaks_the_rules_has_crashed(launcher):
    for text in AGAINST_THE_RULES:
        with pytest.raises(DecoderCrashed):
            await capture(launcher, text)
    await assert_works(launcher)


async def test_a_failure_of_the_file_is_finished_with_its_status(launcher):
    *_, last = await capture(launcher, "corrupt 3")
    assert last.finished.status.code == Code.FAILED_PRECONDITION
    assert last.finished.status.message == "nothing can be decoded"
    assert last.finished.captured_count == 3
    assert last.finished.read_bytes > 0


async def test_a_failure_after_the_summary_keeps_its_figures(launcher):
    *_, last = await capture(launcher, "sum_up")
    assert last.finished.status.code == Code.OUT_OF_RANGE
    assert last.finished.decoded_count == 1


async def test_a_lack_of_memory_is_the_files_doing(launcher):
    *_, last = await capture(launcher, "overflow")
    assert last.finished.status.code == Code.FAILED_PRECONDITION
    assert last.finished.status.message == "the file needs more memory than a capture may use"
