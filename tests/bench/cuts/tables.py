"""Markdown tables of what was measured."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bench.cuts.scoring import Score


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Returns a table; numbers stand right."""
    lines = [head, ["---", *("--:" for _ in head[1:])], *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def three(score: Score) -> tuple[str, str, str]:
    """Returns precision, recall and F1."""
    return f"{score.precision:.3f}", f"{score.recall:.3f}", f"{score.f1:.3f}"


def percent(share: float) -> str:
    """Returns a share in percent."""
    return f"{100 * share:.1f} %"
