"""The interfaces that a capture depends on, and `Services`, which holds one of each.

The service (`server/assembly.py`), the command line (`cli/local.py`) and the tests each build their
own `Services`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, Protocol

from framecap.capture_result import CaptureResult
from framecap.decoder.service.launcher import Launcher
from framecap.decoder.service.process import Decoder
from framecap.errors import CaptureError, DecoderCrashed, DecoderLost, DecoderStalled
from framecap.model.spec import CaptureSpec
from framecap.model.usage import UsageRecord
from framecap.revocation import Revocation
from framecap.sink.naming import Naming, SourceName
from framecap.sink.payloads import Sink
from framecap.source.address import SourceAddress, parse_source
from framecap.source.sources import Sources
from framecap.usage_log import NoUsageLog, UsageLog


class KillCause(Enum):
    """The cause of a decoder's end before its work was done."""

    CANCELLED = "cancelled"
    """The caller went away or stalled, its deadline passed, or the service ended."""

    STALLED = "stalled"
    """The decoder made no progress."""

    CRASHED = "crashed"
    """The decoder crashed, or broke its protocol."""

    LOST = "lost"
    """The decoder was killed from outside."""

    FAILED = "failed"
    """The capture failed elsewhere: in the source, the sink or the service."""


KILL_CAUSES: Final = {
    DecoderStalled: KillCause.STALLED,
    DecoderCrashed: KillCause.CRASHED,
    DecoderLost: KillCause.LOST,
}


class Meter(Protocol):
    """Records the metrics of captures."""

    def capture_ended(self, mode: str, outcome: str) -> None:
        """Records that a capture ended.

        Args:
            mode: The mode's name in the text form, or `instants`, `explain`, `probe`.
            outcome: `OK`, or the reason of the error.
        """

    def first_image(self, seconds: float) -> None:
        """Records the time from the begin of a capture to its first image."""

    def image_delivered(self, size: int, principal: str) -> None:
        """Records that an image of `size` bytes was delivered to a principal."""

    def capture_summed_up(self, result: CaptureResult) -> None:
        """Records a capture's bytes read, its time by stage and its damage."""

    def usage_recorded(self, record: UsageRecord) -> None:
        """Records that the usage of a capture was recorded."""

    def decoder_started(self) -> None:
        """Records that a decoder started."""

    def decoder_ended(self, cause: KillCause | None) -> None:
        """Records that a decoder ended; `cause` is None when its work was done."""


class NoMeter:
    """Records nothing."""

    def capture_ended(self, mode: str, outcome: str) -> None:
        """Does nothing."""

    def first_image(self, seconds: float) -> None:
        """Does nothing."""

    def image_delivered(self, size: int, principal: str) -> None:
        """Does nothing."""

    def capture_summed_up(self, result: CaptureResult) -> None:
        """Does nothing."""

    def usage_recorded(self, record: UsageRecord) -> None:
        """Does nothing."""

    def decoder_started(self) -> None:
        """Does nothing."""

    def decoder_ended(self, cause: KillCause | None) -> None:
        """Does nothing."""


class Slot(Protocol):
    """One capture's slot in admission control, released when its `with` block ends."""

    @property
    def revoked(self) -> Revocation:
        """Done once the service ends the capture; its result is the error of the capture."""

    @property
    def must_wait(self) -> bool:
        """True when `start` would not return at once."""

    async def start(self) -> None:
        """Returns when the capture may start a decoder."""

    def pause(self) -> None:
        """Lets another capture decode while this one is blocked by its client."""

    async def resume(self) -> None:
        """Returns when the decoder may go on."""


class AdmissionControl(Protocol):
    """Limits how many captures run and how many wait."""

    def check(self) -> None:
        """Checks that the service admits captures.

        Raises:
            Draining: The service is shutting down.
        """

    def enter(self) -> AbstractContextManager[Slot]:
        """Returns a slot, which may have to wait in the queue before it starts.

        Raises:
            Draining: The service is shutting down.
            QueueFull: The queue is full.
        """


class Sinks(Protocol):
    """Opens the destinations of captures' images."""

    def naming(self, spec: CaptureSpec, source: SourceName) -> Naming | None:
        """Returns the naming of stored images; None when images are sent inside events.

        Raises:
            RequestError: The target cannot be used.
        """

    def open(self, naming: Naming | None) -> Sink:
        """Returns the sink for one capture's images; the caller must close it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureLimits:
    """Limits on every capture."""

    pause_after: float = 1.0
    """Seconds that a client may block its decoder before another capture may decode instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The dependencies of a capture."""

    launcher: Launcher
    """Starts decoders."""

    sources: Sources
    """Opens sources."""

    sinks: Sinks
    """Opens the destinations of images."""

    admission: AdmissionControl
    """Limits how many captures run and how many wait."""

    read_address: Callable[[str], SourceAddress] = parse_source
    """Parses the address of a source."""

    meter: Meter = field(default_factory=NoMeter)
    """Records the metrics of captures."""

    usage: UsageLog = field(default_factory=NoUsageLog)
    """Keeps the usage records of captures."""

    limits: CaptureLimits = field(default_factory=CaptureLimits)
    """Limits on every capture."""

    @asynccontextmanager
    async def decoder(self, descriptor: int | None) -> AsyncIterator[Decoder]:
        """Starts a decoder, ends it with the block, and records both in the meter.

        Args:
            descriptor: The descriptor of a local source; None when the decoder reads the source
                through the service.
        """
        cause: KillCause | None = None
        async with await self.launcher.launch(descriptor) as decoder:
            self.meter.decoder_started()
            try:
                yield decoder
            except CaptureError as error:
                cause = KILL_CAUSES.get(type(error), KillCause.FAILED)
                raise
            except Exception:
                cause = KillCause.FAILED
                raise
            except BaseException:
                cause = KillCause.CANCELLED
                raise
            finally:
                self.meter.decoder_ended(cause)
