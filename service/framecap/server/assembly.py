"""Assembly of the services that captures use."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Final

from framecap.admission import Admission
from framecap.config import Settings, SettingsError
from framecap.decoder.service.launcher import Launcher
from framecap.model.spec import CaptureSpec
from framecap.server.usage_log import EngineUsageLog
from framecap.services import Services
from framecap.sink.inline import InlineSink
from framecap.sink.naming import Naming, SourceName, object_naming
from framecap.sink.payloads import Sink
from framecap.source.address import FileAddress, parse_source
from framecap.source.sources import Sources
from framecap.storage.bucket_table import BucketsInvalid
from framecap.storage.directory.reading import LocalFiles
from framecap.storage.kind import BucketKind
from framecap.storage.kinds import BUCKET_KINDS
from framecap.storage.registry import Stores
from framecap.tasks.embedded.engine import EmbeddedEngine
from framecap.tasks.engine import Envelope, TaskEngine
from framecap.tasks.sweeper import sweeping
from framecap.telemetry.metrics import ServiceMetrics

logger = logging.getLogger(__name__)

TASKS: Final = Path("tasks", "tasks.sqlite")
"""The file of tasks below the data directory."""


class BucketSinks:
    """Opens sinks: inside the events, or in the bucket that a request names.

    Args:
        stores: The stores of the buckets.
    """

    def __init__(self, stores: Stores) -> None:
        self._stores = stores

    def naming(self, spec: CaptureSpec, source: SourceName) -> Naming | None:
        """Returns the naming of the images; None when the events contain them.

        Raises:
            TargetInvalid: The destination's bucket or key cannot be used.
            TargetIsSource: An image would replace its own source.
        """
        if spec.destination is None:
            return None
        return object_naming(spec, spec.destination, source)

    def open(self, naming: Naming | None) -> Sink:
        """Returns the sink of one capture; the caller must close it."""
        if naming is None or naming.bucket is None:
            return InlineSink()
        return self._stores.sink(naming)


def make_services(
    settings: Settings,
    launcher: Launcher,
    admission: Admission,
    metrics: ServiceMetrics,
    stores: Stores,
    engine: TaskEngine,
) -> Services:
    """Returns the services that captures use, by the settings.

    Raises:
        SettingsError: A directory that the settings name cannot be used.
    """
    try:
        files = LocalFiles(settings.server.allow_path)
    except OSError as error:
        raise SettingsError(f"allow-path: {error}") from error
    return Services(
        launcher=launcher,
        sources=Sources({**stores.openers, FileAddress.scheme: files}),
        sinks=BucketSinks(stores),
        admission=admission,
        read_address=partial(parse_source, bucket_schemes=stores.bucket_schemes),
        meter=metrics,
        usage=EngineUsageLog(engine),
        limits=settings.capture,
    )


@asynccontextmanager
async def open_stores(
    settings: Settings,
    metrics: ServiceMetrics,
    bucket_kinds: Sequence[BucketKind] = BUCKET_KINDS,
) -> AsyncIterator[Stores]:
    """Yields the stores that the settings name, ready; closes their connections after the block.

    Raises:
        SettingsError: A store cannot be used.
    """
    data = settings.server.data
    try:
        stores = Stores(data, settings.storage, metrics, bucket_kinds=bucket_kinds)
    except BucketsInvalid as error:
        raise SettingsError(f"buckets: {error}") from error
    try:
        try:
            await stores.start()
        except OSError as error:
            raise SettingsError(f"data: {data}: {error.strerror}") from error
        yield stores
    finally:
        await stores.close()


@asynccontextmanager
async def open_tasks(settings: Settings, envelope: Envelope) -> AsyncIterator[TaskEngine]:
    """Yields the engine of tasks, whose file is open, swept during the block; closes it after.

    A file that cannot be opened does not keep the service from starting: what needs it is refused
    until it can be.

    Args:
        settings: All settings.
        envelope: Makes the bodies of notifications.
    """
    engine = EmbeddedEngine(
        settings.server.data / TASKS, envelope=envelope, settings=settings.tasks.engine
    )
    try:
        async with sweeping(engine):
            yield engine
    finally:
        await engine.close()
