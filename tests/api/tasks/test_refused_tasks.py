"""Requests that create no task: by a code, a reason, a sentence and a field."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from google.rpc import error_details_pb2

from api.tasks.conftest import RunTasks
from framecap.v1.capture_pb2 import CaptureSpec, Delivery, Output, OutputList
from framecap.v1.task_service_pb2 import ListTasksRequest
from support.api.calls import code, detail, reason, refusal
from support.api.tasks import creation, stored

pytestmark = pytest.mark.asyncio(loop_scope="module")

INVALID = "INVALID_ARGUMENT"
RANGE = "VALUE_OUT_OF_RANGE"

NOWHERE = (
    "delivery: a task stores its images, and no bucket is named for them; set delivery.object, or"
    " add sys/saveas to the text"
)


@dataclass(frozen=True)
class Refused:
    """A request, and how it is refused."""

    request: dict[str, Any]
    code: str
    reason: str
    sentence: str
    field: str = ""


REFUSED = {
    "no delivery": Refused({"delivery": None}, INVALID, "DELIVERY_REQUIRED", NOWHERE, "delivery"),
    "inline": Refused(
        {"delivery": Delivery(inline={})}, INVALID, "DELIVERY_REQUIRED", NOWHERE, "delivery"
    ),
    "topic alone": Refused(
        {"delivery": Delivery(notify_topic="t")}, INVALID, "DELIVERY_REQUIRED", NOWHERE, "delivery"
    ),
    "nothing asked": Refused(
        {"spec": None},
        INVALID,
        "OPTION_MISSING",
        "request: neither text nor spec nor outputs is set",
        "request",
    ),
    "unknown option": Refused(
        {"text": "video/snapshots,f_jpg,nun_3"},
        INVALID,
        "OPTION_UNKNOWN",
        "text:23: nun: is no option of video/snapshots; ",
        "text",
    ),
    "two outputs": Refused(
        {
            "outputs": OutputList(
                outputs=[
                    Output(name=name, spec=CaptureSpec(jpeg={}), images={}) for name in ("a", "b")
                ]
            )
        },
        INVALID,
        "OUTPUT_UNSUPPORTED",
        "outputs.outputs: 2 outputs of one decoding are not there yet; at most 1",
        "outputs.outputs",
    ),
    "no source": Refused(
        {"source": ""},
        INVALID,
        "SOURCE_INVALID",
        'source: "" is empty; allowed: bucket/key, s3://bucket/key, oss://bucket/key,'
        " https://host/path, /path",
        "source",
    ),
    "bad bucket": Refused(
        {"delivery": stored(bucket="../x")},
        INVALID,
        "TARGET_INVALID",
        "delivery.object.bucket: ",
        "delivery.object.bucket",
    ),
    "itself": Refused(
        {"delivery": stored("trip.mp4", "films")},
        INVALID,
        "TARGET_IS_SOURCE",
        "delivery.object.key_template: ",
        "delivery.object.key_template",
    ),
    "request id": Refused(
        {"request_id": "first try"},
        INVALID,
        RANGE,
        'request_id: "first try" is not a UUID, such as 0190163d-8694-739b-aea5-966c26f8ad91',
        "request_id",
    ),
    "braced request id": Refused(
        {"request_id": "{0190163d-8694-739b-aea5-966c26f8ad91}"},
        INVALID,
        RANGE,
        "request_id: {0190163d-8694-739b-aea5-966c26f8ad91} is not a UUID, such as"
        " 0190163d-8694-739b-aea5-966c26f8ad91",
        "request_id",
    ),
    "too many labels": Refused(
        {"labels": {str(number): "" for number in range(65)}},
        INVALID,
        RANGE,
        "labels: 65 labels are more than 64",
        "labels",
    ),
    "label without key": Refused(
        {"labels": {"": "x"}}, INVALID, RANGE, "labels: a key is empty", "labels"
    ),
    "long key": Refused(
        {"labels": {"k" * 257: "x"}},
        INVALID,
        RANGE,
        "labels: the key of 257 characters is longer than 256",
        "labels",
    ),
    "long value": Refused(
        {"labels": {"show": "é" * 257}},
        INVALID,
        RANGE,
        "labels: the value of show of 257 characters is longer than 256",
        "labels",
    ),
    "long user data": Refused(
        {"user_data": "x" * 2049},
        INVALID,
        RANGE,
        "user_data: the text of 2049 characters is longer than 2048",
        "user_data",
    ),
    "project": Refused(
        {"project": "1st/project"},
        INVALID,
        RANGE,
        "project: 1st/project is not 1 to 128 letters, digits, _ and -, first a letter or _",
        "project",
    ),
    "long project": Refused(
        {"project": "p" * 129}, INVALID, RANGE, "project: " + "p" * 64 + "… is not", "project"
    ),
    "absent source": Refused(
        {"source": "films/none.mp4"},
        "NOT_FOUND",
        "SOURCE_NOT_FOUND",
        'source: there is no "films/none.mp4"',
    ),
    "absent bucket": Refused(
        {"source": "nowhere/trip.mp4"},
        "NOT_FOUND",
        "BUCKET_NOT_FOUND",
        'source: there is no bucket "nowhere"',
    ),
    "path": Refused(
        {"source": "/etc/passwd"},
        "PERMISSION_DENIED",
        "SOURCE_NOT_ALLOWED",
        'source: "/etc/passwd" lies outside the directories that may be read',
    ),
    "web": Refused(
        {"source": "https://media.example.org/a.mp4?secret"},
        "PERMISSION_DENIED",
        "SOURCE_NOT_ALLOWED",
        'source: "https://media.example.org/a.mp4" is a web address; none are read here',
    ),
}


@pytest.mark.parametrize("case", REFUSED)
@pytest.mark.parametrize("validate_only", [False, True], ids=["create", "validate"])
async def test_a_refused_request_creates_no_task(
    shared_tasks: RunTasks, case: str, validate_only: bool
) -> None:
    wanted = REFUSED[case]
    async with shared_tasks() as (_, _, stub):
        status = await refusal(
            stub.CreateTask(creation(**wanted.request, validate_only=validate_only))
        )
        assert (code(status), reason(status)) == (wanted.code, wanted.reason)
        assert status.message.startswith(wanted.sentence)
        if wanted.field:
            (violation,) = detail(status, error_details_pb2.BadRequest).field_violations
            assert violation.field == wanted.field
        assert not (await stub.ListTasks(ListTasksRequest())).tasks


async def test_a_refusal_uses_up_no_request_id(shared_tasks: RunTasks) -> None:
    identity = "0190163d-8694-739b-aea5-966c26f8ad90"
    async with shared_tasks() as (_, _, stub):
        request = creation(source="films/later.mp4", request_id=identity)
        assert reason(await refusal(stub.CreateTask(request))) == "SOURCE_NOT_FOUND"
        assert (await stub.CreateTask(creation(request_id=identity))).task_id
