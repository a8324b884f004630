"""Objects of S3-compatible stores, read in ranges."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Final

from framecap.source.origin import Chunks, Found
from framecap.storage.buckets import S3Bucket
from framecap.storage.clients import S3Clients
from framecap.storage.faults import FaultKind, StoreFault
from framecap.storage.request_statistics import Operation

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
        """Asks for the first `length` bytes; gives what was found, and the bytes.

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
                # Nothing can be asked for of an empty object.
                answer = await client.head_object(**self._named)
            size = _size(answer)
            if size is None:
                _close(answer)
                # Without the size of the whole: a store that tells of ranges in its own way.
                size = (await client.head_object(**self._named))["ContentLength"]
                answer = await client.get_object(**self._named, Range=f"bytes=0-{length - 1}")
            found = Found(
                size=size,
                etag=answer.get("ETag", ""),
                last_modified=answer.get("LastModified", datetime(1970, 1, 1, tzinfo=UTC)),
            )
            try:
                yield found, _chunks(answer, min(length, size))
            finally:
                _close(answer)

    @asynccontextmanager
    async def read(self, found: Found, start: int, end: int) -> AsyncIterator[Chunks]:
        """Asks for the bytes in [start, end) of what was found.

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
    """Returns the whole object's size; None when the answer does not tell."""
    if "Body" not in answer:
        return int(answer["ContentLength"])
    told = _CONTENT_RANGE.fullmatch(answer.get("ContentRange", ""))
    return int(told[3]) if told else None


def _check(answer: dict[str, Any], found: Found, start: int) -> None:
    """Raises where an answer is no range of what was found: some stores do not mind `If-Match`."""
    if found.etag and answer.get("ETag", "") != found.etag:
        raise StoreFault(FaultKind.CHANGED, "ETag")
    told = _CONTENT_RANGE.fullmatch(answer.get("ContentRange", ""))
    if told is None:
        raise StoreFault(FaultKind.REFUSED, "NoContentRange")
    if int(told[1]) != start or int(told[3]) != found.size:
        raise StoreFault(FaultKind.CHANGED, "Content-Range")


async def _chunks(answer: dict[str, Any], length: int) -> Chunks:
    """Yields the bytes of an answer, `length` at most."""
    left = length
    while left:
        chunk: bytes = await answer["Body"].read(min(left, CHUNK_BYTES))
        if not chunk:
            return
        left -= len(chunk)
        yield chunk


def _close(answer: dict[str, Any]) -> None:
    """Lets the connection go: back to the others where all was read, else closed."""
    if "Body" in answer:
        answer["Body"].close()
