"""How much memory a decoder holds at its peak."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from bench.speed import jobs, processes, tables
from bench.speed.claims import Section
from bench.speed.films import Film
from bench.speed.jobs import Job
from bench.speed.recipes import LONG
from bench.speed.rows import PREVIEW, Bench

FLAT: Final = 1.1
"""The peak over a long film in that over a short one, at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Peak:
    """A decoder's peak."""

    film: Film
    job: Job
    mb: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """What a peak must stay below."""

    work: str
    limit: float
    unit: str
    found: float
    where: str

    def cells(self) -> list[str]:
        """Returns the cells of a line of the summary."""
        met = "met" if self.found <= self.limit else "**not met**"
        digits = ".2f" if self.limit < 10 else ".0f"
        found = f"{self.found:{digits}}{self.unit} ({self.where})"
        return [self.work, "-", f"≤ {self.limit:g}{self.unit}", "-", found, met]


def section(bench: Bench) -> Section:
    """Measures decoders of films of all sizes, and of two lengths."""
    wanted = [jobs.every(), jobs.every(PREVIEW), jobs.steps(1000, size=PREVIEW)]
    medium = [peak(bench, film, job) for film in bench.by_codec(1) for job in wanted]
    large = [peak(bench, film, job) for film in bench.short() for job in wanted]
    deep = [each for each in large if "10bit" in each.film.name]
    plain = [each for each in large if each not in deep]
    flat = lengths(bench)
    bounds = [
        *(_bound(*each) for each in (("1080p", 160, medium), ("4K", 400, plain))),
        _bound("4K, 10 bit", 600, deep),
        Bound(
            work="a decoder's peak, `inter_0` over 315 s in that over 21 s",
            limit=FLAT,
            unit="",
            found=flat[1].mb / flat[0].mb,
            where=flat[0].film.codec,
        ),
    ]
    rows = [
        [each.film.name, f"{each.film.seconds:.0f} s", f"`{each.job.request}`", f"{each.mb:.0f}"]
        for each in (*medium, *large, *flat)
    ]
    body = tables.table(["film", "length", "request", "peak, MB"], rows)
    return Section(name="memory", title="Memory", claims=bounds, body=body)


def peak(bench: Bench, film: Film, job: Job) -> Peak:
    """Captures once, and watches the decoder."""
    with processes.peaks(bench.service.pid) as watched:
        bench.service.capture(film, job)
    return Peak(film=film, job=job, mb=watched.mb)


def lengths(bench: Bench) -> tuple[Peak, Peak]:
    """Returns the peaks over half a minute and over five."""
    recipe = next(each for each in LONG if each.piece.gop_s == 5)
    times = 2 if bench.library.brief else recipe.times
    films = bench.library.excerpt(recipe, 1), bench.library.excerpt(recipe, times)
    short, long = (peak(bench, film, jobs.every(PREVIEW)) for film in films)
    return short, long


def _bound(what: str, limit: float, peaks: list[Peak]) -> Bound:
    worst = max(peaks, key=lambda each: each.mb)
    return Bound(
        work=f"a decoder's peak, {what}",
        limit=limit,
        unit=" MB",
        found=worst.mb,
        where=f"{worst.film.name}, `{worst.job.request.split(',')[0]}`",
    )
