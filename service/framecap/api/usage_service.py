"""`framecap.v1.UsageService`."""

from __future__ import annotations

from framecap.api.interceptors.around import Context
from framecap.api.usage_messages import page_size, record_message, usage_filter
from framecap.call import ANYONE
from framecap.tasks.engine import TaskEngine
from framecap.v1 import usage_service_pb2_grpc
from framecap.v1.usage_service_pb2 import ListUsageRequest, ListUsageResponse


class UsageService(usage_service_pb2_grpc.UsageServiceServicer):
    """Reports what captures used.

    Args:
        engine: Keeps the usage records.
    """

    def __init__(self, engine: TaskEngine) -> None:
        self._engine = engine

    async def ListUsage(self, request: ListUsageRequest, context: Context) -> ListUsageResponse:
        """Lists the usage records of the caller's captures, oldest first."""
        page = await self._engine.usage(
            ANYONE,
            usage_filter(request),
            page_size=page_size(request),
            page_token=request.page_token,
        )
        return ListUsageResponse(
            records=map(record_message, page.records), next_page_token=page.next_page_token
        )
