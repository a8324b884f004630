"""What the speed benchmark makes of timings."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from bench.speed import claims, jobs
from bench.speed.check import Check
from bench.speed.claims import Claim, Value
from bench.speed.films import Film
from bench.speed.measure import Match
from bench.speed.ratios import Spread, Target, Timing, Verdict, cpus, geometric_mean, walls

FILM = Film(
    name="film",
    path=Path("film.mp4"),
    codec="h264",
    width=1920,
    height=1080,
    rate=Fraction(24),
    frames=241,
    numbers=100,
)
JOB = jobs.steps(7300, size=(100, 100), crop=True)


def match(peer: str, ours: list[float], theirs: list[float]) -> Match:
    return Match(
        film=FILM,
        job=JOB,
        peer=peer,
        ours=[Timing(wall, wall) for wall in ours],
        theirs=[Timing(wall, wall) for wall in theirs],
    )


def claim(target: Target, *ratios: float, excused: bool = False) -> Claim:
    values = [
        Value(what=f"film {k}", spread=Spread(ratio, ratio, ratio), excused=excused)
        for k, ratio in enumerate(ratios)
    ]
    return Claim(work="work", against="peer", target=target, values=values)


def test_a_ratio_is_of_one_round_and_the_median_is_of_ratios() -> None:
    ours, theirs = [1.0, 2.0, 10.0], [3.0, 4.0, 50.0]
    found = match("peer", ours, theirs)
    assert found.wall == found.cpu == Spread(3.0, 2.0, 5.0)
    assert walls(found.theirs, found.ours[:2]) == Spread(2.5, 2.0, 3.0)
    assert cpus([Timing(1, 6)], [Timing(1, 2)]) == Spread(3, 3, 3)


def test_ratios_have_a_geometric_mean() -> None:
    assert geometric_mean([2, 8]) == pytest.approx(4)
    assert geometric_mean([0.5, 2]) == pytest.approx(1)


@pytest.mark.parametrize(
    ("target", "ratios", "worst", "met"),
    [
        (Target(3), [2, 8], 2, True),
        (Target(3, 2.5), [2, 8], 2, False),
        (Target(5, 1), [2, 8], 2, False),
        (Target(4, 2), [2, 8], 2, True),
        (Target(4, 8, most=True), [2, 8], 8, True),
        (Target(4, 7, most=True), [2, 8], 8, False),
        (Target(3, 8, most=True), [2, 8], 8, False),
    ],
)
def test_a_target_is_for_the_mean_and_for_each(
    target: Target, ratios: list[float], worst: float, met: bool
) -> None:
    found = Verdict.of(ratios, target)
    assert (found.worst, found.met) == (worst, met)


def test_a_line_names_the_worst_input() -> None:
    assert claim(Target(4, 2), 8, 2.25).cells()[-3:] == ["4.24", "2.25 (film 1)", "met"]
    assert claim(Target(1.15, 1.15, most=True), 1, 1.2).cells()[-2:] == [
        "1.20 (film 1)",
        "**not met**",
    ]
    assert claim(Target(12, 3.5)).cells()[-1] == "not measured"


def test_the_best_peer_is_chosen_for_each_input() -> None:
    slow, quick = match("slow", [1], [9]), match("quick", [1], [4])
    cannot = Match(film=FILM, job=JOB, peer="cannot", failure="no such codec")
    assert claims.best([slow, cannot, quick]) == [quick]
    assert [value.spread.median for value in claims.faster([slow, cannot])] == [9]


@pytest.mark.parametrize(("different", "counts"), [(0, True), (3, True), (4, False), (30, False)])
def test_a_peer_that_gave_other_frames_is_not_compared_with(different: int, counts: bool) -> None:
    other = match("other", [1], [2])
    other.check = Check(compared=30, different=different, furthest=None, more=0)
    assert [value.spread.median for value in claims.faster([other])] == [2] * counts
    assert claims.best([other]) == [other] * counts


def test_the_floor_is_below() -> None:
    (value,) = claims.slower([match("floor", [3, 4], [2, 2])])
    assert value.spread == Spread(pytest.approx(1 / 0.5833333), 1.5, 2.0)
    assert not value.excused


@pytest.mark.parametrize(("ours", "excused"), [(0.3, True), (0.31, False)])
def test_a_little_more_than_a_small_floor_is_no_matter(ours: float, excused: bool) -> None:
    (value,) = claims.slower([match("floor", [ours], [0.2])])
    assert value.excused is excused


def test_a_peer_that_cannot_is_named_with_its_reason() -> None:
    cannot = Match(film=FILM, job=JOB, peer="decord", failure="RuntimeError\nno such codec")
    shown = claims.timings([cannot, match("other", [1], [2])], lambda found: found.wall)
    assert "| decord | 0 (0) | - | - | - | cannot: no such codec |" in shown
    assert "| other | 0 (0) | 2.00 | 1.00 / 2.00 | 1.00 / 2.00 |  |" in shown


def test_instants_end_before_the_film_does() -> None:
    assert JOB.instants(FILM) == [0, Fraction("7.3")]
    assert len(jobs.steps(1000, size=(100, 100)).instants(FILM)) == 11
