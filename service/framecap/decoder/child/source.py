"""A decoder's view of the source: a read-only file, local or read through the service.

Each file object has its own position. All processes that hold a passed descriptor share that
descriptor's position, so reads give their offset (pread) and never move it.
"""

from __future__ import annotations

import io
import itertools
import os
import threading
from abc import abstractmethod
from collections import OrderedDict
from typing import Final

from framecap.decoder.v1.decoder_pb2 import (
    FromDecoder,
    OpenAnswer,
    OpenRequest,
    ReadAnswer,
    ReadRequest,
    ToDecoder,
)
from framecap.decoder.wire.framing import BlockingChannel

BLOCK_BYTES: Final = 256 * 1024
"""The length of a `ReadRequest`, except for the last block of a file."""

KEPT_BLOCKS: Final = 32
"""The number of blocks of a file that a decoder caches."""


class SourceFile(io.RawIOBase):
    """A read-only file of known size.

    Args:
        size: Its size in bytes.
        requests: Requests files that this one refers to; None when none are allowed.
    """

    def __init__(self, size: int, requests: SourceRequests | None = None) -> None:
        super().__init__()
        self._requests = requests
        self.size: Final = size
        self.bytes_read = 0
        """The number of bytes read so far."""
        self._position = 0

    @abstractmethod
    def read_at(self, offset: int, length: int, *, until: int = 0) -> bytes:
        """Returns up to `length` bytes from `offset`; none only at the end.

        Args:
            offset: The offset of the first byte.
            length: The most bytes to return.
            until: The offset at which the reader expects to stop, for read-ahead; 0 if unknown.
        """

    def open_reference(self, reference: str) -> SourceFile:
        """Returns a file that this one refers to.

        The process ends if the service refuses the file.

        Raises:
            PermissionError: This source may not refer to files.
        """
        if self._requests is None or not self._requests.refers:
            raise PermissionError
        opened = self._requests.open(reference)
        return RemoteFile(self._requests, opened.size, opened.file)

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
        """Fills `buffer` from the position; returns the number of bytes read."""
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Moves the position; it may be beyond the end, but not before the beginning."""
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
    """A regular file, read by its descriptor, which the caller closes.

    Args:
        descriptor: The file's descriptor.
        size: The file's size in bytes.
        requests: Requests files that this one refers to; None when none are allowed.
    """

    def __init__(self, descriptor: int, size: int, requests: SourceRequests | None = None) -> None:
        super().__init__(size, requests)
        self.descriptor: Final = descriptor

    def read_at(self, offset: int, length: int, *, until: int = 0) -> bytes:
        """Returns up to `length` bytes from `offset`; none only at the end."""
        return os.pread(self.descriptor, length, offset)


class RemoteFile(SourceFile):
    """A file that the service reads; several threads may read at once.

    It is requested in blocks, of which the latest are cached: libav makes small reads at scattered
    offsets, and often repeats them.

    When the service cannot read, the process ends: the results of an incomplete source would be
    wrong, and the service knows the cause.

    Args:
        requests: Sends the requests to the service.
        size: The file's size in bytes.
        number: The service's number for the file; 0 is the source.
    """

    def __init__(self, requests: SourceRequests, size: int, number: int = 0) -> None:
        super().__init__(size, requests)
        self._reads = requests
        self._number = number
        self._blocks: OrderedDict[int, bytes] = OrderedDict()
        self._keeping = threading.Lock()

    def read_at(self, offset: int, length: int, *, until: int = 0) -> bytes:
        """Returns up to `length` bytes from `offset`; none only at the end."""
        if offset >= self.size:
            return b""
        number, begin = divmod(offset, BLOCK_BYTES)
        # An untrusted index may give an offset that does not fit the message's field.
        return self._block(number, min(until, self.size))[begin : begin + length]

    def _block(self, number: int, until: int) -> bytes:
        with self._keeping:
            if number in self._blocks:
                self._blocks.move_to_end(number)
                return self._blocks[number]
        offset = number * BLOCK_BYTES
        length = min(BLOCK_BYTES, self.size - offset)
        data = self._reads.read(offset, length, self._number, until=until)
        with self._keeping:
            self._blocks[number] = data
            while len(self._blocks) > KEPT_BLOCKS:
                self._blocks.popitem(last=False)
        return data


class SourceRequests:
    """Requests bytes and files from the service. Of the waiting threads, one receives for all.

    Args:
        channel: The decoder's channel to the service.
        refers: Whether files that the source refers to may be requested.
    """

    def __init__(self, channel: BlockingChannel[ToDecoder], *, refers: bool = False) -> None:
        self.refers: Final = refers
        self._channel = channel
        self._numbers = itertools.count(1)
        self._answers: dict[int, ReadAnswer | OpenAnswer] = {}
        self._receiving = False
        self._arrived = threading.Condition()

    def read(self, offset: int, length: int, file: int = 0, *, until: int = 0) -> bytes:
        """Returns bytes of a file; ends the process if the service cannot read them."""
        number = next(self._numbers)
        request = ReadRequest(offset=offset, length=length, number=number, file=file, until=until)
        answer = self._answer(number, FromDecoder(read=request))
        assert isinstance(answer, ReadAnswer)
        return answer.data

    def open(self, reference: str) -> OpenAnswer:
        """Opens the file that a reference names; ends the process if it may not be read."""
        number = next(self._numbers)
        request = OpenRequest(reference=reference, number=number)
        answer = self._answer(number, FromDecoder(open=request))
        assert isinstance(answer, OpenAnswer)
        return answer

    def _answer(self, number: int, request: FromDecoder) -> ReadAnswer | OpenAnswer:
        self._channel.send(request)
        while True:
            with self._arrived:
                self._arrived.wait_for(lambda: number in self._answers or not self._receiving)
                if number in self._answers:
                    return self._answers.pop(number)
                self._receiving = True
            answer = _answer_in(self._channel.receive())
            if answer is None or answer.failed:
                os._exit(0)
            with self._arrived:
                self._answers[answer.number] = answer
                self._receiving = False
                self._arrived.notify_all()


def _answer_in(message: ToDecoder) -> ReadAnswer | OpenAnswer | None:
    match message.WhichOneof("message"):
        case "read":
            return message.read
        case "opened":
            return message.opened
    return None
