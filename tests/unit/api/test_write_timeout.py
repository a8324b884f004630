"""One timer for many waits."""

from __future__ import annotations

import asyncio
import gc
import weakref

import pytest

from framecap.api.interceptors.write_timeout import WriteTimeout

SHORT = 0.1


async def test_waits_that_are_short_enough_are_left_alone():
    with WriteTimeout(SHORT) as timeout:
        for _ in range(10):
            with timeout.waiting():
                await asyncio.sleep(SHORT / 5)


async def test_time_between_waits_does_not_count():
    with WriteTimeout(SHORT) as timeout:
        for _ in range(3):
            with timeout.waiting():
                await asyncio.sleep(0)
            await asyncio.sleep(2 * SHORT)


async def test_a_long_wait_is_ended_and_the_task_goes_on():
    with WriteTimeout(SHORT) as timeout:
        with pytest.raises(TimeoutError), timeout.waiting():
            await asyncio.Event().wait()
        await asyncio.sleep(0)
        task = asyncio.current_task()
        assert task is not None
        assert task.cancelling() == 0


async def test_a_long_wait_after_short_ones_is_ended():
    with WriteTimeout(SHORT) as timeout:
        for _ in range(5):
            with timeout.waiting():
                await asyncio.sleep(SHORT / 3)
        with pytest.raises(TimeoutError), timeout.waiting():
            await asyncio.Event().wait()


async def test_anothers_cancellation_is_none_of_its_own():
    async def wait() -> None:
        with WriteTimeout(60) as timeout, timeout.waiting():
            await asyncio.Event().wait()

    task = asyncio.create_task(wait())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_timeout_around_it_has_its_way():
    with WriteTimeout(60) as timeout:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(SHORT):
                with timeout.waiting():
                    await asyncio.Event().wait()
        assert asyncio.current_task().cancelling() == 0


async def test_it_leaves_no_timer_that_knows_it():
    with WriteTimeout(3600) as timeout, timeout.waiting():
        await asyncio.sleep(0)
    known = weakref.ref(timeout)
    del timeout
    gc.collect()
    assert known() is None
