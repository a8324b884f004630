"""Translates the end of a decoder that sent no result to an error for the caller."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from typing import Final

from framecap.errors import CaptureError, DecoderCrashed, DecoderLost, DecoderStalled
from framecap.timebase import Nanoseconds

RETRY_AFTER_MS: Final = 1000

FROM_OUTSIDE: Final = frozenset(
    {signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT}
)
"""The signals that a process does not cause itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exit:
    """The end of a decoder, as its fork server reports it."""

    status: int
    """The wait status."""

    cpu: Nanoseconds
    """The CPU time of the process from its fork on."""


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


def error_for(exit: Exit | None) -> CaptureError:
    """Returns the error for a decoder that ended before its job did.

    Args:
        exit: The decoder's end; None when it was lost with the fork server.
    """
    if exit is None:
        return lost()
    if os.WIFSIGNALED(exit.status) and os.WTERMSIG(exit.status) in FROM_OUTSIDE:
        return lost()
    return crashed()


def describe(exit: Exit | None) -> str:
    """Returns a description of a decoder's exit, for the log."""
    if exit is None:
        return "it was lost with its fork server"
    if os.WIFSIGNALED(exit.status):
        number = os.WTERMSIG(exit.status)
        return f"signal {number}, {signal.strsignal(number)}"
    return f"exit status {os.waitstatus_to_exitcode(exit.status)}"
