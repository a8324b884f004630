"""The terms on which an attempt at a task stores objects."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final


class NotInTime(Exception):
    """A write did not end while its worker surely held the task."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteTerms:
    """The terms on which objects are stored; a direct capture has no others than the defaults."""

    again: bool = False
    """True when an earlier attempt may have stored some of the objects, or parts of them."""

    seconds_left: Callable[[], float] | None = None
    """Returns the seconds in which each write must end, which may grow meanwhile; None for no
    bound."""

    @asynccontextmanager
    async def in_time(self) -> AsyncIterator[None]:
        """Cancels the writes in the block once no time is left. The block yields to no caller.

        Raises:
            NotInTime: No time was left, before or during the block.
        """
        if self.seconds_left is None:
            yield
            return
        if self.seconds_left() <= 0:
            raise NotInTime
        ending = _Ending(self.seconds_left)
        try:
            yield
        except asyncio.CancelledError:
            if ending.caused_cancellation():
                raise NotInTime from None
            raise
        finally:
            ending.close()


DIRECT: Final = WriteTerms()
"""The terms of a direct capture."""


class _Ending:
    """Cancels the present task once no time is left. Close it.

    It cancels from the timer itself: when a stopped process goes on, that precedes all that the
    task would do next, for example with an answer that came meanwhile.

    Args:
        seconds_left: Returns the seconds left.
    """

    def __init__(self, seconds_left: Callable[[], float]) -> None:
        self._seconds_left = seconds_left
        self._loop = asyncio.get_running_loop()
        task = asyncio.current_task()
        assert task is not None
        self._task: Final = task
        self._cancelling = task.cancelling()
        self._cancelled = False
        self._timer: asyncio.TimerHandle | None = None
        self._look()

    def caused_cancellation(self) -> bool:
        """Returns whether the task's cancellation is this one's alone, which ends with that."""
        return self._cancelled and self._task.uncancel() <= self._cancelling

    def close(self) -> None:
        """Cancels nothing any more."""
        if self._timer is not None:
            self._timer.cancel()

    def _look(self) -> None:
        left = self._seconds_left()
        if left > 0:
            self._timer = self._loop.call_later(left, self._look)
        else:
            self._timer = None
            self._cancelled = True
            self._task.cancel()
