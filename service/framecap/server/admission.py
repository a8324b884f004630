"""How many captures may be under way.

Two limits stand beside each other: *running* decoders share the processors, *open* ones share the
memory. A capture needs a place of both kinds to begin. One whose decoder is blocked by its client
uses no processor, so it gives its running place back and takes another when its client reads on.
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
    """How much the service takes at once."""

    running: int = field(default_factory=lambda: os.cpu_count() or 1)
    """Decoders that may work at the same time."""

    open: int = field(default_factory=lambda: 4 * (os.cpu_count() or 1))
    """Decoders that may exist at the same time, those blocked by slow clients included."""

    queue: int = 64
    """Captures that may wait for a decoder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """How much is under way at this moment."""

    queued: int
    """Captures that wait for a decoder."""

    running: int
    """Captures whose decoder may use a processor."""

    open: int
    """Captures that have a decoder."""


class Admission:
    """Gives places to captures, in the order they came.

    Args:
        limits: How much is taken at once.
    """

    def __init__(self, limits: AdmissionLimits) -> None:
        self._limits = limits
        self._running = asyncio.Semaphore(limits.running)
        self._open = asyncio.Semaphore(limits.open)
        self._load = {"queued": 0, "running": 0, "open": 0}
        self._draining = False
        self._places: set[Slot] = set()

    @property
    def load(self) -> Load:
        """How much is under way at this moment."""
        return Load(**self._load)

    @property
    def draining(self) -> bool:
        """True once `drain` was called."""
        return self._draining

    def enter(self) -> Slot:
        """Returns a place in the queue, at once; leaving its `with` block gives all back.

        Raises:
            Draining: The service is shutting down.
            QueueFull: As many captures wait as may.
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
        return Slot(self._running, self._open, self._count, self._places)

    def check(self) -> None:
        """Returns when captures are still taken.

        Raises:
            Draining: The service is shutting down.
        """
        if self._draining:
            raise Draining(
                "The service is shutting down. Try again, it may be another one that answers.",
                retry_after_ms=RETRY_AFTER_MS,
            )

    def drain(self) -> None:
        """Refuses all captures from now on; those that have entered go on."""
        self._draining = True

    def revoke(self) -> None:
        """Ends the captures that have entered, with `Draining`; refuses all others."""
        self.drain()
        for slot in tuple(self._places):
            slot.revoke(
                Draining(
                    "The service is shutting down and the capture did not end in time. Try again, "
                    "it may be another one that answers.",
                    retry_after_ms=RETRY_AFTER_MS,
                )
            )

    def _count(self, kind: str, change: int) -> None:
        self._load[kind] += change


class Slot:
    """One capture's place: queued, then open and running, paused and running again at will.

    Its `with` block gives back whatever it holds.
    """

    def __init__(
        self,
        running: asyncio.Semaphore,
        open_: asyncio.Semaphore,
        count: Callable[[str, int], None],
        places: set[Slot],
    ) -> None:
        self.revoked: Final[Revocation] = asyncio.get_running_loop().create_future()
        """Done once the service ends the capture."""
        self._places = places
        self._semaphores = {"running": running, "open": open_}
        self._count = count
        self._held: list[str] = []
        places.add(self)
        self._hold("queued")

    def revoke(self, error: CaptureError) -> None:
        """Ends the capture with `error`; without effect the second time."""
        if not self.revoked.done():
            self.revoked.set_result(error)

    @property
    def must_wait(self) -> bool:
        """True when `start` would not return at once."""
        return any(semaphore.locked() for semaphore in self._semaphores.values())

    async def start(self) -> None:
        """Returns when the capture may have a decoder that works."""
        await self._acquire("open")
        await self._acquire("running")
        self._release("queued")

    def pause(self) -> None:
        """Gives the running place back; without effect while paused."""
        if "running" in self._held:
            self._release("running")

    async def resume(self) -> None:
        """Returns when the decoder may work again; at once while running."""
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
        self._places.discard(self)
        for held in reversed(self._held.copy()):
            self._release(held)
