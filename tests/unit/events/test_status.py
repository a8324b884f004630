"""Every error becomes one status: its code, its reason, its sentence, and its details."""

from __future__ import annotations

import inspect
import logging

import pytest
from google.protobuf.message import Message
from google.rpc import code_pb2, error_details_pb2, status_pb2
from hypothesis import given
from hypothesis import strategies as st

from framecap import errors
from framecap.errors import CaptureError, RequestError
from framecap.events.status import incident, shorten, to_status

# What a peer must be ready to take in trailers, and what gRPC's own keys need of it.
TRAILER_BYTES = 8192 - 256

KINDS = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, CaptureError)
]


def build(kind: type[CaptureError], message: str = "A sentence.", **rest) -> CaptureError:
    if issubclass(kind, RequestError):
        return kind(message, field="text", **rest)
    return kind(message, **rest)


def details(status: status_pb2.Status, kind: type[Message]) -> list[Message]:
    found = []
    for packed in status.details:
        if packed.Is(kind.DESCRIPTOR):
            message = kind()
            packed.Unpack(message)
            found.append(message)
    return found


def one(status: status_pb2.Status, kind: type[Message]) -> Message:
    (message,) = details(status, kind)
    return message


def test_no_error_is_ok() -> None:
    assert to_status(None) == status_pb2.Status(code=code_pb2.OK)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_error_has_code_sentence_and_reason(kind: type[CaptureError]) -> None:
    status = to_status(build(kind, metadata={"limit": "10"}))
    assert code_pb2.Code.Name(status.code) == kind.code.name
    assert status.message == "A sentence."
    info = one(status, error_details_pb2.ErrorInfo)
    assert (info.reason, info.domain, dict(info.metadata)) == (
        kind.reason,
        "framecap",
        {"limit": "10"},
    )


@pytest.mark.parametrize("message", ["x: is no option", "text:17: x: is no option"])
def test_a_wrong_request_names_its_field_and_column_once(message: str) -> None:
    error = errors.OptionUnknown(message, field="text", column=17)
    violations = one(to_status(error), error_details_pb2.BadRequest).field_violations
    assert [(v.field, v.description) for v in violations] == [("text", "text:17: x: is no option")]
    info = one(to_status(error), error_details_pb2.ErrorInfo)
    assert info.metadata["column"] == "17"


def test_a_wrong_request_without_column_names_its_field() -> None:
    error = errors.SourceInvalid("The source is empty.", field="source")
    violations = one(to_status(error), error_details_pb2.BadRequest).field_violations
    assert [(v.field, v.description) for v in violations] == [("source", "The source is empty.")]


@pytest.mark.parametrize(
    ("error", "kind", "name"),
    [
        (errors.SourceNotFound("No.", metadata={"source": "b/k"}), "source", "b/k"),
        (errors.BucketNotFound("No.", metadata={"bucket": "b"}), "bucket", "b"),
        (errors.TaskNotFound("No.", metadata={"task": "MediaConvert-1"}), "task", "MediaConvert-1"),
    ],
)
def test_what_is_not_found_is_named(error: CaptureError, kind: str, name: str) -> None:
    resource = one(to_status(error), error_details_pb2.ResourceInfo)
    assert (resource.resource_type, resource.resource_name) == (kind, name)


def test_a_bad_file_is_a_failed_precondition_with_its_reason() -> None:
    error = errors.MediaCorrupt("Nothing can be decoded.", metadata={"source": "b/k"})
    (violation,) = one(to_status(error), error_details_pb2.PreconditionFailure).violations
    assert (violation.type, violation.subject, violation.description) == (
        "MEDIA_CORRUPT",
        "b/k",
        "Nothing can be decoded.",
    )


@pytest.mark.parametrize(
    "kind",
    [errors.TaskNotEnded, errors.TaskExpired, errors.WorkerLost],
    ids=lambda kind: kind.reason,
)
def test_the_state_of_a_task_is_a_failed_precondition(kind: type[CaptureError]) -> None:
    error = kind("The task is pending.", metadata={"task": "MediaConvert-1"})
    (violation,) = one(to_status(error), error_details_pb2.PreconditionFailure).violations
    assert (violation.type, violation.subject) == (kind.reason, "MediaConvert-1")


def test_what_may_pass_says_when_to_try_again() -> None:
    retry = one(
        to_status(errors.QueueFull("Full.", retry_after_ms=1500)), error_details_pb2.RetryInfo
    )
    assert retry.retry_delay.ToMilliseconds() == 1500


def test_what_will_not_pass_says_no_time() -> None:
    assert not details(to_status(errors.QueueFull("Full.")), error_details_pb2.RetryInfo)


@pytest.mark.parametrize("kind", [errors.SpecSyntax, errors.MediaCorrupt, errors.SourceNotFound])
@pytest.mark.parametrize("letter", ["x", "影", "\n", "\udcff"])
def test_a_status_fits_the_trailers_however_long_its_words(
    kind: type[CaptureError], letter: str
) -> None:
    long = letter * 20_000
    status = to_status(
        build(kind, long, metadata={"source": long, **{f"part{n}": long for n in range(50)}})
    )
    in_percent_encoding = 3 * len(status.message.encode())
    in_base64 = -(-status.ByteSize() // 3) * 4
    assert in_percent_encoding + in_base64 < TRAILER_BYTES
    assert status.message.endswith("…")


@given(st.text(), st.integers(3, 50))
def test_shortened_text_is_the_beginning_and_fits(text: str, limit: int) -> None:
    short = shorten(text, limit)
    assert len(short.encode()) <= limit
    if len(text.encode()) <= limit:
        assert short == text
    else:
        assert short.endswith("…")
        assert text.startswith(short[:-1])


def test_a_fault_of_ours_tells_its_caller_an_id_and_the_log_the_rest(
    caplog, expected_errors: list[str]
) -> None:
    expected_errors.append("incident [0-9a-f]{16}$")
    try:
        raise ValueError("secret")
    except ValueError as fault:
        with caplog.at_level(logging.ERROR, logger="framecap.events.status"):
            error = incident(fault)
    number = error.metadata["incident"]
    assert error.message == f"The service failed. The incident is {number}."
    assert (error.code.name, error.reason) == ("INTERNAL", "INTERNAL")
    assert "secret" not in str(to_status(error))
    (record,) = caplog.records
    assert number in record.getMessage()
    assert record.exc_info is not None
    assert "secret" in str(record.exc_info[1])


def test_two_faults_have_two_ids(caplog, expected_errors: list[str]) -> None:
    expected_errors.append("incident")
    first, second = incident(ValueError()), incident(ValueError())
    assert first.metadata["incident"] != second.metadata["incident"]
    assert len(caplog.records) == 2


def test_equal_errors_have_equal_bytes() -> None:
    metadata = {f"name{number}": str(number) for number in range(12)}
    turned = dict(reversed(metadata.items()))
    first, other = (errors.SourceNotFound("none", metadata=given) for given in (metadata, turned))
    assert to_status(first).SerializeToString() == to_status(other).SerializeToString()
