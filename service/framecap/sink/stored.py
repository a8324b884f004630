"""Images as objects of some store."""

from __future__ import annotations

from typing import Protocol

from framecap.sink.naming import Naming
from framecap.sink.payloads import Told, measured
from framecap.v1 import event_pb2


class Store(Protocol):
    """Keeps objects by their keys: a directory now, a bucket of an object store as well."""

    async def put(self, key: str, data: bytes) -> str:
        """Stores an object, whole or not at all, and returns its URI once it can be read.

        An object of that key is replaced.

        Raises:
            TargetInvalid: There is something at the key that is not an object.
            SinkUnreachable: It could not be stored, for now.
        """
        ...

    async def close(self) -> None:
        """Removes whatever is half-written. Closing again does nothing."""
        ...


class StoringSink:
    """Stores images under the names that a template gives them.

    Where all have one name the last image wins, so only it is stored: each is held until the next
    arrives, then told as superseded.

    Args:
        naming: The names.
        store: Where the objects go.
    """

    def __init__(self, naming: Naming, store: Store) -> None:
        self._naming = naming
        self._store = store
        self._stream_ordinal = 0
        self._held: tuple[event_pb2.FrameCaptured, bytes] | None = None
        self._warned = False

    def begin(self, stream_ordinal: int) -> None:
        """Takes note of the stream's ordinal, which names may be made of."""
        self._stream_ordinal = stream_ordinal

    async def deliver(self, frame: event_pb2.FrameCaptured, data: bytes) -> list[Told]:
        """Stores an image; with one name for all, tells the one before as superseded."""
        measured_frame = await measured(frame, data)
        if not self._naming.one_key:
            return [await self._stored(measured_frame, data)]
        told: list[Told] = []
        if self._held is not None:
            before, _ = self._held
            before.superseded = True
            told = [before] if self._warned else [self._warning(before.index), before]
            self._warned = True
        self._held = (measured_frame, data)
        return told

    async def finish(self) -> list[Told]:
        """Stores the image that is held, if one is."""
        if self._held is None:
            return []
        told = await self._stored(*self._held)
        self._held = None
        return [told]

    async def close(self) -> None:
        """Closes the store."""
        self._held = None
        await self._store.close()

    async def _stored(self, frame: event_pb2.FrameCaptured, data: bytes) -> event_pb2.FrameCaptured:
        frame.uri = await self._store.put(self._key(frame.index), data)
        return frame

    def _key(self, index: int) -> str:
        return self._naming.key(index=index, stream_ordinal=self._stream_ordinal)

    def _warning(self, index: int) -> event_pb2.CaptureWarning:
        key = self._key(index)
        return event_pb2.CaptureWarning(
            reason="ONE_KEY_FOR_ALL",
            message=(
                f"All images have the key {key}, so only the last one is stored."
                " {index} in the template tells them apart."
            ),
            metadata={"key": key},
        )
