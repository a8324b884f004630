"""The way from the work to the client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest

from framecap.back_pressure import with_back_pressure
from framecap.errors import Draining
from framecap.revocation import Revocation

LONG = 3600.0


class Client:
    """Counts the pauses that a slow client causes."""

    def __init__(
        self, work: AsyncGenerator[int], *, wait_seconds: float, pause_after: float
    ) -> None:
        self.told: list[str] = []
        self.items = with_back_pressure(
            work,
            wait_seconds=lambda: wait_seconds,
            pause_after=pause_after,
            pause=lambda: self.told.append("pause"),
            resume=self._resume,
        )

    async def _resume(self) -> None:
        self.told.append("resume")


class Work:
    """Yields numbers, and knows how far it is and whether it was closed."""

    def __init__(self, count: int) -> None:
        self.made = 0
        self.closed = False
        self._count = count

    async def items(self) -> AsyncGenerator[int]:
        try:
            for number in range(self._count):
                self.made = number + 1
                yield number
        finally:
            await asyncio.sleep(0)
            self.closed = True


async def settled() -> None:
    """Returns once every task has come as far as it can."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_everything_arrives_in_order() -> None:
    work = Work(100)
    client = Client(work.items(), wait_seconds=LONG, pause_after=LONG)
    assert [item async for item in client.items] == list(range(100))
    assert work.closed
    assert client.told == []


async def test_the_work_is_never_more_than_two_items_ahead() -> None:
    work = Work(100)
    client = Client(work.items(), wait_seconds=LONG, pause_after=LONG)
    async with aclosing(client.items) as items:
        async for item in items:
            await settled()
            assert item is not None
            # One waits to be taken, the next waits for room.
            assert work.made <= item + 3


async def test_a_slow_client_pauses_the_work_and_resumes_it() -> None:
    client = Client(Work(4).items(), wait_seconds=LONG, pause_after=0.01)
    async with aclosing(client.items) as items:
        assert await anext(items) == 0
        while client.told != ["pause"]:
            await asyncio.sleep(0.005)
        assert await anext(items) == 1
        while client.told != ["pause", "resume", "pause"]:
            await asyncio.sleep(0.005)


async def test_silence_is_broken() -> None:
    release = asyncio.Event()

    async def silent() -> AsyncGenerator[int]:
        await release.wait()
        yield 1

    client = Client(silent(), wait_seconds=0.01, pause_after=LONG)
    assert await anext(client.items) is None
    assert await anext(client.items) is None
    release.set()
    rest = [item async for item in client.items]
    assert [item for item in rest if item is not None] == [1]


async def test_a_failure_arrives_after_what_came_before_it() -> None:
    async def failing() -> AsyncGenerator[int]:
        yield 1
        raise ValueError("broken")

    client = Client(failing(), wait_seconds=LONG, pause_after=LONG)
    assert await anext(client.items) == 1
    with pytest.raises(ValueError, match="broken"):
        await anext(client.items)


async def test_closing_closes_the_work_first() -> None:
    work = Work(100)
    client = Client(work.items(), wait_seconds=LONG, pause_after=LONG)
    assert await anext(client.items) == 0
    await client.items.aclose()
    assert work.closed


async def test_cancelling_the_client_closes_the_work() -> None:
    ended = asyncio.Event()

    async def silent() -> AsyncGenerator[int]:
        try:
            yield 1
            await asyncio.Event().wait()
        finally:
            ended.set()

    client = Client(silent(), wait_seconds=LONG, pause_after=LONG)

    async def read() -> None:
        async with aclosing(client.items) as items:
            async for _ in items:
                pass

    task = asyncio.create_task(read())
    await settled()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended.is_set()


async def test_revoked_work_ends_at_once_and_what_it_yielded_arrives() -> None:
    work = Work(100)
    revoked: Revocation = asyncio.get_running_loop().create_future()

    async def resume() -> None:
        pass

    items = with_back_pressure(
        work.items(),
        wait_seconds=lambda: LONG,
        pause_after=LONG,
        pause=lambda: None,
        resume=resume,
        revoked=revoked,
    )
    arrived = [await anext(items)]
    await settled()
    revoked.set_result(Draining("The service is shutting down."))
    await settled()
    assert work.closed, "although the client does not read"
    with pytest.raises(Draining):
        async for item in items:
            arrived.append(item)
    assert arrived == list(range(work.made))
    assert work.made < 100


async def test_work_that_is_done_is_not_revoked() -> None:
    work = Work(2)
    revoked: Revocation = asyncio.get_running_loop().create_future()

    async def resume() -> None:
        pass

    items = with_back_pressure(
        work.items(),
        wait_seconds=lambda: LONG,
        pause_after=LONG,
        pause=lambda: None,
        resume=resume,
        revoked=revoked,
    )
    arrived = [await anext(items)]
    await settled()
    arrived.append(await anext(items))
    await settled()
    revoked.set_result(Draining("The service is shutting down."))
    arrived += [item async for item in items]
    assert arrived == [0, 1]
