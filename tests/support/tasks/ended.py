"""Tasks that ended, and their notifications."""

from __future__ import annotations

from dataclasses import replace

from framecap.tasks.notify.envelope import envelope
from framecap.tasks.notify.message import Message
from framecap.tasks.task import Notification, SourcePin, Task, TaskState
from framecap.v1.capture_pb2 import Delivery, ObjectDelivery
from framecap.v1.event_pb2 import CaptureAccepted

S = 1_000_000_000
END = 1_724_133_063_161_000_000


def request(template: str = "{barename}", bucket: str = "shots") -> bytes:
    """Returns the stored request of a task with a destination."""
    target = ObjectDelivery(bucket=bucket, key_template=template)
    return CaptureAccepted(delivery=Delivery(object=target)).SerializeToString()


def ended_task(event_id: str = "2f1c0b57-71e5-4f0e-9d0f-0d5a3a0f7a11") -> Task:
    """Returns a task that succeeded."""
    return Task(
        task_id="MediaConvert-0191699a-f5b8-7000-8000-000000000001",
        event_id=event_id,
        call_id="call-1",
        principal="media-team",
        request=request(),
        source="films/2024/trip.mp4",
        mode="inter",
        pin=SourcePin(),
        labels={},
        user_data="",
        project="",
        topic="done",
        retry_of="",
        state=TaskState.SUCCEEDED,
        create_time=END - END % S - 2 * S,
        start_time=END - END % S - S + 360_000_000,
        end_time=END,
    )


def notification(event_id: str = "e-1", topic: str = "done", end: int = END) -> Notification:
    """Returns the notification of such a task."""
    body = envelope(replace(ended_task(event_id), end_time=end))
    return Notification(event_id=event_id, topic=topic, body=body, delivery=1)


def message(event_id: str = "e-1") -> Message:
    """Returns such a notification as destinations deliver it."""
    return Message.of(notification(event_id))
