"""Several threads that render at once, as those of a capture do."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import product
from threading import Barrier

from framecap.formats.encode import encode
from framecap.model.plan import Size
from framecap.model.spec import Box, ImageFormat, ScaleType
from framecap.pixels import axis, colour, sample, scale, window
from framecap.pixels.dhash import dhash
from framecap.pixels.render import render
from framecap.plan.geometry import fit_box
from oracles.pictures import noisy
from support.pixels.layouts import LAYOUTS

THREADS = 4
CACHES = (axis.taps, sample.sampler, scale._recipe, window.window, colour.to_jfif, colour.to_rgb)
JOBS = list(product(LAYOUTS, ((33, 40), (100, 32), (160, 90)), ImageFormat))


def image(job: tuple[str, tuple[int, int], ImageFormat]) -> tuple[int, bytes]:
    name, (width, height), format = job
    picture = noisy(160, 90, LAYOUTS[name])
    geometry = fit_box(Size(160, 90), Box(width=width, height=height), ScaleType.FILL)
    return dhash(picture), encode(render(picture, geometry, format), format)


def test_threads_share_what_is_kept_and_nothing_else() -> None:
    """All begin with nothing kept, each at another job, so that they meet while it is made."""
    alone = {job: image(job) for job in JOBS}
    for cache in CACHES:
        cache.cache_clear()
    together = Barrier(THREADS)

    def work(first: int) -> dict[tuple[str, tuple[int, int], ImageFormat], tuple[int, bytes]]:
        together.wait()
        return {job: image(job) for job in JOBS[first:] + JOBS[:first]}

    with ThreadPoolExecutor(THREADS) as pool:
        for given in pool.map(work, range(THREADS)):
            assert given == alone
