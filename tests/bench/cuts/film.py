"""One film: its frames, its truth, and what the peer makes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from bench.cuts import clip as clips
from bench.cuts import curves, peer, truth
from bench.cuts.clip import Clip
from bench.cuts.peer import Setting, Watching
from bench.cuts.scoring import Score, score
from bench.cuts.truth import Truth
from framecap.model.spec import ChangeReference

THRESHOLDS = range(101)
CHECKED = 40
"""The threshold at which real captures are held against what is scored."""


@dataclass(frozen=True)
class Best:
    """The threshold with the largest F1; of equal ones, the smallest."""

    threshold: float
    score: Score


@dataclass(frozen=True)
class Film:
    """What was read of a film, once."""

    clip: Clip
    truth: Truth
    watching: Watching

    @property
    def name(self) -> str:
        """The file's name."""
        return self.clip.path.name

    def ours(self, reference: ChangeReference, thresholds: range) -> dict[int, list[int]]:
        """Returns framecap's cuts on every frame, by threshold."""
        taken = curves.captured(self.clip, thresholds, step_ms=0, reference=reference)
        return {thr: curves.cuts(frames) for thr, frames in taken.items()}

    def theirs(self, setting: Setting) -> dict[float, list[int]]:
        """Returns the peer's cuts, by threshold."""
        return {thr: self.watching.cuts(setting, thr) for thr in peer.thresholds(setting)}

    def tuned(self, least: int = 0) -> dict[Setting, Best]:
        """Returns the peer's best threshold for each of its settings, the best setting first."""
        tuned = {
            setting: self.best(self.theirs(setting), least) for setting in self.watching.distances
        }
        return dict(sorted(tuned.items(), key=lambda item: -item[1].score.f1))

    def best(self, found: dict[float, list[int]] | dict[int, list[int]], least: int = 0) -> Best:
        """Returns the best of what was found at several thresholds.

        Args:
            found: The cuts by threshold.
            least: Cuts that come sooner after the one before are left out first.
        """
        scores = {thr: self.score(curves.apart(cuts, least)) for thr, cuts in found.items()}
        threshold = max(scores, key=lambda thr: scores[thr].f1)
        return Best(threshold, scores[threshold])

    def score(self, cuts: list[int]) -> Score:
        """Returns the score of cuts."""
        return score(self.truth, cuts)


def read(corpus: Path, name: str, settings: Iterable[Setting], say: Callable[[str], None]) -> Film:
    """Reads a film of the corpus, and holds it against a capture and the peer against itself."""
    say(f"reading {name}")
    watching = Watching(settings)
    told = truth.read(corpus / "reference/shots" / f"{name}.json")
    film = Film(clips.read(corpus / "media" / name, watching.show), told, watching)
    if len(film.clip.frames) != told.frames:
        raise AssertionError(f"{name} has {len(film.clip.frames)} frames, not {told.frames}")
    say(f"capturing {name}")
    clips.verify(film.clip, curves.request(CHECKED))
    stock = watching.cuts(peer.DEFAULT, peer.DEFAULT_THRESHOLD)
    if curves.apart(stock, peer.DEFAULT_APART) != watching.by_default:
        raise AssertionError(f"{name}: the detector as it comes finds other cuts than its figures")
    return film
