"""framecap, as a client of its service uses it: a warm service, images inside the events."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Final

import grpc

from bench.speed import processes
from bench.speed.films import Film
from bench.speed.jobs import Frame, Job, Run
from bench.speed.ratios import Timing
from framecap.v1.event_pb2 import CaptureFinished, FrameCaptured
from framecap.v1.snapshot_service_pb2 import CaptureFramesRequest
from framecap.v1.snapshot_service_pb2_grpc import SnapshotServiceStub
from support.served import served

TIMEOUT_S: Final = 1800.0


class Service:
    """A running service and a channel to it.

    Args:
        channel: The channel.
        pid: The service's process.
    """

    def __init__(self, channel: grpc.Channel, pid: int) -> None:
        self._stub = SnapshotServiceStub(channel)
        self.pid = pid

    def capture(self, film: Film, job: Job) -> Run:
        """Captures, and counts what client, service and decoders used."""
        wanted = CaptureFramesRequest(
            source=str(film.path), text=f"video/snapshots,f_jpg,{job.request}"
        )
        before = self._used()
        begun = time.perf_counter()
        told, images, finished = self._receive(wanted)
        wall = time.perf_counter() - begun
        processes.settle()
        return Run(
            timing=Timing(wall, self._used() - before),
            pictures=[bytes(image) for image in images],
            frames=list(map(_frame, told)),
            decoded=finished.decoded_count,
        )

    def _receive(
        self, wanted: CaptureFramesRequest
    ) -> tuple[list[FrameCaptured], list[bytearray], CaptureFinished]:
        told: list[FrameCaptured] = []
        images: list[bytearray] = []
        finished = CaptureFinished()
        for response in self._stub.CaptureFrames(wanted, timeout=TIMEOUT_S):
            event = response.event
            match event.WhichOneof("event"):
                case "frame":
                    told.append(event.frame)
                    images.append(bytearray(event.frame.data))
                case "chunk":
                    images[-1] += event.chunk.data
                case "finished":
                    finished = event.finished
        return told, images, finished

    def _used(self) -> float:
        return processes.used(self.pid) + time.process_time()


@contextmanager
def service(directory: Path, cores: int | None = None) -> Iterator[Service]:
    """Runs a service that may read a directory.

    Args:
        directory: Where the films are.
        cores: How many processors it may use; all where None.
    """
    mine = os.sched_getaffinity(0)
    if cores is not None:
        # The service inherits it.
        os.sched_setaffinity(0, sorted(mine)[:cores])
    try:
        with (
            tempfile.TemporaryDirectory() as data,
            served(data=Path(data), allow=directory, FRAMECAP_LOG_LEVEL="warning") as running,
            grpc.insecure_channel(running.address) as channel,
        ):
            os.sched_setaffinity(0, mine)
            yield Service(channel, running.process.pid)
    finally:
        os.sched_setaffinity(0, mine)


def _frame(told: FrameCaptured) -> Frame:
    return Frame(
        instant=Fraction(told.requested_time.ToNanoseconds(), 10**9),
        time=Fraction(told.media_time.ToNanoseconds(), 10**9),
        pts=told.pts,
        keyframe=told.keyframe,
    )
