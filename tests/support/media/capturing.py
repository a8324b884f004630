"""Runs a capture in this process and holds it against the oracle."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

from PIL import Image as PillowImage
from PIL import ImageOps

from framecap import pipeline
from framecap.model.capture import CaptureWarning, Image, Progress, Report, Summary
from framecap.model.media import MediaInfo
from framecap.model.plan import Plan
from framecap.model.spec import (
    AverageSelection,
    CaptureSpec,
    ChangeReference,
    ChangeSelection,
    ImageFormat,
    InstantSelection,
    IntervalSelection,
    KeyframeSelection,
)
from framecap.spec import text
from framecap.timebase import NANOSECONDS_PER_SECOND, Nanoseconds
from oracles import selection
from oracles.selection import Pick
from oracles.timeline import Timeline

PILLOW_FORMATS = {ImageFormat.JPG: "JPEG", ImageFormat.PNG: "PNG"}


@dataclass
class Captured:
    """Everything a capture told."""

    info: MediaInfo
    summary: Summary
    plan: Plan | None = None
    images: list[Image] = field(default_factory=list)
    warnings: list[CaptureWarning] = field(default_factory=list)


class Row(NamedTuple):
    """What both sides say of one captured frame."""

    clock: Fraction
    """When it appears, in seconds on the container's clock."""

    media_time: Nanoseconds
    requested: Nanoseconds
    answered: int
    keyframe: bool
    damaged: bool
    dhash: str
    """Left out of a damaged picture: where its data is missing it shows what was decoded before."""

    changed_bits: int | None


def capture(path: Path, request: CaptureSpec | str) -> Captured:
    """Captures from a file, checking what holds for every capture."""
    spec = text.parse(request).spec if isinstance(request, str) else request
    with path.open("rb") as file:
        reports = list(pipeline.run(spec, file, size=path.stat().st_size))
    captured = _sorted_out(reports)
    assert [image.index for image in captured.images] == [*range(1, len(captured.images) + 1)], (
        "indexes have gaps"
    )
    assert captured.summary.captured_count == len(captured.images)
    _check_shortfall(captured)
    for image in captured.images:
        assert image.format is spec.format
        picture = decoded(image)
        assert picture.format == PILLOW_FORMATS[spec.format]
        # Only a cover whose bytes pass through has Exif; it is as large as it is to be shown.
        assert ImageOps.exif_transpose(picture).size == (image.width, image.height)
    return captured


def decoded(image: Image) -> PillowImage.Image:
    """Returns the picture of a captured image."""
    picture = PillowImage.open(BytesIO(image.data))
    picture.load()
    return picture


def expected(line: Timeline, spec: CaptureSpec) -> list[Pick]:
    """Returns what the oracle captures for a request."""
    start = seconds(spec.start)
    end = None if spec.end is None else seconds(spec.end)
    match spec.selection:
        case IntervalSelection(spacing=spacing, max_count=count):
            return selection.interval(
                line, start=start, end=end, step=seconds(spacing), count=count
            )
        case KeyframeSelection(max_count=count):
            return selection.keyframe(line, start=start, end=end, count=count)
        case AverageSelection(count=count):
            return selection.average(line, start=start, end=end, count=count)
        case InstantSelection(instants=instants):
            return selection.instants(line, map(seconds, instants), start=start, end=end)
        case ChangeSelection() as change:
            return selection.change(
                line,
                start=start,
                end=end,
                step=seconds(change.spacing),
                threshold=change.threshold,
                count=change.max_count,
                since_captured=change.reference is ChangeReference.LAST_CAPTURED,
            )


def assert_captured(path: Path, line: Timeline, request: CaptureSpec | str) -> Captured:
    """Captures, and asserts that the frames are the oracle's, with the same facts."""
    spec = text.parse(request).spec if isinstance(request, str) else request
    wanted = [wanted_row(line, pick) for pick in expected(line, spec)]
    captured = capture(path, spec)
    given = [given_row(image) for image in captured.images]
    assert captured.info.clock.zero == line.zero
    for position, (ours, oracles) in enumerate(zip(given, wanted, strict=False)):
        assert ours == oracles, (
            f"frame {position} of {len(given)} ({len(wanted)} expected):\n{ours}\nnot\n{oracles}"
        )
    assert len(given) == len(wanted)
    return captured


def seconds(instant: Nanoseconds) -> Fraction:
    """Returns an instant in seconds."""
    return Fraction(instant, NANOSECONDS_PER_SECOND)


def nanoseconds(instant: Fraction) -> Nanoseconds:
    """Returns an instant rounded down to a nanosecond."""
    return instant * NANOSECONDS_PER_SECOND // 1


def wanted_row(line: Timeline, pick: Pick) -> Row:
    """Returns what the oracle says of a frame it captures."""
    frame = pick.frame
    return Row(
        clock=frame.start + line.zero,
        media_time=nanoseconds(frame.start),
        requested=nanoseconds(pick.requested),
        answered=pick.answered,
        keyframe=frame.keyframe,
        damaged=frame.damaged,
        dhash="" if frame.damaged else f"{frame.dhash:016x}",
        changed_bits=pick.changed_bits,
    )


def given_row(image: Image) -> Row:
    """Returns what framecap says of an image."""
    return Row(
        clock=image.pts * image.time_base,
        media_time=image.media_time,
        requested=image.requested_time,
        answered=image.answered_count,
        keyframe=image.keyframe,
        damaged=image.damaged,
        dhash="" if image.damaged else f"{image.dhash:016x}",
        changed_bits=image.changed_bits,
    )


def _sorted_out(reports: list[Report]) -> Captured:
    # Opening a file may take long enough to be told.
    opening = next(n for n, report in enumerate(reports) if not isinstance(report, Progress))
    first, *middle, last = reports[opening:]
    assert isinstance(first, MediaInfo)
    assert isinstance(last, Summary)
    captured = Captured(first, last)
    for report in middle:
        match report:
            case Image():
                captured.images.append(report)
            case CaptureWarning():
                captured.warnings.append(report)
            case Plan():
                assert captured.plan is None
                assert not captured.images
                captured.plan = report
            case _:
                assert isinstance(report, Progress)
                assert report.captured_count <= len(captured.images)
    return captured


def _check_shortfall(captured: Captured) -> None:
    """Asserts that every image asked for and not given is accounted for."""
    summary = captured.summary
    if summary.requested_count is not None:
        lacking = summary.requested_count - summary.captured_count
        assert sum(shortfall.count for shortfall in summary.shortfalls) == lacking
    if summary.shortfalls or not captured.images:
        assert summary.explanation
