"""The errors of a capture, as one tree.

CaptureError
├── RequestError          the request is invalid                INVALID_ARGUMENT
│   ├── SpecSyntax · OptionUnknown · OptionRepeated · OptionMissing · ValueOutOfRange
│   ├── SourceInvalid · TargetInvalid · TargetIsSource · DeliveryConflict · OutputUnsupported
├── OffsetAfterEnd        `ss` lies after the last frame        OUT_OF_RANGE
├── SourceNotFound        no source at that address             NOT_FOUND
├── BucketNotFound        no such bucket                        NOT_FOUND
├── TaskNotFound          no such task                          NOT_FOUND
├── TopicNotFound         no such topic                         NOT_FOUND
├── RequestIdReused       the id belongs to another request     ALREADY_EXISTS
├── SourceNotAllowed      the service may not read it           PERMISSION_DENIED
├── TargetNotAllowed      the store refuses the image           PERMISSION_DENIED
├── MediaError            caused by the file                    FAILED_PRECONDITION
│   ├── NoVideoStream · ContainerUnsupported · CodecUnsupported · MediaEncrypted
│   ├── MediaCorrupt · LimitExceeded · SourceChanged
│   └── DecoderCrashed · DecoderStalled
├── TaskNotEnded · TaskExpired · WorkerLost                     FAILED_PRECONDITION
├── QueueFull             too many captures                     RESOURCE_EXHAUSTED
├── DecoderLost · Draining · SinkUnreachable · SourceUnreachable  UNAVAILABLE
├── DataStoreUnavailable  tasks cannot be stored                UNAVAILABLE
├── ClientStalled         the client reads no events            ABORTED
├── Deadline · Cancelled                                        DEADLINE_EXCEEDED · CANCELLED
└── InternalError         a fault of the service                INTERNAL

An error is complete when it is raised: reason, code, the public sentence, and each variable value
of the sentence in `metadata`. Reasons are stable; they are listed in proto/README.md and never
renamed.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import ClassVar, Final


class Code(IntEnum):
    """The gRPC status codes in use, with their numbers in google.rpc.Code."""

    OK = 0
    CANCELLED = 1
    INVALID_ARGUMENT = 3
    DEADLINE_EXCEEDED = 4
    NOT_FOUND = 5
    ALREADY_EXISTS = 6
    PERMISSION_DENIED = 7
    RESOURCE_EXHAUSTED = 8
    FAILED_PRECONDITION = 9
    ABORTED = 10
    OUT_OF_RANGE = 11
    INTERNAL = 13
    UNAVAILABLE = 14


class CaptureError(Exception):
    """A failure that is reported to the caller.

    Args:
        message: The sentence for a person; it has no internals of the service.
        metadata: Each variable value of the sentence, by name.
        retry_after_ms: The time after which a retry may succeed; None when none will.
    """

    code: ClassVar[Code] = Code.INTERNAL
    reason: ClassVar[str] = "INTERNAL"

    def __init__(
        self,
        message: str,
        *,
        metadata: Mapping[str, str] | None = None,
        retry_after_ms: int | None = None,
    ) -> None:
        super().__init__(message)
        self.message: Final = message
        self.metadata: Final[dict[str, str]] = dict(metadata or {})
        self.retry_after_ms: Final = retry_after_ms


class RequestError(CaptureError):
    """The request is invalid for every source.

    Args:
        message: The sentence for a person.
        field: The request's field, as a path: `text`, `spec.box.width_px`, `source`.
        column: The column in the text form at which the error begins, from 1.
        metadata: Each variable value of the sentence, by name.
    """

    code = Code.INVALID_ARGUMENT
    reason = "REQUEST_INVALID"

    def __init__(
        self,
        message: str,
        *,
        field: str,
        column: int | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        values = dict(metadata or {})
        if column is not None:
            values["column"] = str(column)
        super().__init__(message, metadata=values)
        self.field: Final = field
        self.column: Final = column


class SpecSyntax(RequestError):
    """The text form cannot be read."""

    reason = "SPEC_SYNTAX"


class OptionUnknown(RequestError):
    """The text form or an installed selection has no such option."""

    reason = "OPTION_UNKNOWN"


class OptionRepeated(RequestError):
    """An option or an action is given twice."""

    reason = "OPTION_REPEATED"


class OptionMissing(RequestError):
    """A required option is missing."""

    reason = "OPTION_MISSING"


class ValueOutOfRange(RequestError):
    """A value is not one of those allowed."""

    reason = "VALUE_OUT_OF_RANGE"


class SourceInvalid(RequestError):
    """The source is not an address that framecap can read."""

    reason = "SOURCE_INVALID"


class TargetInvalid(RequestError):
    """The images' bucket or key cannot be used."""

    reason = "TARGET_INVALID"


class TargetIsSource(RequestError):
    """An image would replace its own source."""

    reason = "TARGET_IS_SOURCE"


class DeliveryConflict(RequestError):
    """The request names the images' destination twice, or in an impossible combination."""

    reason = "DELIVERY_CONFLICT"


class OutputUnsupported(RequestError):
    """The request has an output that this version does not make."""

    reason = "OUTPUT_UNSUPPORTED"


class OffsetAfterEnd(CaptureError):
    """A requested offset lies at or after the end of the video."""

    code, reason = Code.OUT_OF_RANGE, "OFFSET_AFTER_END"


class SourceNotFound(CaptureError):
    """The source does not exist."""

    code, reason = Code.NOT_FOUND, "SOURCE_NOT_FOUND"


class BucketNotFound(CaptureError):
    """The bucket does not exist."""

    code, reason = Code.NOT_FOUND, "BUCKET_NOT_FOUND"


class TaskNotFound(CaptureError):
    """The principal has no such task."""

    code, reason = Code.NOT_FOUND, "TASK_NOT_FOUND"


class TopicNotFound(CaptureError):
    """The topic to notify is not configured."""

    code, reason = Code.NOT_FOUND, "TOPIC_NOT_FOUND"


class RequestIdReused(CaptureError):
    """The principal used the request id for another request."""

    code, reason = Code.ALREADY_EXISTS, "REQUEST_ID_REUSED"


class SourceNotAllowed(CaptureError):
    """The service may not read the source."""

    code, reason = Code.PERMISSION_DENIED, "SOURCE_NOT_ALLOWED"


class TargetNotAllowed(CaptureError):
    """The store of the images refuses an image from this service."""

    code, reason = Code.PERMISSION_DENIED, "TARGET_NOT_ALLOWED"


class MediaError(CaptureError):
    """The file is the cause."""

    code, reason = Code.FAILED_PRECONDITION, "MEDIA_UNUSABLE"


class NoVideoStream(MediaError):
    """The file has neither video nor cover art."""

    reason = "NO_VIDEO_STREAM"


class ContainerUnsupported(MediaError):
    """The container format is not supported."""

    reason = "CONTAINER_UNSUPPORTED"


class CodecUnsupported(MediaError):
    """There is no decoder for the video."""

    reason = "CODEC_UNSUPPORTED"


class MediaEncrypted(MediaError):
    """The video is encrypted, and there is no key."""

    reason = "MEDIA_ENCRYPTED"


class MediaCorrupt(MediaError):
    """No frame can be decoded, or, in a strict capture, not every frame."""

    reason = "MEDIA_CORRUPT"


class LimitExceeded(MediaError):
    """The file or the result is larger than the service handles."""

    reason = "LIMIT_EXCEEDED"


class SourceChanged(MediaError):
    """The source changed after it was opened."""

    reason = "SOURCE_CHANGED"


class DecoderCrashed(MediaError):
    """The file crashed its decoder."""

    reason = "DECODER_CRASHED"


class DecoderStalled(MediaError):
    """The file made its decoder hang."""

    reason = "DECODER_STALLED"


class TaskNotEnded(CaptureError):
    """The task has not ended yet."""

    code, reason = Code.FAILED_PRECONDITION, "TASK_NOT_ENDED"


class TaskExpired(CaptureError):
    """The task was pending for too long."""

    code, reason = Code.FAILED_PRECONDITION, "TASK_EXPIRED"


class WorkerLost(CaptureError):
    """The worker of the task's last attempt died."""

    code, reason = Code.FAILED_PRECONDITION, "WORKER_LOST"


class QueueFull(CaptureError):
    """The queue of captures is full."""

    code, reason = Code.RESOURCE_EXHAUSTED, "QUEUE_FULL"


class DecoderLost(CaptureError):
    """A decoder was killed from outside."""

    code, reason = Code.UNAVAILABLE, "DECODER_LOST"


class Draining(CaptureError):
    """The service is shutting down."""

    code, reason = Code.UNAVAILABLE, "DRAINING"


class SourceUnreachable(CaptureError):
    """The source could not be read, for now."""

    code, reason = Code.UNAVAILABLE, "SOURCE_UNREACHABLE"


class SinkUnreachable(CaptureError):
    """An image could not be stored, for now."""

    code, reason = Code.UNAVAILABLE, "SINK_UNREACHABLE"


class DataStoreUnavailable(CaptureError):
    """The store of the tasks cannot be written or read, for now."""

    code, reason = Code.UNAVAILABLE, "DATA_STORE_UNAVAILABLE"


class ClientStalled(CaptureError):
    """The client read no events for too long."""

    code, reason = Code.ABORTED, "CLIENT_STALLED"


class DeadlineExpired(CaptureError):
    """The call's deadline passed."""

    code, reason = Code.DEADLINE_EXCEEDED, "DEADLINE"


class Cancelled(CaptureError):
    """The caller went away."""

    code, reason = Code.CANCELLED, "CANCELLED"


class InternalError(CaptureError):
    """A fault of the service. Its sentence has an incident id and nothing else."""
