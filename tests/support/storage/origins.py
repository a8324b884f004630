"""What every origin promises, whatever its store. A store's own tests say how to make one."""

from __future__ import annotations

from typing import Any

import pytest

from framecap.source.origin import Chunks, Found, Origin
from framecap.transport.faults import FaultKind, StoreFault

CONTENT = bytes(range(256)) * 4000


async def joined(chunks: Chunks) -> bytes:
    return b"".join([chunk async for chunk in chunks])


async def opened(origin: Origin, length: int = 1000) -> tuple[Found, bytes]:
    async with origin.open(length) as (found, chunks):
        return found, await joined(chunks)


class OriginContract:
    """The tests. `make` stores `data` and returns its origin, `replace` puts other bytes there."""

    async def make(self, store: Any, data: bytes | None) -> Origin:
        raise NotImplementedError

    async def replace(self, store: Any, data: bytes) -> None:
        raise NotImplementedError

    async def test_opening_finds_out_and_brings_the_first_bytes(self, store: Any) -> None:
        found, first = await opened(await self.make(store, CONTENT))
        assert found.size == len(CONTENT)
        assert found.etag
        assert found.last_modified.year >= 2024
        assert first == CONTENT[:1000]

    async def test_a_small_object_comes_whole(self, store: Any) -> None:
        found, first = await opened(await self.make(store, b"seven b"))
        assert (found.size, first) == (7, b"seven b")

    async def test_an_empty_object_is_one(self, store: Any) -> None:
        found, first = await opened(await self.make(store, b""))
        assert (found.size, first) == (0, b"")

    @pytest.mark.parametrize(
        ("start", "end"), [(0, 1), (1, 700_001), (len(CONTENT) - 3, len(CONTENT))]
    )
    async def test_a_range_is_what_was_asked_for(self, store: Any, start: int, end: int) -> None:
        origin = await self.make(store, CONTENT)
        found, _ = await opened(origin)
        async with origin.read(found, start, end) as chunks:
            assert await joined(chunks) == CONTENT[start:end]

    async def test_who_leaves_early_harms_nobody(self, store: Any) -> None:
        origin = await self.make(store, CONTENT)
        found, _ = await opened(origin)
        for _ in range(3):
            async with origin.read(found, 0, len(CONTENT)) as chunks:
                assert await anext(chunks)
        async with origin.read(found, 5, 9) as chunks:
            assert await joined(chunks) == CONTENT[5:9]

    async def test_nothing_there_is_no_object(self, store: Any) -> None:
        with pytest.raises(StoreFault) as caught:
            await opened(await self.make(store, None))
        assert caught.value.kind is FaultKind.NO_OBJECT

    async def test_other_bytes_are_noticed(self, store: Any) -> None:
        origin = await self.make(store, CONTENT)
        found, _ = await opened(origin)
        await self.replace(store, CONTENT[::-1])
        with pytest.raises(StoreFault) as caught:
            async with origin.read(found, 0, 10) as chunks:
                await joined(chunks)
        assert caught.value.kind is FaultKind.CHANGED
