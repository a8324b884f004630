"""Runs of the pipeline in one process."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from framecap import pipeline
from framecap.errors import CaptureError
from framecap.model.capture import CaptureWarning, Image, Summary
from framecap.model.plan import Plan
from framecap.model.resume import ResumePoint
from framecap.model.spec import (
    CaptureSpec,
    ImageFormat,
    Selection,
)
from framecap.pipeline import Until
from framecap.spec import text
from support.clips import read_number

SECOND = 1_000_000_000


@dataclass
class Run:
    """Everything a run told."""

    reports: list[object] = field(default_factory=list)
    error: CaptureError | None = None

    @property
    def images(self) -> list[Image]:
        return [report for report in self.reports if isinstance(report, Image)]

    @property
    def numbers(self) -> list[int]:
        return [read_number(image.data) for image in self.images]

    @property
    def summary(self) -> Summary:
        last = self.reports[-1]
        assert isinstance(last, Summary)
        return last

    @property
    def plan(self) -> Plan:
        return next(report for report in self.reports if isinstance(report, Plan))

    @property
    def warnings(self) -> list[CaptureWarning]:
        return [report for report in self.reports if isinstance(report, CaptureWarning)]


def run(
    path: Path,
    request: CaptureSpec | str | None,
    until: Until = Until.END,
    threads: int = 2,
    resume: ResumePoint | None = None,
) -> Run:
    spec = text.parse(f"video/snapshots,{request}").spec if isinstance(request, str) else request
    done = Run()
    with path.open("rb") as file:
        try:
            for report in pipeline.run(
                spec,
                file,
                size=path.stat().st_size,
                until=until,
                resume=resume,
                threads=threads,
            ):
                done.reports.append(report)
        except CaptureError as error:
            done.error = error
    return done


def structured(selection: Selection, **options: object) -> CaptureSpec:
    return CaptureSpec(selection=selection, format=ImageFormat.PNG, **options)  # type: ignore[arg-type]
