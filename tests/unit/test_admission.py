"""How many captures may be under way."""

from __future__ import annotations

import asyncio

import pytest

from framecap.admission import Admission, AdmissionLimits, Load
from framecap.errors import Draining, QueueFull


def admission(*, running: int, open: int, queue: int) -> Admission:
    return Admission(AdmissionLimits(running=running, open=open, queue=queue))


async def settled() -> None:
    """Returns once every task has come as far as it can."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_a_free_place_is_had_at_once_and_given_back() -> None:
    gate = admission(running=1, open=1, queue=0)
    for _ in range(3):
        with gate.enter() as place:
            assert not place.must_wait
            await place.start()
            assert gate.load == Load(queued=0, running=1, open=1)
        assert gate.load == Load(queued=0, running=0, open=0)


async def test_a_place_left_before_its_start_is_given_back() -> None:
    gate = admission(running=1, open=1, queue=1)
    with gate.enter():
        assert gate.load == Load(queued=1, running=0, open=0)
    assert gate.load == Load(queued=0, running=0, open=0)


async def test_a_full_queue_refuses_and_says_when_to_try_again() -> None:
    gate = admission(running=1, open=1, queue=1)
    with gate.enter() as place, gate.enter():
        await place.start()
        with pytest.raises(QueueFull) as caught:
            gate.enter()
    assert caught.value.retry_after_ms
    assert caught.value.metadata == {"open": "1", "queued": "1"}
    with gate.enter():
        assert gate.load.queued == 1


async def test_those_who_enter_at_the_same_moment_count_before_they_start() -> None:
    gate = admission(running=2, open=2, queue=0)
    with gate.enter(), gate.enter(), pytest.raises(QueueFull):
        gate.enter()


async def test_the_first_to_come_is_the_first_to_start() -> None:
    gate = admission(running=1, open=1, queue=9)
    order = []

    async def capture(number: int) -> None:
        with gate.enter() as place:
            await place.start()
            order.append(number)
            await asyncio.sleep(0)

    await asyncio.gather(*map(capture, range(5)))
    assert order == list(range(5))


async def test_one_who_pauses_lets_another_run_and_takes_a_place_again() -> None:
    gate = admission(running=1, open=2, queue=1)
    with gate.enter() as slow, gate.enter() as other:
        await slow.start()
        slow.pause()
        slow.pause()
        await other.start()
        assert gate.load == Load(queued=0, running=1, open=2)
        resumed = asyncio.ensure_future(slow.resume())
        await settled()
        assert not resumed.done()
        other.pause()
        await resumed
        assert gate.load == Load(queued=0, running=1, open=2)
        await slow.resume()
    assert gate.load == Load(queued=0, running=0, open=0)


async def test_the_open_limit_holds_while_all_are_paused() -> None:
    gate = admission(running=1, open=1, queue=1)
    with gate.enter() as slow, gate.enter() as other:
        await slow.start()
        slow.pause()
        assert other.must_wait
        waiting = asyncio.ensure_future(other.start())
        await settled()
        assert not waiting.done()
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    assert gate.load == Load(queued=0, running=0, open=0)


async def test_one_who_stops_waiting_takes_nothing_along() -> None:
    gate = admission(running=1, open=2, queue=2)
    with gate.enter() as first:
        await first.start()
        with gate.enter() as second:
            waiting = asyncio.ensure_future(second.start())
            await settled()
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
        assert gate.load == Load(queued=0, running=1, open=1)


async def test_draining_refuses_newcomers_and_keeps_those_inside() -> None:
    gate = admission(running=1, open=1, queue=1)
    with gate.enter() as place:
        gate.drain()
        await place.start()
        with pytest.raises(Draining) as caught:
            gate.enter()
        with pytest.raises(Draining):
            gate.check()
        assert caught.value.retry_after_ms
        assert gate.draining


async def test_revoking_ends_all_who_are_inside_and_no_others() -> None:
    gate = admission(running=1, open=1, queue=2)
    with gate.enter() as left:
        pass
    with gate.enter() as running, gate.enter() as waiting:
        await running.start()
        gate.revoke()
        gate.revoke()
        for place in (running, waiting):
            error = place.revoked.result()
            assert isinstance(error, Draining)
            assert error.retry_after_ms
        assert not left.revoked.done()
        with pytest.raises(Draining):
            gate.enter()
