"""Usage records and their lists, from and to protobuf."""

from __future__ import annotations

from framecap.events import messages
from framecap.model.usage import UsageRecord
from framecap.tasks.task import DEFAULT_USAGE_PAGE_SIZE, UsageFilter
from framecap.tasks.uuid7 import parse_task_id
from framecap.timebase import Nanoseconds
from framecap.v1 import usage_service_pb2
from framecap.v1.usage_service_pb2 import ListUsageRequest
from framecap.values import checks
from framecap.values.instants import instant, timestamp


def usage_filter(request: ListUsageRequest) -> UsageFilter:
    """Returns the filter of a list.

    Raises:
        ValueOutOfRange: A time is not valid.
    """
    return UsageFilter(
        ended_from=_instant(request, "ended_from"), ended_before=_instant(request, "ended_before")
    )


def page_size(request: ListUsageRequest) -> int:
    """Returns the most records of a page.

    Raises:
        ValueOutOfRange: It is negative.
    """
    return checks.number_or(DEFAULT_USAGE_PAGE_SIZE, "page_size", request.page_size, 0)


def record_message(record: UsageRecord) -> usage_service_pb2.UsageRecord:
    """Returns a usage record as its owner sees it."""
    is_task = parse_task_id(record.record_id) is not None
    return usage_service_pb2.UsageRecord(
        task_id=record.record_id if is_task else "",
        call_id="" if is_task else record.record_id,
        principal=record.principal,
        source=record.source,
        mode=record.mode,
        outcome=record.outcome,
        end_time=timestamp(record.end_time),
        usage=messages.usage(record.usage, record.image_count),
    )


def _instant(request: ListUsageRequest, field: str) -> Nanoseconds | None:
    return instant(field, getattr(request, field)) if request.HasField(field) else None
