"""Where the time of a capture goes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from threading import Lock, local
from time import monotonic_ns
from typing import TypeVar

from framecap.timebase import Nanoseconds

T = TypeVar("T")


class StageTimer:
    """Adds up time by stage, that of several threads too.

    Stages of one thread do not overlap: the inner one of two is what counts.
    """

    def __init__(self) -> None:
        self.times: dict[str, Nanoseconds] = {}
        self._lock = Lock()
        self._thread = local()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Counts the time inside the block as `name`, less what inner stages count."""
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
        """Yields `items`, counting the time it takes to produce them as `name`."""
        # A generator keeps what its variables name while it waits; this one keeps no item.
        box: list[T] = []
        while True:
            with self.stage(name):
                box.extend(islice(items, 1))
            if not box:
                return
            yield box.pop()
