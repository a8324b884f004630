"""A timeout for each of many waits, at the cost of one timer."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self


class WriteTimeout:
    """Ends a wait of the current task that takes too long, like `asyncio.timeout`.

    One timer checks now and then whether the current wait has taken too long, so a wait costs only
    two reads of the clock. Leaving the `with` block stops the timer.

    Args:
        limit: The longest duration of one wait, in seconds.
    """

    def __init__(self, limit: float) -> None:
        self._limit = limit
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.current_task()
        self._since: float | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._over = False

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Limits the duration of the block.

        Raises:
            TimeoutError: The block took longer than the limit.
        """
        assert self._task is not None
        cancelling = self._task.cancelling()
        self._since = self._loop.time()
        if self._timer is None:
            self._schedule(self._limit)
        try:
            yield
        except asyncio.CancelledError as error:
            # A cancellation by another caller takes precedence over the timeout.
            if self._over and self._task.uncancel() <= cancelling:
                raise TimeoutError from error
            raise
        finally:
            self._since = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _schedule(self, seconds: float) -> None:
        self._timer = self._loop.call_later(seconds, self._check)

    def _check(self) -> None:
        self._timer = None
        if self._since is None:
            return
        left = self._since + self._limit - self._loop.time()
        if left > 0:
            self._schedule(left)
        else:
            self._over = True
            assert self._task is not None
            self._task.cancel()
