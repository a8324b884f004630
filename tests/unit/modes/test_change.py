"""Frames where the picture changes, against the contract's sentences done one by one."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framecap.model.spec import ChangeReference, ChangeSelection
from framecap.modes.change import ChangeMode
from framecap.modes.selectors.compared import ComparedSelector, RankedSelector, Ranking
from framecap.modes.selectors.every import EveryFrameSelector
from framecap.timebase import Clock
from support.modes.frames import frames, picks

CLOCK = Clock(time_base=Fraction(1), zero=Fraction(0))
hashes_lists = st.lists(st.sampled_from([0, 1, 3, 7, 0xFF, 0xFFFF, 2**64 - 1]), max_size=20)


def differing(first: int, second: int) -> int:
    return (first ^ second).bit_count()


def selector_over(
    hashes: Sequence[int],
    threshold: int,
    reference: ChangeReference = ChangeReference.PREVIOUS_SAMPLE,
) -> ComparedSelector:
    selection = ChangeSelection(threshold=threshold, reference=reference)
    return ComparedSelector(
        EveryFrameSelector(CLOCK, start=0, end=None),
        lambda frame: hashes[frame.pts],
        ChangeMode().comparison(selection),
    )


@given(hashes_lists, st.integers(0, 100))
def test_a_sample_passes_above_the_threshold(hashes: list[int], threshold: int) -> None:
    expected = []
    for k, dhash in enumerate(hashes):
        bits = 64 if k == 0 else differing(dhash, hashes[k - 1])
        if k == 0 or Fraction(100 * bits, 64) > threshold:
            expected.append((k, bits))
    found = picks(selector_over(hashes, threshold), frames(range(len(hashes)), len(hashes)))
    assert [(pick.frame.pts, pick.changed_bits) for pick in found] == expected
    assert [pick.dhash for pick in found] == [hashes[k] for k, _ in expected]


@given(hashes_lists, st.integers(0, 100))
def test_deduplication_compares_with_the_last_captured(hashes: list[int], threshold: int) -> None:
    expected: list[tuple[int, int]] = []
    for k, dhash in enumerate(hashes):
        bits = 64 if not expected else differing(dhash, hashes[expected[-1][0]])
        if not expected or Fraction(100 * bits, 64) > threshold:
            expected.append((k, bits))
    selector = selector_over(hashes, threshold, ChangeReference.LAST_CAPTURED)
    found = picks(selector, frames(range(len(hashes)), len(hashes)))
    assert [(pick.frame.pts, pick.changed_bits) for pick in found] == expected
    assert selector.sampled == len(hashes)


@given(hashes_lists, st.integers(0, 60), st.integers(1, 6))
def test_the_largest_changes_win_and_of_equals_the_earlier(
    hashes: list[int], threshold: int, limit: int
) -> None:
    offered = frames(range(len(hashes)), len(hashes))
    passing = picks(selector_over(hashes, threshold), offered)
    best = sorted(passing, key=lambda pick: (-(pick.changed_bits or 0), pick.frame.pts))[:limit]
    expected = sorted(pick.frame.pts for pick in best)
    ranking = Ranking(limit)
    for pick in passing:
        ranking.add(pick)
    again = picks(RankedSelector(ranking.samples()), offered)
    assert [pick.frame.pts for pick in again] == expected
    facts = {
        pick.frame.pts: (pick.dhash, pick.changed_bits, pick.requested_time) for pick in passing
    }
    assert [(p.dhash, p.changed_bits, p.requested_time) for p in again] == [
        facts[pts] for pts in expected
    ]


@pytest.mark.parametrize("threshold", [0, 99, 100])
def test_the_first_sample_always_passes(threshold: int) -> None:
    found = picks(selector_over([5], threshold), frames([0], 1))
    assert [pick.changed_bits for pick in found] == [64]
