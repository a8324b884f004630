"""Objects of S3-compatible stores, read by ranged GET requests."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from framecap.source.origin import Chunks, Found
from framecap.source.pin import EPOCH
from framecap.storage.s3.bucket import S3Bucket
from framecap.storage.s3.clients import S3Clients
from framecap.transport.faults import FaultKind, StoreFault
from framecap.transport.request_statistics import Operation

CHUNK_BYTES: Final = 256 * 1024
OK: Final = 200
EMPTY: Final = "InvalidRange"

_CONTENT_RANGE: Final = re.compile(r"bytes (\d+)-(\d+)/(\d+)")


class S3Origin:
    """One object of a bucket.

    Args:
        clients: The clients of the stores.
        bucket: The bucket.
        key: The object's key.
    """

    def __init__(self, clients: S3Clients, bucket: S3Bucket, key: str) -> None:
        self._clients = clients
        self._bucket = bucket
        self._key = key

    @asynccontextmanager
    async def open(self, length: int) -> AsyncIterator[tuple[Found, Chunks]]:
        """Requests the first `length` bytes; yields the facts of the object, and the bytes.

        Raises:
            StoreFault: The store did not answer with them.
        """
        client = await self._clients.of(self._bucket)
        async with self._clients.counted_request(Operation.READ):
            try:
                answer = await client.get_object(**self._named, Range=f"bytes=0-{length - 1}")
            except client.exceptions.ClientError as error:
                if error.response.get("Error", {}).get("Code") not in {EMPTY, "416"}:
                    raise
                # An empty object has no range that a request could name.
                answer = await client.head_object(**self._named)
            size = _size(answer)
            if size is None:
                _close(answer)
                # The store answers ranges without the size of the whole object.
                size = (await client.head_object(**self._named))["ContentLength"]
                answer = await client.get_object(**self._named, Range=f"bytes=0-{length - 1}")
            found = Found(
                size=size,
                etag=answer.get("ETag", ""),
                last_modified=answer.get("LastModified", EPOCH),
            )
            try:
                yield found, _chunks(answer, min(length, size))
            finally:
                _close(answer)

    @asynccontextmanager
    async def read(self, found: Found, start: int, end: int) -> AsyncIterator[Chunks]:
        """Requests the bytes in [start, end) of the object that `open` found.

        Raises:
            StoreFault: The store did not answer with them; `CHANGED` when the object is no longer
                the one that was found.
        """
        client = await self._clients.of(self._bucket)
        async with self._clients.counted_request(Operation.READ):
            matching = {"IfMatch": found.etag} if found.etag else {}
            answer = await client.get_object(
                **self._named, **matching, Range=f"bytes={start}-{end - 1}"
            )
            try:
                _check(answer, found, start)
                yield _chunks(answer, end - start)
            finally:
                _close(answer)

    @property
    def _named(self) -> dict[str, str]:
        return {"Bucket": self._bucket.remote_name, "Key": self._key}


def _size(answer: dict[str, Any]) -> int | None:
    """Returns the whole object's size; None when the answer does not contain it."""
    if "Body" not in answer:
        return int(answer["ContentLength"])
    content_range = _CONTENT_RANGE.fullmatch(answer.get("ContentRange", ""))
    return int(content_range[3]) if content_range else None


def _check(answer: dict[str, Any], found: Found, start: int) -> None:
    """Raises unless an answer is a range of the found object: some stores ignore `If-Match`."""
    if found.etag and answer.get("ETag", "") != found.etag:
        raise StoreFault(FaultKind.CHANGED, "ETag")
    content_range = _CONTENT_RANGE.fullmatch(answer.get("ContentRange", ""))
    if content_range is None:
        raise StoreFault(FaultKind.REFUSED, "NoContentRange")
    if int(content_range[1]) != start or int(content_range[3]) != found.size:
        raise StoreFault(FaultKind.CHANGED, "Content-Range")


async def _chunks(answer: dict[str, Any], length: int) -> Chunks:
    """Yields at most `length` bytes of an answer."""
    left = length
    while left:
        chunk: bytes = await answer["Body"].read(min(left, CHUNK_BYTES))
        if not chunk:
            return
        left -= len(chunk)
        yield chunk


def _close(answer: dict[str, Any]) -> None:
    """Releases the connection: to the pool when the body was read to its end, else closes it."""
    if "Body" in answer:
        answer["Body"].close()
