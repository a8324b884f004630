"""The source as a decoder sees it: a read-only file, local or read through the service.

Each file has a position of its own. A descriptor passed to another process shares its position with
every other holder, so reads name their offset and leave that one alone.
"""

from __future__ import annotations

import io
import itertools
import os
import threading
from abc import abstractmethod
from collections import OrderedDict
from typing import Final

from framecap.decoder.v1.decoder_pb2 import FromDecoder, ReadRequest, ToDecoder
from framecap.decoder.wire import BlockingChannel

BLOCK_BYTES: Final = 256 * 1024
"""What one `ReadRequest` asks for, save at the end."""

KEPT_BLOCKS: Final = 32
"""How many blocks a decoder keeps."""


class SourceFile(io.RawIOBase):
    """A read-only file of known size.

    Args:
        size: Its size in bytes.
    """

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size: Final = size
        self.bytes_read = 0
        """How many bytes were read so far."""
        self._position = 0

    @abstractmethod
    def read_at(self, offset: int, length: int) -> bytes:
        """Returns up to `length` bytes from `offset`; none only at the end."""

    def read(self, size: int | None = -1, /) -> bytes:
        """Returns up to `size` bytes from the position; none only at the end."""
        left = max(0, self.size - self._position)
        wanted = left if size is None or size < 0 else min(size, left)
        data = self.read_at(self._position, wanted) if wanted else b""
        self._position += len(data)
        self.bytes_read += len(data)
        return data

    def readall(self) -> bytes:
        """Returns everything from the position to the end."""
        return b"".join(iter(self.read, b""))

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]
        """Fills `buffer` from the position; returns how many bytes there were."""
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Moves the position; one past the end is allowed, one before the beginning is not."""
        origin = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self.size}[whence]
        if origin + offset < 0:
            raise OSError(22, "a position before the beginning")
        self._position = origin + offset
        return self._position

    def tell(self) -> int:
        """Returns the position."""
        return self._position

    def readable(self) -> bool:
        """Returns True."""
        return True

    def seekable(self) -> bool:
        """Returns True."""
        return True


class LocalFile(SourceFile):
    """A regular file behind a descriptor, which stays the caller's.

    Args:
        descriptor: The file's descriptor.
        size: The file's size in bytes.
    """

    def __init__(self, descriptor: int, size: int) -> None:
        super().__init__(size)
        self.descriptor: Final = descriptor

    def read_at(self, offset: int, length: int) -> bytes:
        """Returns up to `length` bytes from `offset`; none only at the end."""
        return os.pread(self.descriptor, length, offset)


class RemoteFile(SourceFile):
    """A file that the service reads; several threads may read at once.

    It is asked for in blocks, some of which are kept: the library reads in small pieces, here and
    there, and often the same ones again.

    When the service cannot read, the process ends: whatever a decoder made of half a source would
    be wrong, and the service knows the cause better.

    Args:
        channel: The decoder's channel to the service.
        size: The source's size in bytes.
    """

    def __init__(self, channel: BlockingChannel[ToDecoder], size: int) -> None:
        super().__init__(size)
        self._asking = _Asking(channel)
        self._blocks: OrderedDict[int, bytes] = OrderedDict()
        self._keeping = threading.Lock()

    def read_at(self, offset: int, length: int) -> bytes:
        """Returns up to `length` bytes from `offset`; none only at the end."""
        if offset >= self.size:
            return b""
        number, begin = divmod(offset, BLOCK_BYTES)
        return self._block(number)[begin : begin + length]

    def _block(self, number: int) -> bytes:
        with self._keeping:
            if number in self._blocks:
                self._blocks.move_to_end(number)
                return self._blocks[number]
        offset = number * BLOCK_BYTES
        data = self._asking.read(offset, min(BLOCK_BYTES, self.size - offset))
        with self._keeping:
            self._blocks[number] = data
            while len(self._blocks) > KEPT_BLOCKS:
                self._blocks.popitem(last=False)
        return data


class _Asking:
    """Asks the service for bytes. Of the threads that wait, one receives for all.

    Args:
        channel: The decoder's channel to the service.
    """

    def __init__(self, channel: BlockingChannel[ToDecoder]) -> None:
        self._channel = channel
        self._numbers = itertools.count(1)
        self._answers: dict[int, bytes] = {}
        self._receiving = False
        self._arrived = threading.Condition()

    def read(self, offset: int, length: int) -> bytes:
        """Returns the bytes; ends the process when there are none to be had."""
        number = next(self._numbers)
        request = ReadRequest(offset=offset, length=length, number=number)
        self._channel.send(FromDecoder(read=request))
        while True:
            with self._arrived:
                self._arrived.wait_for(lambda: number in self._answers or not self._receiving)
                if number in self._answers:
                    return self._answers.pop(number)
                self._receiving = True
            answer = self._channel.receive()
            if not answer.HasField("read") or answer.read.failed:
                os._exit(0)
            with self._arrived:
                self._answers[answer.read.number] = answer.read.data
                self._receiving = False
                self._arrived.notify_all()
