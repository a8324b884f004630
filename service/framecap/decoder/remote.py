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

from framecap.decoder.v1.decoder_pb2 import (
    FromDecoder,
    OpenAnswer,
    OpenRequest,
    ReadAnswer,
    ReadRequest,
    ToDecoder,
)
from framecap.decoder.wire import BlockingChannel

BLOCK_BYTES: Final = 256 * 1024
"""What one `ReadRequest` asks for, save at the end."""

KEPT_BLOCKS: Final = 32
"""How many blocks a decoder keeps."""


class SourceFile(io.RawIOBase):
    """A read-only file of known size.

    Args:
        size: Its size in bytes.
        requests: Asks for files that this one refers to; None where none may be.
    """

    def __init__(self, size: int, requests: SourceRequests | None = None) -> None:
        super().__init__()
        self._requests = requests
        self.size: Final = size
        self.bytes_read = 0
        """How many bytes were read so far."""
        self._position = 0

    @abstractmethod
    def read_at(self, offset: int, length: int, *, until: int = 0) -> bytes:
        """Returns up to `length` bytes from `offset`; none only at the end.

        Args:
            offset: Where they begin.
            length: How many at most.
            until: Where who reads on from there means to stop; 0 where that is not known.
        """

    def open_reference(self, reference: str) -> SourceFile:
        """Returns a file that this one refers to; who may not ask for it is told by the service.

        Raises:
            PermissionError: None may be asked for.
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
        requests: Asks for files that this one refers to; None where none may be.
    """

    def __init__(self, descriptor: int, size: int, requests: SourceRequests | None = None) -> None:
        super().__init__(size, requests)
        self.descriptor: Final = descriptor

    def read_at(self, offset: int, length: int, *, until: int = 0) -> bytes:
        """Returns up to `length` bytes from `offset`; none only at the end."""
        return os.pread(self.descriptor, length, offset)


class RemoteFile(SourceFile):
    """A file that the service reads; several threads may read at once.

    It is asked for in blocks, some of which are kept: the library reads in small pieces, here and
    there, and often the same ones again.

    When the service cannot read, the process ends: whatever a decoder made of half a source would
    be wrong, and the service knows the cause better.

    Args:
        requests: Asks the service.
        size: The file's size in bytes.
        number: What the service knows the file by; 0 is the source.
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
        # An index of anyone's making may name a place that no message can.
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
    """Asks the service for bytes and files. Of the threads that wait, one receives for all.

    Args:
        channel: The decoder's channel to the service.
        refers: Whether files that the source refers to may be asked for.
    """

    def __init__(self, channel: BlockingChannel[ToDecoder], *, refers: bool = False) -> None:
        self.refers: Final = refers
        self._channel = channel
        self._numbers = itertools.count(1)
        self._answers: dict[int, ReadAnswer | OpenAnswer] = {}
        self._receiving = False
        self._arrived = threading.Condition()

    def read(self, offset: int, length: int, file: int = 0, *, until: int = 0) -> bytes:
        """Returns bytes of a file; ends the process when there are none to be had."""
        number = next(self._numbers)
        request = ReadRequest(offset=offset, length=length, number=number, file=file, until=until)
        answer = self._answer(number, FromDecoder(read=request))
        assert isinstance(answer, ReadAnswer)
        return answer.data

    def open(self, reference: str) -> OpenAnswer:
        """Returns what a reference names; ends the process when it may not be read."""
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
            answer = _understood(self._channel.receive())
            if answer is None or answer.failed:
                os._exit(0)
            with self._arrived:
                self._answers[answer.number] = answer
                self._receiving = False
                self._arrived.notify_all()


def _understood(message: ToDecoder) -> ReadAnswer | OpenAnswer | None:
    match message.WhichOneof("message"):
        case "read":
            return message.read
        case "opened":
            return message.opened
    return None
