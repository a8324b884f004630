"""The gRPC server: services, interceptors, health, reflection, options."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final

from grpc import aio
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health import SERVICE_NAME as HEALTH
from grpc_health.v1.health import aio as aio_health  # type: ignore[attr-defined]
from grpc_reflection.v1alpha import reflection

from framecap.api.interceptors.access_log import AccessLogInterceptor
from framecap.api.interceptors.call_metrics import MetricsInterceptor
from framecap.api.interceptors.deadline import DeadlineInterceptor
from framecap.api.interceptors.errors import ErrorsInterceptor
from framecap.api.interceptors.in_flight import InFlightInterceptor
from framecap.api.interceptors.stall import StallInterceptor
from framecap.api.snapshot_service import SnapshotService
from framecap.api.task_service import TaskService
from framecap.api.usage_service import UsageService
from framecap.api.watches import Watches
from framecap.config import Settings, SettingsError
from framecap.errors import Draining
from framecap.listen_address import Address
from framecap.services import Services
from framecap.tasks.creation import CheckTopic
from framecap.tasks.engine import TaskEngine
from framecap.tasks.worker.settings import Role
from framecap.telemetry.metrics import ServiceMetrics
from framecap.v1 import (
    snapshot_service_pb2,
    snapshot_service_pb2_grpc,
    task_service_pb2,
    task_service_pb2_grpc,
    usage_service_pb2,
    usage_service_pb2_grpc,
)

SERVICES: Final = tuple(
    service.full_name
    for file in (snapshot_service_pb2, task_service_pb2, usage_service_pb2)
    for service in file.DESCRIPTOR.services_by_name.values()
)
"""The names of this project's services."""

WAITING: Final = ("WatchTask",)
"""The methods that wait for events of work done elsewhere; a shutdown does not wait for them."""

WATCH_AGAIN_MS: Final = 1000
LAST_READ_SECONDS: Final = 5.0
"""The time for clients to read the last messages of calls that the service ended."""

FLUSH_SECONDS: Final = 0.5
"""The time for pending responses to be sent."""

CANCEL_SECONDS: Final = 10.0
"""The time for cancelled calls to clean up; killing a decoder may take that long."""

WHOLE: Final = ""
"""The name under which health reports the server as a whole."""

OPTIONS: Final = (
    # With SO_REUSEPORT, two services on one port would silently share the calls.
    ("grpc.so_reuseport", 0),
    # Requests are small; the largest contains some thousand times.
    ("grpc.max_receive_message_length", 1024 * 1024),
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
    ("grpc.keepalive_permit_without_calls", 1),
)


class GrpcServer:
    """Serves calls at one address.

    Args:
        settings: All settings.
        services: The services that captures use.
        metrics: Counts calls.
        engine: Keeps tasks and usage records.
        check_topic: Checks the topics that tasks are to notify.
    """

    def __init__(
        self,
        settings: Settings,
        services: Services,
        metrics: ServiceMetrics,
        engine: TaskEngine,
        check_topic: CheckTopic,
    ) -> None:
        self._listen = settings.server.listen
        # From the outermost in: errors become statuses before the outer ones count statuses.
        self._calls = InFlightInterceptor(WAITING)
        interceptors = (
            self._calls,
            AccessLogInterceptor(),
            MetricsInterceptor(metrics),
            ErrorsInterceptor(),
            DeadlineInterceptor(settings.api.max_call_seconds),
            StallInterceptor(settings.api.client_stall_after),
        )
        self._server = aio.server(interceptors=interceptors, options=OPTIONS)
        self._health = aio_health.HealthServicer()
        self._watches = Watches()
        self._names: tuple[str, ...] = ()
        if settings.worker.role is not Role.WORKER:
            self._names = SERVICES
            self._add_services(settings, services, engine, check_topic)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        names = (*self._names, HEALTH, reflection.SERVICE_NAME)
        reflection.enable_server_reflection(names, self._server)

    def _add_services(
        self,
        settings: Settings,
        services: Services,
        engine: TaskEngine,
        check_topic: CheckTopic,
    ) -> None:
        snapshot_service_pb2_grpc.add_SnapshotServiceServicer_to_server(
            SnapshotService(services, settings.api), self._server
        )
        task_service_pb2_grpc.add_TaskServiceServicer_to_server(
            TaskService(engine, services, check_topic, self._watches), self._server
        )
        usage_service_pb2_grpc.add_UsageServiceServicer_to_server(
            UsageService(engine), self._server
        )

    async def start(self) -> str:
        """Starts to serve calls, and returns the address, as clients write it.

        Raises:
            SettingsError: The address cannot be listened at.
        """
        try:
            port = self._server.add_insecure_port(str(self._listen))
        except RuntimeError as error:
            raise SettingsError(f"listen: {self._listen} cannot be listened at") from error
        await self._server.start()
        for name in (WHOLE, *self._names):
            await self._health.set(name, health_pb2.HealthCheckResponse.SERVING)
        return str(self._listen if self._listen.path else Address(self._listen.host, port))

    async def report_not_serving(self) -> None:
        """Makes health checks answer NOT_SERVING, so that clients send no more calls."""
        await self._health.enter_graceful_shutdown()

    def end_watches(self) -> None:
        """Ends all watches, and those to come, with `Draining`."""
        self._watches.end(
            Draining(
                "The service is shutting down. Watch again after the last event; it may be another"
                " service that answers.",
                retry_after_ms=WATCH_AGAIN_MS,
            )
        )

    async def idle(self) -> None:
        """Waits until no call is working."""
        await self._calls.idle()

    async def close(self) -> None:
        """Stops listening after the calls have ended; cancels calls that do not end in time."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_READ_SECONDS):
                await self._calls.none()
        await self._server.stop(FLUSH_SECONDS)
        async with asyncio.timeout(CANCEL_SECONDS):
            await self._calls.none()
