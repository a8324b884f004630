"""Captures that go on after images that an earlier attempt stored."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from framecap.model.capture import Image
from framecap.model.resume import ResumePoint
from framecap.model.spec import CaptureSpec
from support.pipeline.running import Run, run


def point_after(images: Sequence[Image]) -> ResumePoint:
    """Returns the point after an attempt that captured these images."""
    return ResumePoint(
        captured_count=len(images),
        answered_count=sum(image.answered_count for image in images),
        damaged_count=sum(image.damaged for image in images),
        pts=images[-1].pts,
        time_base=images[-1].time_base,
    )


def assert_goes_on(path: Path, request: CaptureSpec | str, whole: Run, captured: int) -> Run:
    """Captures the rest, and asserts that it is the whole capture's rest, to the byte."""
    rest = run(path, request, resume=point_after(whole.images[:captured]))
    assert rest.error is None
    assert rest.images == whole.images[captured:]
    ours, all = rest.summary, whole.summary
    assert ours.captured_count == all.captured_count
    assert ours.requested_count == all.requested_count
    assert (ours.shortfalls, ours.explanation) == (all.shortfalls, all.explanation)
    return rest
