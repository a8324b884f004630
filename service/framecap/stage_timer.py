"""Measures the time of a capture by stage."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock, local
from time import monotonic_ns
from typing import Any, Final, TypeVar

from framecap.timebase import Nanoseconds

T = TypeVar("T")

_END: Final[Any] = object()


class StageTimer:
    """Adds up time by stage, over all threads.

    Stages of one thread do not overlap: the time of an inner stage does not count for the outer.
    """

    def __init__(self) -> None:
        self.times: dict[str, Nanoseconds] = {}
        self._lock = Lock()
        self._thread = local()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Adds the time inside the block to `name`, without the time of inner stages."""
        thread = self._thread
        outer = getattr(thread, "inner", 0)
        thread.inner = 0
        began = monotonic_ns()
        try:
            yield
        finally:
            spent = monotonic_ns() - began
            with self._lock:
                self.times[name] = self.times.get(name, 0) + spent - thread.inner
            thread.inner = outer + spent

    def each(self, name: str, items: Iterator[T]) -> Iterator[T]:
        """Yields `items`, adding the time it takes to produce them to `name`."""
        while True:
            with self.stage(name):
                item = next(items, _END)
            if item is _END:
                return
            yield item
