"""Where shots begin, found as the page on change detection advises."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bench.cuts import clip as clips
from bench.cuts import curves, truth
from bench.cuts.clip import Clip
from bench.cuts.scoring import Score, coverage, score
from framecap.model.spec import ChangeReference

PREVIOUS, CAPTURED = ChangeReference.PREVIOUS_SAMPLE, ChangeReference.LAST_CAPTURED


@pytest.fixture(scope="module")
def bikes(corpus: Path) -> Clip:
    return clips.read(corpus / "media/skv_bikes.mp4")


def told(corpus: Path, name: str) -> truth.Truth:
    return truth.read(corpus / "reference/shots" / f"{name}.json")


@pytest.mark.corpus
@pytest.mark.parametrize("reference", ChangeReference)
@pytest.mark.parametrize(("threshold", "step_ms"), [(0, 0), (30, 0), (30, 40), (30, 200)])
def test_what_is_scored_is_what_a_capture_takes(
    bikes: Clip, threshold: int, step_ms: int, reference: ChangeReference
) -> None:
    clips.verify(bikes, curves.request(threshold, step_ms=step_ms, reference=reference))


@pytest.mark.corpus
def test_a_step_of_one_frame_is_every_frame(bikes: Clip) -> None:
    by_step = bikes.picks(curves.request(30, step_ms=40))
    assert list(by_step) == list(bikes.picks(curves.request(30)))


@pytest.mark.corpus
def test_scoring_another_hash_than_a_captures_is_noticed(bikes: Clip) -> None:
    pts = bikes.frames[100].pts
    other = replace(bikes, hashes={**bikes.hashes, pts: bikes.hashes[pts] ^ 1})
    with pytest.raises(AssertionError, match="other frames than were scored"):
        clips.verify(other, curves.request(0))


@pytest.mark.corpus
def test_the_shortcut_over_thresholds_is_none(bikes: Clip) -> None:
    found = curves.captured(bikes, range(101), step_ms=0, reference=PREVIOUS)
    for threshold in (0, 30, 31, 50, 100):
        assert found[threshold] == list(bikes.picks(curves.request(threshold)))


@pytest.mark.corpus
@pytest.mark.parametrize(
    ("threshold", "expected"), [(30, Score(5, 8, 5)), (40, Score(3, 3, 5)), (100, Score(0, 0, 5))]
)
def test_hard_cuts_among_fast_motion(
    corpus: Path, bikes: Clip, threshold: int, expected: Score
) -> None:
    found = curves.cuts(list(bikes.picks(curves.request(threshold))))
    assert score(told(corpus, "skv_bikes.mp4"), found) == expected


@pytest.mark.corpus
@pytest.mark.parametrize("threshold", [30, 40])
def test_hard_cuts_of_live_action(corpus: Path, threshold: int) -> None:
    name = "mp4parser_tos_raw.h264"
    film = clips.read(corpus / "media" / name)
    found = curves.cuts(list(film.picks(curves.request(threshold))))
    assert score(told(corpus, name), found) == Score(5, 5, 5)


@pytest.mark.corpus
@pytest.mark.parametrize("reference", ChangeReference)
def test_sampled_five_times_a_second_every_shot_is_shown(
    corpus: Path, bikes: Clip, reference: ChangeReference
) -> None:
    shots = told(corpus, "skv_bikes.mp4").shots()
    request = curves.request(30, step_ms=200, reference=reference)
    assert coverage(shots, bikes.picks(request)).share == 1
    every = coverage(shots, curves.on_grid(bikes, 200))
    assert coverage(shots, bikes.picks(request)).captured < every.captured


@pytest.mark.corpus
def test_a_slow_pan_adds_up_only_since_the_last_capture(corpus: Path) -> None:
    pan = clips.read(corpus / "media/ax_city_pan_60fps.mp4")
    assert len(pan.picks(curves.request(30))) == 1
    assert len(pan.picks(curves.request(30, reference=CAPTURED))) == 14


@pytest.mark.corpus
def test_brightness_alone_is_no_change(corpus: Path) -> None:
    fades = clips.read(corpus / "media/psd_fades.mp4")
    assert set(curves.changes(fades)) == {0}
