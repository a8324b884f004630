"""Each sink keeps the promises of all."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import pytest_asyncio

from framecap.model.spec import ImageFormat
from framecap.sink.inline import InlineSink
from framecap.sink.naming import Naming, SourceName
from framecap.sink.payloads import SinkPayload
from framecap.sink.template import KeyTemplate
from framecap.storage.directory.bucket import DirectoryBucket
from framecap.storage.directory.writing import directory_bucket_sink, directory_sink
from framecap.storage.s3.clients import S3Clients
from framecap.storage.s3.writing import s3_sink
from framecap.v1 import event_pb2
from support.servers.stores import Store
from support.storage.sinks import Opened, SinkContract


def naming(bucket: str | None) -> Naming:
    return Naming(
        template=KeyTemplate.parse("x/{index}"),
        bucket=bucket,
        source=SourceName(bucket="films", key="trip.mp4"),
        format=ImageFormat.JPG,
    )


class TestInline(SinkContract):
    @pytest.fixture
    def opened(self) -> Opened:
        async def image(payloads: Sequence[SinkPayload], frame: event_pb2.FrameCaptured) -> bytes:
            chunks = [p for p in payloads if isinstance(p, event_pb2.ImageChunk)]
            return frame.data + b"".join(c.data for c in chunks if c.index == frame.index)

        return Opened(InlineSink(), image)


class TestDirectory(SinkContract):
    @pytest.fixture
    def opened(self, tmp_path: Path) -> Opened:
        async def image(_: object, frame: event_pb2.FrameCaptured) -> bytes:
            return Path(unquote(urlsplit(frame.uri).path)).read_bytes()

        return Opened(directory_sink(tmp_path, naming(None)), image)


class TestDirectoryBucket(SinkContract):
    @pytest.fixture
    def opened(self, tmp_path: Path) -> Opened:
        async def image(_: object, frame: event_pb2.FrameCaptured) -> bytes:
            return Path(tmp_path, frame.uri.removeprefix("s3://")).read_bytes()

        bucket = DirectoryBucket(name="shots", root=tmp_path, prefix="shots/")
        return Opened(directory_bucket_sink(bucket, naming("shots")), image)


class TestS3(SinkContract):
    @pytest_asyncio.fixture
    async def opened(self, server: Store, clients: S3Clients) -> AsyncGenerator[Opened]:
        bucket = await server.filled()

        async def image(_: object, frame: event_pb2.FrameCaptured) -> bytes:
            objects = await server.objects(bucket)
            return objects[frame.uri.removeprefix(f"s3://{bucket.name}/")]

        yield Opened(s3_sink(clients, bucket, naming(bucket.name), uploads=4), image)
