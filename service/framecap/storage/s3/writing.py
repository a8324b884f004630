"""Stores images as objects of S3-compatible stores. Loading this module loads aiobotocore."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final, TypeVar

from framecap.errors import BucketNotFound, CaptureError, SinkUnreachable, TargetNotAllowed
from framecap.model.names import shown
from framecap.sink.naming import BUCKET_FIELD, Naming
from framecap.sink.payloads import Data
from framecap.sink.stored import SHA256, ObjectFacts, StoringSink
from framecap.storage.s3.bucket import S3Bucket
from framecap.storage.s3.clients import S3Clients
from framecap.transport.faults import FaultKind, StoreFault
from framecap.transport.request_statistics import Operation
from framecap.transport.retry import persist

PART_BYTES: Final = 8 * 1024 * 1024
"""The part size of a multipart upload; stores refuse parts below 5 MiB, except the last."""

PARTS_AT_ONCE: Final = 4

ABORT_SECONDS: Final = 10.0
"""The timeout of aborting a multipart upload."""

RETRY_MS: Final = 2000

T = TypeVar("T")

logger = logging.getLogger(__name__)


class S3Writer:
    """Stores objects in a bucket.

    Args:
        clients: The clients of the stores.
        bucket: The bucket.
        part_bytes: The part size; objects of two or more parts become multipart uploads.
    """

    def __init__(self, clients: S3Clients, bucket: S3Bucket, part_bytes: int = PART_BYTES) -> None:
        self._clients = clients
        self._bucket = bucket
        self._part_bytes = part_bytes
        self._request_count = 0

    async def put(self, key: str, data: Data, facts: ObjectFacts) -> str:
        """Stores an object, whole or not at all, and returns its URI once it is readable.

        Raises:
            BucketNotFound: There is no such bucket.
            TargetNotAllowed: The store refuses it.
            SinkUnreachable: A passing fault persisted through all attempts.
        """
        try:
            client = await self._clients.of(self._bucket)
            if self._in_parts(len(data)):
                upload = _MultipartUpload(self, client, self._named(key), facts)
                await upload.store(data, self._part_bytes)
            else:
                body = {"Body": bytes(data), "ContentMD5": _md5(data), **_described(facts)}
                await self.send(
                    Operation.WRITE, lambda: client.put_object(**self._named(key), **body)
                )
        except StoreFault as fault:
            raise self._translated(fault, key, facts.what) from fault
        self._clients.statistics.stored(len(data))
        return self._uri(key)

    async def take_over(self, key: str, size: int, facts: ObjectFacts) -> str | None:
        """Returns the URI of an equal object at a key; None where there is none.

        In the latter case it has aborted the open multipart uploads of the key: an earlier attempt
        that goes on all the same can complete none.

        Raises:
            SinkUnreachable: A passing fault persisted through all attempts.
        """
        client = await self._clients.of(self._bucket)
        try:
            answer = await self.send(
                Operation.LOOK_UP, lambda: client.head_object(**self._named(key))
            )
            if (answer["ContentLength"], answer["Metadata"].get(SHA256)) == (size, facts.sha256):
                return self._uri(key)
        except StoreFault as fault:
            # A writer without the right to read gets no answer about what is there.
            if fault.kind is FaultKind.PASSING:
                raise self._translated(fault, key, facts.what) from fault
        if self._in_parts(size):
            await self._abort_uploads(client, key)
        return None

    @property
    def request_count(self) -> int:
        """Requests that it has sent, repeated ones and those of parts included."""
        return self._request_count

    async def close(self) -> None:
        """Does nothing: each `put` completes or aborts its own upload."""

    async def send(self, operation: Operation, request: Callable[[], Awaitable[T]]) -> T:
        """Sends a request, repeats it after passing faults, and returns the answer.

        Raises:
            StoreFault: The fault is permanent, or all attempts failed.
        """

        async def once() -> T:
            self._request_count += 1
            async with self._clients.counted_request(operation):
                return await request()

        return await persist(once, self._clients.retry_policy)

    async def _abort_uploads(self, client: Any, key: str) -> None:
        """Aborts the open multipart uploads of a key; a store that refuses this keeps them."""
        named = self._named(key)
        try:
            listed = await self.send(
                Operation.CONTROL,
                lambda: client.list_multipart_uploads(Bucket=named["Bucket"], Prefix=key),
            )
            for upload in listed.get("Uploads", ()):
                if upload["Key"] == key:
                    abort = partial(client.abort_multipart_upload, UploadId=upload["UploadId"])
                    await self.send(Operation.CONTROL, partial(abort, **named))
        except StoreFault as fault:
            logger.warning("open uploads of an object were not ended: %s", fault)

    def _in_parts(self, size: int) -> bool:
        return size >= 2 * self._part_bytes

    def _uri(self, key: str) -> str:
        return f"s3://{self._bucket.name}/{key}"

    def _named(self, key: str) -> dict[str, str]:
        return {"Bucket": self._bucket.remote_name, "Key": key}

    def _translated(self, fault: StoreFault, key: str, what: str) -> CaptureError:
        """Returns the error that a store's fault causes for a write."""
        match fault.kind:
            case FaultKind.NO_BUCKET:
                name = self._bucket.name
                return BucketNotFound(
                    f"{BUCKET_FIELD}: there is no bucket {shown(name)}", metadata={"bucket": name}
                )
            case FaultKind.PASSING:
                return SinkUnreachable(
                    f"the {what} {shown(key)} could not be stored: {fault.detail}",
                    metadata={"key": key, "cause": fault.detail},
                    retry_after_ms=RETRY_MS,
                )
        return TargetNotAllowed(
            f"the {what} {shown(key)} was not taken by its store: {fault.detail}",
            metadata={"key": key, "cause": fault.detail},
        )


class _MultipartUpload:
    """One multipart upload: it is completed, or aborted.

    Args:
        store: Sends the requests.
        client: The store's client.
        named: The object's bucket and key.
        facts: The object's content type and metadata.
    """

    def __init__(
        self, store: S3Writer, client: Any, named: dict[str, str], facts: ObjectFacts
    ) -> None:
        self._store = store
        self._client = client
        self._named = named
        self._facts = facts
        self._slots = asyncio.Semaphore(PARTS_AT_ONCE)

    async def store(self, data: Data, part_bytes: int) -> None:
        """Stores the object.

        Raises:
            StoreFault: It cannot be stored; the upload was aborted.
        """
        beginning = asyncio.create_task(self._begin())
        try:
            upload: str = await asyncio.shield(beginning)
            async with asyncio.TaskGroup() as group:
                # Each part is copied after it gets a slot, so that few copies exist at once.
                whole = memoryview(data)
                offsets = range(0, len(data), part_bytes)
                tasks = [
                    group.create_task(self._part(upload, number, whole[at : at + part_bytes]))
                    for number, at in enumerate(offsets, 1)
                ]
            await self._complete(upload, [task.result() for task in tasks])
        except BaseException as error:
            # Shielded, so that a second cancellation does not leave the upload open.
            await asyncio.shield(self._abort(beginning))
            if isinstance(error, BaseExceptionGroup):
                raise error.exceptions[0] from None
            raise

    async def _begin(self) -> str:
        answer = await self._store.send(
            Operation.CONTROL,
            lambda: self._client.create_multipart_upload(**self._named, **_described(self._facts)),
        )
        return str(answer["UploadId"])

    async def _part(self, upload: str, number: int, data: Data) -> dict[str, Any]:
        async with self._slots:
            body = bytes(data)
            answer = await self._store.send(
                Operation.WRITE_PART,
                lambda: self._client.upload_part(
                    **self._named,
                    UploadId=upload,
                    PartNumber=number,
                    Body=body,
                    ContentMD5=_md5(body),
                ),
            )
        return {"PartNumber": number, "ETag": answer["ETag"]}

    async def _complete(self, upload: str, parts: list[dict[str, Any]]) -> None:
        await self._store.send(
            Operation.CONTROL,
            lambda: self._client.complete_multipart_upload(
                **self._named, UploadId=upload, MultipartUpload={"Parts": parts}
            ),
        )

    async def _abort(self, beginning: asyncio.Task[str]) -> None:
        try:
            async with asyncio.timeout(ABORT_SECONDS):
                upload = await beginning
                await self._store.send(
                    Operation.CONTROL,
                    lambda: self._client.abort_multipart_upload(**self._named, UploadId=upload),
                )
        except (StoreFault, TimeoutError) as error:
            # `abort_old_uploads` at the next start of a service aborts it.
            logger.warning("an upload was not ended: %s", error)


def s3_sink(clients: S3Clients, bucket: S3Bucket, naming: Naming, *, uploads: int) -> StoringSink:
    """Returns a sink into a bucket of a store. Events name images by `s3:` URIs."""
    return StoringSink(naming, S3Writer(clients, bucket), at_once=uploads)


async def abort_old_uploads(clients: S3Clients, buckets: Sequence[S3Bucket]) -> None:
    """Aborts the multipart uploads that killed services left open. For the start of a service.

    A store that fails is skipped, with a line in the log.
    """
    for bucket in buckets:
        if not bucket.abort_uploads_after:
            continue
        try:
            count = await _abort_in(clients, bucket)
        except StoreFault as fault:
            logger.warning("bucket %s: old uploads were not looked for: %s", bucket.name, fault)
            continue
        if count:
            logger.info("bucket %s: %d old uploads were ended", bucket.name, count)


async def _abort_in(clients: S3Clients, bucket: S3Bucket) -> int:
    client = await clients.of(bucket)
    latest = datetime.now(UTC) - timedelta(seconds=bucket.abort_uploads_after)
    query: dict[str, Any] = {"Bucket": bucket.remote_name}
    count = 0
    while True:
        async with clients.counted_request(Operation.CONTROL):
            listed = await client.list_multipart_uploads(**query)
        for upload in listed.get("Uploads", ()):
            if upload["Initiated"] <= latest:
                async with clients.counted_request(Operation.CONTROL):
                    await client.abort_multipart_upload(
                        Bucket=bucket.remote_name, Key=upload["Key"], UploadId=upload["UploadId"]
                    )
                count += 1
        if not listed.get("IsTruncated"):
            return count
        query["KeyMarker"] = listed["NextKeyMarker"]
        query["UploadIdMarker"] = listed["NextUploadIdMarker"]


def _described(facts: ObjectFacts) -> dict[str, Any]:
    return {"ContentType": facts.content_type, "Metadata": dict(facts.metadata)}


def _md5(data: Data) -> str:
    """Returns the checksum that a store verifies the received body with."""
    return base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()
