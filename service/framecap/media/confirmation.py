"""Which frames of a lane are certain: of damaged packets, often only the next ones tell."""

from __future__ import annotations

from collections import deque

from framecap.model.media import Confirmation


class Confirmations:
    """Gives frames their proofs, in the order in which they are decoded.

    Args:
        behind: How many wanted frames must decode behind a frame before it is certain.
        across: How many frames await those of the next run when one ends.
    """

    def __init__(self, behind: int, *, across: int = 0) -> None:
        self._behind = behind
        self._across = across
        self._waiting: deque[Confirmation] = deque()

    def of_next(self) -> Confirmation:
        """Returns the proof of the next frame, which is not given yet."""
        confirmation = Confirmation()
        self._waiting.append(confirmation)
        self._give(self._behind)
        return confirmation

    def end_run(self) -> None:
        """Notes that a run has decoded as its packets promised."""
        self._give(self._across)

    def end(self) -> None:
        """Notes that nothing follows."""
        self._give(0)

    def _give(self, but: int) -> None:
        while len(self._waiting) > but:
            self._waiting.popleft().given = True
