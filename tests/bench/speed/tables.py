"""Figures as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bench.speed.ratios import Spread


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Returns a table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def ratio(value: float) -> str:
    """Returns a ratio, with as many digits as mean something."""
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:.0f}"


def spread(found: Spread) -> str:
    """Returns a median with the least and the most beside it."""
    if found.least == found.most:
        return ratio(found.median)
    return f"{ratio(found.median)} ({ratio(found.least)} to {ratio(found.most)})"


def seconds(value: float) -> str:
    """Returns a time in seconds."""
    return f"{value:.3f}" if value < 1 else f"{value:.2f}" if value < 10 else f"{value:.1f}"
