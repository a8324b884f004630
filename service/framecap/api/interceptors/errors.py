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
    """Turns what a method raises into the status its call ends with.

    An exception that is no `CaptureError` is a fault of the service: it is logged once, with an
    incident id, and its caller learns the id and nothing else.
    """

    @asynccontextmanager
    async def around(self, method: str, context: Context) -> AsyncIterator[None]:
        """Ends the call with the status of what its method raises."""
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
