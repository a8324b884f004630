"""Admission of captures: limits on running and open decoders, and a queue.

Two limits apply: *running* decoders share the processors, *open* ones share the memory. A capture
needs a slot of both kinds to begin. While back-pressure from its client blocks its decoder, the
capture uses no processor, so it releases its running slot and acquires another when its client
reads on.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, Self

from framecap.errors import CaptureError, Draining, QueueFull
from framecap.revocation import Revocation

RETRY_AFTER_MS: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class AdmissionLimits:
    """The limits on concurrent captures."""

    running: int = field(default_factory=lambda: os.cpu_count() or 1)
    """The most decoders that run at the same time."""

    open: int = field(default_factory=lambda: 4 * (os.cpu_count() or 1))
    """The most decoders that exist at the same time, those blocked by slow clients included."""

    queue: int = 64
    """The most captures that wait for a decoder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """The current number of captures."""

    queued: int
    """Captures that wait for a decoder."""

    running: int
    """Captures whose decoder may use a processor."""

    open: int
    """Captures that have a decoder."""


class Admission:
    """Gives slots to captures, in the order of their arrival.

    Args:
        limits: The limits on concurrent captures.
    """

    def __init__(self, limits: AdmissionLimits) -> None:
        self._limits = limits
        self._running = asyncio.Semaphore(limits.running)
        self._open = asyncio.Semaphore(limits.open)
        self._load = {"queued": 0, "running": 0, "open": 0}
        self._draining = False
        self._ended_by: CaptureError | None = None
        self._slots: set[Slot] = set()

    @property
    def load(self) -> Load:
        """The current number of captures."""
        return Load(**self._load)

    @property
    def draining(self) -> bool:
        """True once `drain` was called."""
        return self._draining

    def enter(self) -> Slot:
        """Returns a queued slot, without waiting; leaving its `with` block releases all it holds.

        Raises:
            Draining: The service is shutting down.
            QueueFull: The queue is full.
        """
        self.check()
        load, limits = self.load, self._limits
        free = min(limits.running - load.running, limits.open - load.open)
        if load.queued - free >= limits.queue:
            raise QueueFull(
                f"The service has as much work as it takes: {load.open} captures are under "
                f"way and {load.queued} wait. Try again in a moment.",
                metadata={"open": str(load.open), "queued": str(load.queued)},
                retry_after_ms=RETRY_AFTER_MS,
            )
        return Slot(self._running, self._open, self._count, self._slots)

    def check(self) -> None:
        """Returns if the service still accepts captures.

        Raises:
            Draining: The service is shutting down.
            CaptureError: The error that `revoke` was called with.
        """
        if self._ended_by is not None:
            raise self._ended_by
        if self._draining:
            raise Draining(
                "The service is shutting down. Try again, it may be another one that answers.",
                retry_after_ms=RETRY_AFTER_MS,
            )

    def drain(self) -> None:
        """Refuses all new captures; those that have entered continue."""
        self._draining = True

    def revoke(self, error: CaptureError | None = None) -> None:
        """Ends the captures that have entered; refuses all others.

        Args:
            error: The error that ends and refuses them; None for `Draining`.
        """
        self.drain()
        self._ended_by = self._ended_by or error
        for slot in tuple(self._slots):
            slot.revoke(
                error
                or Draining(
                    "The service is shutting down and the capture did not end in time. Try again, "
                    "it may be another one that answers.",
                    retry_after_ms=RETRY_AFTER_MS,
                )
            )

    def _count(self, kind: str, change: int) -> None:
        self._load[kind] += change


class Slot:
    """One capture's slot: queued, then open and running, paused and running again at will.

    Its `with` block releases all it holds.
    """

    def __init__(
        self,
        running: asyncio.Semaphore,
        open_: asyncio.Semaphore,
        count: Callable[[str, int], None],
        slots: set[Slot],
    ) -> None:
        self.revoked: Final[Revocation] = asyncio.get_running_loop().create_future()
        """Done once the service ends the capture."""
        self._slots = slots
        self._semaphores = {"running": running, "open": open_}
        self._count = count
        self._held: list[str] = []
        slots.add(self)
        self._hold("queued")

    def revoke(self, error: CaptureError) -> None:
        """Ends the capture with `error`; no effect the second time."""
        if not self.revoked.done():
            self.revoked.set_result(error)

    @property
    def must_wait(self) -> bool:
        """True when `start` would not return at once."""
        return any(semaphore.locked() for semaphore in self._semaphores.values())

    async def start(self) -> None:
        """Waits until the capture may run a decoder."""
        await self._acquire("open")
        await self._acquire("running")
        self._release("queued")

    def pause(self) -> None:
        """Releases the running slot; no effect while paused."""
        if "running" in self._held:
            self._release("running")

    async def resume(self) -> None:
        """Waits until the decoder may run again; returns at once while running."""
        if "running" not in self._held:
            await self._acquire("running")

    async def _acquire(self, kind: str) -> None:
        await self._semaphores[kind].acquire()
        self._hold(kind)

    def _hold(self, kind: str) -> None:
        self._held.append(kind)
        self._count(kind, 1)

    def _release(self, kind: str) -> None:
        self._held.remove(kind)
        self._count(kind, -1)
        if kind in self._semaphores:
            self._semaphores[kind].release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._slots.discard(self)
        for held in reversed(self._held.copy()):
            self._release(held)
