"""What selectors have in common, one row a selector."""

from __future__ import annotations

from fractions import Fraction

import pytest

from framecap.model.grid import ListedGrid
from framecap.model.spec import ChangeSelection
from framecap.modes.change import ChangeMode
from framecap.modes.selectors.compared import ComparedSelector, RankedSelector
from framecap.modes.selectors.every import EveryFrameSelector, KeyframeSelector
from framecap.modes.selectors.instants import InstantSelector
from framecap.modes.selectors.selector import Selector
from framecap.timebase import Clock
from support.modes.frames import frames, picks

CLOCK = Clock(time_base=Fraction(1), zero=Fraction(0))


def every() -> EveryFrameSelector:
    return EveryFrameSelector(CLOCK, start=0, end=None)


def keyframes() -> KeyframeSelector:
    return KeyframeSelector(CLOCK, start=0, end=None)


def compared(samples: Selector) -> ComparedSelector:
    return ComparedSelector(
        samples, lambda frame: frame.pts, ChangeMode().comparison(ChangeSelection())
    )


@pytest.mark.parametrize(
    ("selector", "needs_next", "sampled"),
    [
        pytest.param(every(), True, 0, id="every frame: the one at the start"),
        pytest.param(
            InstantSelector(ListedGrid((0,)), CLOCK), True, 0, id="instants: the one at each"
        ),
        pytest.param(keyframes(), False, 0, id="keyframes: whenever they come"),
        pytest.param(compared(every()), True, 3, id="compared: as its samples do"),
        pytest.param(compared(keyframes()), False, 0, id="compared keyframes: as keyframes do"),
        pytest.param(RankedSelector([]), False, 0, id="ranked: those of the first pass only"),
    ],
)
def test_what_a_selector_needs_and_counts(
    selector: Selector, needs_next: bool, sampled: int
) -> None:
    picks(selector, frames([0, 1, 2], 3))
    assert (selector.needs_next, selector.sampled) == (needs_next, sampled)
