"""Made-up work in lanes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from framecap.model.media import CERTAIN
from framecap.pipeline.lanes import LaneWorkers

PATIENCE_S = 20.0
"""How long to wait for what must come, before saying that it does not."""

Lane = Callable[[], Iterator[Any]]


def lane(*items: Any) -> Lane:
    return lambda: iter(items)


def numbers(lanes: int, items: int) -> Iterator[Lane]:
    """Yields lanes of (lane, item) pairs, each behind a step without an item."""
    for number in range(lanes):
        yield lane(*(step for k in range(items) for step in (None, (number, k))))


def workers(lanes: Iterator[Lane], work: Any = lambda item: item, **options: Any) -> Any:
    settings = {"size": lambda _: 1, "proof": lambda _: CERTAIN, "threads": 3, **options}
    return LaneWorkers(lanes, work, **settings)


def results(made: Any) -> list[Any]:
    with made:
        return [result for result in made.results() if result is not None]
