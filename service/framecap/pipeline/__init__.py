"""The capture pipeline: probe, plan, decode, choose, render, encode, make, in this order.

The stages are generators over frozen values. Several threads work on them (`workers.py`); results
are yielded in order. The pipeline parses untrusted media, so the service runs it in a disposable
child process; tests and benchmarks call it directly.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import BinaryIO, Final

from framecap.errors import MediaCorrupt
from framecap.media.media import Media
from framecap.model.capture import Report
from framecap.model.output import OutputKind
from framecap.model.resume import ResumePoint
from framecap.model.spec import PROBE, CaptureSpec, DamagePolicy
from framecap.modes.registry import mode_of
from framecap.outputs.make import frames_spec, made
from framecap.outputs.registry import DEFAULT
from framecap.pipeline.cover import capture_cover
from framecap.pipeline.until import Until
from framecap.pipeline.video import capture_video
from framecap.stage_timer import StageTimer

__all__ = ["Until", "run"]


MAX_THREADS: Final = 8
"""The most threads of one capture. Each has its own decoder, which holds its own pictures."""


def run(
    spec: CaptureSpec | None,
    file: BinaryIO,
    *,
    size: int,
    until: Until = Until.END,
    output: OutputKind = DEFAULT,
    resume: ResumePoint | None = None,
    threads: int | None = None,
) -> Iterator[Report]:
    """Captures frames; yields media facts, a plan, progress, warnings, images, and last a summary.

    Where the output is not images, its files are yielded instead of them.

    Args:
        spec: The request; None where `until` ends at the probe.
        file: The source, seekable. Not closed.
        size: The source's size in bytes.
        until: The stage at which the run ends.
        output: The kind of output to make of the frames.
        resume: The point after which to go on, the images before it left out; only for images of a
            video, by a request that `modes.registry.resumes`. The plan and the progress are those
            of the rest, the summary counts all images.
        threads: The number of worker threads; None for one per processor that this process may use,
            at most `MAX_THREADS`.

    Raises:
        CaptureError: The capture failed. If it failed after the plan, a summary is yielded first.
    """
    if size == 0:
        raise MediaCorrupt("the file is empty")
    spec = frames_spec(spec or PROBE, output)
    mode_of(spec.selection).check_options(spec.selection)
    timer = StageTimer()
    threads = threads or min(MAX_THREADS, len(os.sched_getaffinity(0)))
    with timer.stage("open"):
        strict = spec.damage_policy is DamagePolicy.STRICT
        media = Media(file, strict=strict, threads=threads)
    with media:
        if media.cover:
            reports = capture_cover(spec, media, timer, size=size, until=until)
        else:
            reports = capture_video(
                spec, media, timer, size=size, until=until, resume=resume, threads=threads
            )
        yield from made(reports, output)
