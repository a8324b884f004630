"""What a decoder may say, and what ends it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from google.rpc import error_details_pb2, status_pb2

from framecap.decoder.service import check
from framecap.decoder.service.check import (
    FILE_CAUSED,
    MAX_REPORT_BYTES,
    MAX_WARNINGS,
    OPTION_REFUSALS,
    Check,
    Violation,
    error_of,
)
from framecap.decoder.v1.decoder_pb2 import (
    EncodedFile,
    EncodedImage,
    FromDecoder,
    Job,
    OpenRequest,
    ReadRequest,
)
from framecap.errors import (
    Cancelled,
    CaptureError,
    InternalError,
    MediaCorrupt,
    OffsetAfterEnd,
    OptionMissing,
    RequestError,
    SourceInvalid,
)
from framecap.events.status import to_status
from framecap.outputs.row import FileType
from framecap.v1 import capture_pb2, event_pb2
from framecap.v1.event_pb2 import (
    CaptureFinished,
    CapturePlanned,
    CaptureProgress,
    CaptureWarning,
    FrameCaptured,
    MediaProbed,
    Rational,
)

MAX_IMAGE_BYTES = 1000
SOURCE_SIZE = 100

PROBED = FromDecoder(probed=MediaProbed(container="mp4"))
PLANNED = FromDecoder(planned=CapturePlanned())
PROGRESS = FromDecoder(progress=CaptureProgress())
WARNING = FromDecoder(warning=CaptureWarning(reason="W"))
BEGIN = (PROBED, PLANNED)


def image(index: int = 1, data: bytes = b"\xff\xd8\xff\xe0", **facts: object) -> FromDecoder:
    captured = FrameCaptured(
        index=index,
        width=64,
        height=36,
        format=capture_pb2.IMAGE_FORMAT_JPG,
        time_base=Rational(numerator=1, denominator=25),
    )
    captured.MergeFrom(FrameCaptured(**facts))  # type: ignore[arg-type]
    return FromDecoder(image=EncodedImage(facts=captured, data=data))


def read(offset: int, length: int) -> FromDecoder:
    return FromDecoder(read=ReadRequest(offset=offset, length=length))


def finished(count: int = 0, status: status_pb2.Status | None = None) -> FromDecoder:
    end = CaptureFinished(captured_count=count, status=status or to_status(None))
    return FromDecoder(finished=end)


def failed(status: status_pb2.Status) -> FromDecoder:
    return finished(status=status)


def accept(messages: Sequence[FromDecoder], *, remote: bool = False) -> None:
    checker = Check(Job(source_size=SOURCE_SIZE, remote=remote), MAX_IMAGE_BYTES)
    for message in messages:
        checker.accept(message)


def with_detail(status: status_pb2.Status, type_url: str, value: bytes) -> status_pb2.Status:
    changed = status_pb2.Status(code=status.code, message=status.message)
    changed.details.add(type_url=type_url, value=value)
    return changed


@pytest.mark.parametrize(
    "messages",
    [
        pytest.param([PROGRESS, PROBED, PROGRESS, PLANNED, finished()], id="nothing captured"),
        pytest.param([*BEGIN, image(1), WARNING, image(2), finished(2)], id="two images"),
        pytest.param([*BEGIN, image(data=b"\x89PNG\r\n\x1a\n", format=2), finished(1)], id="a PNG"),
        pytest.param(
            [*BEGIN, image(data=b"\xff\xd8\xff".ljust(MAX_IMAGE_BYTES))], id="the largest image"
        ),
        pytest.param([PROBED, failed(to_status(MediaCorrupt("m")))], id="a failure"),
        pytest.param([failed(to_status(MediaCorrupt("m")))], id="a failure at once"),
    ],
)
def test_a_proper_order_is_accepted(messages):
    accept(messages)


@pytest.mark.parametrize(
    "messages",
    [
        pytest.param([PROBED, PROBED], id="probed twice"),
        pytest.param([*BEGIN, PLANNED], id="planned twice"),
        pytest.param([PLANNED], id="planned unprobed"),
        pytest.param([PROBED, image(1)], id="an image unplanned"),
        pytest.param([*BEGIN, image(2)], id="a late first image"),
        pytest.param([*BEGIN, image(1), image(1)], id="an image twice"),
        pytest.param([*BEGIN, image(1), image(3)], id="a gap"),
        pytest.param([finished(), finished()], id="finished twice"),
        pytest.param([finished(), PROGRESS], id="something after the end"),
        pytest.param([*BEGIN, image(1), finished(2)], id="a wrong count"),
        pytest.param([*BEGIN, image(data=b"<html>")], id="no JPEG"),
        pytest.param([*BEGIN, image(format=2)], id="no PNG"),
        pytest.param([*BEGIN, image(data=b"")], id="no bytes"),
        pytest.param([*BEGIN, image(format=7)], id="an unknown format"),
        pytest.param(
            [*BEGIN, image(data=b"\xff\xd8\xff".ljust(MAX_IMAGE_BYTES + 1))], id="a large image"
        ),
        pytest.param([*BEGIN, image(width=-1)], id="a negative width"),
        pytest.param([*BEGIN, image(time_base=Rational(denominator=-1))], id="a time base"),
        pytest.param([*BEGIN, image(sha256="ab")], id="its own checksum"),
        pytest.param([*BEGIN, image(size_bytes=3)], id="its own size"),
        pytest.param([*BEGIN, image(uri="https://example.com")], id="its own address"),
        pytest.param([*BEGIN, image(dhash="0" * MAX_REPORT_BYTES)], id="long facts"),
        pytest.param([WARNING] * (MAX_WARNINGS + 1), id="a flood of warnings"),
        pytest.param(
            [FromDecoder(probed=MediaProbed(codec="c" * MAX_REPORT_BYTES))], id="a long report"
        ),
        pytest.param([read(0, 1)], id="a read of a local source"),
    ],
)
def test_a_broken_order_is_a_violation(messages):
    with pytest.raises(Violation):
        accept(messages)


@pytest.mark.parametrize(("offset", "length"), [(0, SOURCE_SIZE), (99, 1)])
def test_a_read_within_the_source_is_accepted(offset, length):
    accept([read(offset, length)], remote=True)


@pytest.mark.parametrize(
    ("offset", "length"), [(0, 0), (0, -1), (-1, 1), (0, SOURCE_SIZE + 1), (SOURCE_SIZE, 1)]
)
def test_a_read_outside_the_source_is_a_violation(offset, length):
    with pytest.raises(Violation):
        accept([read(offset, length)], remote=True)


OPTION = "spec.plugin.options.least"


def refusal(kind: type[RequestError], field: str = OPTION) -> FromDecoder:
    error = kind("the sentence", field=field, metadata={"option": field, "value": "7"})
    return failed(to_status(error))


def plugin_job() -> Job:
    return Job(spec=capture_pb2.CaptureSpec(plugin={"name": "x"}))


@pytest.mark.parametrize("kind", OPTION_REFUSALS.values(), ids=OPTION_REFUSALS)
def test_an_installed_selection_may_refuse_its_options(kind: type[RequestError]):
    message = refusal(kind)
    Check(plugin_job(), MAX_IMAGE_BYTES).accept(message)
    assert message == refusal(kind)
    error = error_of(message.finished.status)
    assert isinstance(error, kind)
    assert (error.field, error.message) == (OPTION, "the sentence")


@pytest.mark.parametrize(
    ("job", "messages"),
    [
        pytest.param(Job(), [refusal(OptionMissing)], id="no installed selection"),
        pytest.param(plugin_job(), [PROBED, refusal(OptionMissing)], id="after probed"),
        pytest.param(plugin_job(), [refusal(OptionMissing, "source")], id="another field"),
        pytest.param(plugin_job(), [failed(to_status(Cancelled("c")))], id="another error"),
        pytest.param(
            plugin_job(),
            [failed(to_status(SourceInvalid("s", field=OPTION, metadata={"option": OPTION})))],
            id="another refusal",
        ),
        pytest.param(
            plugin_job(), [failed(to_status(OptionMissing("m", field=OPTION)))], id="no option"
        ),
    ],
)
def test_nothing_else_refuses_a_request(job: Job, messages: Sequence[FromDecoder]):
    check = Check(job, MAX_IMAGE_BYTES)
    with pytest.raises(Violation):
        for message in messages:
            check.accept(message)


@pytest.mark.parametrize("kind", FILE_CAUSED.values(), ids=FILE_CAUSED)
def test_what_a_file_can_cause_is_told_in_our_words(kind: type[CaptureError]):
    error = kind("the sentence", metadata={"limit": "7"})
    message = failed(to_status(error))
    message.finished.status.details.add(type_url="type.googleapis.com/x", value=b"smuggled")
    accept([message])
    assert message.finished.status == to_status(error)


@pytest.mark.parametrize(
    "status",
    [
        pytest.param(to_status(InternalError("m")), id="INTERNAL"),
        pytest.param(to_status(Cancelled("m")), id="CANCELLED"),
        pytest.param(status_pb2.Status(code=16, message="log in here"), id="UNAUTHENTICATED"),
        pytest.param(status_pb2.Status(code=9, message="no cause"), id="no cause"),
        pytest.param(status_pb2.Status(code=0, message="but"), id="success with a message"),
        pytest.param(
            with_detail(to_status(MediaCorrupt("m")), "type.googleapis.com/x", b""), id="another"
        ),
        pytest.param(
            with_detail(
                to_status(MediaCorrupt("m")), "type.googleapis.com/google.rpc.ErrorInfo", b"\xff"
            ),
            id="broken bytes",
        ),
        pytest.param(
            with_detail(
                to_status(MediaCorrupt("m")),
                "type.googleapis.com/google.rpc.ErrorInfo",
                error_details_pb2.ErrorInfo(reason=OffsetAfterEnd.reason).SerializeToString(),
            ),
            id="the code of another reason",
        ),
    ],
)
def test_what_no_file_can_cause_is_a_violation(status):
    with pytest.raises(Violation):
        accept([failed(status)])


def test_a_count_of_bytes_is_the_services_own():
    end = event_pb2.CaptureFinished(status=to_status(None), image_bytes=1)
    with pytest.raises(Violation):
        accept([FromDecoder(finished=end)])


def test_where_the_manifest_is_is_the_services_own():
    end = event_pb2.CaptureFinished(status=to_status(None), manifest_uri="s3://a/b")
    with pytest.raises(Violation):
        accept([FromDecoder(finished=end)])


def test_the_usage_is_the_services_own():
    end = event_pb2.CaptureFinished(status=to_status(None), usage=event_pb2.CaptureUsage())
    with pytest.raises(Violation):
        accept([FromDecoder(finished=end)])


def opening(reference: str = "a.ts") -> FromDecoder:
    return FromDecoder(open=OpenRequest(reference=reference, number=1))


def read_of(file: int, offset: int = 0) -> FromDecoder:
    return FromDecoder(read=ReadRequest(file=file, offset=offset, length=9))


def test_a_file_that_the_source_refers_to_may_be_read_once_it_was_asked_for():
    check = Check(Job(source_size=SOURCE_SIZE, refers=True), MAX_IMAGE_BYTES)
    for message in (opening(), read_of(1), opening("b.ts"), read_of(2, SOURCE_SIZE * 9)):
        check.accept(message)


@pytest.mark.parametrize(
    ("messages", "refers"),
    [
        ([opening()], False),
        ([read_of(1)], True),
        ([opening(), read_of(2)], True),
        ([opening(), read_of(-1)], True),
        ([opening(), read_of(1, -1)], True),
        ([opening("a" * 5000)], True),
        ([opening(), read_of(0)], True),
    ],
)
def test_other_files_may_not(messages, refers):
    check = Check(Job(source_size=SOURCE_SIZE, refers=refers), MAX_IMAGE_BYTES)
    with pytest.raises(Violation):
        for message in messages:
            check.accept(message)


SHEET = FileType(media_type="image/png", extension="png", signature=b"\x89PNG")


def file(
    index: int = 1, data: bytes = b"\x89PNG...", frames: int = 2, **facts: object
) -> FromDecoder:
    made = event_pb2.OutputFile(index=index, width=64, height=36, media_type="image/png")
    made.MergeFrom(event_pb2.OutputFile(**facts))  # type: ignore[arg-type]
    return FromDecoder(file=EncodedFile(facts=made, data=data, frame_count=frames))


@pytest.fixture
def sheets(monkeypatch: pytest.MonkeyPatch) -> None:
    """An output that makes sheets."""
    monkeypatch.setattr(check, "file_types", lambda _: (SHEET,))


@pytest.mark.usefixtures("sheets")
def test_files_of_the_output_are_accepted_with_their_frames() -> None:
    accept([*BEGIN, file(1), file(2, frames=0), file(3, frames=1), finished(3)])


@pytest.mark.usefixtures("sheets")
@pytest.mark.parametrize(
    "messages",
    [
        pytest.param([PROBED, file()], id="unplanned"),
        pytest.param([*BEGIN, file(2)], id="a gap"),
        pytest.param([*BEGIN, file(), finished(1)], id="a wrong count"),
        pytest.param([*BEGIN, file(data=b"<html>")], id="another type"),
        pytest.param([*BEGIN, file(media_type="text/html")], id="a type it does not make"),
        pytest.param([*BEGIN, file(frames=-1)], id="fewer frames than none"),
        pytest.param([*BEGIN, file(width=-1)], id="a negative width"),
        pytest.param([*BEGIN, file(sha256="ab")], id="its own checksum"),
        pytest.param([*BEGIN, file(uri="https://example.com")], id="its own address"),
        pytest.param([*BEGIN, file(output="o" * MAX_REPORT_BYTES)], id="long facts"),
        pytest.param([*BEGIN, file(data=b"\x89PNG".ljust(MAX_IMAGE_BYTES + 1))], id="a large file"),
    ],
)
def test_other_files_are_refused(messages: list[FromDecoder]) -> None:
    with pytest.raises(Violation):
        accept(messages)


def test_images_have_no_files() -> None:
    with pytest.raises(Violation, match="a file that the output does not make"):
        accept([*BEGIN, file()])
