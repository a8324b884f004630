"""The methods that answer once: one image, the plan, the probe, validation."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from google.rpc import error_details_pb2
from grpc import aio

from framecap.v1 import event_pb2
from framecap.v1.snapshot_service_pb2 import (
    CaptureImageRequest,
    ExplainCaptureRequest,
    ProbeMediaRequest,
)
from framecap.v1.snapshot_service_pb2_grpc import SnapshotServiceStub
from support.api.calls import EVERY_SECOND, code, detail, reason, refusal, take
from support.clips import read_number

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("video/snapshots,f_jpg,ss_2000", 50),
        ("video/snapshots,f_png,ss_1000,inter_1000,num_3", 25),
        ("video/snapshots,f_jpg,m_key,ss_900", 25),
        ("video/snapshots,f_jpg,m_avg,num_4,ss_1000", 25),
        ("video/snapshots,f_png,m_dhash,thr_100,inter_500,num_2,ss_500", 12),
    ],
)
async def test_one_image_is_the_first_that_is_chosen(
    address: str, media: Path, text: str, number: int
) -> None:
    request = CaptureImageRequest(source=f"{media}/short.mp4", text=text)
    async with aio.insecure_channel(address) as channel:
        call = SnapshotServiceStub(channel).CaptureImage(request)
        answer = await call
        headers = dict(await call.initial_metadata())
    assert answer.content_type == ("image/jpeg" if "f_jpg" in text else "image/png")
    assert read_number(answer.data) == number
    assert headers["etag"] == f'"{hashlib.sha256(answer.data).hexdigest()}"'


async def test_one_image_of_listed_instants(address: str, media: Path) -> None:
    request = CaptureImageRequest(source=f"{media}/short.mp4")
    request.spec.jpeg.SetInParent()
    for seconds in (3, 1, 2):
        request.spec.instants.offsets.add(seconds=seconds)
    async with aio.insecure_channel(address) as channel:
        answer = await SnapshotServiceStub(channel).CaptureImage(request)
    assert read_number(answer.data) == 25


async def test_an_image_too_large_for_one_answer_is_refused(address: str, media: Path) -> None:
    request = CaptureImageRequest(
        source=f"{media}/noisy.mkv", text="video/snapshots,f_png,w_4096,h_4096"
    )
    async with aio.insecure_channel(address) as channel:
        status = await refusal(SnapshotServiceStub(channel).CaptureImage(request))
    assert (code(status), reason(status)) == ("FAILED_PRECONDITION", "LIMIT_EXCEEDED")
    facts = detail(status, error_details_pb2.ErrorInfo).metadata
    assert int(facts["actual"]) > int(facts["limit"])
    assert facts["actual"] in status.message
    assert "CaptureFrames" in status.message


async def test_an_explanation_has_no_images_and_every_fact_before_them(
    address: str, media: Path
) -> None:
    request = ExplainCaptureRequest(source=f"{media}/short.mp4", text=EVERY_SECOND)
    async with aio.insecure_channel(address) as channel:
        answer = await SnapshotServiceStub(channel).ExplainCapture(request)
    assert answer.accepted.text == EVERY_SECOND
    assert answer.media.codec == "h264"
    assert answer.plan.outputs[0].expected_count == 4
    assert answer.plan.strategy != event_pb2.CAPTURE_STRATEGY_UNSPECIFIED


async def test_an_explanation_has_the_warnings_that_a_capture_gives(
    address: str, media: Path
) -> None:
    text = "video/snapshots,f_jpg,m_key,w_96"
    request = ExplainCaptureRequest(source=f"{media}/short.mp4", text=text)
    async with aio.insecure_channel(address) as channel:
        answer = await SnapshotServiceStub(channel).ExplainCapture(request)
    assert [warning.reason for warning in answer.warnings] == ["ASPECT_CHANGED"]


async def test_a_probe_tells_what_a_source_contains(address: str, media: Path) -> None:
    async with aio.insecure_channel(address) as channel:
        answer = await SnapshotServiceStub(channel).ProbeMedia(
            ProbeMediaRequest(source=f"{media}/short.mp4")
        )
    assert (answer.media.width, answer.media.height) == (192, 108)
    assert answer.media.duration.ToMilliseconds() == 4000


async def test_validation_accepts_without_opening_the_source(address: str, media: Path) -> None:
    async with aio.insecure_channel(address) as channel:
        taken = await take(
            SnapshotServiceStub(channel),
            source=f"{media}/none.mp4",
            text=EVERY_SECOND,
            validate_only=True,
        )
    assert taken.cases == ["accepted", "finished"]
    assert taken.status is None
    assert taken.events[0].accepted.text == EVERY_SECOND
    assert taken.finished.status.code == 0
