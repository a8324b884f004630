"""Ends a wait when the service revokes a capture's slot."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeAlias

from framecap.errors import CaptureError

Revocation: TypeAlias = "asyncio.Future[CaptureError]"
"""Done once the service ends a capture; its result is the error of the capture."""


@contextmanager
def ended_by(revoked: Revocation) -> Iterator[None]:
    """Cancels the waits in the block when `revoked` is done. The block must not yield to a caller.

    Raises:
        CaptureError: The revocation's result, in place of the cancellation that it caused.
    """
    task = asyncio.current_task()
    assert task is not None
    cancelling = task.cancelling()
    cancelled = False

    def cancel(_: Revocation) -> None:
        nonlocal cancelled
        cancelled = True
        task.cancel()

    revoked.add_done_callback(cancel)
    try:
        yield
    except asyncio.CancelledError:
        # A cancellation from elsewhere takes precedence.
        if cancelled and task.uncancel() <= cancelling:
            raise revoked.result() from None
        raise
    finally:
        revoked.remove_done_callback(cancel)
