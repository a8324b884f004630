"""A capture's events as one JSON object: a `CaptureManifest` in protobuf's JSON."""

from __future__ import annotations

import mmap
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, Final, cast

from google.protobuf.message import Message

from framecap.errors import SinkUnreachable
from framecap.events.stream import Payload
from framecap.events.to_json import message_to_line
from framecap.v1 import event_pb2

RETRY_MS: Final = 1000


class Manifest:
    """Collects the payloads of a capture. The owner must call `close`.

    Frames, output files and warnings go to temporary files, so that memory does not grow with their
    number.

    Args:
        accepted: The payload of `accepted`.

    Raises:
        SinkUnreachable: A temporary file cannot be created.
    """

    def __init__(self, accepted: event_pb2.CaptureAccepted) -> None:
        self._head: dict[str, Message] = {"accepted": accepted}
        self._frames = _List()
        self._files = _List()
        self._warnings = _List()

    def note(self, payload: Payload) -> None:
        """Adds a payload; payloads come in the order of their events.

        Raises:
            SinkUnreachable: The payload cannot be written.
        """
        match payload:
            case event_pb2.MediaProbed():
                self._head["probed"] = payload
            case event_pb2.CapturePlanned():
                self._head["planned"] = payload
            case event_pb2.FrameCaptured():
                self._frames.add(payload)
            case event_pb2.OutputFile():
                self._files.add(payload)
            case event_pb2.CaptureWarning():
                self._warnings.add(payload)

    def complete(self, finished: event_pb2.CaptureFinished) -> memoryview:
        """Returns the whole object, mapped from an unlinked file.

        The file's space is freed with the view.

        Raises:
            SinkUnreachable: The object cannot be written.
        """
        head = "".join(
            f'"{name}":{message_to_line(message)},' for name, message in self._head.items()
        )
        with _kept() as whole:
            whole.write(b"{" + head.encode())
            for name, messages in (
                ("frames", self._frames),
                ("files", self._files),
                ("warnings", self._warnings),
            ):
                whole.write(f'"{name}":['.encode())
                messages.copy_to(whole)
                whole.write(b"],")
            whole.write(f'"finished":{message_to_line(finished)}}}\n'.encode())
            whole.flush()
            return memoryview(mmap.mmap(whole.fileno(), 0, access=mmap.ACCESS_READ))

    def close(self) -> None:
        """Removes the temporary files. Closing again does nothing."""
        self._frames.close()
        self._files.close()
        self._warnings.close()


class _List:
    """A file of messages as JSON, separated by commas."""

    def __init__(self) -> None:
        self._file = _file()
        self._separator = ""

    def add(self, message: Message) -> None:
        """Appends a message."""
        try:
            self._file.write(f"{self._separator}{message_to_line(message)}".encode())
        except OSError as error:
            raise _no_room(error) from error
        self._separator = ","

    def copy_to(self, other: BinaryIO) -> None:
        """Copies all messages into another file."""
        self._file.seek(0)
        shutil.copyfileobj(self._file, other)

    def close(self) -> None:
        """Removes the file."""
        self._file.close()


@contextmanager
def _kept() -> Iterator[BinaryIO]:
    """Opens a temporary file for the block; translates an OSError into SinkUnreachable."""
    try:
        with _file() as file:
            yield file
    except OSError as error:
        raise _no_room(error) from error


def _file() -> BinaryIO:
    try:
        return cast(BinaryIO, tempfile.TemporaryFile(prefix="framecap-"))
    except OSError as error:
        raise _no_room(error) from error


def _no_room(error: OSError) -> SinkUnreachable:
    why = error.strerror or "unknown"
    return SinkUnreachable(
        f"the manifest could not be kept until it is whole: {why}",
        metadata={"cause": why},
        retry_after_ms=RETRY_MS,
    )
