"""The whole text of the envelope, for every end and kind of source."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from google.rpc import status_pb2

from framecap.errors import MediaCorrupt
from framecap.events.status import to_status
from framecap.source.address import parse_source
from framecap.tasks.notify.envelope import Account, envelope
from framecap.tasks.notify.message import Message
from framecap.tasks.notify.rfc3339 import rfc3339
from framecap.tasks.task import Notification, Task, TaskState
from support.tasks.ended import ended_task, request

SUCCEEDED = (
    '{"id":"2f1c0b57-71e5-4f0e-9d0f-0d5a3a0f7a11","source":"acs.imm","type":"imm:Task:MediaConvert",'
    '"subject":"acs:imm:local:media-team:framecap/imm:Task:MediaConvert","time":"1724133063161",'
    '"content":"{\\"ProjectName\\":\\"framecap\\",\\"DatasetName\\":\\"\\",'
    '\\"RequestId\\":\\"call-1\\",\\"StartTime\\":\\"2024-08-20T05:51:02.36Z\\",'
    '\\"EndTime\\":\\"2024-08-20T05:51:03.161Z\\",\\"UserData\\":\\"\\",'
    '\\"TaskType\\":\\"MediaConvert\\",'
    '\\"TaskId\\":\\"MediaConvert-0191699a-f5b8-7000-8000-000000000001\\",'
    '\\"Status\\":\\"Succeeded\\",\\"Code\\":\\"\\",\\"Message\\":\\"\\",\\"EventSourceId\\":\\"\\",'
    '\\"Sources\\":[{\\"URI\\":\\"oss://films/2024/trip.mp4\\",\\"SubtitleSources\\":null}],'
    '\\"Targets\\":[{\\"URI\\":\\"\\",\\"Subtitle\\":{\\"Extract\\":{\\"URI\\":\\"\\"}},'
    '\\"Image\\":{\\"Sprites\\":null,'
    '\\"Snapshots\\":[{\\"URI\\":\\"oss://shots/{barename}_{streamindex}_{index}.{autoext}\\"}],'
    '\\"Animations\\":null}}]}"}'
)
FAILED = (
    SUCCEEDED.replace('\\"Succeeded\\"', '\\"Failed\\"')
    .replace('\\"Code\\":\\"\\"', '\\"Code\\":\\"MEDIA_CORRUPT\\"')
    .replace('\\"Message\\":\\"\\"', '\\"Message\\":\\"no frame can be decoded\\"')
)
CANCELLED = (
    SUCCEEDED.replace('\\"Succeeded\\"', '\\"Failed\\"')
    .replace('\\"Code\\":\\"\\"', '\\"Code\\":\\"Cancelled\\"')
    .replace('\\"Message\\":\\"\\"', '\\"Message\\":\\"the task was cancelled\\"')
)
CORRUPT = to_status(MediaCorrupt("no frame can be decoded"))


def content(task: Task) -> dict[str, Any]:
    """Returns the inner object of a task's envelope."""
    inner: dict[str, Any] = json.loads(json.loads(envelope(task))["content"])
    return inner


@pytest.mark.parametrize(
    ("state", "error", "text"),
    [
        (TaskState.SUCCEEDED, None, SUCCEEDED),
        (TaskState.FAILED, CORRUPT, FAILED),
        (TaskState.CANCELLED, None, CANCELLED),
    ],
    ids=["succeeded", "failed", "cancelled"],
)
def test_the_whole_text(state: TaskState, error: status_pb2.Status | None, text: str) -> None:
    assert envelope(replace(ended_task(), state=state, error=error)).decode() == text


@pytest.mark.parametrize(
    ("source", "uri"),
    [
        ("films/trip.mp4", "oss://films/trip.mp4"),
        ("s3://films/a/trip.mp4", "oss://films/a/trip.mp4"),
        ("oss://films/trip.mp4", "oss://films/trip.mp4"),
        ("/srv/films/trip.mp4", "/srv/films/trip.mp4"),
        ("https://media.example.org:8443/trip.mp4", "https://media.example.org:8443/trip.mp4"),
        (
            parse_source("https://me:word@media.example.org/trip.mp4?X-Sig=s#t").public_name,
            "https://media.example.org/trip.mp4",
        ),
    ],
    ids=["bare", "s3", "oss", "path", "web", "signed"],
)
def test_the_uri_of_a_source(source: str, uri: str) -> None:
    task = replace(ended_task(), source=source)
    assert content(task)["Sources"] == [{"URI": uri, "SubtitleSources": None}]


@pytest.mark.parametrize(
    ("bucket", "template", "uri"),
    [
        ("shots", "dest", "oss://shots/dest_{streamindex}_{index}.{autoext}"),
        ("shots", "a/{index}", "oss://shots/a/{index}.{autoext}"),
        ("shots", "a/{barename}.png", "oss://shots/a/{barename}.png"),
        ("shots", "{{x}}_{index}.jpg", "oss://shots/{{x}}_{index}.jpg"),
        ("", "{dirname}/x", "oss://films/{dirname}/x_{streamindex}_{index}.{autoext}"),
    ],
    ids=["bare", "numbered", "whole", "braces", "source's bucket"],
)
def test_the_template_is_named_once_and_completed(bucket: str, template: str, uri: str) -> None:
    task = replace(ended_task(), request=request(template, bucket))
    assert content(task)["Targets"][0]["Image"]["Snapshots"] == [{"URI": uri}]


@pytest.mark.parametrize(
    "stored",
    [b"\xff", b"", request("{unheard_of}")],
    ids=["no message", "no delivery", "a later version's variable"],
)
def test_a_task_whose_request_cannot_be_read_has_an_envelope(stored: bytes) -> None:
    task = replace(ended_task(), request=stored)
    assert content(task)["Targets"][0]["Image"]["Snapshots"] == [{"URI": ""}]


@pytest.mark.parametrize(
    ("instant", "text"),
    [
        (1_724_137_387_360_000_000, "2024-08-20T07:03:07.36Z"),
        (1_724_137_387_000_000_000, "2024-08-20T07:03:07Z"),
        (1_724_137_387_000_000_001, "2024-08-20T07:03:07.000000001Z"),
        (0, "1970-01-01T00:00:00Z"),
    ],
    ids=["hundredths", "whole", "nanosecond", "epoch"],
)
def test_fractions_lose_their_trailing_zeros(instant: int, text: str) -> None:
    assert rfc3339(instant) == text


def test_a_task_that_never_began_starts_with_its_creation() -> None:
    task = replace(ended_task(), start_time=None, state=TaskState.CANCELLED)
    assert content(task)["StartTime"] == "2024-08-20T05:51:01Z"


def test_the_task_s_project_comes_before_the_principal_s() -> None:
    def account_of(principal: str) -> Account:
        assert principal == "media-team"
        return Account(account="42", region="eu-1", project="video")

    task = ended_task()
    outer = json.loads(envelope(task, account_of))
    assert outer["subject"] == "acs:imm:eu-1:42:video/imm:Task:MediaConvert"
    assert json.loads(outer["content"])["ProjectName"] == "video"
    outer = json.loads(envelope(replace(task, project="mine"), account_of))
    assert outer["subject"] == "acs:imm:eu-1:42:mine/imm:Task:MediaConvert"
    assert json.loads(outer["content"])["ProjectName"] == "mine"


def test_the_caller_s_text_comes_back_as_it_was_on_one_line() -> None:
    text = 'Grüße, "you"\n\t\\ \u2028 \N{GRINNING FACE}'
    body = envelope(replace(ended_task(), user_data=text))
    assert json.loads(json.loads(body)["content"])["UserData"] == text
    assert b"\n" not in body


def test_a_task_that_runs_has_none() -> None:
    with pytest.raises(ValueError, match="has not ended"):
        envelope(replace(ended_task(), end_time=None))


def test_headers_repeat_members() -> None:
    body = envelope(ended_task())
    message = Message.of(Notification(event_id="e", topic="t", body=body, delivery=1))
    assert message == Message(
        event_id="e",
        source="acs.imm",
        type="imm:Task:MediaConvert",
        subject="acs:imm:local:media-team:framecap/imm:Task:MediaConvert",
        time=1_724_133_063_161_000_000,
        body=body,
    )


@pytest.mark.parametrize("body", [b"", b"secret", b"[]", b'{"source":"secret"}', b"\xff", b"1"])
def test_a_body_that_is_no_envelope_is_refused_without_being_shown(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"^the body is no envelope$"):
        Message.of(Notification(event_id="e", topic="t", body=body, delivery=1))
