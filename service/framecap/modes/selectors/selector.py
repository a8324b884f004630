"""The interface of a selector, which chooses frames as they are decoded."""

from __future__ import annotations

from typing import Protocol

from framecap.model.capture import Pick
from framecap.model.media import Frame
from framecap.model.resume import ResumePoint
from framecap.timebase import Pts


class Selector(Protocol):
    """Chooses frames. The pipeline offers every visible frame once, in order."""

    def offer(self, frame: Frame) -> Pick | None:
        """Returns the frame as a pick; None when the selector does not choose it."""
        ...

    def resume(self, point: ResumePoint) -> None:
        """Skips the frames that an earlier attempt captured. Called before the first offer.

        Only for a mode that `resumes`.
        """
        ...

    @property
    def sampled(self) -> int:
        """The number of samples compared; 0 when frames are not compared."""
        ...

    @property
    def needs_next(self) -> bool:
        """True when a choice is by time: the frame on screen at `next_pts` must not be missing."""
        ...

    @property
    def next_pts(self) -> Pts | None:
        """The pts at which the next frame that can be chosen is on screen; None for any frame.

        Frames that end at or before it need not be offered.
        """
        ...

    @property
    def done(self) -> bool:
        """True when no later frame can be chosen."""
        ...
