"""Making of an output from the images of a capture."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import replace
from functools import cache
from importlib import import_module
from typing import Protocol, cast

from framecap.model.capture import Image, OutputFile, Report, Summary
from framecap.model.output import OutputKind
from framecap.model.spec import CaptureSpec
from framecap.outputs.registry import output_of


class Maker(Protocol):
    """Makes one output of one capture."""

    def add(self, image: Image) -> Iterator[Image | OutputFile]:
        """Yields what is complete with the next frame, in the order of `index`."""
        ...

    def finish(self) -> Iterator[OutputFile]:
        """Yields the rest after the last frame, also when the media failed midway."""
        ...


class _MakerOf(Protocol):
    def __call__(self, kind: OutputKind) -> Maker: ...


def made(reports: Generator[Report], kind: OutputKind) -> Iterator[Report]:
    """Yields a capture's reports, with the output instead of the images that it is made of.

    Closes `reports` with itself: a capture that is left early ends its threads at once.
    """
    maker = _maker(output_of(kind).maker)(kind)
    with closing(reports):
        for report in reports:
            if isinstance(report, Image):
                yield from maker.add(report)
                continue
            if isinstance(report, Summary):
                yield from maker.finish()
            yield report


def frames_spec(spec: CaptureSpec, kind: OutputKind) -> CaptureSpec:
    """Returns the request for the images that an output is made of."""
    format = output_of(kind).frame_format
    return spec if format is None else replace(spec, format=format, quality=None)


@cache
def _maker(module: str) -> _MakerOf:
    """Returns a maker's class. The first call loads its libraries."""
    return cast("_MakerOf", import_module(module).Maker)
