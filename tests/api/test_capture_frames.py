"""A capture that goes well."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from framecap.v1 import capture_pb2, event_pb2
from support.api.calls import EVERY_FRAME, EVERY_SECOND, take
from support.api.running import Run
from support.clips import read_number


async def test_the_stream_tells_the_capture_in_order(run: Run, media: Path) -> None:
    async with run() as client:
        taken = await take(client.stub, source=f"{media}/short.mp4", text=EVERY_SECOND)
        assert taken.status is None
        told = [case for case in taken.cases if case != "progress"]
        assert told == ["accepted", "probed", "planned", *["frame"] * 4, "finished"]
        of_record = [event.sequence for event in taken.events if not event.HasField("progress")]
        assert of_record == list(range(1, len(told) + 1))
        assert {event.sequence for event in taken.events if event.HasField("progress")} == {0}
        assert taken.events[-2].progress.phase == event_pb2.CAPTURE_PHASE_DONE
        assert taken.events[-2].progress.captured_count == 4


@pytest.mark.parametrize(
    ("options", "seconds"),
    [
        ("inter_1000", 4),
        ("inter_0", 4),
        ("inter_0,num_3", 3 / 25),
        ("m_key", 4),
        ("m_dhash,thr_100", 4),
        ("m_key,ss_3900", 0.1),
    ],
)
async def test_the_last_progress_is_complete(
    run: Run, media: Path, options: str, seconds: float
) -> None:
    async with run() as client:
        source = f"{media}/short.mp4"
        taken = await take(client.stub, source=source, text=f"video/snapshots,f_jpg,{options}")
    assert taken.status is None
    told = [event.progress for event in taken.events if event.HasField("progress")]
    done = [progress.done.ToNanoseconds() for progress in told]
    assert done == sorted(done)
    assert all(
        p.done.ToNanoseconds() <= p.total.ToNanoseconds() for p in told if p.HasField("total")
    )
    last = told[-1]
    assert taken.cases[-2] == "progress"
    assert last.HasField("total")
    assert last.total == last.done
    assert abs(last.done.ToNanoseconds() / 1e9 - seconds) <= 1 / 25
    assert last.captured_count == len(taken.frames)


async def test_a_failure_has_progress_at_its_end_too(run: Run, media: Path) -> None:
    async with run() as client:
        source = f"{media}/short.mp4"
        taken = await take(client.stub, source=source, text=f"{EVERY_SECOND},ss_4000")
    assert taken.cases[-2:] == ["progress", "finished"]


async def test_frames_are_the_ones_on_screen_and_carry_their_own_facts(
    run: Run, media: Path
) -> None:
    async with run() as client:
        taken = await take(client.stub, source=f"{media}/short.mp4", text=EVERY_SECOND)
        assert [read_number(image) for image in taken.images()] == [0, 25, 50, 75]
        for frame, image in zip(taken.frames, taken.images(), strict=True):
            assert frame.size_bytes == len(image)
            assert frame.sha256 == hashlib.sha256(image).hexdigest()
        finished = taken.finished
        assert (finished.status.code, finished.captured_count) == (0, 4)
        assert finished.image_bytes == sum(map(len, taken.images()))
        assert finished.read_bytes > 0
        assert {"open", "decode", "encode", "deliver"} <= set(finished.stage_times)


async def test_both_forms_of_a_request_have_one_key(run: Run, media: Path) -> None:
    async with run() as client:
        spec = capture_pb2.CaptureSpec(jpeg={})
        spec.interval.spacing.FromSeconds(1)
        structured = await take(client.stub, source=f"{media}/short.mp4", spec=spec)
        text = await take(client.stub, source=f"{media}/short.mp4", text=EVERY_SECOND)
        first, second = structured.events[0].accepted, text.events[0].accepted
        assert first.key == second.key
        assert first.text == second.text == EVERY_SECOND
        assert first.spec == second.spec
        assert first.call_id != second.call_id


async def test_a_named_output_is_named_wherever_it_is_spoken_of(run: Run, media: Path) -> None:
    async with run() as client:
        spec = capture_pb2.CaptureSpec(png={}, box={"width_px": 1280}, scale_type="SCALE_TYPE_FIT")
        spec.interval.spacing.FromSeconds(1)
        spec.interval.max_count = 99
        output = capture_pb2.Output(name="stills", spec=spec, images={})
        taken = await take(client.stub, source=f"{media}/noisy.mkv", outputs={"outputs": [output]})
        assert taken.status is None
        assert taken.events[0].accepted.output == "stills"
        assert {frame.output for frame in taken.frames} == {"stills"}
        chunks = [event.chunk.output for event in taken.events if event.HasField("chunk")]
        assert chunks and set(chunks) == {"stills"}
        (planned,) = [event.planned for event in taken.events if event.HasField("planned")]
        assert [row.output for row in planned.outputs] == ["stills"]
        assert [row.output for row in taken.finished.shortfalls] == ["stills"]
        plain = await take(client.stub, source=f"{media}/noisy.mkv", spec=spec)
        assert plain.events[0].accepted.key == taken.events[0].accepted.key
        assert plain.frames[0].output == ""
        assert plain.frames[0].sha256 == taken.frames[0].sha256


async def test_options_without_effect_are_warned_of_in_the_first_event(
    run: Run, media: Path
) -> None:
    async with run() as client:
        taken = await take(
            client.stub, source=f"{media}/short.mp4", text="video/snapshots,f_jpg,m_key,inter_500"
        )
        (warning,) = taken.events[0].accepted.warnings
        assert warning.reason == "OPTION_WITHOUT_EFFECT"
        assert warning.metadata["option"] == "inter"


async def test_a_topic_is_without_effect_outside_of_tasks(run: Run, media: Path) -> None:
    async with run() as client:
        taken = await take(
            client.stub, source=f"{media}/short.mp4", text=f"{EVERY_SECOND}|notify,topic_ZG9uZQ"
        )
        (warning,) = taken.events[0].accepted.warnings
        assert warning.reason == "OPTION_WITHOUT_EFFECT"
        assert "notify" in warning.message


async def test_images_are_stored_where_the_request_says(
    run: Run, media: Path, tmp_path: Path
) -> None:
    async with run() as client:
        delivery = capture_pb2.Delivery()
        delivery.object.bucket = "shots"
        delivery.object.key_template = "{barename}/{index}.{autoext}"
        taken = await take(
            client.stub, source=f"{media}/short.mp4", text=EVERY_SECOND, delivery=delivery
        )
        assert taken.status is None
        assert [frame.uri for frame in taken.frames] == [
            f"s3://shots/short/{index}.jpg" for index in range(1, 5)
        ]
        for number, frame in zip((0, 25, 50, 75), taken.frames, strict=True):
            image = (tmp_path / "buckets" / frame.uri.removeprefix("s3://")).read_bytes()
            assert read_number(image) == number
            assert hashlib.sha256(image).hexdigest() == frame.sha256


async def test_a_large_image_follows_in_chunks(run: Run, media: Path) -> None:
    async with run() as client:
        text = "video/snapshots,f_png,num_2,w_1280"
        taken = await take(client.stub, source=f"{media}/noisy.mkv", text=text)
        assert "chunk" in taken.cases
        assert len(taken.frames) == 2
        for frame, image in zip(taken.frames, taken.images(), strict=True):
            assert hashlib.sha256(image).hexdigest() == frame.sha256
            assert frame.size_bytes == len(image)
        assert max(event.ByteSize() for event in taken.events) <= 512 * 1024


async def test_every_frame_of_a_clip_arrives_once_and_in_order(run: Run, media: Path) -> None:
    async with run() as client:
        taken = await take(client.stub, source=f"{media}/short.mp4", text=EVERY_FRAME)
        assert [read_number(image) for image in taken.images()] == list(range(100))
        assert [frame.index for frame in taken.frames] == list(range(1, 101))
