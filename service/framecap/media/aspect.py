"""The shape of stored pixels, which may change on the way."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction


class AspectRatios:
    """Knows the shape of a pixel of each frame of one stream, width to height.

    The container's decides where it has one, else each frame's own.

    Args:
        opened: The shape when the container was opened.
        coded: The decoder's own then, if it had one.
        fixed: Returns whether the container itself has the shape. Called once, and only where the
            decoder's changes: it opens the source again.
    """

    def __init__(
        self, opened: Fraction, coded: Fraction | None, *, fixed: Callable[[], bool]
    ) -> None:
        self.opened = opened
        """The shape when the container was opened."""
        self._coded = coded
        self._find_fixed = fixed
        self._fixed: bool | None = None

    def of(self, coded: Fraction | None) -> Fraction:
        """Returns the shape of a frame's pixels.

        Args:
            coded: The decoder's, right after the frame's packet went in.
        """
        if coded == self._coded or not coded or coded <= 0 or coded == self.opened:
            return self.opened
        if self._fixed is None:
            # The stream's is not the decoder's: the container has one of its own.
            self._fixed = self.opened != (self._coded or self.opened) or self._find_fixed()
        return self.opened if self._fixed else Fraction(coded)
