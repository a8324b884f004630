"""The one mapping from `CaptureError` to `google.rpc.Status`."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping
from typing import Final

from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

from framecap.errors import (
    BucketNotFound,
    CaptureError,
    Code,
    InternalError,
    MediaError,
    RequestError,
    SourceNotFound,
    TaskExpired,
    TaskNotEnded,
    TaskNotFound,
    TopicNotFound,
    WorkerLost,
)

DOMAIN: Final = "framecap"

# A status is also sent in HTTP/2 trailers: the sentence in percent encoding, and this whole message
# in base64. A peer need not accept more than 8 KiB of them, so the sentence and metadata are cut.
MAX_SENTENCE_BYTES: Final = 512
MAX_VALUE_BYTES: Final = 256
MAX_METADATA_BYTES: Final = 1536

RESOURCES: Final[Mapping[type[CaptureError], str]] = {
    SourceNotFound: "source",
    BucketNotFound: "bucket",
    TaskNotFound: "task",
    TopicNotFound: "topic",
}

PRECONDITIONS: Final[Mapping[type[CaptureError], str]] = {
    MediaError: "source",
    TaskNotEnded: "task",
    TaskExpired: "task",
    WorkerLost: "task",
}
"""The cause of a failed precondition, as its name in the metadata."""

logger = logging.getLogger(__name__)


def to_status(error: CaptureError | None) -> status_pb2.Status:
    """Returns the status for `error`; OK for None."""
    if error is None:
        return status_pb2.Status(code=Code.OK)
    sentence = shorten(error.message, MAX_SENTENCE_BYTES)
    status = status_pb2.Status(code=error.code, message=sentence)
    for detail in _details(error, sentence):
        # Equal errors have equal bytes: else the order of metadata is that of the moment.
        status.details.add().Pack(detail, deterministic=True)
    return status


def error_info(status: status_pb2.Status) -> error_details_pb2.ErrorInfo:
    """Returns the `ErrorInfo` in a status; an empty one where there is none."""
    info = error_details_pb2.ErrorInfo()
    for detail in status.details:
        if detail.Is(info.DESCRIPTOR):
            detail.Unpack(info)
            break
    return info


def incident(exception: BaseException) -> InternalError:
    """Returns the error to report for a fault of the service, and logs the fault.

    The error has an incident id and nothing else; the log has the id and the traceback.
    """
    number = os.urandom(8).hex()
    logger.error("incident %s", number, exc_info=exception)
    return InternalError(
        f"The service failed. The incident is {number}.", metadata={"incident": number}
    )


def shorten(text: str, limit: int) -> str:
    """Returns `text` cut to at most `limit` bytes of UTF-8, with an ellipsis if it was cut."""
    encoded = text.encode(errors="backslashreplace")
    if len(encoded) > limit:
        ellipsis = "…".encode()
        encoded = encoded[: limit - len(ellipsis)].decode(errors="ignore").encode() + ellipsis
    return encoded.decode()


def _details(error: CaptureError, sentence: str) -> Iterator[Message]:
    yield error_details_pb2.ErrorInfo(
        reason=error.reason, domain=DOMAIN, metadata=_short_metadata(error.metadata)
    )
    if isinstance(error, RequestError):
        at = "" if error.column is None else f"{error.field}:{error.column}: "
        described = sentence if sentence.startswith(at) else at + sentence
        yield error_details_pb2.BadRequest(
            field_violations=[{"field": error.field, "description": described}]
        )
    for kind, resource in RESOURCES.items():
        if isinstance(error, kind):
            yield error_details_pb2.ResourceInfo(
                resource_type=resource,
                resource_name=shorten(error.metadata.get(resource, ""), MAX_VALUE_BYTES),
                description=sentence,
            )
    for kind, cause in PRECONDITIONS.items():
        if isinstance(error, kind):
            subject = shorten(error.metadata.get(cause, cause), MAX_VALUE_BYTES)
            yield error_details_pb2.PreconditionFailure(
                violations=[{"type": error.reason, "subject": subject, "description": sentence}]
            )
    if error.retry_after_ms is not None:
        retry = error_details_pb2.RetryInfo()
        retry.retry_delay.FromMilliseconds(error.retry_after_ms)
        yield retry


def _short_metadata(metadata: Mapping[str, str]) -> dict[str, str]:
    """Returns the first entries, each value cut, that fit MAX_METADATA_BYTES together."""
    kept: dict[str, str] = {}
    room = MAX_METADATA_BYTES
    for name, value in metadata.items():
        value = shorten(value, MAX_VALUE_BYTES)
        room -= len(name.encode()) + len(value.encode())
        if room < 0:
            break
        kept[name] = value
    return kept
