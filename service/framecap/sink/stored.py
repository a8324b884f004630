"""Stores images as objects."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from time import monotonic_ns
from typing import Final, Protocol

from framecap.errors import SinkUnreachable
from framecap.formats.registry import numbered
from framecap.model.names import shown
from framecap.outputs.registry import file_type
from framecap.sink.naming import Naming
from framecap.sink.payloads import Data, SinkPayload, Written, measured
from framecap.sink.terms import DIRECT, NotInTime, WriteTerms
from framecap.timebase import Nanoseconds
from framecap.v1 import event_pb2

MAX_WAITING_BYTES: Final = 64 * 1024 * 1024
"""The most bytes of images in concurrent uploads; a single image may be larger."""

ANY_TYPE: Final = "application/octet-stream"

SHA256: Final = "framecap-sha256"
"""The name of the metadata by which a later attempt knows an object that is stored already."""

RETRY_MS: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectFacts:
    """The metadata of an object, kept by the stores that support it."""

    content_type: str
    """The media type."""

    what: str = "image"
    """The object's name in error messages."""

    metadata: Mapping[str, str] = field(default_factory=dict)
    """Names and values, in ASCII."""

    @classmethod
    def of(cls, frame: event_pb2.FrameCaptured) -> ObjectFacts:
        """Returns the metadata of an image: its index, its time in the video, its hashes."""
        row, time = numbered(frame.format), frame.media_time
        return cls(
            content_type=ANY_TYPE if row is None else row.media_type,
            metadata={
                "framecap-index": str(frame.index),
                "framecap-time": f"{time.seconds}.{time.nanos:09}",
                "framecap-dhash": frame.dhash,
                SHA256: frame.sha256,
            },
        )

    @classmethod
    def of_file(cls, file: event_pb2.OutputFile) -> ObjectFacts:
        """Returns the metadata of a file of several frames: its hash."""
        return cls(content_type=file.media_type, what="file", metadata={SHA256: file.sha256})

    @property
    def sha256(self) -> str:
        """The hash of the bytes; empty for objects that may differ from one attempt to the next."""
        return self.metadata.get(SHA256, "")


MANIFEST: Final = ObjectFacts(content_type="application/json", what="manifest")


class ObjectWriter(Protocol):
    """Stores objects by their keys: a directory, or a bucket of an object store."""

    async def put(self, key: str, data: Data, facts: ObjectFacts) -> str:
        """Stores an object, whole or not at all, and returns its URI once it is readable.

        It replaces an object of that key. A cancelled call leaves nothing half-written.

        Raises:
            TargetInvalid: There is something at the key that is not an object.
            TargetNotAllowed: The store refuses it.
            BucketNotFound: There is no such bucket.
            SinkUnreachable: It could not be stored, for now.
        """
        ...

    async def take_over(self, key: str, size: int, facts: ObjectFacts) -> str | None:
        """Returns the URI of an equal object at a key; None where there is none.

        In the latter case it has removed what an earlier attempt at a task left half-written there.

        Args:
            key: The key.
            size: The size of the object in bytes.
            facts: The metadata, with the hash.

        Raises:
            SinkUnreachable: The store could not be asked, for now.
        """
        ...

    @property
    def request_count(self) -> int:
        """Requests that it has sent, repeated ones included."""
        ...

    async def close(self) -> None:
        """Removes half-written objects. Closing again does nothing."""
        ...


@dataclass(frozen=True, slots=True)
class _Upload:
    """An image that is being stored."""

    frame: event_pb2.FrameCaptured
    size: int
    stored: asyncio.Task[str]


class StoringSink:
    """Stores images under the names that a template gives them, several at once.

    It returns each image once it is readable, in order. If all images have one name, it stores the
    last one only: it holds each image until the next arrives, then returns it as superseded.

    Args:
        naming: The names.
        store: The store of the objects.
        at_once: The most concurrent uploads.
    """

    def __init__(self, naming: Naming, store: ObjectWriter, *, at_once: int = 1) -> None:
        self._naming = naming
        self._store = store
        self._at_once = at_once
        self._stream_ordinal = 0
        self._terms = DIRECT
        self._in_progress: deque[_Upload] = deque()
        self._held: tuple[event_pb2.FrameCaptured, bytes] | None = None
        self._warned = False
        self._upload_time = 0
        self._stored_bytes = 0

    def begin(self, stream_ordinal: int, terms: WriteTerms = DIRECT) -> None:
        """Receives the stream's ordinal, which names may contain, and the terms.

        Raises:
            RequestError: With this ordinal, the manifest would replace an image or the source.
        """
        self._stream_ordinal = stream_ordinal
        self._terms = terms
        if self._naming.manifest is not None:
            self._naming.manifest_key(stream_ordinal)

    async def deliver(self, frame: event_pb2.FrameCaptured, data: bytes) -> list[SinkPayload]:
        """Starts to store an image, and returns the stored ones; waits while too many uploads run.

        With one name for all, it returns the previous image as superseded.
        """
        measured_frame = await measured(frame, data)
        if not self._naming.one_key:
            await self._wait_for_room(len(data))
            self._put(measured_frame, data)
            if self._at_once == 1:
                await self._wait()
            return self.ready()
        payloads: list[SinkPayload] = []
        if self._held is not None:
            before, _ = self._held
            before.superseded = True
            payloads = [before] if self._warned else [self._warning(before.index), before]
            self._warned = True
        self._held = (measured_frame, data)
        return payloads

    async def deliver_file(self, file: event_pb2.OutputFile, data: bytes) -> list[SinkPayload]:
        """Stores a file, and returns it once it is readable."""
        stored = await measured(file, data)
        type = file_type(file.media_type)
        key = self._naming.key(
            index=file.index,
            stream_ordinal=self._stream_ordinal,
            extension=None if type is None else type.extension,
        )
        stored.uri = await self._stored(key, data, ObjectFacts.of_file(stored))
        return [stored]

    @property
    def uploading(self) -> asyncio.Future[str] | None:
        """The upload of the image that `ready` returns next; None while no upload runs."""
        return self._in_progress[0].stored if self._in_progress else None

    def ready(self) -> list[SinkPayload]:
        """Returns the images that are stored by now."""
        images: list[SinkPayload] = []
        while self._in_progress and self._in_progress[0].stored.done():
            upload = self._in_progress[0]
            if upload.stored.exception() is not None and images:
                # The stored images are returned first; the next call raises the error.
                break
            upload.frame.uri = upload.stored.result()
            images.append(upload.frame)
            self._in_progress.popleft()
        return images

    async def finish(self) -> list[SinkPayload]:
        """Stores the held image, if there is one, and waits for all uploads."""
        if self._held is not None:
            self._put(*self._held)
            self._held = None
        while any(not upload.stored.done() for upload in self._in_progress):
            await self._wait()
        return self.ready()

    async def store_manifest(self, data: Data) -> str:
        """Stores the manifest and returns its URI."""
        key = self._naming.manifest_key(self._stream_ordinal)
        return await self._stored(key, data, MANIFEST)

    @property
    def upload_time(self) -> Nanoseconds:
        """The time spent storing so far, summed over concurrent uploads."""
        return self._upload_time

    @property
    def written(self) -> Written:
        """The cost of storing so far."""
        return Written(bytes=self._stored_bytes, requests=self._store.request_count)

    async def close(self) -> None:
        """Cancels all uploads, and closes the store."""
        self._held = None
        uploads = [upload.stored for upload in self._in_progress]
        self._in_progress.clear()
        for upload in uploads:
            upload.cancel()
        await asyncio.gather(*uploads, return_exceptions=True)
        await self._store.close()

    def _put(self, frame: event_pb2.FrameCaptured, data: bytes) -> None:
        putting = self._stored(self._key(frame.index), data, ObjectFacts.of(frame))
        self._in_progress.append(_Upload(frame, len(data), asyncio.ensure_future(putting)))

    async def _stored(self, key: str, data: Data, facts: ObjectFacts) -> str:
        """Stores an object, unless an earlier attempt has; returns its URI."""
        began = monotonic_ns()
        try:
            async with self._terms.in_time():
                if self._terms.again and facts.sha256:
                    uri = await self._store.take_over(key, len(data), facts)
                    if uri is not None:
                        return uri
                uri = await self._store.put(key, data, facts)
            self._stored_bytes += len(data)
            return uri
        except NotInTime:
            raise SinkUnreachable(
                f"the {facts.what} {shown(key)} could not be stored in the time that its worker "
                "surely held the task",
                metadata={"key": key},
                retry_after_ms=RETRY_MS,
            ) from None
        finally:
            self._upload_time += monotonic_ns() - began

    async def _wait_for_room(self, size: int) -> None:
        """Returns once an upload of `size` bytes may start."""
        while True:
            waiting = [upload for upload in self._in_progress if not upload.stored.done()]
            held = sum(upload.size for upload in waiting)
            if len(waiting) < self._at_once and (not held or held + size <= MAX_WAITING_BYTES):
                return
            await self._wait()

    async def _wait(self) -> None:
        """Waits until one more upload ends; raises its error."""
        waiting = [upload.stored for upload in self._in_progress if not upload.stored.done()]
        if waiting:
            done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for upload in done:
                upload.result()

    def _key(self, index: int) -> str:
        return self._naming.key(index=index, stream_ordinal=self._stream_ordinal)

    def _warning(self, index: int) -> event_pb2.CaptureWarning:
        key = self._key(index)
        return event_pb2.CaptureWarning(
            reason="ONE_KEY_FOR_ALL",
            message=(
                f"All images have the key {key}, so only the last one is stored."
                " {index} in the template distinguishes them."
            ),
            metadata={"key": key},
        )
