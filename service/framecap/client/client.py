"""`Client`, the typed client of the service."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from types import TracebackType
from typing import Final, Self
from uuid import uuid4

from grpc import aio

from framecap.client.failure import failure_of
from framecap.client.images import WholeImages
from framecap.client.retries import Pauses, repeated
from framecap.v1 import task_service_pb2 as pb
from framecap.v1.event_pb2 import CaptureEvent
from framecap.v1.snapshot_service_pb2 import CaptureFramesRequest
from framecap.v1.snapshot_service_pb2_grpc import SnapshotServiceStub
from framecap.v1.task_service_pb2_grpc import TaskServiceStub
from framecap.v1.usage_service_pb2 import ListUsageRequest, UsageRecord
from framecap.v1.usage_service_pb2_grpc import UsageServiceStub

DEADLINE_SECONDS: Final = 30.0
"""The time that a call without a stream may take."""

OPTIONS: Final = (
    ("grpc.max_receive_message_length", 16 * 1024 * 1024),
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 5_000),
)


class Client:
    """Calls the service at one address.

    Calls that are safe to repeat are repeated while their failure may pass.

    Args:
        address: The service's address, `HOST:PORT` or `unix:PATH`.
    """

    def __init__(self, address: str) -> None:
        self._channel = aio.insecure_channel(address, options=OPTIONS)
        self._captures = SnapshotServiceStub(self._channel)
        self._tasks = TaskServiceStub(self._channel)
        self._usage = UsageServiceStub(self._channel)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Closes the connection."""
        await self._channel.close(None)

    async def capture(self, request: CaptureFramesRequest) -> AsyncGenerator[CaptureEvent]:
        """Yields the events of a capture, each image whole. It is never repeated.

        Raises:
            CallFailed: The capture was refused or failed.
        """
        images = WholeImages()
        call = self._captures.CaptureFrames(request)
        try:
            async for response in call:
                event = images.add(response.event)
                if event is not None:
                    yield event
        except aio.AioRpcError as error:
            raise failure_of(error) from None
        finally:
            call.cancel()

    async def create_task(self, request: pb.CreateTaskRequest) -> pb.CreateTaskResponse:
        """Creates a task. One without a `request_id` is given one, so that a repeat is safe.

        Raises:
            CallFailed: It was refused.
        """
        if not request.request_id and not request.validate_only:
            request = pb.CreateTaskRequest.FromString(request.SerializeToString())
            request.request_id = str(uuid4())
        return await repeated(lambda: self._tasks.CreateTask(request, timeout=DEADLINE_SECONDS))

    async def get_task(self, task_id: str) -> pb.Task:
        """Returns a task.

        Raises:
            CallFailed: There is none, or the service does not answer.
        """
        request = pb.GetTaskRequest(task_id=task_id)
        call = self._tasks.GetTask
        answer: pb.GetTaskResponse = await repeated(lambda: call(request, timeout=DEADLINE_SECONDS))
        return answer.task

    async def list_tasks(self, request: pb.ListTasksRequest) -> AsyncGenerator[pb.Task]:
        """Yields the tasks of all pages, newest first.

        Raises:
            CallFailed: The list was refused, or the service does not answer.
        """
        page = pb.ListTasksRequest.FromString(request.SerializeToString())
        while True:
            answer = await repeated(lambda: self._tasks.ListTasks(page, timeout=DEADLINE_SECONDS))
            for task in answer.tasks:
                yield task
            if not answer.next_page_token:
                return
            page.page_token = answer.next_page_token

    async def cancel_task(self, task_id: str) -> pb.Task:
        """Cancels a task and returns it; it may still run for a moment.

        Raises:
            CallFailed: There is none, or the service does not answer.
        """
        request = pb.CancelTaskRequest(task_id=task_id)
        call = self._tasks.CancelTask
        answer: pb.CancelTaskResponse = await repeated(
            lambda: call(request, timeout=DEADLINE_SECONDS)
        )
        return answer.task

    async def delete_task(self, task_id: str) -> None:
        """Removes an ended task.

        Raises:
            CallFailed: There is none, it has not ended, or the service does not answer.
        """
        request = pb.DeleteTaskRequest(task_id=task_id)
        await repeated(lambda: self._tasks.DeleteTask(request, timeout=DEADLINE_SECONDS))

    async def retry_task(self, task_id: str, source: str = "") -> pb.RetryTaskResponse:
        """Creates a task with the request of an ended one.

        Args:
            task_id: The ended task.
            source: The source's URL, where it needs its query again.

        Raises:
            CallFailed: It was refused, or the service does not answer.
        """
        request = pb.RetryTaskRequest(task_id=task_id, source=source, request_id=str(uuid4()))
        return await repeated(lambda: self._tasks.RetryTask(request, timeout=DEADLINE_SECONDS))

    async def watch_task(
        self, task_id: str, after_sequence: int = 0
    ) -> AsyncGenerator[CaptureEvent]:
        """Yields the events of a task to its end, each of record once, however often it reconnects.

        Args:
            task_id: The task.
            after_sequence: The number of the last event that the caller has.

        Raises:
            CallFailed: There is no such task, or the service does not answer for long.
        """
        pauses = Pauses()
        last = after_sequence
        while True:
            request = pb.WatchTaskRequest(task_id=task_id, after_sequence=last)
            call = self._tasks.WatchTask(request)
            try:
                async for response in call:
                    pauses.reset()
                    last = response.event.sequence or last
                    yield response.event
                return
            except aio.AioRpcError as error:
                failure = failure_of(error)
            finally:
                call.cancel()
            await pauses.after(failure)

    async def list_usage(self, request: ListUsageRequest) -> AsyncGenerator[UsageRecord]:
        """Yields the usage records of all pages, by the end of their captures.

        Raises:
            CallFailed: The list was refused, or the service does not answer.
        """
        page = ListUsageRequest.FromString(request.SerializeToString())
        while True:
            answer = await repeated(lambda: self._usage.ListUsage(page, timeout=DEADLINE_SECONDS))
            for record in answer.records:
                yield record
            if not answer.next_page_token:
                return
            page.page_token = answer.next_page_token
