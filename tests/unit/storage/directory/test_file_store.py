"""Images as files: local buckets, directories, and what their callers learn of trouble."""

from __future__ import annotations

import asyncio
import errno
import os
import threading
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from framecap.errors import SinkUnreachable, TargetInvalid
from framecap.model.spec import ImageFormat
from framecap.sink.naming import Naming, SourceName
from framecap.sink.stored import StoringSink
from framecap.sink.template import DEFAULT_TEMPLATE, KeyTemplate
from framecap.storage.buckets import Buckets
from framecap.storage.directory import staging
from framecap.storage.directory.atomic_files import WholeFiles
from framecap.storage.directory.writing import (
    directory_bucket_sink,
    directory_sink,
    sweep_directory,
)
from framecap.v1 import event_pb2

SOURCE = SourceName(bucket="films", key="2024/trip.mp4")
FRAME = event_pb2.FrameCaptured(index=1)


def naming(template: str, bucket: str | None = "shots", source: SourceName = SOURCE) -> Naming:
    return Naming(
        template=KeyTemplate.parse(template),
        bucket=bucket,
        source=source,
        format=ImageFormat.JPG,
    )


def bucket_sink(data: Path, template: str) -> StoringSink:
    return directory_bucket_sink(Buckets(data).find("shots"), naming(template))


def names_in(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


async def test_an_object_of_a_local_bucket_can_be_read_when_it_is_told(tmp_path: Path) -> None:
    sink = bucket_sink(tmp_path, "{dirname}/o_cover.jpg")
    assert await sink.deliver(FRAME, b"one") == []
    (told,) = await sink.finish()
    assert told.uri == "s3://shots/2024/o_cover.jpg"
    assert (tmp_path / "buckets/shots/2024/o_cover.jpg").read_bytes() == b"one"
    await sink.close()
    assert names_in(tmp_path) == ["buckets/shots/2024/o_cover.jpg"]
    assert [path.name for path in (tmp_path / "buckets").iterdir()] == ["shots"]


async def test_files_of_a_directory_are_told_by_their_uri(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    source = SourceName(bucket=None, key="my trip#1.mp4")
    sink = directory_sink(Path("out"), naming(DEFAULT_TEMPLATE, None, source))
    sink.begin(1)
    (told,) = await sink.deliver(FRAME, b"one")
    await sink.close()
    url = urlsplit(told.uri)
    assert (url.scheme, url.netloc, url.query, url.fragment) == ("file", "", "", "")
    assert unquote(url.path) == f"{tmp_path}/out/my trip#1_1_1.jpg"
    assert names_in(tmp_path) == ["out/my trip#1_1_1.jpg"]


async def test_a_capture_without_images_makes_no_directory(tmp_path: Path) -> None:
    sink = directory_sink(tmp_path / "out", naming("x", None))
    assert await sink.finish() == []
    await sink.close()
    await sink.close()
    assert list(tmp_path.iterdir()) == []


async def test_staging_is_on_the_side_and_gone_after_close(tmp_path: Path) -> None:
    sink = bucket_sink(tmp_path, "x")
    await sink.deliver(FRAME, b"one")
    during = {path.name.startswith(staging.PREFIX) for path in (tmp_path / "buckets").iterdir()}
    assert during == {True, False}
    await sink.close()
    assert [path.name for path in (tmp_path / "buckets").iterdir()] == ["shots"]


@pytest.mark.parametrize(
    "template",
    ["folder.x", "file.x/{index}", "link/{index}", "n" * 300],
    ids=["a directory is there", "a file is on the way", "a link is on the way", "too long"],
)
async def test_a_key_that_no_file_can_have_is_the_request_s_fault(
    tmp_path: Path, template: str
) -> None:
    bucket = tmp_path / "buckets/shots"
    (bucket / "folder.x").mkdir(parents=True)
    (bucket / "file.x").write_bytes(b"file")
    (bucket / "link").symlink_to("/")
    sink = bucket_sink(tmp_path, template)
    with pytest.raises(TargetInvalid) as caught:
        await sink.deliver(FRAME, b"one")
        await sink.finish()
    await sink.close()
    error = caught.value
    assert (error.code.name, error.reason) == ("INVALID_ARGUMENT", "TARGET_INVALID")
    assert error.field == "delivery.object.key_template"
    assert "cannot be a file: something that is not an object" in error.message
    assert names_in(bucket) == ["file.x"]


async def test_a_linked_bucket_is_not_written_to(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "buckets").mkdir()
    (tmp_path / "buckets/shots").symlink_to(tmp_path / "elsewhere")
    sink = bucket_sink(tmp_path, "x")
    with pytest.raises(TargetInvalid):
        await sink.deliver(FRAME, b"one")
    await sink.close()
    assert list((tmp_path / "elsewhere").iterdir()) == []


async def test_a_name_like_a_staging_directory_s_is_refused(tmp_path: Path) -> None:
    sink = directory_sink(tmp_path, naming(staging.PREFIX + "x/{index}", None))
    with pytest.raises(TargetInvalid):
        await sink.deliver(FRAME, b"one")
    await sink.close()
    sink = bucket_sink(tmp_path, staging.PREFIX + "x/{index}")
    (told,) = await sink.deliver(FRAME, b"one")
    await sink.close()
    sweep_directory(tmp_path / "buckets")
    assert (tmp_path / "buckets" / told.uri.removeprefix("s3://")).read_bytes() == b"one"


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES, errno.EROFS, errno.EIO])
async def test_a_disk_in_trouble_may_be_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def fail(*_args: object, **_kwargs: object) -> None:
        raise OSError(number, "inner words", "/inner/path")

    sink = bucket_sink(tmp_path, "x")
    monkeypatch.setattr(WholeFiles, "write", fail)
    with pytest.raises(SinkUnreachable) as caught:
        await sink.deliver(FRAME, b"one")
    await sink.close()
    error = caught.value
    assert (error.code.name, error.reason) == ("UNAVAILABLE", "SINK_UNREACHABLE")
    why = os.strerror(number)
    assert error.message == f'the image "x_0_1.jpg" could not be stored: {why}'
    assert error.metadata == {"key": "x_0_1.jpg", "cause": why}
    assert error.retry_after_ms == 1000


async def test_a_cancelled_write_ends_before_the_sink_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The object is there whole or not at all, and the staging is gone in any case."""
    started, go_on = threading.Event(), threading.Event()
    real = os.write

    def slow_write(fd: int, data: bytes) -> int:
        started.set()
        assert go_on.wait(30)
        return real(fd, data)

    sink = bucket_sink(tmp_path, "x")
    monkeypatch.setattr(os, "write", slow_write)
    delivery = asyncio.create_task(sink.deliver(FRAME, b"one"))
    while not started.is_set():
        await asyncio.sleep(0.001)
    delivery.cancel()
    with pytest.raises(asyncio.CancelledError):
        await delivery
    closing = asyncio.create_task(sink.close())
    await asyncio.sleep(0)
    assert not closing.done()
    go_on.set()
    await closing
    assert names_in(tmp_path) == ["buckets/shots/x_0_1.jpg"]
    assert (tmp_path / "buckets/shots/x_0_1.jpg").read_bytes() == b"one"
    assert [path.name for path in (tmp_path / "buckets").iterdir()] == ["shots"]


async def test_the_start_of_a_service_clears_up_after_a_killed_one(tmp_path: Path) -> None:
    sweep_directory(tmp_path / "buckets")
    dead = tmp_path / f"buckets/{staging.PREFIX}dead"
    dead.mkdir(parents=True)
    (dead / "half").write_bytes(b"half")
    living = bucket_sink(tmp_path, "x")
    await living.deliver(FRAME, b"one")
    sweep_directory(tmp_path / "buckets")
    assert not dead.exists()
    (told,) = await living.deliver(event_pb2.FrameCaptured(index=2), b"two")
    assert told.uri == "s3://shots/x_0_2.jpg"
    await living.close()


async def test_a_directory_is_cleared_of_what_a_killed_capture_left(tmp_path: Path) -> None:
    (tmp_path / f"{staging.PREFIX}dead").mkdir()
    sink = directory_sink(tmp_path, replace(naming("x"), bucket=None))
    await sink.deliver(FRAME, b"one")
    await sink.close()
    assert [path.name for path in tmp_path.iterdir()] == ["x_0_1.jpg"]


async def test_many_images_at_once_from_many_captures(tmp_path: Path) -> None:
    async def run(number: int) -> None:
        sink = bucket_sink(tmp_path, f"c{number}/x")
        for index in range(1, 6):
            await sink.deliver(event_pb2.FrameCaptured(index=index), bytes([number, index]))
        await sink.close()

    await asyncio.gather(*(run(number) for number in range(4)))
    assert len(names_in(tmp_path)) == 20
    assert [path.name for path in (tmp_path / "buckets").iterdir()] == ["shots"]
