"""The result of a capture, as frozen parts, and the only function that makes `finished` of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from framecap.errors import CaptureError
from framecap.events import messages
from framecap.events.status import to_status
from framecap.model.usage import Usage
from framecap.sink.payloads import Written
from framecap.source.opened import Traffic
from framecap.timebase import NANOSECONDS_PER_MICROSECOND, Nanoseconds
from framecap.v1 import event_pb2


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """The images that a capture has delivered."""

    count: int = 0
    """The number of images."""

    size_bytes: int = 0
    """Their bytes, without those of superseded images."""

    object_count: int = 0
    """The images and files that can be had, each once: superseded images are not counted."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CaptureResult:
    """The results of a capture so far, whether or not it fails; each part has its own source."""

    reported: event_pb2.CaptureFinished = field(default_factory=event_pb2.CaptureFinished)
    """The decoder's report, which nobody changes; empty until there is one."""

    progress_bytes: int = 0
    """The bytes read by the decoder's latest progress, in case there is no report."""

    delivered: Delivered = field(default_factory=Delivered)
    """The delivered images."""

    traffic: Traffic | None = None
    """The traffic of a remote source; None for a local one, whose traffic the decoder reports."""

    stage_times: Mapping[str, Nanoseconds] = field(default_factory=dict)
    """The times of the service's own stages; they replace times that the decoder reports."""

    output: str = ""
    """The output's name."""

    manifest_uri: str = ""
    """The address of the manifest; empty while none is stored."""

    cpu: Nanoseconds = 0
    """The CPU time of the decoder; 0 while it runs."""

    written: Written = field(default_factory=Written)
    """The cost of storing."""

    @property
    def usage(self) -> Usage:
        """The work that is charged for."""
        # Figures of a decoder, which a malicious file may control, are at least not negative.
        return Usage(
            decoded_count=max(0, self.reported.decoded_count),
            cpu=self.cpu,
            read_bytes=max(0, self.read_bytes),
            written_bytes=self.written.bytes,
            request_count=self.written.requests + (self.traffic.requests if self.traffic else 0),
        )

    @property
    def read_bytes(self) -> int:
        """Bytes read from the source."""
        if self.traffic is not None:
            return self.traffic.bytes
        return max(self.reported.read_bytes, self.progress_bytes)

    @property
    def all_times(self) -> Mapping[str, Nanoseconds]:
        """The times of all stages."""
        reported = self.reported.stage_times.items()
        return {stage: spent.ToNanoseconds() for stage, spent in reported} | self.service_times

    @property
    def service_times(self) -> dict[str, Nanoseconds]:
        """The times of all stages that the service measures."""
        if self.traffic is None:
            return dict(self.stage_times)
        read = round(self.traffic.seconds * 1e6) * NANOSECONDS_PER_MICROSECOND
        return {"read": read, **self.stage_times}


def finished(
    result: CaptureResult, error: CaptureError | None, *, charged: bool = False
) -> event_pb2.CaptureFinished:
    """Returns the payload of `finished`.

    Args:
        result: The result.
        error: The error that ended the capture; None when it succeeded.
        charged: True when the usage of the capture was recorded, and so is said.
    """
    message = event_pb2.CaptureFinished()
    message.CopyFrom(result.reported)
    message.status.CopyFrom(to_status(error))
    message.captured_count = result.delivered.count
    message.image_bytes = result.delivered.size_bytes
    message.read_bytes = result.read_bytes
    message.manifest_uri = result.manifest_uri
    if result.traffic is not None:
        message.read_request_count = result.traffic.requests
    if charged:
        message.usage.CopyFrom(messages.usage(result.usage, result.delivered.object_count))
    for shortfall in message.shortfalls:
        shortfall.output = result.output
    for stage, spent in result.service_times.items():
        message.stage_times[stage].FromNanoseconds(spent)
    return message
