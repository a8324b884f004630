"""A limit on each of many waits, for the price of one timer."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self


class WriteTimeout:
    """Ends a wait of the current task that takes too long; does what `asyncio.timeout` does.

    Its timer looks now and then whether a wait is under way for too long, so that a wait costs two
    looks at the clock. Leaving its `with` block stops the timer.

    Args:
        limit: How long one wait may take, in seconds.
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
        """Bounds the waits in the block.

        Raises:
            TimeoutError: They took too long.
        """
        assert self._task is not None
        cancelling = self._task.cancelling()
        self._since = self._loop.time()
        if self._timer is None:
            self._look_in(self._limit)
        try:
            yield
        except asyncio.CancelledError as error:
            # Whoever else has cancelled the task is to have their way.
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

    def _look_in(self, seconds: float) -> None:
        self._timer = self._loop.call_later(seconds, self._look)

    def _look(self) -> None:
        self._timer = None
        if self._since is None:
            return
        left = self._since + self._limit - self._loop.time()
        if left > 0:
            self._look_in(left)
        else:
            self._over = True
            assert self._task is not None
            self._task.cancel()
