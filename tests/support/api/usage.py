"""Usage records, as a client of the service sees them."""

from __future__ import annotations

from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp
from grpc import aio

from framecap.v1.usage_service_pb2 import ListUsageRequest, UsageRecord
from framecap.v1.usage_service_pb2_grpc import UsageServiceStub


async def recorded(channel: aio.Channel, **request: Any) -> list[UsageRecord]:
    """Returns the caller's usage records, all pages of them."""
    stub = UsageServiceStub(channel)
    answer = await stub.ListUsage(ListUsageRequest(**request))
    records = [*answer.records]
    while answer.next_page_token:
        again = ListUsageRequest(**request, page_token=answer.next_page_token)
        answer = await stub.ListUsage(again)
        records += answer.records
    return records


def time(nanoseconds: int) -> Timestamp:
    """Returns a time as messages have it."""
    stamp = Timestamp()
    stamp.FromNanoseconds(nanoseconds)
    return stamp
