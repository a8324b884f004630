"""The shape all interceptors share: a context manager around each call.

Whatever the kind of method, unary or streaming, an interceptor sees one call that begins, ends or
raises. Streams have become coroutines by then, see `stall`.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import grpc
from google.protobuf.message import Message
from grpc import aio

Context: TypeAlias = "aio.ServicerContext[Any, Any]"
Handler: TypeAlias = Any
"""A `grpc.RpcMethodHandler`, whose stubs do not know asynchronous methods."""

if TYPE_CHECKING:
    Interceptor = aio.ServerInterceptor[Any, Any]
else:
    Interceptor = aio.ServerInterceptor

PACKAGE: Final = "/framecap."


class Around(Interceptor):
    """Puts `around` about every call of this project's services.

    The health and reflection services, which are grpc's own, pass untouched.
    """

    @abstractmethod
    def around(self, method: str, context: Context) -> AbstractAsyncContextManager[None]:
        """Returns what is entered before a call of `method` and left after it."""

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler]],
        details: grpc.HandlerCallDetails,
    ) -> Handler:
        """Returns the method's handler with `around` about it."""
        handler = await continuation(details)
        if handler is None or not details.method.startswith(PACKAGE):
            return handler
        return self._surround(handler, details.method)

    def _surround(self, handler: Handler, method: str) -> Handler:
        name = method.rpartition("/")[2]
        if handler.unary_stream is not None:
            inner = handler.unary_stream

            async def stream(request: Message, context: Context) -> None:
                async with self.around(name, context):
                    await inner(request, context)

            return grpc.unary_stream_rpc_method_handler(
                stream, handler.request_deserializer, handler.response_serializer
            )
        if handler.unary_unary is not None:
            answer = handler.unary_unary

            async def unary(request: Message, context: Context) -> Message:
                async with self.around(name, context):
                    response: Message = await answer(request, context)
                    return response

            return grpc.unary_unary_rpc_method_handler(
                unary, handler.request_deserializer, handler.response_serializer
            )
        raise TypeError(f"{method} takes a stream of requests, which no interceptor here knows")
