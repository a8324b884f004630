"""A kind of store that the service has never heard of is read from and written to by its scheme.

All that it takes is in this file: the bucket, the store, the row.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Final

import pytest
from grpc import aio

from framecap.config import Settings
from framecap.errors import BucketNotFound, SourceNotFound
from framecap.listen_address import Address
from framecap.serve_settings import ServerSettings
from framecap.server.serve import running
from framecap.sink.naming import Naming
from framecap.sink.payloads import Data, Sink
from framecap.sink.stored import ObjectFacts, StoringSink
from framecap.source.address import ObjectAddress
from framecap.source.opened import OpenSource, Traffic, pinned
from framecap.source.pin import SourcePin
from framecap.source.references import resolve
from framecap.storage.bucket import Bucket
from framecap.storage.bucket_table import BucketTable
from framecap.storage.kind import BucketKind
from framecap.storage.kinds import BUCKET_KINDS
from framecap.storage.settings import StorageSettings
from framecap.v1.snapshot_service_pb2_grpc import SnapshotServiceStub
from support.api.calls import reason, take
from support.clips import make_clip
from support.storage.bucket_stores import BucketStoreContract, Kept

EVERY_SECOND: Final = "video/snapshots,f_jpg,inter_1000"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToyBucket(Bucket):
    """A bucket in memory."""

    shelf: str
    """The name of its objects' shelf."""


@dataclass
class Shelves:
    """The objects of all toy buckets, by shelf and key; an absent shelf is an absent bucket."""

    objects: dict[str, dict[str, bytes]] = field(default_factory=dict)

    def kind(self) -> BucketKind:
        """Returns the row."""
        return BucketKind(
            bucket=ToyBucket,
            schemes=("toy",),
            distinctive=("shelf",),
            keys={"shelf": str},
            read=self._read,
            make=lambda settings, statistics: ToyStore(self),
        )

    @staticmethod
    def _read(table: BucketTable) -> ToyBucket:
        return ToyBucket(name=table.name, shelf=table.values["shelf"])


class ToyStore:
    """Reads and writes the shelves."""

    def __init__(self, shelves: Shelves) -> None:
        self._shelves = shelves

    async def start(self, buckets: Sequence[ToyBucket]) -> None:
        """Has nothing to prepare."""

    async def open(self, address: ObjectAddress, bucket: ToyBucket) -> OpenSource:
        """Returns the open object."""
        shelf = self._shelves.objects.get(bucket.shelf)
        if shelf is None:
            raise BucketNotFound("no shelf", metadata={"bucket": bucket.name})
        if address.key not in shelf:
            raise SourceNotFound(f'source: there is no "{address.public_name}"')
        data = shelf[address.key]

        async def refer(reference: str) -> OpenSource:
            return await self.open(replace(address, key=resolve(address.key, reference)), bucket)

        return OpenSource(
            fd=-1,
            size=len(data),
            bucket=address.bucket,
            key=address.key,
            last_modified=datetime.now(UTC),
            etag=sha256(data).hexdigest(),
            public_name=address.public_name,
            reader=ToyReader(data),
            refer=refer,
        )

    async def pin(self, address: ObjectAddress, bucket: ToyBucket) -> SourcePin:
        """Returns the version of an object."""
        return await pinned(self.open(address, bucket))

    def sink(self, bucket: ToyBucket, naming: Naming) -> Sink:
        """Returns a sink."""
        return StoringSink(naming, ToyWriter(self._shelves, bucket), at_once=3)

    async def close(self) -> None:
        """Has nothing to close."""


class ToyReader:
    """Reads an object."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._read = 0

    @property
    def traffic(self) -> Traffic:
        """The cost so far."""
        return Traffic(bytes=self._read, requests=0, seconds=0.0)

    async def read(self, offset: int, length: int, *, until: int = 0) -> bytes:
        """Returns a range."""
        found = self._data[offset : offset + length]
        self._read += len(found)
        return found

    async def close(self) -> None:
        """Has nothing to close."""


class ToyWriter:
    """Puts objects on a shelf."""

    def __init__(self, shelves: Shelves, bucket: ToyBucket) -> None:
        self._shelf = shelves.objects.setdefault(bucket.shelf, {})
        self._bucket = bucket

    async def put(self, key: str, data: Data, facts: ObjectFacts) -> str:
        """Stores an object."""
        self._shelf[key] = bytes(data)
        return f"s3://{self._bucket.name}/{key}"

    async def take_over(self, key: str, size: int, facts: ObjectFacts) -> str | None:
        """Returns the URI of an equal object."""
        data = self._shelf.get(key)
        if data is None or sha256(data).hexdigest() != facts.sha256:
            return None
        return f"s3://{self._bucket.name}/{key}"

    @property
    def request_count(self) -> int:
        """Sends none."""
        return 0

    async def close(self) -> None:
        """Has nothing to remove."""


@dataclass
class Toy:
    """A service that knows two toy buckets, and what is in them."""

    stub: SnapshotServiceStub
    films: dict[str, bytes]
    shots: dict[str, bytes]


@asynccontextmanager
async def serving(tmp_path: Path) -> AsyncGenerator[Toy]:
    film = make_clip(tmp_path / "film.mp4", frames=75, gop=25).read_bytes()
    shelves = Shelves({"upper": {"trips/a.mp4": film}, "lower": {}})
    buckets = tmp_path / "buckets.toml"
    buckets.write_text('[buckets.films]\nshelf = "upper"\n[buckets.shots]\nshelf = "lower"\n')
    server = ServerSettings(
        listen=Address("127.0.0.1", 0), metrics=None, data=tmp_path / "data", allow_path=(tmp_path,)
    )
    settings = replace(Settings(), server=server, storage=StorageSettings(buckets=buckets))
    async with (
        running(settings, bucket_kinds=(*BUCKET_KINDS, shelves.kind())) as service,
        aio.insecure_channel(service.address) as channel,
    ):
        yield Toy(SnapshotServiceStub(channel), shelves.objects["upper"], shelves.objects["lower"])


async def test_the_service_captures_from_it_by_its_scheme(tmp_path: Path) -> None:
    async with serving(tmp_path) as toy:
        taken = await take(toy.stub, source="toy://films/trips/a.mp4", text=EVERY_SECOND)
        local = await take(toy.stub, source=str(tmp_path / "film.mp4"), text=EVERY_SECOND)
    assert taken.status is None
    sums = [event.frame.sha256 for event in taken.events if event.HasField("frame")]
    assert sums == [event.frame.sha256 for event in local.events if event.HasField("frame")]
    assert len(sums) == 3
    assert taken.events[0].accepted.source == "toy://films/trips/a.mp4"


async def test_the_service_stores_images_in_it(tmp_path: Path) -> None:
    key, bucket = (urlsafe_b64encode(name).decode().rstrip("=") for name in (b"{index}", b"shots"))
    text = f"{EVERY_SECOND}|sys/saveas,o_{key},b_{bucket}"
    async with serving(tmp_path) as toy:
        taken = await take(toy.stub, source="films/trips/a.mp4", text=text)
    assert taken.status is None
    frames = [event.frame for event in taken.events if event.HasField("frame")]
    assert [frame.uri for frame in frames] == [f"s3://shots/{n}.jpg" for n in (1, 2, 3)]
    stored = {key: sha256(data).hexdigest() for key, data in toy.shots.items()}
    assert {f"{frame.index}.jpg": frame.sha256 for frame in frames} == stored


async def test_what_it_has_not_is_not_found(tmp_path: Path) -> None:
    async with serving(tmp_path) as toy:
        taken = await take(toy.stub, source="toy://films/b.mp4", text=EVERY_SECOND)
    assert taken.status is not None
    assert reason(taken.status) == "SOURCE_NOT_FOUND"


def test_nothing_in_the_service_names_it() -> None:
    service = Path(__file__).parents[2] / "service"
    for path in service.rglob("*.py"):
        assert "toy" not in path.read_text().lower().split(), path


class TestToy(BucketStoreContract):
    @pytest.fixture
    def kept(self) -> Kept:
        shelves = Shelves({"one": {}})
        shelf, absent = (ToyBucket(name=f"toy-{name}", shelf=name) for name in ("one", "none"))
        return Kept(store=ToyStore(shelves), bucket=shelf, absent=absent)
