"""The usage of captures from and into a store, as the store itself saw them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from framecap.storage.s3.writing import S3Writer
from framecap.v1 import capture_pb2
from support.api.calls import code, reason, take
from support.servers.faults import Asked, Fault

EVERY_2_5_S = "video/snapshots,f_jpg,inter_2500"


def delivery(bucket: str) -> capture_pb2.Delivery:
    target = capture_pb2.ObjectDelivery(
        bucket=bucket, key_template="{index}", manifest_key_template="all.json"
    )
    return capture_pb2.Delivery(object=target)


async def test_requests_and_bytes_are_those_that_the_store_saw(
    server: Any, serve: Any, proxied: Any, film: bytes
) -> None:
    films, shots = await server.filled({"a.mp4": film}), await server.filled()
    async with proxied(server.endpoint) as proxy:
        between = [replace(bucket, endpoint=proxy.endpoint) for bucket in (films, shots)]
        async with serve(*between) as (_, stub):
            proxy.asked.clear()
            taken = await take(
                stub,
                source=f"{films.name}/a.mp4",
                text=EVERY_2_5_S,
                delivery=delivery(shots.name),
            )
            asked = list(proxy.asked)
    assert code(taken.status) == "OK"
    usage = taken.finished.usage
    written = [each for each in asked if each.method == "PUT"]
    assert len(written) == 5
    assert usage.request_count == len(asked) > len(written)
    stored = await server.objects(shots)
    assert usage.written_bytes == sum(map(len, stored.values())) > taken.finished.image_bytes
    assert usage.read_bytes == taken.finished.read_bytes >= len(film)
    assert usage.image_count == 4
    assert usage.decoded_count == taken.finished.decoded_count


async def test_a_repeated_request_counts_again_and_its_object_once(
    swift: Any, serve: Any, proxied: Any, film: bytes
) -> None:
    films, shots = await swift.filled({"a.mp4": film}), await swift.filled()
    refused: list[Asked] = []

    def fault(asked: Asked) -> Fault | None:
        if asked.method == "PUT" and not refused:
            refused.append(asked)
            return Fault(status=503)
        return None

    async with proxied(swift.endpoint) as proxy:
        between = [replace(bucket, endpoint=proxy.endpoint) for bucket in (films, shots)]
        async with serve(*between) as (_, stub):
            proxy.asked.clear()
            proxy.fault = fault
            taken = await take(
                stub,
                source=f"{films.name}/a.mp4",
                text=EVERY_2_5_S,
                delivery=delivery(shots.name),
            )
            asked = list(proxy.asked)
    assert code(taken.status) == "OK"
    assert len(refused) == 1
    usage = taken.finished.usage
    assert usage.request_count == len(asked)
    stored = await swift.objects(shots)
    assert usage.written_bytes == sum(map(len, stored.values()))
    assert usage.image_count == 4


async def test_an_upload_in_parts_that_is_refused_has_requests_and_no_bytes(
    swift: Any, serve: Any, proxied: Any, film: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    films, shots = await swift.filled({"a.mp4": film}), await swift.filled()
    kept = S3Writer.__init__

    def in_parts(self: S3Writer, clients: Any, bucket: Any) -> None:
        kept(self, clients, bucket, part_bytes=1000)

    monkeypatch.setattr(S3Writer, "__init__", in_parts)
    async with proxied(swift.endpoint) as proxy:
        between = [replace(bucket, endpoint=proxy.endpoint) for bucket in (films, shots)]
        async with serve(*between) as (_, stub):
            proxy.asked.clear()
            taken = await take(
                stub,
                source=f"{films.name}/a.mp4",
                text=f"{EVERY_2_5_S},num_1",
                delivery=capture_pb2.Delivery(
                    object=capture_pb2.ObjectDelivery(bucket=shots.name, key_template="{index}")
                ),
            )
            asked = list(proxy.asked)
    usage = taken.finished.usage
    # The store takes no parts as small as these.
    assert reason(taken.status) == "TARGET_NOT_ALLOWED"
    assert [each.method for each in asked][-1] == "DELETE"
    assert usage.request_count == len(asked)
    assert (usage.written_bytes, usage.image_count) == (0, 0)
    assert usage.decoded_count > 0
