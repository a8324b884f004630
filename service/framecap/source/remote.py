"""Open remote sources: reads of byte ranges, and the errors that a client sees."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from time import monotonic
from typing import Final, TypeVar

from framecap.errors import (
    BucketNotFound,
    CaptureError,
    SourceChanged,
    SourceUnreachable,
)
from framecap.model.names import shown
from framecap.source.blocks import BLOCK_BYTES, Blocks
from framecap.source.budget import Budget
from framecap.source.opened import OpenSource, Traffic
from framecap.source.origin import Chunks, Found, Origin
from framecap.source.pin import SourcePin, pin_of_object
from framecap.source.refusals import not_allowed, not_found
from framecap.transport.faults import FaultKind, StoreFault
from framecap.transport.retry import DEFAULT_RETRY_POLICY, RetryPolicy, persist

RETRY_MS: Final = 2000

NESTED_SHARE: Final = 8

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteLimits:
    """Bounds on reading one remote source."""

    max_read_bytes: int
    """The largest number of bytes that are fetched."""

    cache_bytes: int
    """Bytes of it that are cached in memory."""

    retry_policy: RetryPolicy = DEFAULT_RETRY_POLICY
    """Attempts, waits and timeouts of requests."""

    @property
    def of_nested(self) -> RemoteLimits:
        """The bounds on a file that the source refers to.

        Several are open at once, so each caches less.
        """
        return replace(self, cache_bytes=self.cache_bytes // NESTED_SHARE)


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteName:
    """The names of a remote source."""

    public_name: str
    """The source's name in events and logs."""

    bucket: str | None
    """The bucket; None for a web address."""

    key: str
    """The object's key; the file's name for a web address."""


class RemoteReader:
    """Reads ranges of one source, through a cache, within a budget.

    Args:
        origin: The origin of the bytes.
        name: The source's names.
        limits: The bounds.
        budget: The capture's budget; None for one of this source alone, bounded by `limits`.
    """

    def __init__(
        self, origin: Origin, name: RemoteName, limits: RemoteLimits, budget: Budget | None = None
    ) -> None:
        self._budget = budget or Budget(limits.max_read_bytes)
        self._origin = _Counted(origin, self._budget)
        self._name = name
        self._limits = limits
        self._blocks: Blocks | None = None

    async def open(self) -> OpenSource:
        """Reads the first bytes and returns the source.

        Raises:
            CaptureError: It is not there, or cannot be read.
        """
        found, first = await self._translated(
            lambda: persist(lambda: self._first(BLOCK_BYTES), self._limits.retry_policy)
        )
        self._blocks = Blocks(
            self._origin,
            found,
            capacity=self._limits.cache_bytes,
            retry_policy=self._limits.retry_policy,
            take=self._budget.take,
        )
        await self._blocks.begin(first)
        return OpenSource(
            fd=-1,
            size=found.size,
            bucket=self._name.bucket,
            key=self._name.key,
            last_modified=found.last_modified,
            etag=found.etag,
            public_name=self._name.public_name,
            reader=self,
        )

    async def pin(self) -> SourcePin:
        """Returns the version of the source after one request, which brings one byte of it.

        A request for no bytes would not do: signed addresses allow no HEAD, and the answer of one
        does not say whether the bucket or the object is missing.

        Raises:
            CaptureError: It is not there, or cannot be read.
        """
        found, _ = await self._translated(
            lambda: persist(lambda: self._first(1), self._limits.retry_policy)
        )
        return pin_of_object(found.etag, found.size, found.last_modified)

    @property
    def traffic(self) -> Traffic:
        """The cost of reading so far, all reads of the budget included."""
        return self._budget.traffic

    async def read(self, offset: int, length: int, *, until: int = 0) -> bytes:
        """Returns the bytes from `offset`; fewer than `length` only at the source's end.

        Args:
            offset: The offset of the first byte.
            length: The number of bytes.
            until: The offset at which sequential reading is going to stop; 0 when unknown.

        Raises:
            SourceChanged: The source is no longer the one that was opened.
            SourceUnreachable: It could not be read, for now.
            LimitExceeded: The budget is spent.
            CaptureError: It may no longer be read, or is gone.
        """
        blocks = self._blocks
        assert blocks is not None
        began = monotonic()
        try:
            return await self._translated(
                lambda: blocks.read(offset, length, until=until), opened=True
            )
        finally:
            self._budget.waited(monotonic() - began)

    async def close(self) -> None:
        """Cancels all fetches. Closing again does nothing."""
        if self._blocks is not None:
            await self._blocks.close()

    async def _first(self, length: int) -> tuple[Found, bytes]:
        async with self._origin.open(length) as (found, chunks):
            parts = []
            async for chunk in chunks:
                self._budget.take(len(chunk))
                parts.append(chunk)
        first = b"".join(parts)
        if len(first) < min(length, found.size):
            raise StoreFault(FaultKind.PASSING, "ended early")
        return found, first

    async def _translated(self, work: Callable[[], Awaitable[T]], *, opened: bool = False) -> T:
        try:
            return await work()
        except StoreFault as fault:
            raise translated(fault, self._name, opened=opened) from fault


class _Counted:
    """Counts the requests to an origin."""

    def __init__(self, origin: Origin, budget: Budget) -> None:
        self._origin = origin
        self._budget = budget

    def open(self, length: int) -> AbstractAsyncContextManager[tuple[Found, Chunks]]:
        """Requests the first bytes."""
        self._budget.count_request()
        return self._origin.open(length)

    def read(self, found: Found, start: int, end: int) -> AbstractAsyncContextManager[Chunks]:
        """Requests a range."""
        self._budget.count_request()
        return self._origin.read(found, start, end)


def translated(fault: StoreFault, name: RemoteName, *, opened: bool) -> CaptureError:
    """Returns the error that a store's fault causes for a read.

    Args:
        fault: The fault.
        name: The source's names.
        opened: True when the source was read before.
    """
    source = name.public_name
    match fault.kind:
        case FaultKind.NO_OBJECT:
            return not_found(source)
        case FaultKind.NO_BUCKET:
            return no_bucket(name.bucket or "")
        case FaultKind.FORBIDDEN if opened:
            return not_allowed(
                source,
                f"may no longer be read: its store answers {fault.detail};"
                " what allowed it, or a signed address, may have expired",
            )
        case FaultKind.FORBIDDEN:
            return not_allowed(source, f"may not be read: its store answers {fault.detail}")
        case FaultKind.CHANGED:
            return SourceChanged(
                f"source: {shown(source)} changed while it was read", metadata={"source": source}
            )
        case FaultKind.REFUSED:
            return not_allowed(source, f"cannot be read: its store answers {fault.detail}")
        case FaultKind.PASSING:
            return SourceUnreachable(
                f"source: {shown(source)} could not be read, for now: {fault.detail}",
                metadata={"source": source, "cause": fault.detail},
                retry_after_ms=RETRY_MS,
            )


def no_bucket(bucket: str) -> BucketNotFound:
    """Returns the error of a missing bucket."""
    return BucketNotFound(
        f"source: there is no bucket {shown(bucket)}", metadata={"bucket": bucket}
    )
