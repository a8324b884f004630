"""The point at which a later attempt at a capture goes on."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from framecap.timebase import Clock, Pts


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumePoint:
    """The images that an earlier attempt captured: the first ones of the capture, all stored."""

    captured_count: int
    """The number of images, at least 1: the index of the last one."""

    answered_count: int
    """The number of instants that their frames answer."""

    damaged_count: int
    """The number of images whose frame the decoder reported as corrupt."""

    pts: Pts
    """The presentation time of the last image's frame."""

    time_base: Fraction
    """The unit of `pts`, in seconds."""

    def last(self, clock: Clock) -> Pts:
        """Returns the presentation time of the last image's frame by a stream's clock."""
        return self.pts * self.time_base // clock.time_base
