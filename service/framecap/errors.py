"""Everything that can go wrong with a capture, as one tree.

CaptureError
├── RequestError          the request itself                    INVALID_ARGUMENT
│   ├── SpecSyntax · OptionUnknown · OptionRepeated · OptionMissing · ValueOutOfRange
│   ├── SourceInvalid · TargetInvalid · TargetIsSource · DeliveryConflict · OutputUnsupported
├── OffsetAfterEnd        `ss` lies after the last frame        OUT_OF_RANGE
├── SourceNotFound        nothing at that address               NOT_FOUND
├── BucketNotFound        no such bucket                        NOT_FOUND
├── SourceNotAllowed      outside what the service may read     PERMISSION_DENIED
├── TargetNotAllowed      a store does not take it              PERMISSION_DENIED
├── MediaError            whatever the file causes              FAILED_PRECONDITION
│   ├── NoVideoStream · ContainerUnsupported · CodecUnsupported · MediaEncrypted
│   ├── MediaCorrupt · LimitExceeded · SourceChanged
│   └── DecoderCrashed · DecoderStalled
├── QueueFull             too much at once                      RESOURCE_EXHAUSTED
├── DecoderLost · Draining · SinkUnreachable · SourceUnreachable  UNAVAILABLE
├── ClientStalled         a client that takes nothing           ABORTED
├── Deadline · Cancelled                                        DEADLINE_EXCEEDED · CANCELLED
└── InternalError         a fault of ours                       INTERNAL

An error is born complete: reason, code, the public sentence, and every variable part of the
sentence in `metadata`. Reasons are stable; they are listed in proto/README.md and never renamed.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import ClassVar, Final


class Code(IntEnum):
    """The gRPC status codes in use, by their numbers in google.rpc.Code."""

    OK = 0
    CANCELLED = 1
    INVALID_ARGUMENT = 3
    DEADLINE_EXCEEDED = 4
    NOT_FOUND = 5
    PERMISSION_DENIED = 7
    RESOURCE_EXHAUSTED = 8
    FAILED_PRECONDITION = 9
    ABORTED = 10
    OUT_OF_RANGE = 11
    INTERNAL = 13
    UNAVAILABLE = 14


class CaptureError(Exception):
    """A failure that its caller is told about.

    Args:
        message: The sentence for a person. Carries nothing of the service's inside.
        metadata: Every variable part of the sentence, by name.
        retry_after_ms: When trying again may help; None when it will not.
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
    """The request is wrong, whatever the source is.

    Args:
        message: The sentence for a person.
        field: The request's field, as a path: `text`, `spec.box.width_px`, `source`.
        column: In the text form, where the wrong part begins, from 1.
        metadata: Every variable part of the sentence, by name.
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
        parts = dict(metadata or {})
        if column is not None:
            parts["column"] = str(column)
        super().__init__(message, metadata=parts)
        self.field: Final = field
        self.column: Final = column


class SpecSyntax(RequestError):
    """The text form cannot be read."""

    reason = "SPEC_SYNTAX"


class OptionUnknown(RequestError):
    """The text form has an option that does not exist."""

    reason = "OPTION_UNKNOWN"


class OptionRepeated(RequestError):
    """An option or an action stands twice."""

    reason = "OPTION_REPEATED"


class OptionMissing(RequestError):
    """A required option is not there."""

    reason = "OPTION_MISSING"


class ValueOutOfRange(RequestError):
    """A value is not one of those allowed."""

    reason = "VALUE_OUT_OF_RANGE"


class SourceInvalid(RequestError):
    """The source is not an address framecap reads."""

    reason = "SOURCE_INVALID"


class TargetInvalid(RequestError):
    """The images' bucket or key cannot be used."""

    reason = "TARGET_INVALID"


class TargetIsSource(RequestError):
    """An image would replace its own source."""

    reason = "TARGET_IS_SOURCE"


class DeliveryConflict(RequestError):
    """The request says twice, or in a way that cannot be, where the images go."""

    reason = "DELIVERY_CONFLICT"


class OutputUnsupported(RequestError):
    """The request wants something made that this version does not make."""

    reason = "OUTPUT_UNSUPPORTED"


class OffsetAfterEnd(CaptureError):
    """A requested offset lies at or after the end of the video."""

    code, reason = Code.OUT_OF_RANGE, "OFFSET_AFTER_END"


class SourceNotFound(CaptureError):
    """There is no such source."""

    code, reason = Code.NOT_FOUND, "SOURCE_NOT_FOUND"


class BucketNotFound(CaptureError):
    """There is no such bucket."""

    code, reason = Code.NOT_FOUND, "BUCKET_NOT_FOUND"


class SourceNotAllowed(CaptureError):
    """The source lies outside what the service may read."""

    code, reason = Code.PERMISSION_DENIED, "SOURCE_NOT_ALLOWED"


class TargetNotAllowed(CaptureError):
    """The target's store does not take an image from this service."""

    code, reason = Code.PERMISSION_DENIED, "TARGET_NOT_ALLOWED"


class MediaError(CaptureError):
    """The file is the cause."""

    code, reason = Code.FAILED_PRECONDITION, "MEDIA_UNUSABLE"


class NoVideoStream(MediaError):
    """There is neither video nor cover art."""

    reason = "NO_VIDEO_STREAM"


class ContainerUnsupported(MediaError):
    """The file is of a kind that is not read."""

    reason = "CONTAINER_UNSUPPORTED"


class CodecUnsupported(MediaError):
    """There is no decoder for the video."""

    reason = "CODEC_UNSUPPORTED"


class MediaEncrypted(MediaError):
    """The video is encrypted, and there is no key."""

    reason = "MEDIA_ENCRYPTED"


class MediaCorrupt(MediaError):
    """Nothing, or in strict captures not everything, can be decoded."""

    reason = "MEDIA_CORRUPT"


class LimitExceeded(MediaError):
    """The file or the result is larger than the service handles."""

    reason = "LIMIT_EXCEEDED"


class SourceChanged(MediaError):
    """The source is no longer the one that was opened."""

    reason = "SOURCE_CHANGED"


class DecoderCrashed(MediaError):
    """The file crashed its decoder."""

    reason = "DECODER_CRASHED"


class DecoderStalled(MediaError):
    """The file made its decoder stop without an end."""

    reason = "DECODER_STALLED"


class QueueFull(CaptureError):
    """The service has as much work as it takes."""

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


class ClientStalled(CaptureError):
    """The client took nothing for too long."""

    code, reason = Code.ABORTED, "CLIENT_STALLED"


class DeadlineExpired(CaptureError):
    """The call's deadline passed."""

    code, reason = Code.DEADLINE_EXCEEDED, "DEADLINE"


class Cancelled(CaptureError):
    """The caller went away."""

    code, reason = Code.CANCELLED, "CANCELLED"


class InternalError(CaptureError):
    """A fault of the service. Its sentence has an incident id and nothing else."""
