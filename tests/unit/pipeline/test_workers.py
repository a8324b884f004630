"""Work in lanes: in order, by as many threads as are of use, and bounded in memory."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from threading import Barrier, Event, Lock
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framecap.pipeline import workers as module
from support.pipeline.working import PATIENCE_S, Segment, numbers, results, segment, workers


class TestOrder:
    @given(
        shape=st.lists(st.lists(st.booleans(), max_size=6), max_size=8),
        threads=st.integers(1, 4),
    )
    def test_results_come_in_the_order_of_lanes(
        self, shape: list[list[bool]], threads: int
    ) -> None:
        segments = (
            segment(*((n, k) if item else None for k, item in enumerate(items)))
            for n, items in enumerate(shape)
        )
        expected = [(n, k) for n, items in enumerate(shape) for k, item in enumerate(items) if item]
        assert results(workers(segments, threads=threads)) == expected

    def test_what_is_done_early_waits_for_its_turn(self) -> None:
        last_done = Event()

        def work(item: tuple[int, int]) -> tuple[int, int]:
            if item == (0, 1):
                assert last_done.wait(PATIENCE_S)
            if item == (2, 1):
                last_done.set()
            return item

        found = results(workers(numbers(3, 2), work))
        assert found == [(n, k) for n in range(3) for k in range(2)]

    @pytest.mark.parametrize("threads", [2, 4])
    def test_as_many_threads_work_as_asked_for(self, threads: int) -> None:
        together = Barrier(threads)
        lock = Lock()
        working = most = 0

        def work(item: tuple[int, int]) -> int:
            nonlocal working, most
            with lock:
                working += 1
                most = max(most, working)
            # The first one is made before other threads are worth their start.
            if item != (0, 0):
                together.wait(PATIENCE_S)
            with lock:
                working -= 1
            return threading.get_ident()

        first, *others = results(workers(numbers(2 * threads + 1, 1), work, threads=threads))
        assert first == threading.get_ident()
        assert len(set(others)) == threads
        assert most == threads

    @pytest.mark.parametrize("threads", [2, 3])
    def test_a_result_does_not_wait_for_other_work(self, threads: int) -> None:
        """Each is made only once the one before it was given."""
        given = [Event() for _ in range(12)]

        def work(item: tuple[int, int]) -> int:
            number = 3 * item[0] + item[1]
            assert number == 0 or given[number - 1].wait(PATIENCE_S)
            return number

        with workers(numbers(4, 3), work, threads=threads) as made:
            for result in made.results():
                if result is not None:
                    given[result].set()
        assert all(event.is_set() for event in given)

    def test_one_lane_of_many_items_is_shared(self) -> None:
        together = Barrier(2)

        def work(item: int) -> int:
            if item:
                together.wait(PATIENCE_S)
            return item

        assert results(workers(iter([segment(*range(9))]), work, threads=2)) == list(range(9))

    def test_lanes_run_side_by_side_before_the_first_item(self) -> None:
        second_begun = Event()

        def first() -> Iterator[Any]:
            while not second_begun.wait(0.01):
                yield None
            yield 0

        def second() -> Iterator[Any]:
            second_begun.set()
            yield 1

        segments: Iterator[Segment] = iter([first, second])
        assert results(workers(segments, threads=2)) == [0, 1]


class TestThreads:
    def test_a_single_item_starts_none(self) -> None:
        found = results(workers(iter([segment(None, 5, None)]), lambda _: threading.active_count()))
        assert found == [threading.active_count()]

    def test_one_thread_is_the_callers(self) -> None:
        found = results(
            workers(numbers(5, 3), lambda _: threading.current_thread().name, threads=1)
        )
        assert set(found) == {threading.current_thread().name}

    def test_without_threads_to_be_had_the_caller_does_the_work(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(self: threading.Thread) -> None:
            raise RuntimeError("can't start new thread")

        monkeypatch.setattr(module.Thread, "start", refuse)
        assert results(workers(numbers(4, 3))) == [(n, k) for n in range(4) for k in range(3)]


@dataclass
class Held:
    """Counts the bytes that items and results hold until they are taken."""

    sizes: dict[Any, int] = field(default_factory=dict)
    most: int = 0
    lock: Any = field(default_factory=Lock)

    def put(self, item: tuple[int, int], size: int) -> None:
        with self.lock:
            self.sizes[item] = size
            self.most = max(self.most, sum(self.sizes.values()))

    def take(self, item: tuple[int, int]) -> None:
        with self.lock:
            del self.sizes[item]


class TestBounds:
    BOUND = 1000
    ITEM = 130

    @pytest.fixture(autouse=True)
    def _bounds(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(module, "AHEAD_BYTES", (self.BOUND, self.BOUND))
        monkeypatch.setattr(module, "HEAD_BYTES", self.BOUND)

    def made(self, held: Held, segments: Iterator[Segment], threads: int) -> Any:
        def work(item: tuple[int, int]) -> tuple[int, int]:
            held.put(item, self.ITEM)
            return item

        return workers(segments, work, size=lambda _: self.ITEM, threads=threads)

    @pytest.mark.parametrize("threads", [1, 2, 4])
    def test_what_is_held_is_bounded(self, threads: int) -> None:
        held = Held()
        with self.made(held, numbers(30, 20), threads) as made:
            for result in made.results():
                if result is not None:
                    held.take(result)
        assert held.most <= 2 * self.BOUND + (threads + 1) * self.ITEM

    def test_lanes_ahead_share_one_bound(self) -> None:
        """Whichever of them was filled first: here the last, while others gave nothing."""
        held = Held()
        full = Event()

        def waits(number: int) -> Iterator[Any]:
            while not full.is_set():
                # As many items as can be had of the lane behind this one.
                full.wait(0.02)
                if len([n for n, _ in held.sizes if n == 3]) * self.ITEM >= self.BOUND:
                    full.set()
                yield None
            for k in range(20):
                yield (number, k)

        behind = (lambda: iter([(3, k) for k in range(20)]),)
        segments = [*(lambda n=n: waits(n) for n in range(3)), *behind]
        with self.made(held, iter(segments), 4) as made:
            for result in made.results():
                if result is not None:
                    held.take(result)
        assert full.is_set()
        assert held.most <= 2 * self.BOUND + 5 * self.ITEM

    def test_a_slow_consumer_stops_the_work(self) -> None:
        worked = 0

        def work(item: Any) -> Any:
            nonlocal worked
            worked += 1
            return item

        endless = (lambda: iter(range(10)) for _ in count())
        with workers(endless, work, size=lambda _: self.ITEM) as made:
            found = (result for result in made.results() if result is not None)
            next(found)
            seen = -1
            settled = Event()
            # Nobody takes anything: the threads do what fits, and then no more.
            while worked != seen:
                seen = worked
                settled.wait(0.1)
            assert worked * self.ITEM <= 2 * self.BOUND + 4 * self.ITEM

    def test_an_item_larger_than_any_bound_passes(self) -> None:
        found = results(workers(numbers(4, 3), size=lambda _: 10 * self.BOUND))
        assert found == [(n, k) for n in range(4) for k in range(3)]
