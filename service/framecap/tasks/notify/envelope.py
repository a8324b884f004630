"""The body of a notification: the reference's envelope, member for member.

A JSON object whose `content` is the text of another JSON object. All members are always there, in
this order, those that are constant here too.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from google.protobuf.message import DecodeError

from framecap.errors import TargetInvalid
from framecap.sink.template import KeyTemplate
from framecap.tasks.ends import reason_of
from framecap.tasks.notify.rfc3339 import rfc3339
from framecap.tasks.task import Task, TaskState
from framecap.timebase import NANOSECONDS_PER_MILLISECOND, Nanoseconds
from framecap.v1.capture_pb2 import ObjectDelivery
from framecap.v1.event_pb2 import CaptureAccepted

SOURCE: Final = "acs.imm"
TASK_TYPE: Final = "MediaConvert"
TYPE: Final = f"imm:Task:{TASK_TYPE}"

SUCCEEDED: Final = "Succeeded"
FAILED: Final = "Failed"
CANCELLED: Final = "Cancelled"
CANCELLED_MESSAGE: Final = "the task was cancelled"

OBJECT_SCHEME: Final = "oss"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The names under which the envelope shows a principal."""

    account: str
    """The account."""

    region: str = "local"
    """The region."""

    project: str = "framecap"
    """The project of tasks that name none."""


def local_account(principal: str) -> Account:
    """Returns the account of a principal for which nothing is configured: its own name."""
    return Account(account=principal)


def envelope(task: Task, account_of: Callable[[str], Account] = local_account) -> bytes:
    """Returns the body of the notification of an ended task.

    Args:
        task: The task.
        account_of: Returns the account of a principal.
    """
    account = account_of(task.principal)
    project = task.project or account.project
    end_time = _end_time(task)
    return _json(
        {
            "id": task.event_id,
            "source": SOURCE,
            "type": TYPE,
            "subject": f"acs:imm:{account.region}:{account.account}:{project}/{TYPE}",
            "time": str(end_time // NANOSECONDS_PER_MILLISECOND),
            "content": _json(_content(task, project, end_time)),
        }
    ).encode()


def _content(task: Task, project: str, end_time: Nanoseconds) -> dict[str, Any]:
    status, code, message = _outcome(task)
    start_time = task.create_time if task.start_time is None else task.start_time
    return {
        "ProjectName": project,
        "DatasetName": "",
        "RequestId": task.call_id,
        "StartTime": rfc3339(start_time),
        "EndTime": rfc3339(end_time),
        "UserData": task.user_data,
        "TaskType": TASK_TYPE,
        "TaskId": task.task_id,
        "Status": status,
        "Code": code,
        "Message": message,
        "EventSourceId": "",
        "Sources": [{"URI": _source_uri(task.source), "SubtitleSources": None}],
        "Targets": [
            {
                "URI": "",
                "Subtitle": {"Extract": {"URI": ""}},
                "Image": {
                    "Sprites": None,
                    "Snapshots": [{"URI": _target_uri(task)}],
                    "Animations": None,
                },
            }
        ],
    }


def _end_time(task: Task) -> Nanoseconds:
    if task.end_time is None:
        raise ValueError("the notification of a task that has not ended")
    return task.end_time


def _outcome(task: Task) -> tuple[str, str, str]:
    """Returns the status, the code and the message."""
    if task.state == TaskState.SUCCEEDED:
        return SUCCEEDED, "", ""
    message = "" if task.error is None else task.error.message
    if task.state == TaskState.CANCELLED:
        return FAILED, CANCELLED, message or CANCELLED_MESSAGE
    assert task.error is not None
    return FAILED, reason_of(task.error), message


def _source_uri(source: str) -> str:
    """Returns the URI of a source: objects of buckets have one scheme, however they were named."""
    bucket, key = _object(source)
    return f"{OBJECT_SCHEME}://{bucket}/{key}" if bucket else source


def _object(source: str) -> tuple[str, str]:
    """Returns the bucket and the key of a source; two empty texts for a path or a web source."""
    scheme, separator, rest = source.partition("://")
    if not separator:
        scheme, rest = "", source
    if scheme.lower() in {"https", "file"} or rest.startswith("/"):
        return "", ""
    bucket, _, key = rest.partition("/")
    return bucket, key


def _target_uri(task: Task) -> str:
    """Returns the URI of the template; empty where this version cannot read it.

    It is stored by the version that created the task, and the task must end all the same.
    """
    try:
        accepted = CaptureAccepted.FromString(task.request)
        target: ObjectDelivery = accepted.delivery.object
        template = KeyTemplate.parse(target.key_template).completed
    except (DecodeError, TargetInvalid):
        return ""
    return f"{OBJECT_SCHEME}://{target.bucket or _object(task.source)[0]}/{template}"


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
