"""A running service, as tests have it, and what it captures from."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple, Protocol

import av
import numpy as np
from grpc import aio

from framecap.config import Settings
from framecap.listen_address import Address
from framecap.serve_settings import ServerSettings
from framecap.server.serve import Service
from framecap.server.stop import Stop
from framecap.v1.snapshot_service_pb2_grpc import SnapshotServiceStub

NOISY_FRAMES = 250


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


def make_noisy_clip(path: Path) -> None:
    """Writes a clip whose every frame is a large image, so that a capture has much to send."""
    noise = np.random.default_rng(7).integers(0, 256, (360, 640), np.uint8)
    frame = av.VideoFrame.from_ndarray(noise, format="gray").reformat(format="yuvj420p")
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mjpeg", rate=25)
        stream.width, stream.height, stream.pix_fmt = 640, 360, "yuvj420p"
        (packet,) = [*stream.encode(frame), *stream.encode(None)]
        encoded = bytes(packet)
        for number in range(NOISY_FRAMES):
            packet = av.Packet(encoded)
            packet.stream, packet.time_base = stream, Fraction(1, 25)
            packet.pts = packet.dts = number
            packet.is_keyframe = True
            container.mux(packet)


def server_settings(media: Path, data: Path, *, metrics: bool, grace: float) -> ServerSettings:
    """Returns the settings of a server on free ports."""
    loopback = Address("127.0.0.1", 0)
    return ServerSettings(
        listen=loopback,
        metrics=loopback if metrics else None,
        data=data,
        allow_path=(media,),
        grace=grace,
    )
