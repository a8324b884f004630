"""The kernels beside swscale, Pillow and OpenCV, and how near pictures come to Lanczos.

    FRAMECAP_CORPUS=… python -m bench.kernels [quality] [speed]      in tests/

`quality` prints, for pictures of the corpus, the PSNR of luma against Lanczos with three lobes.
`speed` prints, for one 1080p picture, how many times as long peers take: all are compared first,
then run in turn, one thread each; a ratio is that of two processor times of the same round.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median, quantiles

import cv2
import numpy as np
from av.video.reformatter import Interpolation, VideoReformatter

from bench.kernels.pictures import FILMS, Sample, read
from bench.kernels.reference import lanczos, psnr
from bench.kernels.works import Work, encoding, hashing, shrinking
from framecap.model.plan import Size
from framecap.model.spec import Box, ScaleType, ShrinkFilter
from framecap.pixels.scale import scale_for_jpeg
from framecap.plan.geometry import fit_box

ROUNDS = 40
SIZES = ((640, 360), (320, 180), (100, 100))


def main() -> None:
    """Prints the tables asked for; both where none is."""
    corpus = Path(os.environ["FRAMECAP_CORPUS"])
    asked = set(sys.argv[1:]) or {"quality", "speed"}
    cv2.setNumThreads(1)
    if "quality" in asked:
        quality(corpus)
    if "speed" in asked:
        speed(corpus)


def quality(corpus: Path) -> None:
    """Prints how near the filters come to Lanczos."""
    print("| picture | to | area | bicubic | swscale bicubic |\n|---|---|---|---|---|")
    for name in FILMS:
        sample = read(corpus, name)
        for width, height in SIZES:
            reference = lanczos(sample.luma, width, height)
            ours = [psnr(_shrunk(sample, width, height, s), reference) for s in ShrinkFilter]
            peer = psnr(_swscale(sample, width, height), reference)
            figures = " | ".join(f"{figure:.1f}" for figure in (*ours, peer))
            print(f"| {name}, {sample.size} | {width}x{height} | {figures} |", flush=True)


def speed(corpus: Path) -> None:
    """Prints how many times as long the peers take."""
    sample = read(corpus, "branches")
    reference = lanczos(sample.luma, 640, 360)
    print(
        "\n| work | against | times as long (10 % to 90 %) | at least | PSNR: ours, theirs | ours |"
    )
    print("|---|---|---|---|---|---|")
    for work in (
        shrinking(sample, ShrinkFilter.AREA, reference),
        shrinking(sample, ShrinkFilter.BICUBIC, reference),
        hashing(sample),
        encoding(sample, reference),
    ):
        _race(work)


def _race(work: Work) -> None:
    reference = work.reference()
    ours = psnr(work.ours.luma(), reference)
    theirs = {name: psnr(peer.luma(), reference) for name, peer in work.peers.items()}
    times: dict[str, list[float]] = {name: [] for name in ("", *work.peers)}
    for _ in range(ROUNDS):
        times[""].append(_timed(work.ours.run))
        for name, peer in work.peers.items():
            times[name].append(_timed(peer.run))
    for name, peer in work.peers.items():
        ratios = [a / b for a, b in zip(times[name], times[""], strict=True)]
        low, *_, high = quantiles(ratios, n=10)
        cells = (
            work.name,
            name,
            f"{median(ratios):.1f} ({low:.1f} to {high:.1f})",
            "" if peer.target is None else f"{peer.target:g}",
            f"{ours:.1f}, {theirs[name]:.1f}",
            f"{median(times['']) * 1e3:.2f} ms",
        )
        print(f"| {' | '.join(cells)} |", flush=True)


def _timed(run: Callable[[], object]) -> float:
    """Returns processor seconds: the least of three runs, the first of which finds its memory."""
    return min(_once(run) for _ in range(3))


def _once(run: Callable[[], object]) -> float:
    start = time.thread_time()
    run()
    return time.thread_time() - start


def _shrunk(sample: Sample, width: int, height: int, shrink: ShrinkFilter) -> np.ndarray:
    size = Size(sample.frame.width, sample.frame.height)
    geometry = fit_box(size, Box(width=width, height=height), ScaleType.STRETCH)
    return scale_for_jpeg(sample.picture, geometry, shrink).planes[0]


def _swscale(sample: Sample, width: int, height: int) -> np.ndarray:
    flags = Interpolation.BICUBIC | Interpolation.ACCURATE_RND
    frame = VideoReformatter().reformat(
        sample.frame, width, height, "yuv420p", interpolation=flags, threads=1
    )
    return frame.to_ndarray()[:height]


if __name__ == "__main__":
    main()
