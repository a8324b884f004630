"""A running service, as tests have it."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import NamedTuple, Protocol

from grpc import aio

from framecap.config import Settings
from framecap.server.serve import Service
from framecap.server.stop import Stop
from framecap.v1.snapshot_service_pb2_grpc import SnapshotServiceStub


class Running(NamedTuple):
    """A service, and a client of it."""

    service: Service
    channel: aio.Channel
    stub: SnapshotServiceStub


class Run(Protocol):
    """Runs services."""

    def __call__(
        self,
        settings: Settings | None = ...,
        *,
        metrics: bool = ...,
        grace: float = ...,
        stop: Stop | None = ...,
    ) -> AbstractAsyncContextManager[Running]:
        """Runs a service while the block lasts, by other settings than usual."""
