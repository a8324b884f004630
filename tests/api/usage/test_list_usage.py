"""`ListUsage`: one's own records, in pages, between two times."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc import error_details_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from framecap.call import ANYONE
from framecap.tasks.uuid7 import Uuid7, task_id
from framecap.v1.usage_service_pb2 import ListUsageRequest
from framecap.v1.usage_service_pb2_grpc import UsageServiceStub
from support.api.calls import code, detail, reason, refusal
from support.api.running import Run, Running
from support.api.usage import recorded, time
from support.tasks.engines import WORKED, direct

SERVICE = "framecap.v1.UsageService"
COUNT = 7

LATER = 4_102_444_800 * 10**9
"""In the year 2100, so that nothing is old enough to be removed."""

BAD = [
    pytest.param(
        {"page_size": -1}, "page_size", "page_size: -1 is not in 0..2147483647", id="size"
    ),
    pytest.param(
        {"page_token": "made up"},
        "page_token",
        "page_token: it is not from a page of this list",
        id="token",
    ),
    pytest.param(
        {"ended_from": Timestamp(nanos=-1)},
        "ended_from.nanos",
        "ended_from.nanos: -1 is not in 0..999999999",
        id="nanos",
    ),
    pytest.param(
        {"ended_before": Timestamp(seconds=-1)},
        "ended_before.seconds",
        "ended_before.seconds: -1 is not in 0..9223372035",
        id="before 1970",
    ),
    pytest.param(
        {"ended_from": Timestamp(seconds=2**40)},
        "ended_from.seconds",
        "ended_from.seconds: 1099511627776 is not in 0..9223372035",
        id="far",
    ),
]


async def fill(client: Running) -> None:
    """Records seven captures of the caller, and as many of another."""
    for number in range(COUNT):
        for principal in (ANYONE, "other"):
            record = direct(f"{principal}-{number}", LATER + 10 * number, principal)
            await client.service.tasks.record_usage(record)


def calls(records: Any) -> list[str]:
    return [record.call_id for record in records]


async def test_ones_own_records_are_listed_by_their_end(run: Run) -> None:
    async with run() as client:
        await fill(client)
        own = [f"{ANYONE}-{number}" for number in range(COUNT)]
        assert calls(await recorded(client.channel)) == own
        assert calls(await recorded(client.channel, page_size=3)) == own
        chosen = {"ended_from": time(LATER + 20), "ended_before": time(LATER + 50)}
        assert calls(await recorded(client.channel, **chosen, page_size=2)) == own[2:5]
        assert calls(await recorded(client.channel, ended_before=time(LATER + 0))) == []
        stub = UsageServiceStub(client.channel)
        answer = await stub.ListUsage(ListUsageRequest(page_size=COUNT))
        assert len(answer.records) == COUNT
        assert answer.next_page_token == ""


async def test_a_record_is_shown_whole(run: Run) -> None:
    name = task_id(Uuid7()())
    async with run() as client:
        await client.service.tasks.record_usage(direct("a call", LATER + 1_500_000_000, ANYONE))
        await client.service.tasks.record_usage(direct(name, LATER + 2_000_000_000, ANYONE))
        of_call, of_task = await recorded(client.channel)
    assert (of_call.call_id, of_call.task_id) == ("a call", "")
    assert (of_task.call_id, of_task.task_id) == ("", name)
    assert (of_call.principal, of_call.source) == (ANYONE, "films/a.mp4")
    assert (of_call.mode, of_call.outcome) == ("key", "OK")
    assert of_call.end_time == time(LATER + 1_500_000_000)
    usage = of_call.usage
    assert usage.image_count == 2
    assert usage.decoded_count == WORKED.decoded_count
    assert usage.cpu_time.ToNanoseconds() == WORKED.cpu
    assert usage.read_bytes == WORKED.read_bytes
    assert usage.written_bytes == WORKED.written_bytes
    assert usage.request_count == WORKED.request_count


@pytest.mark.parametrize(("request_fields", "field", "sentence"), BAD)
async def test_a_bad_field_is_refused_by_its_name(
    run: Run, request_fields: dict[str, Any], field: str, sentence: str
) -> None:
    async with run() as client:
        stub = UsageServiceStub(client.channel)
        status = await refusal(stub.ListUsage(ListUsageRequest(**request_fields)))
    assert (code(status), reason(status)) == ("INVALID_ARGUMENT", "VALUE_OUT_OF_RANGE")
    assert status.message == sentence
    (violation,) = detail(status, error_details_pb2.BadRequest).field_violations
    assert violation.field == field


async def test_a_token_of_another_list_is_refused(run: Run) -> None:
    async with run() as client:
        await fill(client)
        stub = UsageServiceStub(client.channel)
        token = (await stub.ListUsage(ListUsageRequest(page_size=2))).next_page_token
        other = ListUsageRequest(page_token=token, ended_from=time(LATER + 1))
        status = await refusal(stub.ListUsage(other))
        assert reason(status) == "VALUE_OUT_OF_RANGE"
        # The size of the pages may change from one to the next.
        larger = await stub.ListUsage(ListUsageRequest(page_token=token, page_size=100))
        assert len(larger.records) == COUNT - 2


async def test_the_service_is_well_and_describes_it(run: Run) -> None:
    async with run() as client:
        health = health_pb2_grpc.HealthStub(client.channel)
        answer = await health.Check(health_pb2.HealthCheckRequest(service=SERVICE))
        assert answer.status == health_pb2.HealthCheckResponse.SERVING
        stub = reflection_pb2_grpc.ServerReflectionStub(client.channel)
        requests = [reflection_pb2.ServerReflectionRequest(list_services="")]
        (names,) = [answer async for answer in stub.ServerReflectionInfo(iter(requests))]
    assert SERVICE in {service.name for service in names.list_services_response.service}
