"""A block cache of a remote source, with read-ahead.

If a reader states the offset at which it is going to stop, one fetch covers the bytes up to there
(up to a bound) and no more.

Otherwise, a read that does not continue a fetch fetches little more than it needs. A read that
continues a fetch fetches twice as much the first time, so that a read that ends in the next block
is cheap, and then four times as much as the fetch before, up to a bound. While the last half of a
fetch is read, the next fetch runs. So random reads are cheap, and sequential reads need few
requests. Several readers at different offsets of one source do not disturb each other.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from framecap.source.origin import Chunks, Found, Origin
from framecap.transport.faults import FaultKind, StoreFault
from framecap.transport.retry import Backoff, RetryPolicy

BLOCK_BYTES: Final = 256 * 1024

FIRST_GROWTH: Final = 2
GROWTH: Final = 4
"""The growth of each fetch that continues another: of the first one, and of later ones."""

LARGEST_FETCH: Final = 32
"""The most blocks of one request."""

SHARE: Final = 8
"""The divisor of the cache's capacity that bounds one fetch."""

MAX_RUNS: Final = 256
"""The most ends of fetches that are remembered."""


class Blocks:
    """Caches blocks of one source, and evicts the least recently used ones.

    A cancelled read does not cancel its fetch, which continues for other readers. Close it.

    Args:
        origin: The origin of the bytes.
        found: The source as it was opened.
        capacity: The approximate number of cached bytes.
        retry_policy: Attempts and waits of resumed fetches.
        take: Called with each number of received bytes; may raise.
    """

    def __init__(
        self,
        origin: Origin,
        found: Found,
        *,
        capacity: int,
        retry_policy: RetryPolicy,
        take: Callable[[int], None],
    ) -> None:
        self._origin = origin
        self._found = found
        self._retry_policy = retry_policy
        self._take = take
        self._capacity = max(2, capacity // BLOCK_BYTES)
        self._largest = max(1, min(LARGEST_FETCH, self._capacity // SHARE))
        self._count = -(-found.size // BLOCK_BYTES)
        self._held: OrderedDict[int, bytes] = OrderedDict()
        self._coming: dict[int, asyncio.Future[bytes]] = {}
        self._runs: OrderedDict[int, int] = OrderedDict()
        self._ahead: dict[int, int] = {}
        self._fetches: set[asyncio.Task[None]] = set()

    async def begin(self, first: bytes) -> None:
        """Caches the first bytes of the source: whole blocks, or all of it."""
        for block in range(-(-len(first) // BLOCK_BYTES)):
            self._hold(block, first[block * BLOCK_BYTES : (block + 1) * BLOCK_BYTES])
        self._note_end(len(self._held), len(self._held))

    async def read(self, offset: int, length: int, *, until: int = 0) -> bytes:
        """Returns the bytes from `offset`; fewer than `length` only at the source's end.

        Args:
            offset: The offset of the first byte.
            length: The number of bytes.
            until: The offset at which sequential reading is going to stop; 0 when unknown.

        Raises:
            StoreFault: They cannot be fetched.
        """
        end = min(offset + length, self._found.size)
        if offset >= end:
            return b""
        first, last = offset // BLOCK_BYTES, (end - 1) // BLOCK_BYTES
        stop = -(-min(until, self._found.size) // BLOCK_BYTES)
        parts = [await self._block(block, stop) for block in range(first, last + 1)]
        parts[-1] = parts[-1][: end - last * BLOCK_BYTES]
        parts[0] = parts[0][offset - first * BLOCK_BYTES :]
        return parts[0] if len(parts) == 1 else b"".join(parts)

    async def close(self) -> None:
        """Cancels all fetches. Closing again does nothing."""
        for fetch in self._fetches:
            fetch.cancel()
        await asyncio.gather(*self._fetches, return_exceptions=True)
        self._held.clear()

    async def _block(self, block: int, stop: int) -> bytes:
        if (ahead := self._ahead.pop(block, None)) is not None:
            self._fetch(ahead, stop)
        if block in self._held:
            self._held.move_to_end(block)
            return self._held[block]
        if block not in self._coming:
            self._fetch(block, stop)
        return await asyncio.shield(self._coming[block])

    def _fetch(self, block: int, stop: int) -> None:
        """Starts a fetch at a block, unless the block is cached or being fetched.

        Args:
            block: The block.
            stop: The block before which sequential reading ends; at most `block` when unknown.
        """
        if block >= self._count or block in self._held or block in self._coming:
            return
        wanted, goes_on = self._wanted(block, stop)
        end = block + 1
        while (
            end < min(block + wanted, self._count)
            and end not in self._held
            and end not in self._coming
        ):
            end += 1
        if goes_on:
            self._ahead[block + (end - block) // 2] = end
        # A reader that passes its stated end is unlikely to read much more.
        self._note_end(end, wanted if goes_on or stop <= block else 1)
        loop = asyncio.get_running_loop()
        for coming in range(block, end):
            self._coming[coming] = loop.create_future()
        fetch = asyncio.create_task(self._run(block, end))
        self._fetches.add(fetch)
        fetch.add_done_callback(self._fetches.discard)

    def _wanted(self, block: int, stop: int) -> tuple[int, bool]:
        """Returns how many blocks to fetch, and whether reading probably continues after them."""
        before = self._runs.pop(block, 0)
        if stop > block:
            return min(stop - block, self._largest), stop - block > self._largest
        growth = GROWTH if before > 1 else FIRST_GROWTH
        return (min(before * growth, self._largest), True) if before else (1, False)

    def _note_end(self, block: int, length: int) -> None:
        self._runs[block] = length
        if len(self._runs) > MAX_RUNS:
            self._runs.popitem(last=False)

    async def _run(self, block: int, end: int) -> None:
        """Fetches the blocks in [block, end), and resumes after an interrupted request."""
        backoff = Backoff(self._retry_policy)
        try:
            while block < end:
                began = block
                try:
                    stop = min(end * BLOCK_BYTES, self._found.size)
                    reading = self._origin.read(self._found, block * BLOCK_BYTES, stop)
                    async with reading as chunks:
                        block = await self._take_in(chunks, block)
                    if block < end:
                        raise StoreFault(FaultKind.PASSING, "ended early")
                except StoreFault as fault:
                    block = self._first_coming(block, end)
                    if block > began:
                        backoff.succeeded()
                    await backoff.failed(fault)
        except BaseException as error:
            self._give_up(block, end, error)
            if not isinstance(error, Exception):
                raise

    async def _take_in(self, chunks: Chunks, block: int) -> int:
        """Caches received bytes, from a block's beginning; returns the next block's number."""
        parts: list[bytes] = []
        have = 0
        async for chunk in chunks:
            self._take(len(chunk))
            view = memoryview(chunk)
            while view:
                size = min(BLOCK_BYTES, self._found.size - block * BLOCK_BYTES)
                part = view[: size - have]
                parts.append(bytes(part))
                have += len(part)
                view = view[len(part) :]
                if have == size:
                    self._arrived(block, b"".join(parts))
                    block, parts, have = block + 1, [], 0
        return block

    def _arrived(self, block: int, data: bytes) -> None:
        self._hold(block, data)
        coming = self._coming.pop(block)
        if not coming.done():
            coming.set_result(data)

    def _first_coming(self, block: int, end: int) -> int:
        return next((b for b in range(block, end) if b in self._coming), end)

    def _hold(self, block: int, data: bytes) -> None:
        self._held[block] = data
        while len(self._held) > self._capacity:
            self._held.popitem(last=False)

    def _give_up(self, block: int, end: int, error: BaseException) -> None:
        """Passes the error to the readers of the missing blocks; later reads try again."""
        for missing in range(block, end):
            coming = self._coming.pop(missing, None)
            if coming is None or coming.done():
                continue
            if isinstance(error, Exception):
                coming.set_exception(error)
                # asyncio warns of unretrieved exceptions, and a read-ahead may have no reader.
                coming.exception()
            else:
                coming.cancel()
