"""Translates the end of a decoder that sent no result to an error for the caller."""

from __future__ import annotations

import os
import signal
from typing import Final

from framecap.errors import CaptureError, DecoderCrashed, DecoderLost, DecoderStalled

RETRY_AFTER_MS: Final = 1000

FROM_OUTSIDE: Final = frozenset(
    {signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT}
)
"""The signals that a process does not cause itself."""


def crashed() -> DecoderCrashed:
    """Returns the error for a decoder that crashed on its file, or broke the protocol."""
    return DecoderCrashed("the file crashed its decoder")


def lost() -> DecoderLost:
    """Returns the error for a decoder that was killed from outside, or could not be started."""
    return DecoderLost(
        "the decoder was ended from outside; the same request may succeed when it is sent again",
        retry_after_ms=RETRY_AFTER_MS,
    )


def stalled(stall_after: float) -> DecoderStalled:
    """Returns the error for a decoder that made no progress."""
    seconds = f"{stall_after:g}"
    return DecoderStalled(
        f"the decoder made no progress in this file for {seconds} seconds",
        metadata={"seconds": seconds},
    )


def error_for(wait_status: int | None) -> CaptureError:
    """Returns the error for a decoder that ended before its job did.

    Args:
        wait_status: The status from `waitpid`; None when it was lost with the fork server.
    """
    if wait_status is None:
        return lost()
    if os.WIFSIGNALED(wait_status) and os.WTERMSIG(wait_status) in FROM_OUTSIDE:
        return lost()
    return crashed()


def describe(wait_status: int | None) -> str:
    """Returns a description of a decoder's exit, for the log."""
    if wait_status is None:
        return "it was lost with its fork server"
    if os.WIFSIGNALED(wait_status):
        number = os.WTERMSIG(wait_status)
        return f"signal {number}, {signal.strsignal(number)}"
    return f"exit status {os.waitstatus_to_exitcode(wait_status)}"
