"""Requests to stores, with statistics and translated errors."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from time import monotonic

from framecap.transport.faults import StoreFault
from framecap.transport.request_statistics import Operation, RequestStatistics


@asynccontextmanager
async def counted_request(
    statistics: RequestStatistics,
    operation: Operation,
    translate: Callable[[Exception], StoreFault | None],
) -> AsyncIterator[None]:
    """Counts the request inside the block, and translates its error to a `StoreFault`.

    Args:
        statistics: Receives the figures.
        operation: The kind of the request.
        translate: Returns the fault for a client's error; None if the error is not a store's.

    Raises:
        StoreFault: The request failed.
    """
    began, outcome = monotonic(), "cancelled"
    statistics.request_began(operation)
    try:
        yield
        outcome = "ok"
    except Exception as error:
        fault = translate(error)
        outcome = fault.kind.value if fault else "broken"
        if fault is None or fault is error:
            raise
        raise fault from error
    finally:
        statistics.request_ended(operation, outcome, monotonic() - began)
