"""Work in lanes that fails, is left early or hangs: every error in its turn, nothing left."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from itertools import count
from threading import Barrier, Event
from typing import Any

import pytest

from framecap.pipeline import workers as module
from support.pipeline.working import PATIENCE_S, Segment, numbers, results, segment, workers


class Broken(Exception):
    """What a test raises."""


class TestErrors:
    def collect(self, made: Any) -> tuple[list[Any], BaseException | None]:
        found = []
        with made:
            try:
                for result in made.results():
                    if result is not None:
                        found.append(result)
            except Broken as error:
                return found, error
        return found, None

    @pytest.mark.parametrize("threads", [1, 2, 4])
    @pytest.mark.parametrize("where", ["lane", "work", "size", "segments", "start of a lane"])
    def test_errors_come_after_the_results_before_them(self, where: str, threads: int) -> None:
        def broken_lane() -> Iterator[Any]:
            yield (2, 0)
            raise Broken

        def broken_start() -> Iterator[Any]:
            raise Broken

        def segments() -> Iterator[Segment]:
            yield from numbers(2, 3)
            if where == "segments":
                raise Broken
            if where == "start of a lane":
                yield broken_start
            yield broken_lane if where == "lane" else segment((2, 0), (2, 1), (2, 2))
            yield from (segment((9, 9)) for _ in range(3))

        def work(item: tuple[int, int]) -> tuple[int, int]:
            if where == "work" and item == (2, 1):
                raise Broken
            return item

        def size(item: tuple[int, int]) -> int:
            if where == "size" and item == (2, 1):
                raise Broken
            return 1

        made = workers(segments(), work, size=size, threads=threads)
        found, error = self.collect(made)
        before = [(n, k) for n in range(2) for k in range(3)]
        expected = before if where in ("segments", "start of a lane") else [*before, (2, 0)]
        assert isinstance(error, Broken)
        assert found == expected

    def test_an_error_ahead_waits_for_its_turn(self) -> None:
        raised = Event()

        def fails() -> Iterator[Any]:
            raised.set()
            raise Broken
            yield

        def work(item: Any) -> Any:
            assert item == 0 or raised.wait(PATIENCE_S)
            return item

        segments: Iterator[Segment] = iter([segment(0, 1), fails])
        found, error = self.collect(workers(segments, work, threads=2))
        assert (found, type(error)) == ([0, 1], Broken)


class TestClosing:
    def test_lanes_are_closed_where_they_stand(self) -> None:
        open_segments = set()
        closed: list[int] = []

        def steps(number: int) -> Iterator[int]:
            open_segments.add(number)
            try:
                while True:
                    yield number
            finally:
                closed.append(number)

        def segments() -> Iterator[Segment]:
            try:
                yield from (partial(steps, number) for number in count())
            finally:
                closed.append(-1)

        with workers(segments(), size=lambda _: 1 << 20) as made:
            next(result for result in made.results() if result is not None)
        assert sorted(closed) == sorted({-1, *open_segments})

    def test_threads_at_work_end(self) -> None:
        caller = threading.current_thread()
        working = Event()
        closing = Event()

        def work(item: Any) -> Any:
            if threading.current_thread() is not caller:
                working.set()
                assert closing.wait(PATIENCE_S)
            else:
                # The other thread must get its turn.
                working.wait(0.001)
            return item

        made = workers(numbers(1000, 5), work, threads=2)
        for _ in made.results():
            if working.is_set():
                break
        assert working.is_set()
        closer = threading.Thread(target=made.close)
        closer.start()
        closing.set()
        closer.join(PATIENCE_S)
        assert not closer.is_alive()

    def test_an_endless_way_may_be_left_early(self) -> None:
        endless = (segment(n) for n in count())
        with workers(endless) as made:
            found = (result for result in made.results() if result is not None)
            assert [next(found) for _ in range(5)] == [0, 1, 2, 3, 4]

    def test_close_before_and_twice(self) -> None:
        made = workers(numbers(3, 3))
        made.close()
        made.close()

    def test_an_abandoned_iteration_inside_a_generator_ends_the_threads(self) -> None:
        def inside() -> Iterator[Any]:
            with workers(numbers(100, 10)) as made:
                yield from made.results()

        iteration = inside()
        next(iteration)
        iteration.close()  # type: ignore[attr-defined]


class TestSilence:
    def test_none_is_given_only_when_something_happened(self) -> None:
        """A thread that hangs must not look like progress to whoever watches."""
        caller = threading.current_thread()
        together = Barrier(2)
        hanging = Event()
        release = Event()

        def work(item: int) -> int:
            if item:
                together.wait(PATIENCE_S)
                if threading.current_thread() is not caller:
                    hanging.set()
                    assert release.wait(PATIENCE_S)
            return item

        def unhang() -> None:
            assert hanging.wait(PATIENCE_S)
            # Several times as long as the caller waits before it looks around.
            Event().wait(4 * module._WAIT_SECONDS)
            release.set()

        timer = threading.Thread(target=unhang)
        timer.start()
        found = []
        nothing = 0
        with workers(iter([segment(0, 1, 2)]), work, threads=2) as made:
            for result in made.results():
                if result is not None:
                    found.append(result)
                elif hanging.is_set() and not release.is_set():
                    nothing += 1
        timer.join()
        assert found == [0, 1, 2]
        # The other image is made, the lane ends, and no other begins.
        assert nothing <= 3

    def test_lanes_without_items_tell_that_they_are_stepped(self) -> None:
        with workers(iter([lambda: iter([None] * 3)] * 4), threads=1) as made:
            assert set(made.results()) == {None}

    def test_no_lanes_at_all(self) -> None:
        assert results(workers(iter(()))) == []
