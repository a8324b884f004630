"""Confirmation of frames: damage often shows only when later packets are decoded."""

from __future__ import annotations

from collections import deque

from framecap.model.media import Confirmation


class Confirmations:
    """Confirms frames in the order in which they are decoded.

    Args:
        behind: The number of wanted frames that must decode behind a frame to confirm it.
        across: The number of frames that stay unconfirmed at the end of a run, until the next.
    """

    def __init__(self, behind: int, *, across: int = 0) -> None:
        self._behind = behind
        self._across = across
        self._waiting: deque[Confirmation] = deque()

    def of_next(self) -> Confirmation:
        """Returns the confirmation of the next frame, not given yet."""
        confirmation = Confirmation()
        self._waiting.append(confirmation)
        self._give(self._behind)
        return confirmation

    def end_run(self) -> None:
        """Records that a run gave the frames that its packets announced."""
        self._give(self._across)

    def end(self) -> None:
        """Records that nothing follows, and confirms all frames."""
        self._give(0)

    def _give(self, all_but: int) -> None:
        while len(self._waiting) > all_but:
            self._waiting.popleft().given = True
