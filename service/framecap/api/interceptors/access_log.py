"""The access log: one line for each call, when it ends."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

from framecap.api.interceptors.around import Around, Context
from framecap.api.interceptors.outcome import outcome
from framecap.telemetry.logs import CALL_ID

logger = logging.getLogger("framecap.access")


class AccessLogInterceptor(Around):
    """Gives each call an id, which all its log lines carry, and logs how it ended.

    The line has nothing of the request, because sources may have credentials in their query.
    """

    @asynccontextmanager
    async def around(self, method: str, context: Context) -> AsyncIterator[None]:
        """Logs the call once it ends."""
        CALL_ID.set(str(uuid4()))
        began = time.monotonic()
        raised: BaseException | None = None
        try:
            yield
        except BaseException as error:
            raised = error
            raise
        finally:
            facts = {
                "method": method,
                "status": outcome(context, raised),
                "duration_ms": round((time.monotonic() - began) * 1000, 1),
            }
            logger.info("call ended", extra={"facts": facts})
