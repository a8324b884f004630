"""What a capture costs: with the mode, the length, the number of frames, and the processors."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

from bench.speed import jobs, tables
from bench.speed.claims import Section
from bench.speed.films import Film
from bench.speed.jobs import Job, Mode
from bench.speed.ours import Service, service
from bench.speed.ratios import Timing, typical
from bench.speed.recipes import LONG
from bench.speed.rows import PIECES, PREVIEW, Bench

HOUR_S: Final = 3600
LENGTHS: Final = (1, 3, 6, 15)
"""In pieces of 21 s."""

STEPS_MS: Final = (30_000, 10_000, 3_000, 1_000, 300)
MODES: Final = (
    jobs.steps(10_000, size=PREVIEW),
    jobs.steps(1_000, size=PREVIEW),
    jobs.keyframes(PREVIEW),
    Job(mode=Mode.STEPS, request="m_avg,num_10,w_640,h_360", step=Fraction(1), size=PREVIEW),
    jobs.changes(1000, 15),
    jobs.every(PREVIEW),
    jobs.every(),
)


def section(bench: Bench) -> Section:
    """Measures all four."""
    films = bench.by_codec(PIECES)
    recipe = next(each for each in LONG if each.piece.gop_s == 5)
    lengths = LENGTHS[:2] if bench.library.brief else LENGTHS
    *growing, long = (bench.library.excerpt(recipe, pieces) for pieces in lengths)
    parts = [
        "CPU seconds per hour of video, client included:",
        _modes(bench, films),
        f"With the length, {long.codec} in {long.path.suffix[1:]} (wall / CPU seconds):",
        _lengths(bench, [*growing, long]),
        f"With the number of frames, `inter_…` on {long.name}:",
        _frames(bench, long),
        f"With the processors the service may use, on {growing[-1].name} (wall / CPU seconds):",
        _cores(bench, growing[-1]),
    ]
    return Section(name="cost", title="What a capture costs", claims=[], body="\n\n".join(parts))


def _modes(bench: Bench, films: list[Film]) -> str:
    rows = []
    for job in MODES:
        cells = []
        for film in films:
            spent = _spent(bench.service, film, job, 1)
            cells.append(f"{spent.cpu * HOUR_S / film.seconds:.0f}")
        rows.append([f"`{job.request}`", *cells])
    return tables.table(["request", *(film.name for film in films)], rows)


def _lengths(bench: Bench, films: list[Film]) -> str:
    wanted = (*MODES[:3], MODES[4])
    rows = [
        [f"{film.seconds:.0f} s", *(_both(bench.service, film, job, 3) for job in wanted)]
        for film in films
    ]
    return tables.table(["length", *(f"`{job.request}`" for job in wanted)], rows)


def _frames(bench: Bench, film: Film) -> str:
    rows = []
    for step in STEPS_MS:
        job = jobs.steps(step, size=PREVIEW)
        first = bench.service.capture(film, job)
        row = [f"`inter_{step}`", len(first.pictures), first.decoded, film.frames]
        spent = first.timing
        rows.append([*row, tables.seconds(spent.wall), tables.seconds(spent.cpu)])
    return tables.table(["request", "images", "decoded", "of", "wall, s", "CPU, s"], rows)


def _cores(bench: Bench, film: Film) -> str:
    wanted = (MODES[0], MODES[2], MODES[4], MODES[5])
    rows = []
    for cores in (1, 2):
        with service(bench.library.directory, cores) as running:
            rows.append([cores, *(_both(running, film, job, 1) for job in wanted)])
    return tables.table(["processors", *(f"`{job.request}`" for job in wanted)], rows)


def _both(running: Service, film: Film, job: Job, rounds: int) -> str:
    spent = _spent(running, film, job, rounds)
    return f"{tables.seconds(spent.wall)} / {tables.seconds(spent.cpu)}"


def _spent(running: Service, film: Film, job: Job, rounds: int) -> Timing:
    return typical([running.capture(film, job).timing for _ in range(rounds)])
