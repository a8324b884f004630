"""The page's figures, from what was read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bench.cuts import clip as clips
from bench.cuts import curves, peer
from bench.cuts.clip import BITS, Clip
from bench.cuts.film import THRESHOLDS, Best, Film
from bench.cuts.scoring import coverage
from bench.cuts.tables import percent, table, three
from framecap.model.spec import ChangeReference

PREVIOUS, CAPTURED = ChangeReference.PREVIOUS_SAMPLE, ChangeReference.LAST_CAPTURED
ROWS = range(10, 62, 2)
STEP_ROWS = (*range(0, 55, 5), 60)
STEPS_MS = (1000, 200)
ADVISED = (30, 40)
LEAST = peer.DEFAULT_APART
SHOWN = (peer.DEFAULT, peer.EARLIER)


def every_frame(film: Film) -> str:
    """Precision, recall and F1 over the threshold, beside the peer at the same threshold."""
    previous, last = film.ours(PREVIOUS, THRESHOLDS), film.ours(CAPTURED, ROWS)
    head = ["`thr`", *_three("framecap"), *_three("since last captured")]
    for setting in SHOWN:
        head += _three(_named(setting))
    rows = []
    for thr in ROWS:
        row = [f"{thr}", *three(film.score(previous[thr])), *three(film.score(last[thr]))]
        for setting in SHOWN:
            row += three(film.score(film.watching.cuts(setting, thr / 100)))
        rows.append(row)
    return table(head, rows)


def best(film: Film) -> str:
    """The best of each."""
    ours, last = film.ours(PREVIOUS, THRESHOLDS), film.ours(CAPTURED, ROWS)
    rows = [_best("framecap", film.best(ours)), *_tuned(film.tuned(), "")]
    rows.append(_best("framecap, change since the last captured", film.best(last)))
    rows.append(_best(f"framecap, its images thinned to {LEAST} frames", film.best(ours, LEAST)))
    rows += _tuned(film.tuned(LEAST), f", at least {LEAST} frames")
    stock = Best(peer.DEFAULT_THRESHOLD, film.score(film.watching.by_default))
    rows.append(_best(f"{_named(peer.DEFAULT)}, at least {LEAST} frames, as it comes", stock))
    earlier = film.watching.cuts(peer.EARLIER, peer.EARLIER_THRESHOLD)
    came = Best(peer.EARLIER_THRESHOLD, film.score(curves.apart(earlier, LEAST)))
    how = f"{_named(peer.EARLIER)}, at least {LEAST} frames, as it came before 0.7.2"
    rows.append(_best(how, came))
    return table(["", "threshold", "precision", "recall", "F1"], rows)


def elsewhere(first: Film, others: Sequence[Film]) -> str:
    """The thresholds that were best for one film, on others."""
    tuned = {setting: found.threshold for setting, found in first.tuned().items()}
    rows = []
    for film in others:
        found = film.ours(PREVIOUS, THRESHOLDS)
        cuts = len(film.truth.cuts)
        for thr in ADVISED:
            rows.append([film.name, cuts, f"framecap, `thr_{thr}`", *three(film.score(found[thr]))])
        for setting in film.watching.distances:
            threshold = tuned[setting]
            score = film.score(film.watching.cuts(setting, threshold))
            rows.append([film.name, cuts, f"{_named(setting)}, {threshold:.3f}", *three(score)])
    return table(["", "cuts", "", "precision", "recall", "F1"], rows)


def steps(film: Film, step_ms: int) -> str:
    """Shots covered and images in each over the threshold, on a grid in time."""
    shots = film.truth.shots()
    previous = curves.captured(film.clip, STEP_ROWS, step_ms=step_ms, reference=PREVIOUS)
    last = curves.captured(film.clip, STEP_ROWS, step_ms=step_ms, reference=CAPTURED)
    rows = []
    for thr in STEP_ROWS:
        row: list[object] = [thr]
        for captured in (previous[thr], curves.spread(film.clip, len(previous[thr])), last[thr]):
            covered = coverage(shots, captured)
            row += [len(captured), percent(covered.share), f"{covered.each:.2f}"]
        rows.append(row)
    head = ["`thr`"]
    for what in ("dhash", "as many, evenly spread", "since last captured"):
        head += [f"{what}: images", "shots covered", "images in each"]
    return table(head, rows)


def access_modes(film: Film, step_ms: int) -> str:
    """What the grid alone allows."""
    samples = curves.on_grid(film.clip, step_ms)
    covered = coverage(film.truth.shots(), samples)
    return (
        f"{len(samples)} samples; {covered.covered} of the {covered.shots} shots hold at least "
        f"one, {percent(covered.share)}."
    )


def quiet(films: Sequence[Film], corpus: Path) -> str:
    """The largest change where no shot begins."""
    rows = []
    for film in films:
        near = {cut + d for cut in film.truth.cuts for d in (-1, 0, 1)}
        for still in film.truth.quiet:
            frames = [number for number in still.frames if number not in near]
            rows.append(_row(film.clip, frames, still.what))
    for name, what in UNCUT.items():
        clip = clips.read(corpus / "media" / name)
        rows.append(_row(clip, range(len(clip.frames)), what))
    head = [
        "",
        "frames",
        "event",
        "largest change",
        "images, `thr_30`",
        "since last captured",
    ]
    return table(head, rows)


def flash(film: Film) -> str:
    """How often a plain frame between two frames of the film would be captured."""
    hashes = [film.clip.hashes[frame.pts] for frame in film.clip.frames]
    shares = (
        f"{percent(sum(dhash.bit_count() * 100 > thr * BITS for dhash in hashes) / len(hashes))} "
        f"of the frames with `thr_{thr}`"
        for thr in ADVISED
    )
    return (
        f"A plain frame, white or black, put into {film.name} would be captured "
        f"after {' and '.join(shares)}."
    )


UNCUT = {
    "psd_fades.mp4": "two fades through black, of a plain colour",
    "ax_city_pan_60fps.mp4": "slow pan over a city",
}
"""Clips without a hard cut."""


def _row(clip: Clip, frames: Sequence[int], what: str) -> list[object]:
    changes = curves.changes(clip)
    largest = max(changes[number] for number in frames)
    images = []
    for reference in (PREVIOUS, CAPTURED):
        taken = curves.captured(clip, [30], step_ms=0, reference=reference)[30]
        images.append(len(set(taken) & set(frames)))
    span = f"{frames[0]} to {frames[-1]}"
    return [clip.path.name, span, what, f"{100 * largest / BITS:.0f}", *images]


def _best(name: str, found: Best) -> list[object]:
    threshold = found.threshold
    shown = f"{threshold}" if isinstance(threshold, int) else f"{threshold:.3f}"
    return [name, shown, *three(found.score)]


def _named(setting: peer.Setting) -> str:
    return f"HashDetector {setting.size}, {setting.lowpass}"


def _tuned(tuned: dict[peer.Setting, Best], how: str) -> list[list[object]]:
    """Returns the best of the peer's settings, and those it comes or came with."""
    first = next(iter(tuned))
    rows = [_best(f"{_named(first)}{how} (the best of {len(tuned)} settings)", tuned[first])]
    return rows + [
        _best(f"{_named(setting)}{how}", tuned[setting]) for setting in SHOWN if setting != first
    ]


def _three(what: str) -> list[str]:
    return [f"{what}: P", "R", "F1"]
