"""The states of the workers: no other transition than those that are written down."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from enum import Enum
from itertools import pairwise, product

import pytest

from framecap.pipeline.entries import Entry, StartedSegment
from framecap.pipeline.states import (
    TRANSITIONS,
    Beginning,
    CallerRole,
    EntryState,
    IllegalTransition,
    PassState,
    SegmentState,
    entered,
)
from framecap.pipeline.workers import SegmentWorkers
from support.pipeline.working import PATIENCE_S, numbers, results, segment, workers

ROWS: dict[str, type[Enum]] = {
    "segment": SegmentState,
    "item": EntryState,
    "segments": Beginning,
    "caller": CallerRole,
    "pass": PassState,
}
"""The rows of the docstring of `SegmentWorkers`."""


def written_down() -> Iterator[tuple[Enum, Enum]]:
    """Yields the transitions in the docstring of `SegmentWorkers`."""
    for line in (SegmentWorkers.__doc__ or "").splitlines():
        row, _, chain = line.strip().partition("  ")
        if "→" not in chain:
            continue
        steps = [re.findall("[A-Z]+", step) for step in chain.split("`")[0].split("→")]
        for before, after in pairwise(steps):
            yield from product((ROWS[row][name] for name in before), (ROWS[row][n] for n in after))


def test_the_docstring_has_the_transitions_that_are_allowed() -> None:
    allowed = {(state, after) for state, states in TRANSITIONS.items() for after in states}
    assert set(written_down()) == allowed


@pytest.mark.parametrize("kind", ROWS.values())
def test_each_other_transition_is_refused(kind: type[Enum]) -> None:
    for state, after in product(kind, kind):
        if after in TRANSITIONS.get(state, ()):
            assert entered(state, after) is after
        else:
            with pytest.raises(IllegalTransition):
                entered(state, after)


def test_every_state_but_the_first_can_be_entered() -> None:
    reachable = {after for states in TRANSITIONS.values() for after in states}
    for kind in ROWS.values():
        first, *others = kind
        assert set(others) <= reachable
        assert first in TRANSITIONS


def test_an_item_is_worked_on_once() -> None:
    entry: Entry[int, int] = Entry(StartedSegment(0, iter(())), item=5)
    entry.start()
    assert entry.take() == 5
    with pytest.raises(IllegalTransition):
        entry.start()
    entry.result = 7
    entry.finish(size=3)
    assert (entry.done, entry.value(), entry.segment.held) == (True, 7, 3)
    with pytest.raises(IllegalTransition):
        entry.finish(size=3)


def test_an_item_is_not_done_before_its_work() -> None:
    entry: Entry[int, int] = Entry(StartedSegment(0, iter(())), item=5)
    with pytest.raises(IllegalTransition):
        entry.finish(size=1)


def test_a_segment_has_one_thread() -> None:
    started: StartedSegment[int, int] = StartedSegment(0, iter(()))
    started.enter(SegmentState.STEPPING)
    with pytest.raises(IllegalTransition):
        started.enter(SegmentState.STEPPING)
    started.enter(SegmentState.ENDED)
    assert started.over
    with pytest.raises(IllegalTransition):
        started.enter(SegmentState.STEPPING)


def test_the_caller_leaves_the_work_once_there_are_threads() -> None:
    caller = threading.current_thread()

    def work(item: int) -> int:
        # The threads must not have done everything before the caller's next turn.
        give_up = time.monotonic() + PATIENCE_S
        while threading.current_thread() is not caller and made._caller is CallerRole.WORKER:
            assert time.monotonic() < give_up
            time.sleep(0.001)
        return item

    made = workers(numbers(6, 4), work, threads=3)
    assert made._caller is CallerRole.WORKER
    assert len(results(made)) == 24
    assert made._caller is CallerRole.CONSUMER
    assert made._beginning is Beginning.EXHAUSTED


def test_a_single_item_leaves_the_work_to_the_caller() -> None:
    made = workers(iter([segment(1)]))
    assert results(made) == [1]
    assert made._caller is CallerRole.WORKER


def test_workers_may_be_closed_again() -> None:
    made = workers(numbers(2, 2))
    made.close()
    made.close()
    assert made._state is PassState.CLOSED
