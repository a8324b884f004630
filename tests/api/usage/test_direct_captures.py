"""Each direct capture that ends has one usage record, written before its `finished` is sent."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from framecap.api.settings import ApiSettings
from framecap.config import Settings
from framecap.model.usage import UsageRecord
from framecap.v1 import capture_pb2
from framecap.v1.snapshot_service_pb2 import (
    CaptureFramesRequest,
    CaptureImageRequest,
    ExplainCaptureRequest,
    ProbeMediaRequest,
)
from support.api.calls import EVERY_FRAME, EVERY_SECOND, Taken, reason, refusal, take, until
from support.api.running import Run, Running
from support.api.usage import recorded


def delivery(key: str, manifest: str = "") -> capture_pb2.Delivery:
    """Returns a delivery to a local bucket."""
    target = capture_pb2.ObjectDelivery(
        bucket="shots", key_template=key, manifest_key_template=manifest
    )
    return capture_pb2.Delivery(object=target)


def stored(data: Path) -> list[int]:
    """Returns the sizes of all objects of the local bucket."""
    return [path.stat().st_size for path in (data / "buckets/shots").rglob("*.*")]


def decoders(client: Running) -> list[int]:
    """Returns the pids of the service's decoders."""
    pid = client.service.launcher.pid
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in children]


async def begun(client: Running, media: Path) -> Any:
    """Returns a call that has had a frame of many."""
    call = client.stub.CaptureFrames(
        CaptureFramesRequest(source=f"{media}/noisy.mkv", text=EVERY_FRAME)
    )
    async for response in call:
        if response.event.HasField("frame"):
            return call
    raise AssertionError("no frame came")


def works(taken: Taken) -> None:
    """Checks that a capture was recorded as its own figures are."""
    finished = taken.finished
    assert finished.usage.image_count == len(taken.frames)
    assert finished.usage.decoded_count == finished.decoded_count > 0
    assert finished.usage.read_bytes == finished.read_bytes > 0
    assert finished.usage.cpu_time.ToNanoseconds() > 0


async def test_a_record_says_what_finished_says(run: Run, media: Path) -> None:
    async with run() as client:
        source = f"{media}/short.mp4"
        taken = await take(client.stub, source=source, text=EVERY_SECOND)
        (record,) = await recorded(client.channel)
    works(taken)
    assert record.usage == taken.finished.usage
    assert (record.usage.written_bytes, record.usage.request_count) == (0, 0)
    assert (record.call_id, record.task_id) == (taken.events[0].accepted.call_id, "")
    assert (record.principal, record.mode, record.outcome) == ("anonymous", "inter", "OK")
    assert record.source == taken.events[0].accepted.source
    times = [event.event_time.ToNanoseconds() for event in taken.events]
    assert times[0] < record.end_time.ToNanoseconds() <= times[-1]


async def test_more_work_takes_more_cpu_time(run: Run, media: Path) -> None:
    async with run() as client:
        source = f"{media}/short.mp4"
        few = await take(client.stub, source=source, text=f"{EVERY_FRAME},num_1")
        many = await take(client.stub, source=source, text=EVERY_FRAME)
    assert many.finished.usage.decoded_count > few.finished.usage.decoded_count
    used = [taken.finished.usage.cpu_time.ToNanoseconds() for taken in (few, many)]
    assert 0 < used[0] < used[1]


async def test_the_bytes_written_are_those_of_the_objects(
    run: Run, media: Path, tmp_path: Path
) -> None:
    async with run() as client:
        taken = await take(
            client.stub,
            source=f"{media}/short.mp4",
            text=EVERY_SECOND,
            delivery=delivery("{index}", "all.json"),
        )
    works(taken)
    sizes = stored(tmp_path)
    assert len(sizes) == 5
    assert taken.finished.usage.written_bytes == sum(sizes)
    assert taken.finished.usage.image_count == 4


async def test_images_that_replace_one_another_are_one(
    run: Run, media: Path, tmp_path: Path
) -> None:
    async with run() as client:
        taken = await take(
            client.stub,
            source=f"{media}/short.mp4",
            text=EVERY_SECOND,
            delivery=delivery("last.jpg"),
        )
        (record,) = await recorded(client.channel)
    assert len(taken.frames) == taken.finished.captured_count == 4
    assert record.usage.image_count == 1
    assert [record.usage.written_bytes] == stored(tmp_path)


async def test_it_is_written_before_finished_is_sent(
    run: Run, media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with run() as client:
        engine = client.service.tasks
        writing, may_write = asyncio.Event(), asyncio.Event()
        record_usage = engine.record_usage

        async def slowly(record: UsageRecord) -> None:
            writing.set()
            await may_write.wait()
            await record_usage(record)

        monkeypatch.setattr(engine, "record_usage", slowly)
        call = client.stub.CaptureFrames(
            CaptureFramesRequest(source=f"{media}/short.mp4", text=EVERY_SECOND)
        )
        events = aiter(call)
        cases = []
        while (event := (await anext(events)).event).progress.phase != 7:
            cases.append(event.WhichOneof("event"))
        await writing.wait()
        # The capture holds nothing while the disk is slow.
        assert client.service.admission.load.open == 0
        last = asyncio.ensure_future(anext(events))
        assert await recorded(client.channel) == []
        assert not last.done()
        may_write.set()
        response: Any = await last
        assert response.event.HasField("finished")
        (record,) = await recorded(client.channel)
        assert record.usage == response.event.finished.usage
        assert "finished" not in cases


async def test_a_cancelled_capture_is_recorded(run: Run, media: Path) -> None:
    async with run() as client:
        call = await begun(client, media)
        call.cancel()
        await until(lambda: client.service.admission.load.open == 0, "its place is free")
        records = []
        while not records:
            records = await recorded(client.channel)
    (record,) = records
    assert record.outcome == "CANCELLED"
    assert record.usage.cpu_time.ToNanoseconds() > 0
    assert record.usage.image_count >= 1


async def test_a_capture_whose_decoder_is_killed_is_recorded_with_its_work(
    run: Run, media: Path
) -> None:
    async with run() as client:
        call = client.stub.CaptureFrames(
            CaptureFramesRequest(source=f"{media}/noisy.mkv", text=EVERY_FRAME)
        )
        events = aiter(call)
        while not (await anext(events)).event.HasField("frame"):
            pass
        (pid,) = decoders(client)
        os.kill(pid, signal.SIGKILL)
        seen = []
        with pytest.raises(Exception, match="ended from outside"):
            seen += [response.event async for response in events]
        (record,) = await recorded(client.channel)
    assert record.outcome == "DECODER_LOST"
    assert record.usage.cpu_time.ToNanoseconds() > 0
    assert record.usage.image_count >= 1


async def test_a_capture_that_fails_is_recorded_with_its_reason(run: Run, media: Path) -> None:
    async with run() as client:
        late = await take(
            client.stub, source=f"{media}/short.mp4", text="video/snapshots,f_jpg,ss_99000,m_key"
        )
        broken = await take(client.stub, source=f"{media}/text.mp4", text=EVERY_SECOND)
        records = await recorded(client.channel)
    assert [reason(taken.status) for taken in (late, broken)] == [
        record.outcome for record in records
    ]
    assert [record.usage.image_count for record in records] == [0, 0]
    assert [record.mode for record in records] == ["key", "inter"]
    assert all(record.usage.cpu_time.ToNanoseconds() > 0 for record in records)
    assert broken.finished.usage == records[1].usage


async def test_a_single_image_is_a_capture(run: Run, media: Path) -> None:
    async with run() as client:
        request = CaptureImageRequest(source=f"{media}/short.mp4", text=EVERY_SECOND)
        await client.stub.CaptureImage(request)
        (record,) = await recorded(client.channel)
    assert (record.outcome, record.usage.image_count) == ("OK", 1)


async def test_what_captures_nothing_has_no_record(run: Run, media: Path) -> None:
    source = f"{media}/short.mp4"
    async with run() as client:
        await client.stub.ProbeMedia(ProbeMediaRequest(source=source))
        await client.stub.ExplainCapture(ExplainCaptureRequest(source=source, text=EVERY_SECOND))
        valid = await take(client.stub, source=source, text=EVERY_SECOND, validate_only=True)
        assert not valid.finished.HasField("usage")
        # Refused before `accepted`: a failed call, and no capture.
        for refused in ("nonsense", "video/snapshots,f_jpg,m_avg"):
            assert (await take(client.stub, source=source, text=refused)).events == []
        missing = CaptureImageRequest(source=f"{media}/none.mp4", text=EVERY_SECOND)
        assert reason(await refusal(client.stub.CaptureImage(missing))) == "SOURCE_NOT_FOUND"
        assert await recorded(client.channel) == []


async def test_captures_at_once_each_have_their_record(run: Run, media: Path) -> None:
    async with run() as client:
        taken = await asyncio.gather(
            *(take(client.stub, source=f"{media}/short.mp4", text=EVERY_SECOND) for _ in range(8))
        )
        records = await recorded(client.channel, page_size=3)
    by_call = {record.call_id: record.usage for record in records}
    assert len(records) == len(by_call) == 8
    assert by_call == {each.events[0].accepted.call_id: each.finished.usage for each in taken}


async def test_a_client_that_leaves_the_last_event_has_one_record(run: Run, media: Path) -> None:
    async with run() as client:
        call = client.stub.CaptureFrames(
            CaptureFramesRequest(source=f"{media}/short.mp4", text=EVERY_SECOND)
        )
        async with aclosing(aiter(call)) as events:
            async for response in events:
                if response.event.HasField("finished"):
                    break
        call.cancel()
        await until(lambda: client.service.admission.load.open == 0, "its place is free")
        (record,) = await recorded(client.channel)
    assert record.outcome == "OK"


async def test_an_image_that_no_answer_carries_is_not_charged(run: Run, media: Path) -> None:
    settings = Settings(api=ApiSettings(max_unary_image_bytes=100))
    async with run(settings) as client:
        request = CaptureImageRequest(source=f"{media}/short.mp4", text=EVERY_SECOND)
        status = await refusal(client.stub.CaptureImage(request))
        (record,) = await recorded(client.channel)
    assert reason(status) == "LIMIT_EXCEEDED"
    assert "more than the 100 that one answer carries" in status.message
    assert (record.outcome, record.usage.image_count) == ("LIMIT_EXCEEDED", 0)
