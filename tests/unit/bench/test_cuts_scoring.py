"""What a benchmark of cuts counts as found."""

from __future__ import annotations

import json
from itertools import combinations, permutations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.cuts import truth
from bench.cuts.curves import apart
from bench.cuts.scoring import Coverage, Score, coverage, pairs, score
from bench.cuts.truth import Truth

numbers = st.sets(st.integers(0, 12), max_size=5)


@pytest.mark.parametrize(
    ("cuts", "found", "made"),
    [
        ([10], [9], [(10, 9)]),
        ([10], [10], [(10, 10)]),
        ([10], [11], [(10, 11)]),
        ([10], [8], []),
        ([10], [12], []),
        ([10], [9, 10, 11], [(10, 9)]),
        ([10, 11], [10], [(10, 10)]),
        ([10, 11], [11, 12], [(10, 11), (11, 12)]),
        ([10, 12], [11], [(10, 11)]),
        ([10, 12], [11, 13], [(10, 11), (12, 13)]),
        ([], [3], []),
        ([3], [], []),
    ],
)
def test_a_cut_and_a_find_make_one_pair(
    cuts: list[int], found: list[int], made: list[tuple[int, int]]
) -> None:
    assert pairs(cuts, found) == made


@given(numbers, numbers, st.integers(0, 3))
def test_there_are_as_many_pairs_as_there_can_be(
    cuts: set[int], found: set[int], tolerance: int
) -> None:
    made = pairs(cuts, found, tolerance)
    assert all(abs(cut - find) <= tolerance for cut, find in made)
    assert len({cut for cut, _ in made}) == len({find for _, find in made}) == len(made)
    few, many = sorted((cuts, found), key=len)
    assert not any(
        all(abs(one - other) <= tolerance for one, other in zip(some, others, strict=True))
        for some in combinations(few, len(made) + 1)
        for others in permutations(many, len(made) + 1)
    )


def test_precision_and_recall_have_their_usual_meaning() -> None:
    one = score(Truth(100, (10, 20, 30, 40)), [9, 20, 55])
    assert one == Score(matched=2, found=3, cuts=4)
    assert (one.precision, one.recall) == (2 / 3, 1 / 2)
    assert one.f1 == pytest.approx(2 / (1 / one.precision + 1 / one.recall))


def test_finding_nothing_is_not_imprecise_but_useless() -> None:
    nothing = score(Truth(100, (10,)), [])
    assert (nothing.precision, nothing.recall, nothing.f1) == (1, 0, 0)


def test_finds_in_unscored_places_do_not_count_but_cuts_there_do() -> None:
    film = Truth(100, (10, 52), unscored=(range(50, 60),))
    assert score(film, [10, 55, 58]) == Score(matched=1, found=1, cuts=2)
    assert score(film, [10, 53, 58]) == Score(matched=2, found=2, cuts=2)
    assert score(film, [10, 60]) == Score(matched=1, found=2, cuts=2)


def test_a_shot_lies_between_cuts_and_is_scored_throughout() -> None:
    film = Truth(100, (10, 30, 60), unscored=(range(40, 41),))
    assert film.shots() == [range(10), range(10, 30), range(60, 100)]


def test_a_shot_is_covered_by_a_frame_inside_it() -> None:
    shots = [range(10), range(10, 30), range(60, 100)]
    found = coverage(shots, [0, 9, 30, 59, 99])
    assert found == Coverage(shots=3, covered=2, captured=3)
    assert (found.share, found.each) == (2 / 3, 1.5)
    assert coverage(shots, []).each == 0


def test_cuts_may_be_kept_apart_as_a_shortest_shot_does() -> None:
    assert apart([3, 15, 29, 30, 31, 45], 15) == [15, 30, 45]
    assert apart([3, 4], 0) == [3, 4]


def test_a_listing_of_the_corpus_is_read(tmp_path: Path) -> None:
    listing = tmp_path / "film.json"
    told = {
        "frames": 50,
        "hard_cuts": [{"frame": 30}, {"frame": 20}],
        "gradual": [{"from_frame": 5, "to_frame": 7, "kind": "fade"}],
        "ignore_frames": [[0, 3]],
        "not_cuts": [{"frame": 40, "why": "flare"}],
    }
    listing.write_text(json.dumps(told))
    film = truth.read(listing)
    assert film.cuts == (20, 30)
    assert [frame for frame in range(50) if not film.scores(frame)] == [0, 1, 2, 3, 5, 6, 7]
    assert [(still.what, still.frames) for still in film.quiet] == [
        ("flare", range(35, 46)),
        ("fade", range(5, 8)),
    ]
