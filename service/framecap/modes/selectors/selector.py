"""What every way of choosing frames looks like to the pipeline."""

from __future__ import annotations

from typing import Protocol

from framecap.model.capture import Pick
from framecap.model.media import Frame
from framecap.timebase import Pts


class Selector(Protocol):
    """Is offered every visible frame once, in order, and says which it wants."""

    def offer(self, frame: Frame) -> Pick | None:
        """Returns the frame as a pick when it is wanted."""
        ...

    @property
    def next_pts(self) -> Pts | None:
        """The pts at which the next frame that can be wanted is on screen; None for any frame.

        Frames that leave the screen at or before it need not be offered.
        """
        ...

    @property
    def done(self) -> bool:
        """True when no later frame can be wanted."""
        ...
