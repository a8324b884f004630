"""Determines the pixel aspect ratio of each frame, which may change within a stream."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction


class AspectRatios:
    """Determines the pixel aspect ratio of each frame of one stream, width to height.

    The container's ratio is used if it has one, else each frame's own.

    Args:
        opened: The ratio when the container was opened.
        coded: The decoder's own ratio at that time; None without one.
        fixed: Returns whether the container itself states the ratio. It opens the source again, so
            it is called at most once, and only when the decoder's ratio changes.
    """

    def __init__(
        self, opened: Fraction, coded: Fraction | None, *, fixed: Callable[[], bool]
    ) -> None:
        self.opened = opened
        """The ratio when the container was opened."""
        self._coded = coded
        self._find_fixed = fixed
        self._fixed: bool | None = None

    def of(self, coded: Fraction | None) -> Fraction:
        """Returns the pixel aspect ratio of a frame.

        Args:
            coded: The decoder's ratio right after it got the frame's packet.
        """
        if coded == self._coded or not coded or coded <= 0 or coded == self.opened:
            return self.opened
        if self._fixed is None:
            # If the stream's ratio differs from the decoder's, the container has its own.
            self._fixed = self.opened != (self._coded or self.opened) or self._find_fixed()
        return self.opened if self._fixed else Fraction(coded)
