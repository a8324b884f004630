"""The rows of the page: what is measured on which films, and what is claimed of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final

from bench.speed import claims, jobs, measure
from bench.speed.claims import Claim, Section, Value, faster, timings
from bench.speed.films import Film, Library
from bench.speed.floor import Floor
from bench.speed.jobs import Job
from bench.speed.measure import Match, Pace, Peer
from bench.speed.ours import Service
from bench.speed.peers.ffmpeg import FFmpeg, Seeks, debian, newest
from bench.speed.peers.library import library
from bench.speed.ratios import Spread, Target, cpus
from bench.speed.recipes import LONG

THUMBNAIL: Final = (100, 100)
PREVIEW: Final = (640, 360)
STEPS_MS: Final = (10_000, 7_300)
FEW_KEYFRAMES: Final = 0.1
"""Targets count as no keyframes where fewer than this part of them are."""

LIBRARIES: Final = {
    "torchcodec": "torchcodec",
    "decord": "decord",
    "OpenCV": "opencv",
}
DETECTORS: Final = {
    "PySceneDetect, OpenCV": "scenedetect_opencv",
    "PySceneDetect, PyAV": "scenedetect_pyav",
}
PIECES: Final = 6
"""Films for changes are so many pieces long: two minutes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """All that a row needs."""

    service: Service
    library: Library
    pace: Pace
    only: str = ""
    """Only films whose names contain it."""

    def long(self) -> list[Film]:
        """Returns the long films that were asked for."""
        return self.library.long(self.only)

    def short(self) -> list[Film]:
        """Returns those of 2160p."""
        return self.library.short(self.only)

    def by_codec(self, pieces: int) -> list[Film]:
        """Returns a film of each codec, of some pieces."""
        made = [
            recipe
            for recipe in LONG
            if recipe.piece.gop_s == 5 and recipe.container != "ts" and self.only in recipe.name
        ]
        times = 1 if self.library.brief else pieces
        return [self.library.excerpt(recipe, times) for recipe in made]

    def matches(
        self, films: Sequence[Film], wanted: Sequence[Job], peers: Sequence[Peer]
    ) -> Iterator[Match]:
        """Times framecap and peers on films."""
        for film in films:
            for job in wanted:
                yield from measure.matches(self.service, film, job, peers, self.pace)


def sparse(bench: Bench) -> Section:
    """A few frames of a long film."""
    wanted = [jobs.steps(step, size=THUMBNAIL, crop=True) for step in STEPS_MS]
    commands: list[Peer] = [
        FFmpeg("ffmpeg, `fps`", newest()),
        Seeks("ffmpeg, `-ss` each", newest()),
    ]
    with ExitStack() as stack:
        opened = [stack.enter_context(library(*each)) for each in LIBRARIES.items()]
        peers = [*commands, *(each for each in opened if each)]
        found = list(bench.matches(bench.long(), wanted, peers))
    by = {peer.name: [m for m in found if m.peer == peer.name and m.ours] for peer in peers}
    whole, seeks = (by[peer.name] for peer in commands)
    between = [match for match in whole if match.keyframes < FEW_KEYFRAMES * match.pictures]
    libraries = claims.best([match for match in found if match.peer in LIBRARIES])
    work = "`inter_10000`, `inter_7300`, 100x100 crop, ≥ 5 min"
    same = "the same"
    made = [
        Claim(
            work=work,
            against="ffmpeg `fps,scale,crop`",
            target=Target(12, 3.5),
            values=faster(whole),
        ),
        Claim(
            work=f"{same}, where targets are not keyframes",
            against=same,
            target=Target(8),
            values=faster(between),
        ),
        Claim(
            work=same,
            against="one `ffmpeg -ss` per frame",
            target=Target(3, 2),
            values=faster(seeks),
        ),
        Claim(
            work=same,
            against="best of torchcodec, decord, OpenCV, with Pillow",
            target=Target(2, 1.3),
            values=faster(libraries),
        ),
    ]
    return Section(
        name="sparse",
        title="A few frames of a long film",
        claims=made,
        body=timings(found, _wall),
    )


def keyframes(bench: Bench) -> Section:
    """All keyframes."""
    found = list(bench.matches(bench.long(), [jobs.keyframes(PREVIEW)], _commands()))
    claim = Claim(
        work="`m_key`, 640x360",
        against="`ffmpeg -skip_frame nokey`",
        target=Target(2.3, 1.8),
        values=faster(_newest(found)),
    )
    return Section(
        name="keyframes", title="All keyframes", claims=[claim], body=timings(found, _wall)
    )


def dense(bench: Bench) -> Section:
    """Every frame."""
    films = [*bench.by_codec(1), *bench.short()[:1]]
    wanted = [jobs.every(PREVIEW), jobs.every()]
    found = list(bench.matches(films, wanted, _commands()))
    small, full = ([m for m in _newest(found) if m.job == job] for job in wanted)
    made = [
        Claim(
            work="`inter_0`, 640x360, bicubic",
            against="ffmpeg, all threads",
            target=Target(1.4, 1.1),
            values=faster(small),
        ),
        Claim(
            work="`inter_0`, full size",
            against="ffmpeg, all threads",
            target=Target(1.4, 1.2),
            values=faster(full),
        ),
    ]
    return Section(name="dense", title="Every frame", claims=made, body=timings(found, _wall))


def changes(bench: Bench) -> Section:
    """The frames where the picture changes."""
    films = bench.by_codec(PIECES)
    job = jobs.changes(1000, 15)
    with ExitStack() as stack:
        opened = [stack.enter_context(library(*each)) for each in DETECTORS.items()]
        peers: list[Peer] = [each for each in opened if each]
        found = list(bench.matches(films, [job], peers))
    plain = jobs.steps(1000, size=PREVIEW)
    costs = [_cost(bench, film, job, plain) for film in films]
    made = [
        Claim(
            work="`m_dhash,inter_1000,thr_15`, CPU seconds",
            against="`inter_1000` thumbnails by framecap",
            target=Target(1.05, 1.05, most=True),
            values=costs,
        )
    ]
    for name, target in zip(DETECTORS, (2, 3), strict=True):
        made.append(
            Claim(
                work="the same, wall",
                against=f"{name}, HashDetector",
                target=Target(target),
                values=faster(match for match in found if match.peer == name),
            )
        )
    return Section(name="changes", title="Changes", claims=made, body=timings(found, _wall))


def limit(bench: Bench) -> Section:
    """How near to what libav itself needs."""
    floor: list[Peer] = [Floor(bench.service)]
    few = [jobs.steps(step, size=PREVIEW) for step in STEPS_MS]
    sparse = list(bench.matches(bench.long(), few, floor))
    sparse += bench.matches(bench.by_codec(PIECES), [jobs.steps(1000, size=PREVIEW)], floor)
    films = [*bench.by_codec(1), *bench.short()]
    dense = list(bench.matches(films, [jobs.every(PREVIEW), jobs.every()], floor))
    target = Target(1.15, 1.15, most=True)
    made = [
        Claim(
            work="whole capture, sparse, 640x360",
            against="libav decoding just the packets needed, all cores",
            target=target,
            values=claims.slower(sparse),
        ),
        Claim(
            work="whole capture, dense",
            against="the same, and the same encoder on the same pictures",
            target=target,
            values=claims.slower(dense),
        ),
    ]
    return Section(
        name="limit",
        title="How near to the limit",
        claims=made,
        body=timings([*sparse, *dense], _slower, "framecap ÷ libav"),
    )


ROWS: Final[dict[str, Callable[[Bench], Section]]] = {
    "sparse": sparse,
    "keyframes": keyframes,
    "dense": dense,
    "changes": changes,
    "limit": limit,
}


def _cost(bench: Bench, film: Film, job: Job, plain: Job) -> Value:
    """Returns a job's processor seconds in those of a plain one, in alternation."""
    pairs = [
        (bench.service.capture(film, job).timing, bench.service.capture(film, plain).timing)
        for _ in range(bench.pace.rounds)
    ]
    return Value(what=film.name, spread=cpus(*zip(*pairs, strict=True)))


def _commands() -> list[Peer]:
    installed = debian()
    others = [FFmpeg("Debian's ffmpeg", installed)] if installed else []
    return [FFmpeg("ffmpeg", newest()), *others]


def _newest(found: Sequence[Match]) -> list[Match]:
    return [match for match in found if match.peer == "ffmpeg" and match.ours]


def _wall(match: Match) -> Spread:
    return match.wall


def _slower(match: Match) -> Spread:
    return claims.inverse(match.wall)
