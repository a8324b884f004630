"""Stores that tests read from and write to, and what is in them."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiobotocore.config import AioConfig
from aiobotocore.session import get_session

from framecap.storage.s3.bucket import Credentials, S3Bucket

numbers = itertools.count(1)


@dataclass(frozen=True)
class Store:
    """A running S3-compatible store."""

    endpoint: str
    access_key: str
    secret_key: str

    def bucket(self, name: str | None = None, **changes: Any) -> S3Bucket:
        """Returns a bucket of it as configured; without a name, one of its own."""
        name = name or f"bucket-{next(numbers)}"
        given = {
            "name": name,
            "remote_name": name,
            "endpoint": self.endpoint,
            "path_style": True,
            "credentials": Credentials(access_key=self.access_key, secret_key=self.secret_key),
        }
        return S3Bucket(**(given | changes))

    @asynccontextmanager
    async def client(self) -> AsyncIterator[Any]:
        """Gives a client that is none of the project's."""
        async with get_session().create_client(
            "s3",
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            config=AioConfig(
                signature_version="s3v4",
                s3={"addressing_style": "path"},
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        ) as client:
            yield client

    async def filled(self, objects: dict[str, bytes] | None = None) -> S3Bucket:
        """Returns a new bucket with objects in it."""
        bucket = self.bucket()
        async with self.client() as client:
            await client.create_bucket(Bucket=bucket.name)
            for key, data in (objects or {}).items():
                await client.put_object(Bucket=bucket.name, Key=key, Body=data)
        return bucket

    async def put(self, bucket: S3Bucket, key: str, data: bytes) -> None:
        """Stores an object."""
        async with self.client() as client:
            await client.put_object(Bucket=bucket.remote_name, Key=key, Body=data)

    async def objects(self, bucket: S3Bucket) -> dict[str, bytes]:
        """Returns all objects of a bucket."""
        async with self.client() as client:
            listed = await client.list_objects_v2(Bucket=bucket.remote_name)
            found = {}
            for entry in listed.get("Contents", ()):
                answer = await client.get_object(Bucket=bucket.remote_name, Key=entry["Key"])
                async with answer["Body"] as body:
                    found[entry["Key"]] = await body.read()
            return found

    async def uploads(self, bucket: S3Bucket) -> list[str]:
        """Returns the keys of the uploads in parts that are open."""
        async with self.client() as client:
            try:
                listed = await client.list_multipart_uploads(Bucket=bucket.remote_name)
            except client.exceptions.NoSuchUpload:
                # So answers rclone where there is none.
                return []
            return [entry["Key"] for entry in listed.get("Uploads", ())]


def table(bucket: S3Bucket) -> str:
    """Returns the lines of configuration that say where a bucket is."""
    assert bucket.credentials is not None
    return f"""
[buckets.{bucket.name}]
endpoint = "{bucket.endpoint}"
path_style = true
access_key_env = "TEST_KEY"
secret_key_env = "TEST_SECRET"
abort_uploads_after = {bucket.abort_uploads_after}
"""
