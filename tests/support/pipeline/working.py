"""Made-up work in lanes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from framecap.model.media import CERTAIN
from framecap.pipeline.workers import SegmentWorkers

PATIENCE_S = 20.0
"""How long to wait for what must come, before saying that it does not."""

Segment = Callable[[], Iterator[Any]]


def segment(*items: Any) -> Segment:
    return lambda: iter(items)


def numbers(segments: int, items: int) -> Iterator[Segment]:
    """Yields lanes of (lane, item) pairs, each behind a step without an item."""
    for number in range(segments):
        yield segment(*(step for k in range(items) for step in (None, (number, k))))


def workers(segments: Iterator[Segment], work: Any = lambda item: item, **options: Any) -> Any:
    settings = {"size": lambda _: 1, "confirmation": lambda _: CERTAIN, "threads": 3, **options}
    return SegmentWorkers(segments, work, **settings)


def results(made: Any) -> list[Any]:
    with made:
        return [result for result in made.results() if result is not None]
