"""What a storing sink stores, tells and holds back."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

from framecap.errors import SinkUnreachable, TargetInvalid
from framecap.model.spec import ImageFormat
from framecap.outputs.row import FileType
from framecap.sink import stored
from framecap.sink.naming import Naming, SourceName
from framecap.sink.payloads import SinkPayload
from framecap.sink.stored import ObjectFacts, StoringSink
from framecap.sink.template import KeyTemplate
from framecap.v1 import event_pb2


class Memory:
    """A store that keeps its objects in a dictionary."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.writes: list[str] = []
        self.failing = False
        self.closed = 0
        self.request_count = 0
        self.questions = 0

    async def put(self, key: str, data: bytes, facts: ObjectFacts) -> str:
        if self.failing:
            raise SinkUnreachable("no room")
        self.request_count += 1
        self.objects[key] = data
        self.writes.append(key)
        return f"s3://shots/{key}"

    async def take_over(self, key: str, size: int, facts: ObjectFacts) -> str | None:
        self.questions += 1
        if hashlib.sha256(self.objects.get(key, b"")).hexdigest() != facts.sha256:
            return None
        return f"s3://shots/{key}"

    async def close(self) -> None:
        self.closed += 1


def named(template: str) -> Naming:
    return Naming(
        template=KeyTemplate.parse(template),
        bucket="shots",
        source=SourceName(bucket="films", key="trip.mp4"),
        format=ImageFormat.JPG,
    )


def sink_into(store: Memory, template: str) -> StoringSink:
    return StoringSink(named(template), store)


def frame(index: int) -> event_pb2.FrameCaptured:
    return event_pb2.FrameCaptured(index=index, pts=index * 10)


def brief(told: list[SinkPayload]) -> list[tuple[str, ...]]:
    return [
        (payload.reason,)
        if isinstance(payload, event_pb2.CaptureWarning)
        else (str(payload.index), payload.uri, "superseded" if payload.superseded else "")
        for payload in told
    ]


async def test_each_image_is_stored_then_told() -> None:
    store = Memory()
    sink = sink_into(store, "{barename}/dest")
    sink.begin(2)
    assert brief(await sink.deliver(frame(1), b"one")) == [
        ("1", "s3://shots/trip/dest_2_1.jpg", "")
    ]
    (told,) = await sink.deliver(frame(2), b"two")
    assert (told.uri, told.pts, told.size_bytes) == ("s3://shots/trip/dest_2_2.jpg", 20, 3)
    assert told.sha256 == hashlib.sha256(b"two").hexdigest()
    assert told.WhichOneof("image") == "uri"
    assert await sink.finish() == []
    assert store.objects == {"trip/dest_2_1.jpg": b"one", "trip/dest_2_2.jpg": b"two"}


async def test_with_one_key_for_all_the_last_image_wins_and_the_others_are_told() -> None:
    store = Memory()
    sink = sink_into(store, "cover.jpg")
    assert await sink.deliver(frame(1), b"one") == []
    told = await sink.deliver(frame(2), b"two")
    assert brief(told) == [("ONE_KEY_FOR_ALL",), ("1", "", "superseded")]
    superseded = told[1]
    assert superseded.WhichOneof("image") is None
    assert superseded.size_bytes == 3
    assert superseded.sha256 == hashlib.sha256(b"one").hexdigest()
    assert brief(await sink.deliver(frame(3), b"three")) == [("2", "", "superseded")]
    assert store.writes == []
    assert brief(await sink.finish()) == [("3", "s3://shots/cover.jpg", "")]
    assert (store.writes, store.objects) == (["cover.jpg"], {"cover.jpg": b"three"})
    assert await sink.finish() == []


async def test_the_warning_names_the_key_and_the_way_out() -> None:
    sink = sink_into(Memory(), "cover.jpg")
    await sink.deliver(frame(1), b"one")
    warning, _ = await sink.deliver(frame(2), b"two")
    assert warning.message == (
        "All images have the key cover.jpg, so only the last one is stored."
        " {index} in the template distinguishes them."
    )
    assert dict(warning.metadata) == {"key": "cover.jpg"}


async def test_a_single_image_under_one_key_needs_no_warning() -> None:
    store = Memory()
    sink = sink_into(store, "cover.jpg")
    assert await sink.deliver(frame(1), b"one") == []
    assert brief(await sink.finish()) == [("1", "s3://shots/cover.jpg", "")]


async def test_an_output_s_file_is_stored_by_its_own_extension(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    track = FileType(media_type="text/vtt", extension="vtt", signature=b"WEBVTT")
    monkeypatch.setattr(stored, "file_type", {"text/vtt": track}.get)
    store = Memory()
    sink = sink_into(store, "{barename}.{autoext}")
    facts = event_pb2.OutputFile(index=1, media_type="text/vtt")
    (file,) = await sink.deliver_file(facts, b"WEBVTT")
    assert isinstance(file, event_pb2.OutputFile)
    assert (file.uri, file.size_bytes) == ("s3://shots/trip.vtt", 6)
    assert file.sha256 == hashlib.sha256(b"WEBVTT").hexdigest()
    assert store.objects == {"trip.vtt": b"WEBVTT"}


def test_names_follow_what_the_output_makes() -> None:
    track = replace(named("all.vtt"), extensions=("vtt",))
    assert track.warnings() == ()
    (warning,) = replace(track, extensions=("gif",)).warnings()
    assert warning.message.endswith('names end in "vtt", but the files are gif')
    into = replace(track, template=KeyTemplate.parse("{barename}.{autoext}"))
    assert into.key(index=1, stream_ordinal=0) == "trip.vtt"
    with pytest.raises(TargetInvalid, match="which an image may have"):
        replace(into, manifest=KeyTemplate.parse_manifest("trip.vtt"))


async def test_a_capture_that_ends_without_finish_stores_nothing_it_held() -> None:
    store = Memory()
    sink = sink_into(store, "cover.jpg")
    await sink.deliver(frame(1), b"one")
    await sink.close()
    assert (store.objects, store.closed) == ({}, 1)
    assert await sink.finish() == []


@pytest.mark.parametrize("template", ["dest", "cover.jpg"])
async def test_an_image_that_cannot_be_stored_is_not_told(template: str) -> None:
    store = Memory()
    store.failing = True
    sink = sink_into(store, template)
    with pytest.raises(SinkUnreachable):
        await sink.deliver(frame(1), b"one")
        await sink.finish()
    await sink.close()
    assert store.closed == 1
