"""One attempt at a task, as its capture knows it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass

from framecap.model.resume import ResumePoint
from framecap.sink.terms import DIRECT, WriteTerms
from framecap.source.pin import SourcePin
from framecap.timebase import Nanoseconds
from framecap.v1.event_pb2 import FrameCaptured


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """The images that an earlier attempt stored, after which this one goes on."""

    point: ResumePoint
    """The point after which to go on."""

    frames: Callable[[], AsyncGenerator[FrameCaptured]]
    """Yields the events of these images, in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt at a task, whose log goes on with the events of the capture."""

    sequence: int
    """The number of the log's last event, which is `attempt_started`."""

    pin: SourcePin
    """The version of the source that every attempt reads."""

    created: Nanoseconds
    """The task's creation since 1970, which the names of images may contain."""

    terms: WriteTerms = DIRECT
    """The terms on which images are stored."""

    earlier: Earlier | None = None
    """The images of an earlier attempt; None to capture from the first."""
