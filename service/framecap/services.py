"""What a capture is given to work with.

A capture knows these by what they promise. The service, the command line and the tests each bring
their own.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, Protocol

from framecap.decoder.launcher import Launcher
from framecap.decoder.process import Decoder
from framecap.errors import CaptureError, DecoderCrashed, DecoderLost, DecoderStalled
from framecap.model.spec import CaptureSpec
from framecap.revocation import Revocation
from framecap.sink.naming import Naming, SourceName
from framecap.sink.payloads import Sink
from framecap.source.address import SourceAddress, parse_source
from framecap.source.sources import Sources
from framecap.v1 import event_pb2


class KillCause(Enum):
    """Why a decoder ended before its work was done."""

    CANCELLED = "cancelled"
    """The caller went away, stalled, or its deadline passed; or the service ended."""

    STALLED = "stalled"
    """The decoder made no progress."""

    CRASHED = "crashed"
    """The decoder ended itself."""

    LOST = "lost"
    """Something outside killed it."""

    FAILED = "failed"
    """The capture failed elsewhere: the source, the sink, the service."""


KILL_CAUSES: Final = {
    DecoderStalled: KillCause.STALLED,
    DecoderCrashed: KillCause.CRASHED,
    DecoderLost: KillCause.LOST,
}


class Meter(Protocol):
    """Takes the figures of captures."""

    def capture_ended(self, mode: str, outcome: str) -> None:
        """Notes that a capture ended.

        Args:
            mode: The mode's name in the text form, or `instants`, `explain`, `probe`.
            outcome: `OK`, or the reason of the error.
        """

    def first_image(self, seconds: float) -> None:
        """Notes how long a capture took from its begin to its first image."""

    def image_delivered(self, size: int, principal: str) -> None:
        """Notes that an image of `size` bytes was delivered to a principal."""

    def capture_summed_up(self, result: event_pb2.CaptureFinished) -> None:
        """Notes what a capture has read, where its time went and what was damaged."""

    def decoder_started(self) -> None:
        """Notes that there is one more decoder."""

    def decoder_ended(self, cause: KillCause | None) -> None:
        """Notes that there is one decoder less; `cause` is None when its work was done."""


class NoMeter:
    """Keeps no figures."""

    def capture_ended(self, mode: str, outcome: str) -> None:
        """Does nothing."""

    def first_image(self, seconds: float) -> None:
        """Does nothing."""

    def image_delivered(self, size: int, principal: str) -> None:
        """Does nothing."""

    def capture_summed_up(self, result: event_pb2.CaptureFinished) -> None:
        """Does nothing."""

    def decoder_started(self) -> None:
        """Does nothing."""

    def decoder_ended(self, cause: KillCause | None) -> None:
        """Does nothing."""


class Slot(Protocol):
    """One capture's place among others, given back when its `with` block ends."""

    @property
    def revoked(self) -> Revocation:
        """Done once the service ends the capture, which then fails with its result."""

    @property
    def must_wait(self) -> bool:
        """True when `start` would not return at once."""

    async def start(self) -> None:
        """Returns when the capture may have a decoder that works."""

    def pause(self) -> None:
        """Lets others work while the decoder is blocked by its client."""

    async def resume(self) -> None:
        """Returns when the decoder may work again."""


class AdmissionControl(Protocol):
    """Decides how many captures may be under way."""

    def check(self) -> None:
        """Returns when captures are taken.

        Raises:
            Draining: The service is shutting down.
        """

    def enter(self) -> AbstractContextManager[Slot]:
        """Returns a place in the queue.

        Raises:
            Draining: The service is shutting down.
            QueueFull: As many captures wait as may.
        """


class Sinks(Protocol):
    """Says where the images of captures go."""

    def naming(self, spec: CaptureSpec, source: SourceName) -> Naming | None:
        """Returns what the images will be called; None when they travel inside the events.

        Raises:
            RequestError: The target cannot be used.
        """

    def open(self, naming: Naming | None) -> Sink:
        """Returns what takes the images of one capture; who calls must close it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureLimits:
    """Bounds on every capture."""

    pause_after: float = 1.0
    """Seconds a client may leave its decoder waiting before others may work in its place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything a capture works with."""

    launcher: Launcher
    """Starts decoders."""

    sources: Sources
    """Opens sources."""

    sinks: Sinks
    """Says where images go."""

    admission: AdmissionControl
    """Decides how many captures may be under way."""

    read_address: Callable[[str], SourceAddress] = parse_source
    """Returns the address that a caller's text names."""

    meter: Meter = field(default_factory=NoMeter)
    """Takes the figures of captures."""

    limits: CaptureLimits = field(default_factory=CaptureLimits)
    """Bounds on captures."""

    @asynccontextmanager
    async def decoder(self, descriptor: int | None) -> AsyncIterator[Decoder]:
        """Starts a decoder, ends it with the block, and notes both.

        Args:
            descriptor: A local source; None where the source is read through the service.
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
