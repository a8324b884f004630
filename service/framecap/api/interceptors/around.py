"""The shape all interceptors share: a context manager around each call.

Both unary and streaming methods appear to an interceptor as one call that begins, ends or raises:
`stall` has turned streams into coroutines before.
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
    """Runs every call of this project's services inside `around`.

    Calls of grpc's own health and reflection services are not intercepted.
    """

    @abstractmethod
    def around(self, method: str, context: Context) -> AbstractAsyncContextManager[None]:
        """Returns the context manager in which a call of `method` runs."""

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler]],
        details: grpc.HandlerCallDetails,
    ) -> Handler:
        """Returns a handler that runs the method inside `around`."""
        handler = await continuation(details)
        if handler is None or not details.method.startswith(PACKAGE):
            return handler
        return self._wrap(handler, details.method)

    def _wrap(self, handler: Handler, method: str) -> Handler:
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
