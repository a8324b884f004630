"""Where the time of a capture goes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic_ns
from typing import TypeVar

from framecap.timebase import Nanoseconds

T = TypeVar("T")


class Stopwatch:
    """Adds up time by stage. Stages do not overlap: the inner one of two is what counts."""

    def __init__(self) -> None:
        self.times: dict[str, Nanoseconds] = {}
        self._inner: Nanoseconds = 0

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Counts the time inside the block as `name`, less what inner stages count."""
        outer, self._inner = self._inner, 0
        began = monotonic_ns()
        try:
            yield
        finally:
            spent = monotonic_ns() - began
            self.times[name] = self.times.get(name, 0) + spent - self._inner
            self._inner = outer + spent

    def each(self, name: str, items: Iterator[T]) -> Iterator[T]:
        """Yields `items`, counting the time it takes to produce them as `name`."""
        end = object()
        while True:
            with self.stage(name):
                item = next(items, end)
            if item is end:
                return
            yield item  # type: ignore[misc]  # the sentinel has returned
