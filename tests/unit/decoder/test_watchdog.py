"""The clock of a decoder that is waited for, moved by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from framecap.decoder.watchdog import Stalled, Watchdog


@pytest.fixture
async def let_pass(monkeypatch) -> Callable[[float], None]:
    """Moves the loop's clock, which stands still otherwise."""
    loop = asyncio.get_running_loop()
    now = [loop.time()]

    def move(seconds: float) -> None:
        now[0] += seconds

    monkeypatch.setattr(loop, "time", lambda: now[0])
    return move


async def wait(watchdog: Watchdog, let_pass: Callable[[float], None], seconds: float) -> None:
    """Waits for something that takes `seconds`."""
    async with watchdog.waiting():
        let_pass(seconds)
        for _ in range(3):
            await asyncio.sleep(0)


async def test_a_short_wait_is_allowed(let_pass):
    await wait(Watchdog(10), let_pass, 9.9)


async def test_a_long_wait_is_a_stall(let_pass):
    with pytest.raises(Stalled):
        await wait(Watchdog(10), let_pass, 10.1)


async def test_waits_without_progress_add_up(let_pass):
    watchdog = Watchdog(10)
    await wait(watchdog, let_pass, 6)
    with pytest.raises(Stalled):
        await wait(watchdog, let_pass, 6)


async def test_progress_winds_the_clock_up(let_pass):
    watchdog = Watchdog(10)
    for _ in range(5):
        await wait(watchdog, let_pass, 6)
        watchdog.progressed()


async def test_the_clock_stands_still_outside_a_wait(let_pass):
    watchdog = Watchdog(10)
    for _ in range(5):
        await wait(watchdog, let_pass, 1.9)
        let_pass(1000)


async def test_a_timeout_of_what_is_waited_for_is_no_stall(let_pass):
    with pytest.raises(TimeoutError):
        async with Watchdog(10).waiting():
            raise TimeoutError


async def test_a_cancelled_wait_is_cancelled(let_pass):
    task = asyncio.create_task(wait(Watchdog(10), let_pass, 1))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_the_clock_stands_still_while_it_is_held(let_pass):
    watchdog = Watchdog(10)
    with watchdog.held():
        await wait(watchdog, let_pass, 60)
    await wait(watchdog, let_pass, 9)
    with pytest.raises(Stalled):
        await wait(watchdog, let_pass, 2)


async def test_a_wait_that_has_begun_is_held_too_and_goes_on_after_the_last_hold(let_pass):
    watchdog = Watchdog(10)
    with pytest.raises(Stalled):
        async with watchdog.waiting():
            let_pass(6)
            with watchdog.held(), watchdog.held():
                let_pass(60)
                await asyncio.sleep(0)
            let_pass(3)
            await asyncio.sleep(0)
            let_pass(2)
            for _ in range(3):
                await asyncio.sleep(0)
            pytest.fail("it went on")
