"""A wait that ends when its capture's place is taken back."""

from __future__ import annotations

import asyncio

import pytest

from framecap.errors import CaptureError, Draining
from framecap.revocation import Revocation, ended_by


def revocation() -> Revocation:
    return asyncio.get_running_loop().create_future()


async def test_a_revocation_ends_the_wait_with_its_error() -> None:
    revoked = revocation()
    error = Draining("The service is shutting down.")
    asyncio.get_running_loop().call_soon(revoked.set_result, error)
    with pytest.raises(Draining) as caught, ended_by(revoked):
        await asyncio.Event().wait()
    assert caught.value is error
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0
    await asyncio.sleep(0)


async def test_one_that_came_before_ends_the_next_wait() -> None:
    revoked = revocation()
    revoked.set_result(Draining("The service is shutting down."))
    with pytest.raises(Draining), ended_by(revoked):
        await asyncio.Event().wait()


async def test_one_that_comes_later_does_nothing() -> None:
    revoked = revocation()
    with ended_by(revoked):
        await asyncio.sleep(0)
    revoked.set_result(Draining("The service is shutting down."))
    await asyncio.sleep(0)
    await asyncio.sleep(0)


async def test_a_cancellation_by_others_has_precedence() -> None:
    revoked = revocation()
    raised: list[BaseException] = []

    async def wait() -> None:
        try:
            with ended_by(revoked):
                await asyncio.Event().wait()
        except (asyncio.CancelledError, CaptureError) as error:
            raised.append(error)
            raise

    task = asyncio.create_task(wait())
    await asyncio.sleep(0)
    revoked.set_result(Draining("The service is shutting down."))
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert [type(error) for error in raised] == [asyncio.CancelledError]
