"""The time in which a write must end."""

from __future__ import annotations

import asyncio
import socket
import time

import pytest

from framecap.sink.terms import DIRECT, NotInTime, WriteTerms


async def test_a_direct_capture_has_no_bound() -> None:
    async with DIRECT.in_time():
        await asyncio.sleep(0)


async def test_nothing_begins_without_time() -> None:
    with pytest.raises(NotInTime):
        async with WriteTerms(seconds_left=lambda: 0).in_time():
            pytest.fail("the block begins")
    task = asyncio.current_task()
    assert task is not None
    assert not task.cancelling()


async def test_the_time_may_grow() -> None:
    left = [0.01, 0.01, 0.01, 0.0]
    with pytest.raises(NotInTime):
        async with WriteTerms(seconds_left=lambda: left.pop(0)).in_time():
            await asyncio.Event().wait()
    assert left == []
    await asyncio.sleep(0)


async def test_what_ends_in_time_is_not_cancelled_later() -> None:
    looks = []
    async with WriteTerms(seconds_left=lambda: looks.append(1) or 0.01).in_time():
        pass
    before = len(looks)
    await asyncio.sleep(0.03)
    assert len(looks) == before


async def test_a_cancellation_from_elsewhere_stays_one() -> None:
    async def write() -> None:
        async with WriteTerms(seconds_left=lambda: 100).in_time():
            await asyncio.Event().wait()

    writing = asyncio.create_task(write())
    await asyncio.sleep(0)
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing


async def test_an_error_of_the_block_is_raised() -> None:
    with pytest.raises(KeyError):
        async with WriteTerms(seconds_left=lambda: 100).in_time():
            raise KeyError


async def test_a_process_that_was_stopped_sends_nothing_more() -> None:
    ours, theirs = socket.socketpair()
    loop = asyncio.get_running_loop()
    answered = loop.create_future()
    sent = []
    end = time.monotonic() + 0.01

    async def write() -> None:
        async with WriteTerms(seconds_left=lambda: end - time.monotonic()).in_time():
            await answered
            sent.append("the next request")

    with ours, theirs:
        loop.add_reader(ours, lambda: answered.done() or answered.set_result(ours.recv(1)))
        writing = asyncio.create_task(write())
        await asyncio.sleep(0)
        theirs.send(b"x")
        # As after a stop of the process, the answer and the end are due in the same turn.
        time.sleep(0.02)
        with pytest.raises(NotInTime):
            await writing
        loop.remove_reader(ours)
    assert sent == []
