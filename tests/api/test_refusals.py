"""Requests that are refused: before any event, by a code, a reason and a sentence."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from google.rpc import error_details_pb2
from grpc import aio

from framecap.v1 import capture_pb2
from framecap.v1.snapshot_service_pb2 import (
    CaptureImageRequest,
    ExplainCaptureRequest,
    ProbeMediaRequest,
)
from framecap.v1.snapshot_service_pb2_grpc import SnapshotServiceStub
from support.api.calls import EVERY_SECOND, code, detail, reason, refusal, take

pytestmark = pytest.mark.asyncio(loop_scope="module")


@dataclass(frozen=True)
class Refused:
    """A request, and how it is refused."""

    request: dict[str, Any]
    code: str
    reason: str
    sentence: str
    field: str = ""
    column: int | None = None


def spec(**fields: Any) -> capture_pb2.CaptureSpec:
    return capture_pb2.CaptureSpec(**{"jpeg": {}, **fields})


def stored(key: str, bucket: str = "shots") -> capture_pb2.Delivery:
    return capture_pb2.Delivery(object=capture_pb2.ObjectDelivery(bucket=bucket, key_template=key))


def base64_text(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


INVALID = "INVALID_ARGUMENT"
SAVED = EVERY_SECOND + f"|sys/saveas,o_{base64_text('x')},b_{base64_text('shots')}"

REFUSED = {
    "nothing asked": Refused(
        {},
        INVALID,
        "OPTION_MISSING",
        "request: neither text nor spec nor outputs is set",
        "request",
    ),
    "empty text": Refused({"text": ""}, INVALID, "SPEC_SYNTAX", "text:", "text", 1),
    "unknown option": Refused(
        {"text": "video/snapshots,f_jpg,nun_3"}, INVALID, "OPTION_UNKNOWN", "num", "text", 23
    ),
    "repeated option": Refused(
        {"text": "video/snapshots,f_jpg,f_png"}, INVALID, "OPTION_REPEATED", "f", "text", 23
    ),
    "missing format": Refused(
        {"text": "video/snapshots"}, INVALID, "OPTION_MISSING", "f", "text", 1
    ),
    "out of range": Refused(
        {"text": "video/snapshots,f_jpg,w_8"}, INVALID, "VALUE_OUT_OF_RANGE", "32", "text", 23
    ),
    "average of none": Refused(
        {"spec": spec(average={"count": 0})},
        INVALID,
        "VALUE_OUT_OF_RANGE",
        "spec.average.count",
        "spec.average.count",
    ),
    "no source": Refused(
        {"source": "", "text": EVERY_SECOND}, INVALID, "SOURCE_INVALID", "source:", "source"
    ),
    "scheme that is not read": Refused(
        {"source": "ftp://host/film.mp4", "text": EVERY_SECOND},
        INVALID,
        "SOURCE_INVALID",
        "source:",
        "source",
    ),
    "key with a line break": Refused(
        {"source": "films/a\n.mp4", "text": EVERY_SECOND},
        INVALID,
        "SOURCE_INVALID",
        'source: "films/a\\n.mp4" has a control character, or one that UTF-8 cannot say'
        " (a line break); write the name without it, or rename what has it",
        "source",
    ),
    "path with a tab": Refused(
        {"source": "{media}/a\t.mp4", "text": EVERY_SECOND},
        INVALID,
        "SOURCE_INVALID",
        "(a tab); write the name without it, or rename what has it",
        "source",
    ),
    "path with bytes that are not UTF-8": Refused(
        {"source": "file://{media}/a%FF.mp4", "text": EVERY_SECOND},
        INVALID,
        "SOURCE_INVALID",
        "(the byte 0xFF, which is not UTF-8); write the name without it, or rename what has it",
        "source",
    ),
    "no such file": Refused(
        {"source": "{media}/none.mp4", "text": EVERY_SECOND},
        "NOT_FOUND",
        "SOURCE_NOT_FOUND",
        "none.mp4",
    ),
    "no such bucket": Refused(
        {"source": "films/none.mp4", "text": EVERY_SECOND},
        "NOT_FOUND",
        "BUCKET_NOT_FOUND",
        "films",
    ),
    "path that is not allowed": Refused(
        {"source": "/etc/passwd", "text": EVERY_SECOND},
        "PERMISSION_DENIED",
        "SOURCE_NOT_ALLOWED",
        "/etc/passwd",
    ),
    "target without bucket": Refused(
        {"text": EVERY_SECOND, "delivery": stored("x", bucket="")},
        INVALID,
        "TARGET_INVALID",
        "bucket",
        "delivery.object.bucket",
    ),
    "target outside its bucket": Refused(
        {"text": EVERY_SECOND, "delivery": stored("../x")},
        INVALID,
        "TARGET_INVALID",
        "..",
        "delivery.object.key_template",
    ),
    "unknown variable": Refused(
        {"text": EVERY_SECOND, "delivery": stored("{nummer}")},
        INVALID,
        "TARGET_INVALID",
        "nummer",
        "delivery.object.key_template",
    ),
    "target that is the source": Refused(
        {"source": "films/a.jpg", "text": EVERY_SECOND, "delivery": stored("a.jpg", "films")},
        INVALID,
        "TARGET_IS_SOURCE",
        "films/a.jpg",
        "delivery.object.key_template",
    ),
    "two deliveries": Refused(
        {"text": SAVED, "delivery": stored("y")}, INVALID, "DELIVERY_CONFLICT", "", "delivery"
    ),
}


CASES = [
    pytest.param(
        refused, validate_only, id=f"{name}, {'validated' if validate_only else 'captured'}"
    )
    for name, refused in REFUSED.items()
    # Validation does not look for the source.
    for validate_only in ([False, True] if refused.code == INVALID else [False])
]


@pytest.mark.parametrize(("refused", "validate_only"), CASES)
async def test_a_bad_request_is_refused_without_events(
    address: str, media: Path, refused: Refused, validate_only: bool
) -> None:
    request = {"source": "{media}/short.mp4", **refused.request}
    request["source"] = request["source"].replace("{media}", str(media))
    async with aio.insecure_channel(address) as channel:
        taken = await take(SnapshotServiceStub(channel), **request, validate_only=validate_only)
    assert taken.events == []
    assert (code(taken.status), reason(taken.status)) == (refused.code, refused.reason)
    assert taken.status is not None
    assert refused.sentence in taken.status.message
    if refused.field:
        (violation,) = detail(taken.status, error_details_pb2.BadRequest).field_violations
        assert violation.field == refused.field
        info = detail(taken.status, error_details_pb2.ErrorInfo)
        column = None if refused.column is None else str(refused.column)
        assert info.metadata.get("column") == column


@pytest.mark.parametrize(
    ("follow_up", "action"),
    [("sys/saveas,b_c2hvdHM,o_eA", "sys/saveas"), ("notify,topic_ZG9uZQ", "notify")],
)
async def test_one_image_is_not_delivered_elsewhere(
    address: str, media: Path, follow_up: str, action: str
) -> None:
    request = CaptureImageRequest(source=f"{media}/short.mp4", text=f"{EVERY_SECOND}|{follow_up}")
    async with aio.insecure_channel(address) as channel:
        status = await refusal(SnapshotServiceStub(channel).CaptureImage(request))
    assert (code(status), reason(status)) == (INVALID, "DELIVERY_CONFLICT")
    assert action in status.message


@pytest.mark.parametrize(
    "request_of",
    [
        lambda stub, source: stub.CaptureImage(CaptureImageRequest(source=source)),
        lambda stub, source: stub.ExplainCapture(ExplainCaptureRequest(source=source)),
    ],
    ids=["CaptureImage", "ExplainCapture"],
)
async def test_every_method_needs_a_request(
    address: str, media: Path, request_of: Callable[[SnapshotServiceStub, str], Any]
) -> None:
    async with aio.insecure_channel(address) as channel:
        call = request_of(SnapshotServiceStub(channel), f"{media}/short.mp4")
        status = await refusal(call)
    assert (code(status), reason(status)) == (INVALID, "OPTION_MISSING")
    (violation,) = detail(status, error_details_pb2.BadRequest).field_violations
    assert violation.field == "request"


async def test_a_probe_needs_a_source_that_is_there(address: str, media: Path) -> None:
    async with aio.insecure_channel(address) as channel:
        call = SnapshotServiceStub(channel).ProbeMedia(
            ProbeMediaRequest(source=f"{media}/none.mp4")
        )
        status = await refusal(call)
    assert (code(status), reason(status)) == ("NOT_FOUND", "SOURCE_NOT_FOUND")
    resource = detail(status, error_details_pb2.ResourceInfo)
    assert resource.resource_name.endswith("none.mp4")


async def test_a_request_too_large_to_be_one_is_refused(address: str, media: Path) -> None:
    async with aio.insecure_channel(address) as channel:
        taken = await take(
            SnapshotServiceStub(channel),
            source=f"{media}/short.mp4",
            text="video/snapshots," + "x" * 1024 * 1024,
        )
    assert taken.events == []
    assert code(taken.status) == "RESOURCE_EXHAUSTED"


async def test_credentials_of_an_address_are_not_repeated(address: str) -> None:
    async with aio.insecure_channel(address) as channel:
        taken = await take(
            SnapshotServiceStub(channel),
            source="https://me:secret@host/film.mp4?signature=secret",
            text=EVERY_SECOND,
        )
    assert reason(taken.status) == "SOURCE_NOT_ALLOWED"
    assert "secret" not in str(taken.status)
