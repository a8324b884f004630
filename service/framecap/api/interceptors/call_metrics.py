"""Metrics of calls: their number, outcomes and durations."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from framecap.api.interceptors.around import Around, Context
from framecap.api.interceptors.outcome import outcome
from framecap.telemetry.metrics import ServiceMetrics


class MetricsInterceptor(Around):
    """Counts each call and measures its duration.

    Args:
        metrics: The metrics that count the call.
    """

    def __init__(self, metrics: ServiceMetrics) -> None:
        self._metrics = metrics

    @asynccontextmanager
    async def around(self, method: str, context: Context) -> AsyncIterator[None]:
        """Counts the call once it ends."""
        began = time.monotonic()
        raised: BaseException | None = None
        try:
            yield
        except BaseException as error:
            raised = error
            raise
        finally:
            taken = time.monotonic() - began
            self._metrics.call_ended(method, outcome(context, raised), taken)
