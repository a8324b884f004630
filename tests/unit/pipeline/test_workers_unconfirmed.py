"""Work in lanes that may take back what they gave: only what is certain is given on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from threading import Event
from typing import Any

import pytest

from framecap.media.decoding.confirmation import Confirmations
from framecap.model.media import Confirmation
from framecap.pipeline import workers as module
from support.pipeline.working import PATIENCE_S, workers


class Broken(Exception):
    """What a test raises."""


@dataclass(eq=False)
class Thing:
    """An item with its proof."""

    number: int
    confirmation: Confirmation = field(default_factory=Confirmation)


def number_of(thing: Thing) -> int:
    return thing.number


def proof_of(thing: Thing) -> Confirmation:
    return thing.confirmation


def given(
    segments: list[Any], threads: int, work: Any = number_of, **options: Any
) -> tuple[list[int], bool]:
    """Returns the numbers of what was given, and whether a lane failed in the end."""
    found = []
    made = workers(iter(segments), work, confirmation=proof_of, threads=threads, **options)
    with made:
        try:
            for result in made.results():
                if result is not None:
                    found.append(result)
        except Broken:
            return found, True
    return found, False


@pytest.mark.parametrize("threads", [1, 2, 4])
class TestLanesInDoubt:
    def test_what_a_lane_did_not_prove_before_it_failed_is_not_given(self, threads: int) -> None:
        def segment() -> Iterator[Thing]:
            things = [Thing(n) for n in range(5)]
            for thing in things:
                yield thing
                if thing.number >= 2:
                    things[thing.number - 2].confirmation.given = True
            raise Broken

        assert given([segment, lambda: iter([Thing(9)])], threads) == ([0, 1, 2], True)

    def test_nothing_is_proven(self, threads: int) -> None:
        def segment() -> Iterator[Thing]:
            yield Thing(0)
            raise Broken

        assert given([segment], threads) == ([], True)

    def test_a_lane_that_ends_well_needs_no_proof(self, threads: int) -> None:
        segments = [lambda k=k: iter([Thing(2 * k), Thing(2 * k + 1)]) for k in range(5)]
        assert given(segments, threads) == (list(range(10)), False)

    def test_an_error_of_the_work_on_what_is_taken_back_is_none(self, threads: int) -> None:
        """The picture that could not be made was none of the video."""

        def segment() -> Iterator[Thing]:
            yield Thing(0, Confirmation(given=True))
            yield Thing(1)
            raise Broken

        def work(thing: Thing) -> int:
            if thing.number == 1:
                raise ValueError("no picture")
            return thing.number

        assert given([segment], threads, work=work) == ([0], True)

    def test_what_fails_ahead_is_taken_back_in_its_turn(self, threads: int) -> None:
        def ahead() -> Iterator[Thing]:
            yield Thing(10, Confirmation(given=True))
            yield Thing(11)
            raise Broken

        def head() -> Iterator[Thing]:
            for number in range(10):
                yield Thing(number)

        assert given([head, ahead], threads) == ([*range(11)], True)

    def test_doubt_larger_than_any_bound_is_settled(
        self, threads: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(module, "HEAD_BYTES", 10)
        monkeypatch.setattr(module, "AHEAD_BYTES", (10, 10))

        def segment(first: int) -> Iterator[Thing]:
            confirmations = Confirmations(2)
            for number in range(first, first + 6):
                yield Thing(number, confirmations.of_next())

        segments = [lambda k=k: segment(6 * k) for k in range(3)]
        assert given(segments, threads, size=lambda _: 100) == (list(range(18)), False)


def test_what_is_proven_is_given_before_the_lane_ends() -> None:
    def segment() -> Iterator[Thing]:
        confirmations = Confirmations(2)
        for number in count():
            yield Thing(number, confirmations.of_next())

    made = workers(iter([segment]), number_of, confirmation=proof_of, threads=2)
    with made:
        found = (result for result in made.results() if result is not None)
        assert [next(found) for _ in range(4)] == [0, 1, 2, 3]


@pytest.mark.parametrize("threads", [1, 2])
def test_what_turns_certain_does_not_wait_for_what_takes_long(threads: int) -> None:
    """As a seek may, between two runs of one lane."""
    taken = Event()
    waited = []

    def segment() -> Iterator[Thing | None]:
        confirmations = Confirmations(2)
        yield Thing(0, confirmations.of_next())
        confirmations.end_run()
        yield None
        waited.append(taken.wait(PATIENCE_S))
        yield Thing(1, confirmations.of_next())

    made = workers(iter([segment]), number_of, confirmation=proof_of, threads=threads)
    with made:
        for result in made.results():
            if result == 0:
                taken.set()
    assert waited == [True]


def test_the_first_result_is_proven_before_others_are_made() -> None:
    done: list[int] = []

    def segment() -> Iterator[Thing]:
        confirmations = Confirmations(2)
        for number in range(9):
            yield Thing(number, confirmations.of_next())

    def work(thing: Thing) -> int:
        done.append(thing.number)
        return thing.number

    made = workers(iter([segment]), work, confirmation=proof_of, threads=1)
    with made:
        assert next(result for result in made.results() if result is not None) == 0
        assert done == [0]


class TestProofs:
    def test_a_frame_is_certain_once_so_many_decoded_behind_it(self) -> None:
        confirmations = Confirmations(2)
        made = [confirmations.of_next() for _ in range(4)]
        assert [confirmation.given for confirmation in made] == [True, True, False, False]

    def test_the_end_of_a_run_proves_its_frames(self) -> None:
        confirmations = Confirmations(2)
        made = [confirmations.of_next() for _ in range(2)]
        confirmations.end_run()
        assert all(confirmation.given for confirmation in made)

    def test_the_last_frames_of_a_run_may_await_the_next_one(self) -> None:
        confirmations = Confirmations(3, across=1)
        first = [confirmations.of_next() for _ in range(2)]
        confirmations.end_run()
        assert [confirmation.given for confirmation in first] == [True, False]
        second = [confirmations.of_next() for _ in range(2)]
        assert [confirmation.given for confirmation in (*first, *second)] == [
            True,
            False,
            False,
            False,
        ]
        confirmations.of_next()
        assert [confirmation.given for confirmation in (*first, *second)] == [
            True,
            True,
            False,
            False,
        ]
