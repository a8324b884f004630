"""Errors: every call that fails ends with one rich status."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from grpc import aio
from grpc_status import rpc_status

from framecap.api.interceptors.around import Around, Context
from framecap.errors import CaptureError
from framecap.events.status import incident, to_status


class ErrorsInterceptor(Around):
    """Turns an exception of a method into the status of its call.

    An exception other than `CaptureError` is a fault of the service: it is logged once, with an
    incident id, and the caller receives only the id.
    """

    @asynccontextmanager
    async def around(self, method: str, context: Context) -> AsyncIterator[None]:
        """Ends the call with the status of the exception that its method raises."""
        try:
            yield
        except aio.AbortError:
            raise
        except CaptureError as error:
            await _abort(context, error)
        except Exception as error:
            await _abort(context, incident(error))


async def _abort(context: Context, error: CaptureError) -> None:
    status = rpc_status.to_status(to_status(error))
    await context.abort(status.code, status.details, status.trailing_metadata)
