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
from framecap.config import Settings, SettingsError
from framecap.server.address import Address
from framecap.services import Services
from framecap.telemetry.metrics import ServiceMetrics
from framecap.v1 import snapshot_service_pb2, snapshot_service_pb2_grpc

SERVICE: Final = snapshot_service_pb2.DESCRIPTOR.services_by_name["SnapshotService"].full_name
LAST_READ_SECONDS: Final = 5.0
"""How long clients have to read to the end of calls that the service ended."""

FLUSH_SECONDS: Final = 0.5
"""How long answers that are on their way have to leave."""

CANCEL_SECONDS: Final = 10.0
"""How long cancelled calls have to clean up; a decoder may be that slow to die."""

WHOLE: Final = ""
"""The name under which health speaks of the server as a whole."""

OPTIONS: Final = (
    # Two services on one port would share the calls, unnoticed.
    ("grpc.so_reuseport", 0),
    # Requests are small; the largest has some thousand instants.
    ("grpc.max_receive_message_length", 1024 * 1024),
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
    ("grpc.keepalive_permit_without_calls", 1),
)


class GrpcServer:
    """Takes calls at one address.

    Args:
        settings: All settings.
        services: What captures work with.
        metrics: Counts calls.
    """

    def __init__(self, settings: Settings, services: Services, metrics: ServiceMetrics) -> None:
        self._listen = settings.server.listen
        # From the outside in. Errors are turned into statuses inside of what counts statuses.
        self._calls = InFlightInterceptor()
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
        snapshot_service_pb2_grpc.add_SnapshotServiceServicer_to_server(
            SnapshotService(services, settings.api), self._server
        )
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        names = (SERVICE, HEALTH, reflection.SERVICE_NAME)
        reflection.enable_server_reflection(names, self._server)

    async def start(self) -> str:
        """Begins to take calls, and returns where, as clients write it.

        Raises:
            SettingsError: The address cannot be listened at.
        """
        try:
            port = self._server.add_insecure_port(str(self._listen))
        except RuntimeError as error:
            raise SettingsError(f"listen: {self._listen} cannot be listened at") from error
        await self._server.start()
        for name in (WHOLE, SERVICE):
            await self._health.set(name, health_pb2.HealthCheckResponse.SERVING)
        return str(self._listen if self._listen.path else Address(self._listen.host, port))

    async def report_not_serving(self) -> None:
        """Tells all who ask for health that no more calls should be sent here."""
        await self._health.enter_graceful_shutdown()

    async def idle(self) -> None:
        """Returns once no call is under way."""
        await self._calls.none()

    async def close(self) -> None:
        """Stops listening once the calls have ended; cancels those that do not in time."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_READ_SECONDS):
                await self._calls.none()
        await self._server.stop(FLUSH_SECONDS)
        async with asyncio.timeout(CANCEL_SECONDS):
            await self._calls.none()
