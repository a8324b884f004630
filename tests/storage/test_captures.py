"""Captures from a store into a store, by a running service."""

from __future__ import annotations

import base64
import subprocess
import sys
import urllib.request

import numpy as np
import pytest
from google.protobuf import json_format
from PIL import Image

from framecap.source import blocks, remote
from framecap.source.remote import RemoteReader
from framecap.storage.s3.writing import S3Writer
from framecap.v1 import capture_pb2
from framecap.v1.event_pb2 import CaptureManifest
from framecap.v1.snapshot_service_pb2 import CaptureFramesRequest
from support.api.calls import code, reason, take, until
from support.clips import read_number
from support.covers import Art, make_sound
from support.covers import saved as picture_file
from support.noise import noisy_film

EVERY_2_5_S = "video/snapshots,f_jpg,inter_2500"


def saved(text: str, key: str, bucket: str = "") -> str:
    def told(value: str) -> str:
        return base64.urlsafe_b64encode(value.encode()).decode().rstrip("=")

    return f"{text}|sys/saveas,o_{told(key)}" + (f",b_{told(bucket)}" if bucket else "")


@pytest.mark.parametrize("form", ["{}/a.mp4", "s3://{}/a.mp4", "oss://{}/a.mp4"])
async def test_an_object_of_a_store_by_each_of_its_names(swift, serve, film, form) -> None:
    bucket = await swift.filled({"a.mp4": film})
    async with serve(bucket) as (_, stub):
        taken = await take(stub, source=form.format(bucket.name), text=EVERY_2_5_S)
    assert code(taken.status) == "OK"
    assert [read_number(image) for image in taken.images()] == [0, 62, 125, 187]
    assert taken.events[0].accepted.source == form.format(bucket.name)
    assert taken.finished.read_request_count >= 1
    assert len(film) <= taken.finished.read_bytes <= 3 * len(film)
    assert "read" in taken.finished.stage_times


async def test_images_are_stored_and_counted(server, serve, film) -> None:
    films, shots = await server.filled({"a.mp4": film}), await server.filled()
    text = saved(EVERY_2_5_S, "{barename}/{index}", shots.name)
    async with serve(films, shots, metrics=True) as (service, stub):
        taken = await take(stub, source=f"{films.name}/a.mp4", text=text)
        address = f"http://127.0.0.1:{service.metrics_port}/metrics"
        with urllib.request.urlopen(address) as answer:
            metrics = answer.read().decode()
    assert code(taken.status) == "OK"
    uris = [frame.uri for frame in taken.frames]
    assert uris == [f"s3://{shots.name}/a/{index}.jpg" for index in (1, 2, 3, 4)]
    stored = await server.objects(shots)
    assert [read_number(stored[f"a/{index}.jpg"]) for index in (1, 2, 3, 4)] == [0, 62, 125, 187]
    size = sum(map(len, stored.values()))
    assert taken.finished.image_bytes == size
    assert f"framecap_storage_stored_bytes_total {float(size)}" in metrics
    assert 'framecap_storage_request_seconds_count{operation="write",outcome="ok"} 4.0' in metrics


async def test_a_manifest_is_stored_beside_the_images(swift, serve, film) -> None:
    bucket = await swift.filled({"a.mp4": film})
    delivery = capture_pb2.Delivery()
    delivery.object.key_template = "{barename}/{index}"
    delivery.object.manifest_key_template = "{barename}/all"
    async with serve(bucket) as (_, stub):
        taken = await take(stub, source=f"{bucket.name}/a.mp4", text=EVERY_2_5_S, delivery=delivery)
    assert code(taken.status) == "OK"
    assert taken.finished.manifest_uri == f"s3://{bucket.name}/a/all.json"
    async with swift.client() as client:
        answer = await client.get_object(Bucket=bucket.name, Key="a/all.json")
        async with answer["Body"] as body:
            told = json_format.Parse(await body.read(), CaptureManifest())
    assert answer["ContentType"] == "application/json"
    assert list(told.frames) == taken.frames
    assert told.finished.read_request_count == taken.finished.read_request_count >= 1


async def test_a_cover_costs_little_of_a_song(swift, serve, tmp_path) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (300, 300, 3), np.uint8)
    art = Art(picture_file(Image.fromarray(noise), "JPEG", quality=98))
    song = make_sound(tmp_path / "a.flac", [art], seconds=30).read_bytes()
    assert len(song) > 4_000_000 and len(art.data) > 140_000
    bucket = await swift.filled({"a.flac": song})
    async with serve(bucket) as (_, stub):
        taken = await take(stub, source=f"{bucket.name}/a.flac", text="video/snapshots,f_jpg")
    assert code(taken.status) == "OK"
    assert taken.images() == [art.data]
    assert taken.finished.read_bytes <= 800_000
    assert taken.finished.read_request_count <= 2


async def test_each_frame_of_a_few_costs_one_request(swift, serve, tmp_path) -> None:
    film = noisy_film(tmp_path / "a.mp4", frames=160, gop=40, size=(320, 180)).read_bytes()
    assert len(film) > 5_000_000
    bucket = await swift.filled({"a.mp4": film})
    async with serve(bucket) as (_, stub):
        text = "video/snapshots,f_jpg,w_64,ss_1700,inter_1600"
        taken = await take(stub, source=f"{bucket.name}/a.mp4", text=text)
    assert code(taken.status) == "OK"
    assert len(taken.frames) == 3
    # The beginning, the index at the end, what shows the first frame to be the first, and for
    # each of three frames its group up to it; the last one's to the end, where there is no fourth.
    assert taken.finished.read_request_count == 2 + 1 + 3
    assert taken.finished.read_bytes <= 0.6 * len(film)


async def test_nothing_secret_is_told(swift, serve, film, caplog) -> None:
    bucket = await swift.filled({"a.mp4": film})
    async with serve(bucket) as (_, stub):
        taken = await take(stub, source=f"{bucket.name}/b.mp4", text=EVERY_2_5_S)
        assert reason(taken.status) == "SOURCE_NOT_FOUND"
    assert swift.secret_key not in f"{taken.status} {taken.events} {caplog.text}"


async def test_a_source_replaced_midway_is_told_in_the_end(swift, serve, film, monkeypatch) -> None:
    for module in (blocks, remote):
        monkeypatch.setattr(module, "BLOCK_BYTES", 8192)
    bucket = await swift.filled({"a.mp4": film})
    opening = RemoteReader.open

    async def open_then_replaced(self):
        opened = await opening(self)
        await swift.put(bucket, "a.mp4", film[::-1])
        return opened

    monkeypatch.setattr(RemoteReader, "open", open_then_replaced)
    async with serve(bucket) as (_, stub):
        text = "video/snapshots,f_jpg,m_avg,num_3"
        taken = await take(stub, source=f"{bucket.name}/a.mp4", text=text)
    assert reason(taken.status) == "SOURCE_CHANGED"
    assert code(taken.status) == "FAILED_PRECONDITION"
    assert taken.finished.status == taken.status


async def test_a_target_that_fails_ends_the_capture(swift, serve, film) -> None:
    bucket = await swift.filled({"a.mp4": film})
    absent = swift.bucket()
    text = saved(EVERY_2_5_S, "{index}", absent.name)
    async with serve(bucket, absent) as (service, stub):
        taken = await take(stub, source=f"{bucket.name}/a.mp4", text=text)
        assert reason(taken.status) == "BUCKET_NOT_FOUND"
        await until(lambda: service.launcher.alive == 0, "no decoder is left")


async def test_a_cancelled_call_cancels_its_uploads(swift, serve, film, monkeypatch) -> None:
    bucket = await swift.filled({"a.mp4": film})
    under_way = set()
    putting = S3Writer.put

    async def slow_put(self, key, data, facts):
        under_way.add(key)
        try:
            await until(lambda: False, "an end")
            return await putting(self, key, data, facts)
        finally:
            under_way.discard(key)

    monkeypatch.setattr(S3Writer, "put", slow_put)
    async with serve(bucket) as (_, stub):
        call = stub.CaptureFrames(
            CaptureFramesRequest(
                source=f"{bucket.name}/a.mp4", text=saved(EVERY_2_5_S, "shots/{index}")
            )
        )
        await call.read()
        await until(lambda: under_way, "an upload")
        call.cancel()
        await until(lambda: not under_way, "no upload")


async def test_the_command_reads_and_writes_stores_too(swift, film, tmp_path) -> None:
    bucket = await swift.filled({"a.mp4": film})
    file = tmp_path / "buckets.toml"
    file.write_text(
        f'[buckets.films]\nremote_name = "{bucket.name}"\nendpoint = "{bucket.endpoint}"\n'
        'path_style = true\naccess_key_env = "K"\nsecret_key_env = "S"\n'
    )
    environment = {"FRAMECAP_BUCKETS": str(file), "K": swift.access_key, "S": swift.secret_key}
    command = [sys.executable, "-m", "framecap.cli.main", "capture", "films/a.mp4"]
    done = subprocess.run(
        [*command, saved(EVERY_2_5_S, "shots/{index}")],
        env=environment,
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == "s3://films/shots/1.jpg\t00:00:00.000"
    assert len(await swift.objects(bucket)) == 5
