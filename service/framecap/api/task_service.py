"""`framecap.v1.TaskService`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing

from framecap.api.interceptors.around import Context
from framecap.api.requests import task_request
from framecap.api.task_messages import task_filter, task_message
from framecap.api.watches import Watches
from framecap.call import ANYONE
from framecap.services import Services
from framecap.tasks.creation import CheckTopic, TaskCreation
from framecap.tasks.engine import TaskEngine
from framecap.tasks.retry import retry_request
from framecap.tasks.task import DEFAULT_PAGE_SIZE
from framecap.tasks.watch import watch
from framecap.telemetry.logs import CALL_ID
from framecap.v1 import task_service_pb2 as pb
from framecap.v1 import task_service_pb2_grpc
from framecap.values import checks

MAX_SEQUENCE = 2**63 - 1


class TaskService(task_service_pb2_grpc.TaskServiceServicer):
    """Captures frames in the background.

    Args:
        engine: Keeps the tasks.
        services: The services that captures use.
        check_topic: Checks the topic that a task is to notify.
        watches: The open watches.
    """

    def __init__(
        self, engine: TaskEngine, services: Services, check_topic: CheckTopic, watches: Watches
    ) -> None:
        self._engine = engine
        self._services = services
        self._creation = TaskCreation(engine, services, check_topic)
        self._watches = watches

    async def CreateTask(
        self, request: pb.CreateTaskRequest, context: Context
    ) -> pb.CreateTaskResponse:
        """Creates a task."""
        wanted = task_request(request)
        created = await self._creation.create(wanted)
        response = pb.CreateTaskResponse(call_id=wanted.call.call_id, accepted=created.accepted)
        if created.task is not None:
            response.task_id = created.task.task_id
            response.event_id = created.task.event_id
            response.call_id = created.task.call_id
        return response

    async def GetTask(self, request: pb.GetTaskRequest, context: Context) -> pb.GetTaskResponse:
        """Returns a task with its latest progress."""
        task = await self._engine.get(ANYONE, request.task_id)
        return pb.GetTaskResponse(task=task_message(task))

    async def ListTasks(
        self, request: pb.ListTasksRequest, context: Context
    ) -> pb.ListTasksResponse:
        """Returns a page of the list of tasks, newest first."""
        page = await self._engine.list(
            ANYONE,
            task_filter(request),
            page_size=checks.number("page_size", request.page_size, 0) or DEFAULT_PAGE_SIZE,
            page_token=request.page_token,
        )
        return pb.ListTasksResponse(
            tasks=map(task_message, page.tasks), next_page_token=page.next_page_token
        )

    async def CancelTask(
        self, request: pb.CancelTaskRequest, context: Context
    ) -> pb.CancelTaskResponse:
        """Cancels a task that has not ended."""
        task = await self._engine.request_cancel(ANYONE, request.task_id)
        return pb.CancelTaskResponse(task=task_message(task))

    async def DeleteTask(
        self, request: pb.DeleteTaskRequest, context: Context
    ) -> pb.DeleteTaskResponse:
        """Removes an ended task."""
        await self._engine.delete(ANYONE, request.task_id)
        return pb.DeleteTaskResponse()

    async def RetryTask(
        self, request: pb.RetryTaskRequest, context: Context
    ) -> pb.RetryTaskResponse:
        """Creates a new task like an ended one."""
        ended = await self._engine.get(ANYONE, request.task_id)
        created = await self._creation.create(
            retry_request(
                ended,
                self._services,
                call_id=CALL_ID.get(),
                request_id=request.request_id,
                source=request.source,
            )
        )
        task = created.task
        assert task is not None
        return pb.RetryTaskResponse(
            task_id=task.task_id, event_id=task.event_id, call_id=task.call_id
        )

    async def WatchTask(
        self, request: pb.WatchTaskRequest, context: Context
    ) -> AsyncIterator[pb.WatchTaskResponse]:
        """Streams the events of a task until it has ended."""
        after = checks.number("after_sequence", request.after_sequence, 0, MAX_SEQUENCE)
        events = watch(self._engine, ANYONE, request.task_id, after)
        async with aclosing(self._watches.until_ended(events)) as watched:
            async for event in watched:
                yield pb.WatchTaskResponse(event=event)
