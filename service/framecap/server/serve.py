"""The service as a whole: assembly, serving and graceful shutdown.

The order of a shutdown: health reports NOT_SERVING → new captures and tasks are refused with
`DRAINING`, and watches end with it → running captures finish within the grace period → the rest end
with `DRAINING`, in `finished` and in the status of their call → calls whose clients do not read
that in time are cancelled, and connections close → the decoders' fork server ends. A second signal
ends the grace period at once.
"""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass

from framecap.admission import Admission
from framecap.config import Settings, SettingsError
from framecap.decoder.service.launcher import ForkServer, StartRefused
from framecap.decoder.service.settings import DecoderSettings
from framecap.listen_address import Address
from framecap.server.assembly import (
    make_services,
    open_stores,
    open_tasks,
)
from framecap.server.grpc_server import GrpcServer
from framecap.server.notifications import configured_topics, notifying
from framecap.server.stop import Stop
from framecap.storage.kind import BucketKind
from framecap.storage.kinds import BUCKET_KINDS
from framecap.tasks.engine import TaskEngine
from framecap.tasks.notify.envelope import envelope
from framecap.tasks.worker.settings import Role
from framecap.tasks.worker.workers import Workers
from framecap.telemetry.logs import configure_logs
from framecap.telemetry.metrics import MetricsPort, ServiceMetrics

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A running service."""

    address: str
    """The address for calls, as clients write it."""

    metrics_port: int | None
    """The port of the metrics; None when they are off."""

    launcher: ForkServer
    """Starts its decoders."""

    admission: Admission
    """Admits its captures."""

    tasks: TaskEngine
    """Keeps its tasks and usage records."""


class StoppedEarly(Exception):
    """A stop was requested before the service ran."""


@asynccontextmanager
async def running(
    settings: Settings,
    stop: Stop | None = None,
    *,
    bucket_kinds: Sequence[BucketKind] = BUCKET_KINDS,
) -> AsyncIterator[Service]:
    """Runs a service within the block, then shuts it down gracefully.

    Args:
        settings: All settings.
        stop: Its first request ends a start, its second one the grace period.
        bucket_kinds: The kinds of buckets.

    Raises:
        SettingsError: A resource that the settings name cannot be used.
        StoppedEarly: A stop was requested before the service ran.
    """
    async with AsyncExitStack() as held:
        admission = Admission(settings.admission)
        metrics = ServiceMetrics(admission)
        launcher = await _start(settings.decoder, stop or Stop())
        held.push_async_callback(launcher.close)
        metrics_port = None
        if settings.server.metrics is not None:
            shown = _show(metrics, settings.server.metrics)
            metrics_port = (await held.enter_async_context(shown)).port
        stores = await held.enter_async_context(open_stores(settings, metrics, bucket_kinds))
        topics = configured_topics(settings)
        engine = await held.enter_async_context(open_tasks(settings, envelope))
        services = make_services(settings, launcher, admission, metrics, stores, engine)
        # All that acts on tasks begins here, and ends before the engine is closed.
        kept = settings.tasks.engine.retention
        await held.enter_async_context(notifying(settings, engine, topics, metrics, kept))
        role, slots = settings.worker.role, settings.worker.task_slots
        workers = Workers(engine, services, slots=slots, meter=metrics)
        if role is not Role.FRONT:
            await held.enter_async_context(workers.running())
        server = GrpcServer(settings, services, metrics, engine, topics.check)
        address = await server.start()
        logger.info("serving", extra={"facts": {"address": address}})
        try:
            yield Service(
                address=address,
                metrics_port=metrics_port,
                launcher=launcher,
                admission=admission,
                tasks=engine,
            )
        finally:
            logger.info("ending: calls and tasks have %g s to finish", settings.server.grace)
            await server.report_not_serving()
            admission.drain()
            server.end_watches()
            await workers.drain()
            idle = _all(server.idle(), workers.idle())
            await _either(idle, (stop or Stop()).hurried(), settings.server.grace)
            admission.revoke()
            workers.hand_back()
            await server.close()


async def serve(settings: Settings) -> None:
    """Serves until SIGTERM or SIGINT, then shuts down gracefully.

    Raises:
        SettingsError: A resource that the settings name cannot be used.
    """
    configure_logs(settings.logs)
    stop = Stop()
    with stop.on_signals(), suppress(StoppedEarly):
        async with running(settings, stop):
            # Loaded modules stay, so garbage collections need not traverse them again.
            gc.collect()
            gc.freeze()
            await stop.requested()
    logger.info("ended")


async def _start(settings: DecoderSettings, stop: Stop) -> ForkServer:
    """Starts the fork server, unless a stop is requested first: its selections may hang."""
    if settings.selections:
        names = sorted(settings.selections)
        logger.info("loading selections", extra={"facts": {"selections": names}})
    start = asyncio.ensure_future(ForkServer.start(settings))
    stopped = asyncio.ensure_future(stop.requested())
    try:
        await asyncio.wait((start, stopped), return_when=asyncio.FIRST_COMPLETED)
        if not start.done():
            raise StoppedEarly
        return await start
    except StartRefused as error:
        raise SettingsError(f"selections: {error}") from error
    finally:
        for wait in (start, stopped):
            wait.cancel()
        await asyncio.gather(start, stopped, return_exceptions=True)


def _show(metrics: ServiceMetrics, address: Address) -> MetricsPort:
    try:
        return MetricsPort(address, metrics)
    except OSError as error:
        raise SettingsError(
            f"metrics: {address} cannot be listened at: {error.strerror}"
        ) from error


async def _all(*waits: Awaitable[None]) -> None:
    await asyncio.gather(*waits)


async def _either(one: Awaitable[None], other: Awaitable[None], timeout: float) -> None:
    """Waits for the first of the two to return, for `timeout` seconds at most."""
    waits = [asyncio.ensure_future(wait) for wait in (one, other)]
    try:
        await asyncio.wait(waits, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
        await asyncio.gather(*waits, return_exceptions=True)
