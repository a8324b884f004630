"""The manifest beside the images: stored last, whole, and only when all is."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from google.protobuf import json_format

from framecap.storage.directory.writing import FileWriter
from framecap.v1 import capture_pb2, event_pb2
from support.api.calls import EVERY_SECOND, code, reason, take
from support.api.running import Run


def beside(manifest: str, key: str = "{barename}/{index}", bucket: str = "shots"):
    asked = capture_pb2.ObjectDelivery(
        bucket=bucket, key_template=key, manifest_key_template=manifest
    )
    return capture_pb2.Delivery(object=asked)


def read(path: Path) -> event_pb2.CaptureManifest:
    return json_format.Parse(path.read_text(), event_pb2.CaptureManifest())


@pytest.fixture
def stores(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Keys and kinds of what is stored, in order."""
    stored: list[tuple[str, str]] = []
    putting = FileWriter.put

    async def put(self, key, data, facts):
        stored.append((key, facts.content_type))
        return await putting(self, key, data, facts)

    monkeypatch.setattr(FileWriter, "put", put)
    return stored


async def test_it_is_stored_last_and_says_what_the_events_said(
    run: Run, media: Path, tmp_path: Path, stores
) -> None:
    async with run() as client:
        taken = await take(
            client.stub,
            source=f"{media}/short.mp4",
            text=EVERY_SECOND,
            delivery=beside("{barename}/all.{autoext}"),
        )
    assert taken.status is None
    assert taken.finished.manifest_uri == "s3://shots/short/all.json"
    assert stores[-1] == ("short/all.json", "application/json")
    assert len(stores) == 5
    told = read(tmp_path / "buckets/shots/short/all.json")
    assert told.accepted == taken.events[0].accepted
    assert told.accepted.text == ""
    assert told.accepted.delivery.object.manifest_key_template == "{barename}/all.{autoext}"
    assert [told.probed] == [event.probed for event in taken.events if event.HasField("probed")]
    assert [told.planned] == [event.planned for event in taken.events if event.HasField("planned")]
    assert list(told.frames) == taken.frames
    assert told.finished.captured_count == 4
    assert told.finished.decoded_count == taken.finished.decoded_count
    assert told.finished.shortfalls == taken.finished.shortfalls
    assert told.finished.status.code == 0
    for frame in told.frames:
        image = (tmp_path / "buckets" / frame.uri.removeprefix("s3://")).read_bytes()
        assert hashlib.sha256(image).hexdigest() == frame.sha256


async def test_nothing_selected_has_one_too(run: Run, media: Path, tmp_path: Path) -> None:
    async with run() as client:
        spec = capture_pb2.CaptureSpec(
            jpeg={},
            keyframe=capture_pb2.KeyframeSelection(),
        )
        spec.range.start_offset.FromMilliseconds(3900)
        taken = await take(
            client.stub, source=f"{media}/short.mp4", spec=spec, delivery=beside("m")
        )
    assert taken.status is None
    assert taken.frames == []
    told = read(tmp_path / "buckets/shots/m.json")
    assert told.finished.explanation == taken.finished.explanation != ""


async def test_one_key_for_all_is_told_as_it_went(run: Run, media: Path, tmp_path: Path) -> None:
    async with run() as client:
        await take(
            client.stub,
            source=f"{media}/short.mp4",
            text=EVERY_SECOND,
            delivery=beside("m", "last.jpg"),
        )
    told = read(tmp_path / "buckets/shots/m.json")
    assert [frame.superseded for frame in told.frames] == [True, True, True, False]
    assert [warning.reason for warning in told.warnings] == ["ONE_KEY_FOR_ALL"]


async def test_a_capture_that_fails_leaves_none(run: Run, media: Path, tmp_path: Path) -> None:
    (tmp_path / "buckets/shots/short/3.jpg").mkdir(parents=True)
    async with run() as client:
        taken = await take(
            client.stub, source=f"{media}/short.mp4", text=EVERY_SECOND, delivery=beside("m")
        )
    assert reason(taken.status) == "TARGET_INVALID"
    assert taken.finished.manifest_uri == ""
    assert not (tmp_path / "buckets/shots/m.json").exists()


async def test_one_that_cannot_be_stored_fails_the_capture(
    run: Run, media: Path, tmp_path: Path
) -> None:
    (tmp_path / "buckets/shots/m.json").mkdir(parents=True)
    async with run() as client:
        taken = await take(
            client.stub, source=f"{media}/short.mp4", text=EVERY_SECOND, delivery=beside("m")
        )
    assert (code(taken.status), reason(taken.status)) == ("INVALID_ARGUMENT", "TARGET_INVALID")
    assert len(taken.frames) == 4
    assert taken.finished.manifest_uri == ""


async def test_validating_stores_none(run: Run, media: Path, tmp_path: Path) -> None:
    async with run() as client:
        taken = await take(
            client.stub,
            source=f"{media}/short.mp4",
            text=EVERY_SECOND,
            delivery=beside("m"),
            validate_only=True,
        )
    assert taken.cases == ["accepted", "finished"]
    assert not (tmp_path / "buckets/shots").exists()


@pytest.mark.parametrize("manifest", ["../m", "m_{index}", "{barename}/3.jpg", "a/"])
async def test_a_name_that_cannot_be_is_refused_before_all_else(
    run: Run, media: Path, manifest: str
) -> None:
    async with run() as client:
        taken = await take(
            client.stub, source=f"{media}/short.mp4", text=EVERY_SECOND, delivery=beside(manifest)
        )
    assert taken.events == []
    assert (code(taken.status), reason(taken.status)) == ("INVALID_ARGUMENT", "TARGET_INVALID")
    assert "delivery.object.manifest_key_template" in taken.status.message
