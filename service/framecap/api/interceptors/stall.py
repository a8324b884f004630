"""Writes streams, and ends a stream whose client reads nothing.

This is the innermost interceptor. grpc would iterate a method's generator itself, but when the
client goes away it leaves a suspended generator to the garbage collector, and the generator's
decoder would live until then.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Any

import grpc
from google.protobuf.message import Message
from grpc import aio

from framecap.api.interceptors.around import PACKAGE, Context, Handler, Interceptor
from framecap.api.interceptors.write_timeout import WriteTimeout
from framecap.errors import ClientStalled


class StallInterceptor(Interceptor):
    """Turns streaming methods into coroutines that write each message and close the generator.

    Args:
        limit: How long a client may read nothing, in seconds.
    """

    def __init__(self, limit: float) -> None:
        self._limit = limit

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler]],
        details: grpc.HandlerCallDetails,
    ) -> Handler:
        """Returns the method's handler, with a streaming method as a coroutine."""
        handler = await continuation(details)
        if (
            handler is None
            or handler.unary_stream is None
            or not details.method.startswith(PACKAGE)
        ):
            return handler
        return grpc.unary_stream_rpc_method_handler(
            self._written(handler.unary_stream),
            handler.request_deserializer,
            handler.response_serializer,
        )

    def _written(
        self, method: Callable[[Any, Any], AsyncGenerator[Message]]
    ) -> Callable[[Message, Context], Awaitable[None]]:
        async def write_all(request: Message, context: Context) -> None:
            with WriteTimeout(self._limit) as timeout:
                async with aclosing(method(request, context)) as messages:
                    async for message in messages:
                        await self._write(context, message, timeout)

        return write_all

    async def _write(self, context: Context, message: Message, timeout: WriteTimeout) -> None:
        try:
            with timeout.waiting():
                await context.write(message)
        except TimeoutError:
            raise ClientStalled(
                f"The client took nothing for {self._limit:g} s.",
                metadata={"seconds": f"{self._limit:g}"},
            ) from None
        except aio.InternalError as error:
            # A write in progress fails like this when the client goes away, before the call is
            # cancelled.
            raise asyncio.CancelledError from error
