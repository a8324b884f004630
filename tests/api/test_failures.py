"""Captures that fail after they were accepted: in `finished`, and by the call's own status."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from google.rpc import error_details_pb2

from api.test_cancellation import decoders, first_frame
from framecap.v1 import capture_pb2
from framecap.v1.snapshot_service_pb2 import (
    CaptureFramesRequest,
    CaptureImageRequest,
    ProbeMediaRequest,
)
from support.api.calls import (
    EVERY_FRAME,
    EVERY_SECOND,
    Taken,
    code,
    detail,
    reason,
    refusal,
    take,
    take_all,
)
from support.api.running import Run


def failed(taken: Taken) -> tuple[str, str]:
    """Returns the code and reason of a failure that is told twice, the same way."""
    assert taken.cases[0] == "accepted"
    assert taken.cases.count("finished") == 1
    assert taken.finished.status == taken.status
    return code(taken.status), reason(taken.status)


async def test_a_file_that_is_no_video(run: Run, media: Path) -> None:
    async with run() as client:
        taken = await take(client.stub, source=f"{media}/text.mp4", text=EVERY_SECOND)
        assert failed(taken) == ("FAILED_PRECONDITION", "MEDIA_CORRUPT")
        assert taken.frames == []


async def test_a_start_after_the_end(run: Run, media: Path) -> None:
    async with run() as client:
        text = EVERY_SECOND + ",ss_4000"
        taken = await take(client.stub, source=f"{media}/short.mp4", text=text)
        assert failed(taken) == ("OUT_OF_RANGE", "OFFSET_AFTER_END")
        assert taken.status is not None
        assert "00:00:04.000" in taken.status.message


async def test_a_decoder_that_is_killed_from_outside(run: Run, media: Path) -> None:
    async with run() as client:
        call = client.stub.CaptureFrames(
            CaptureFramesRequest(source=f"{media}/noisy.mkv", text=EVERY_FRAME)
        )
        await first_frame(call)
        (pid,) = decoders(client)
        os.kill(pid, signal.SIGKILL)
        rest = await take_all(call)
        assert rest.finished.status == rest.status
        assert (code(rest.status), reason(rest.status)) == ("UNAVAILABLE", "DECODER_LOST")
        # The images that came before it are counted, and the service goes on.
        assert rest.finished.captured_count == 1 + len(rest.frames)
        again = await take(client.stub, source=f"{media}/short.mp4", text=EVERY_SECOND)
        assert len(again.frames) == 4


async def test_a_decoder_that_crashes(run: Run, media: Path) -> None:
    async with run() as client:
        call = client.stub.CaptureFrames(
            CaptureFramesRequest(source=f"{media}/noisy.mkv", text=EVERY_FRAME)
        )
        await first_frame(call)
        (pid,) = decoders(client)
        os.kill(pid, signal.SIGSEGV)
        rest = await take_all(call)
        assert rest.finished.status == rest.status
        assert (code(rest.status), reason(rest.status)) == (
            "FAILED_PRECONDITION",
            "DECODER_CRASHED",
        )


async def test_one_image_of_a_file_that_is_no_video(run: Run, media: Path) -> None:
    async with run() as client:
        source = f"{media}/text.mp4"
        status = await refusal(
            client.stub.CaptureImage(CaptureImageRequest(source=source, text=EVERY_SECOND))
        )
        assert reason(status) == "MEDIA_CORRUPT"
        status = await refusal(client.stub.ProbeMedia(ProbeMediaRequest(source=source)))
        assert reason(status) == "MEDIA_CORRUPT"


class TestFaults:
    """Faults of the service itself."""

    @pytest.fixture
    def expected_errors(self) -> list[str]:
        return ["incident [0-9a-f]{16}"]

    @pytest.mark.parametrize(
        ("slot", "events"),
        [
            ("framecap.call.structured.with_delivery", []),
            ("framecap.capture.job", ["accepted", "progress", "finished"]),
        ],
        ids=["before accepted", "after accepted"],
    )
    async def test_a_fault_tells_its_incident_and_nothing_else(
        self,
        run: Run,
        media: Path,
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
        slot: str,
        events: list[str],
    ) -> None:
        def broken(*_: object) -> None:
            raise RuntimeError("the secret inside")

        monkeypatch.setattr(slot, broken)
        async with run() as client:
            taken = await take(client.stub, source=f"{media}/short.mp4", text=EVERY_SECOND)
        assert taken.cases == events
        assert (code(taken.status), reason(taken.status)) == ("INTERNAL", "INTERNAL")
        assert "secret" not in f"{taken}"
        incident = detail(taken.status, error_details_pb2.ErrorInfo).metadata["incident"]
        assert incident in caplog.text
        assert "the secret inside" in caplog.text
        # A traceback holds on to the call, and that to the sockets of grpc's poller.
        caplog.clear()


async def test_a_target_that_turns_out_to_be_in_the_way(
    run: Run, media: Path, tmp_path: Path
) -> None:
    (tmp_path / "buckets" / "shots" / "2.jpg").mkdir(parents=True)
    delivery = capture_pb2.Delivery()
    delivery.object.bucket, delivery.object.key_template = "shots", "{index}.jpg"
    async with run() as client:
        taken = await take(
            client.stub, source=f"{media}/short.mp4", text=EVERY_SECOND, delivery=delivery
        )
        assert failed(taken) == ("INVALID_ARGUMENT", "TARGET_INVALID")
        # What was stored stays, and is told.
        assert [frame.uri for frame in taken.frames] == ["s3://shots/1.jpg"]
        assert taken.finished.captured_count == 1
        assert (tmp_path / "buckets" / "shots" / "1.jpg").stat().st_size > 0
        assert decoders(client) == []
