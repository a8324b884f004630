"""Numbers the events of a capture and checks their order."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from framecap.v1 import event_pb2
from framecap.v1.event_pb2 import CaptureEvent

Payload: TypeAlias = (
    event_pb2.CaptureAccepted
    | event_pb2.MediaProbed
    | event_pb2.CapturePlanned
    | event_pb2.CaptureProgress
    | event_pb2.FrameCaptured
    | event_pb2.ImageChunk
    | event_pb2.CaptureWarning
    | event_pb2.CaptureFinished
    | event_pb2.OutputFile
    | event_pb2.AttemptStarted
)

CASES: Final[Mapping[type[Payload], str]] = {
    event_pb2.CaptureAccepted: "accepted",
    event_pb2.MediaProbed: "probed",
    event_pb2.CapturePlanned: "planned",
    event_pb2.CaptureProgress: "progress",
    event_pb2.FrameCaptured: "frame",
    event_pb2.ImageChunk: "chunk",
    event_pb2.CaptureWarning: "warning",
    event_pb2.CaptureFinished: "finished",
    event_pb2.OutputFile: "output_file",
    event_pb2.AttemptStarted: "attempt_started",
}

NOT_OF_RECORD: Final = frozenset({"progress"})
"""Events that are not kept in a task's log; their sequence is 0."""

ONCE: Final = frozenset({"accepted", "probed", "planned", "finished"})

# The events of which one must come before.
REQUIRES: Final = {
    "planned": {"probed"},
    "frame": {"planned"},
    "chunk": {"frame", "output_file"},
    "output_file": {"planned"},
}


class OutOfOrder(RuntimeError):
    """An event came out of order. A fault of the service."""


class EventStream:
    """Numbers the events of record of one capture, from 1, and refuses any out of order.

    The order: `accepted` first; `probed`, then `planned`, at most once each; `frame` by index
    without gaps; the `chunk` events of an image or a file directly after its `frame` or
    `output_file`; exactly one `finished`, last. In tasks `attempt_started` precedes each attempt;
    after it, all events but `accepted` begin again.

    Args:
        clock: The wall clock, in nanoseconds since 1970.
    """

    def __init__(self, clock: Callable[[], int] = time.time_ns) -> None:
        self._clock = clock
        self._sequence = 0
        self._seen: set[str] = set()
        self._last_index = 0
        # The image or file whose chunks may follow.
        self._chunked = ""
        self._chunked_index = 0
        self._image_size = 0
        self._image_sent = 0

    @classmethod
    def resumed(cls, sequence: int, clock: Callable[[], int] = time.time_ns) -> EventStream:
        """Returns the stream of a task's log after its event `sequence`.

        `attempt_started` or `finished` follows there, or what follows `attempt_started`.

        Args:
            sequence: The number of the log's last event; 0 where `accepted` comes first.
            clock: The wall clock, in nanoseconds since 1970.
        """
        stream = cls(clock)
        if sequence:
            stream._sequence = sequence
            stream._seen = {"accepted"}
        return stream

    @property
    def sequence(self) -> int:
        """The number of the last event of record; 0 before the first."""
        return self._sequence

    @property
    def finished(self) -> bool:
        """True once `finished` was sent."""
        return "finished" in self._seen

    def wrap(self, payload: Payload) -> CaptureEvent:
        """Returns the next event.

        Raises:
            OutOfOrder: The event must not come now; the stream is as it was before.
        """
        case = CASES[type(payload)]
        self._check_order(case)
        if isinstance(payload, event_pb2.ImageChunk):
            self._check_chunk(payload)
            self._image_sent += len(payload.data)
        elif self._image_sent < self._image_size and not _failed(payload):
            raise OutOfOrder(f"{case} amid the chunks of {self._chunked}")
        if isinstance(payload, event_pb2.FrameCaptured):
            if payload.index != self._last_index + 1:
                raise OutOfOrder(f"frame {payload.index} after frame {self._last_index}")
            self._last_index = payload.index
            self._begin_chunks("image", payload, inline=payload.WhichOneof("image") == "data")
        elif isinstance(payload, event_pb2.OutputFile):
            self._begin_chunks("file", payload, inline=payload.WhichOneof("file") == "data")
        if isinstance(payload, event_pb2.AttemptStarted):
            # Each attempt has its own `probed` and `planned`, and its own images from 1.
            self._seen -= {"probed", "planned", "frame", "output_file"}
            self._last_index = 0
        self._seen.add(case)
        event = CaptureEvent()
        if case not in NOT_OF_RECORD:
            self._sequence += 1
            event.sequence = self._sequence
        event.event_time.FromNanoseconds(self._clock())
        getattr(event, case).CopyFrom(payload)
        # A message without content still sets its case.
        getattr(event, case).SetInParent()
        return event

    def _check_order(self, case: str) -> None:
        if self.finished:
            raise OutOfOrder(f"{case} after finished")
        if not self._seen and case != "accepted":
            raise OutOfOrder(f"{case} before accepted")
        if case in ONCE and case in self._seen:
            raise OutOfOrder(f"{case} a second time")
        if case in REQUIRES and not self._seen & REQUIRES[case]:
            raise OutOfOrder(f"{case} before {min(REQUIRES[case])}")

    def _begin_chunks(
        self, what: str, payload: event_pb2.FrameCaptured | event_pb2.OutputFile, *, inline: bool
    ) -> None:
        self._chunked, self._chunked_index = f"{what} {payload.index}", payload.index
        self._image_sent = len(payload.data)
        self._image_size = payload.size_bytes if inline else 0

    def _check_chunk(self, chunk: event_pb2.ImageChunk) -> None:
        if chunk.index != self._chunked_index or chunk.offset != self._image_sent:
            raise OutOfOrder(
                f"chunk at {chunk.offset} of {chunk.index}"
                f" where {self._image_sent} of {self._chunked} follows"
            )
        if self._image_sent + len(chunk.data) > self._image_size:
            raise OutOfOrder(f"chunk beyond the end of {self._chunked}")


def _failed(payload: Payload) -> bool:
    """Returns whether `payload` ends a failed capture; it may come at any time."""
    return isinstance(payload, event_pb2.CaptureFinished) and payload.status.code != 0
