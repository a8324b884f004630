"""The outcome of a call, as the name of its gRPC status."""

from __future__ import annotations

import asyncio

import grpc

from framecap.api.interceptors.around import Context

CODES = {code.value[0]: code for code in grpc.StatusCode}


def outcome(context: Context, error: BaseException | None) -> str:
    """Returns the name of the status a call ended with.

    Args:
        context: The call's context.
        error: The exception that the call's method raised, if any.
    """
    if isinstance(error, asyncio.CancelledError):
        left = context.time_remaining()
        expired = left is not None and left <= 0
        return (grpc.StatusCode.DEADLINE_EXCEEDED if expired else grpc.StatusCode.CANCELLED).name
    code = context.code()
    status = code if isinstance(code, grpc.StatusCode) else CODES.get(int(code or 0))
    if status is None or (error is not None and status is grpc.StatusCode.OK):
        return grpc.StatusCode.UNKNOWN.name
    return status.name
