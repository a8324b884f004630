"""The files that a playlist refers to. A file that changed since its first opening is refused."""

from __future__ import annotations

import asyncio
import os
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from framecap.errors import LimitExceeded, SourceChanged
from framecap.model.names import shown
from framecap.source.opened import OpenSource, Refer

MAX_FILES: Final = 20_000
"""The most files that one source may refer to: a day and a half in segments of six seconds."""

MAX_OPEN: Final = 8
"""The most open files; the least recently read one is closed."""


@dataclass(frozen=True, slots=True)
class _Known:
    """A file as it was at its first opening."""

    reference: str
    size: int
    etag: str


class Nested:
    """Owns the open files that one source refers to. Close it.

    Args:
        refer: Opens a file by its reference, or refuses it.
    """

    def __init__(self, refer: Refer) -> None:
        self._refer = refer
        self._numbers: dict[str, int] = {}
        self._known: list[_Known] = []
        self._open: OrderedDict[int, OpenSource] = OrderedDict()
        self._reading: dict[int, int] = {}
        self._changing = asyncio.Lock()

    async def open(self, reference: str) -> tuple[int, int]:
        """Returns a file's number, from 1, and its size.

        Raises:
            CaptureError: It cannot or may not be read.
        """
        async with self._changing:
            if reference not in self._numbers:
                if len(self._known) >= MAX_FILES:
                    raise LimitExceeded(
                        f"the source refers to more than {MAX_FILES} files",
                        metadata={"limit": str(MAX_FILES), "limit_name": "files"},
                    )
                source = await self._refer(reference)
                self._known.append(_Known(reference, source.size, source.etag))
                self._numbers[reference] = len(self._known)
                await self._keep(len(self._known), source)
            number = self._numbers[reference]
        return number, self._known[number - 1].size

    def knows(self, number: int) -> bool:
        """Returns whether a file has that number."""
        return 0 < number <= len(self._known)

    async def read(self, number: int, offset: int, length: int, *, until: int = 0) -> bytes:
        """Returns bytes of a file; fewer than `length` only at its end.

        Args:
            number: The file's number.
            offset: The offset of the first byte.
            length: The number of bytes.
            until: The offset at which sequential reading is going to stop; 0 when unknown.

        Raises:
            SourceChanged: The file changed after its first opening.
            CaptureError: The bytes cannot be read.
        """
        async with self._changing:
            source = await self._reopened(number)
            self._reading[number] = self._reading.get(number, 0) + 1
        try:
            if source.reader is not None:
                return await source.reader.read(offset, length, until=until)
            return await asyncio.to_thread(os.pread, source.fd, length, offset)
        finally:
            self._reading[number] -= 1

    async def close(self) -> None:
        """Closes all files. Closing again does nothing."""
        while self._open:
            _, source = self._open.popitem()
            await _close(source)

    async def _reopened(self, number: int) -> OpenSource:
        if number in self._open:
            self._open.move_to_end(number)
            return self._open[number]
        known = self._known[number - 1]
        source = await self._refer(known.reference)
        if (source.size, source.etag) != (known.size, known.etag):
            await _close(source)
            name = shown(source.public_name)
            raise SourceChanged(
                f"source: {name} changed while it was read", metadata={"source": name}
            )
        await self._keep(number, source)
        return source

    async def _keep(self, number: int, source: OpenSource) -> None:
        self._open[number] = source
        idle = [other for other in self._open if not self._reading.get(other)]
        for other in idle[: max(0, len(self._open) - MAX_OPEN)]:
            if other != number:
                await _close(self._open.pop(other))


async def _close(source: OpenSource) -> None:
    async with source:
        pass
