"""Tasks whose images go to a store, over the death of a worker."""

from __future__ import annotations

import signal
from collections import Counter
from dataclasses import replace
from pathlib import Path

from grpc import aio

from framecap.config import Settings
from framecap.listen_address import Address
from framecap.serve_settings import ServerSettings
from framecap.server.serve import running
from framecap.storage.settings import StorageSettings
from framecap.v1.snapshot_service_pb2_grpc import SnapshotServiceStub
from framecap.v1.task_service_pb2_grpc import TaskServiceStub
from support.api.calls import EVERY_FRAME_JPG, take, until
from support.api.tasks import FRONT, create, stored, watched
from support.clips import make_clip
from support.servers.faults import Asked
from support.servers.stores import Store, table
from support.tasks.worker_process import S, worker_process

IMAGES = 400
KILLED_AT = 200
LEASE = 2 * S


async def test_after_a_kill_few_images_are_sent_twice(
    rclone: Store, proxied, tmp_path: Path, monkeypatch
) -> None:
    bucket = await rclone.filled()
    films = tmp_path / "buckets/films"
    films.mkdir(parents=True)
    make_clip(films / "trip.mp4", frames=IMAGES, gop=25, size=(64, 36))
    async with proxied(rclone.endpoint) as proxy:
        file = tmp_path / "buckets.toml"
        file.write_text(table(replace(bucket, endpoint=proxy.endpoint)))
        assert bucket.credentials is not None
        keys = {
            "TEST_KEY": bucket.credentials.access_key,
            "TEST_SECRET": bucket.credentials.secret_key,
        }
        for name, value in keys.items():
            monkeypatch.setenv(name, value)
        storage = StorageSettings(buckets=file)
        server = ServerSettings(listen=Address("127.0.0.1", 0), metrics=None, data=tmp_path)
        settings = replace(Settings(), server=server, storage=storage, worker=FRONT.worker)
        more = {"FRAMECAP_BUCKETS": str(file), **keys}
        async with (
            running(settings) as service,
            aio.insecure_channel(service.address) as channel,
        ):
            stub = TaskServiceStub(channel)
            created = await create(
                stub, text=EVERY_FRAME_JPG, delivery=stored("task/{index}.jpg", bucket.name)
            )
            killed = -signal.SIGKILL
            with worker_process(tmp_path, LEASE, "first", exit_status=killed, **more) as first:
                await until(lambda: len(sent(proxy.asked)) >= KILLED_AT, "images are sent")
                first.send(signal.SIGKILL)
                first.process.wait()
            with worker_process(tmp_path, LEASE, "second", **more):
                taken = await watched(stub, created.task_id)
            direct = await take(
                SnapshotServiceStub(channel),
                source="films/trip.mp4",
                text=EVERY_FRAME_JPG,
                delivery=stored("direct/{index}.jpg", bucket.name),
            )
    assert taken.finished.status.code == 0
    assert len(direct.frames) == IMAGES
    twice = [path for path, count in sent(proxy.asked, "/task/").items() if count > 1]
    assert len(twice) <= storage.uploads
    objects = await rclone.objects(bucket)
    assert len(objects) == 2 * IMAGES
    for index in range(1, IMAGES + 1):
        assert objects[f"task/{index}.jpg"] == objects[f"direct/{index}.jpg"]


def sent(asked: list[Asked], part: str = "/") -> Counter[str]:
    """Returns how often each object was sent."""
    return Counter(each.path for each in asked if each.method == "PUT" and part in each.path)
