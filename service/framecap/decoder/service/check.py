"""Checks the messages of a decoder, which an untrusted file may have taken over."""

from __future__ import annotations

from typing import Final

from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2

from framecap.decoder.v1.decoder_pb2 import (
    EncodedFile,
    EncodedImage,
    FromDecoder,
    Job,
    OpenRequest,
    ReadRequest,
)
from framecap.errors import (
    CaptureError,
    CodecUnsupported,
    ContainerUnsupported,
    LimitExceeded,
    MediaCorrupt,
    MediaEncrypted,
    MediaError,
    NoVideoStream,
    OffsetAfterEnd,
    OptionMissing,
    OptionUnknown,
    RequestError,
    ValueOutOfRange,
)
from framecap.events.status import error_info, to_status
from framecap.formats.registry import numbered
from framecap.outputs.registry import file_types
from framecap.v1.event_pb2 import CaptureFinished

MAX_REPORT_BYTES: Final = 256 * 1024
"""The longest message without an image; its event must fit the limit of an event."""

MAX_WARNINGS: Final = 1000
MAX_REFERENCE: Final = 4096
MAX_READ_BYTES: Final = 8 * 1024 * 1024

FILE_CAUSED: Final[dict[str, type[CaptureError]]] = {
    error.reason: error
    for error in (
        MediaError,
        NoVideoStream,
        ContainerUnsupported,
        CodecUnsupported,
        MediaEncrypted,
        MediaCorrupt,
        LimitExceeded,
        OffsetAfterEnd,
    )
}
"""The errors that a decoder may report, by reason."""

OPTION_REFUSALS: Final[dict[str, type[RequestError]]] = {
    error.reason: error for error in (OptionMissing, OptionUnknown, ValueOutOfRange)
}
"""The errors with which an installed selection may refuse its options, by reason."""

OPTIONS: Final = "spec.plugin.options."
"""What the fields of such errors begin with."""


class Violation(Exception):
    """A decoder broke the protocol."""


class Check:
    """Checks the messages of one decoder, in order.

    Args:
        job: The decoder's job.
        max_image_bytes: The size of the largest image.
    """

    def __init__(self, job: Job, max_image_bytes: int) -> None:
        self._job = job
        self._max_image_bytes = max_image_bytes
        self._seen: set[str] = set()
        self._images = job.resume.captured_count
        self._output_files = 0
        self._captured = job.resume.captured_count
        self._warnings = 0
        self._files = 0

    def accept(self, message: FromDecoder) -> None:
        """Checks the next message; replaces a status in it by one that the service built.

        Raises:
            Violation: The message must not come now, or not with this content.
        """
        case = message.WhichOneof("message")
        _require(not self._seen & {"finished", "fault"}, f"{case} after the end")
        if case == "image":
            self._accept_image(message.image)
        elif case == "file":
            self._accept_file(message.file)
        else:
            _require(message.ByteSize() <= MAX_REPORT_BYTES, f"{case} is too long")
        if case in ("probed", "planned"):
            _require(case not in self._seen, f"a second {case}")
        if case == "planned":
            _require("probed" in self._seen, "planned before probed")
        if case == "warning":
            self._warnings += 1
            _require(self._warnings <= MAX_WARNINGS, "too many warnings")
        if case == "read":
            self._accept_read(message.read)
        if case == "open":
            self._accept_open(message.open)
        if case == "finished":
            self._accept_finished(message.finished)
        self._seen.add(case or "")

    def _accept_image(self, image: EncodedImage) -> None:
        # Each access to `image.data` copies the bytes.
        facts, data = image.facts, image.data
        self._images += 1
        self._captured += 1
        _require("planned" in self._seen, "an image before planned")
        _require(facts.index == self._images, f"image {facts.index} is not {self._images}")
        _require(facts.ByteSize() <= MAX_REPORT_BYTES, "an image's facts are too long")
        _require(facts.width >= 1 and facts.height >= 1, "an image without size")
        _require(facts.time_base.denominator >= 1, "a time base whose denominator is not positive")
        _require(
            not (facts.size_bytes or facts.sha256 or facts.superseded)
            and facts.WhichOneof("image") is None,
            "an image with facts that only the service knows",
        )
        _require(len(data) <= self._max_image_bytes, "an image is too large")
        row = numbered(facts.format)
        _require(row is not None, "an image of unknown format")
        _require(row is not None and data.startswith(row.signature), "an image of another format")

    def _accept_file(self, file: EncodedFile) -> None:
        facts, data = file.facts, file.data
        self._output_files += 1
        self._captured += file.frame_count
        _require("planned" in self._seen, "a file before planned")
        _require(facts.index == self._output_files, f"file {facts.index} out of order")
        _require(facts.ByteSize() <= MAX_REPORT_BYTES, "a file's facts are too long")
        _require(facts.width >= 0 and facts.height >= 0, "a file of negative size")
        _require(file.frame_count >= 0, "a file of fewer frames than none")
        _require(
            not (facts.size_bytes or facts.sha256 or facts.output)
            and facts.WhichOneof("file") is None,
            "a file with facts that only the service knows",
        )
        _require(len(data) <= self._max_image_bytes, "a file is too large")
        types = [
            type for type in file_types(self._job.output) if type.media_type == facts.media_type
        ]
        _require(bool(types), "a file that the output does not make")
        _require(data.startswith(types[0].signature), "a file of another type")

    def _accept_read(self, read: ReadRequest) -> None:
        _require(1 <= read.length <= MAX_READ_BYTES, f"a read of {read.length} bytes")
        _require(read.offset >= 0, "a read before the beginning")
        _require(read.until >= 0, "a read to before the beginning")
        if read.file:
            # A file's number is known once its open was sent; `reads` checks that the open was
            # answered. A read need not lie within the file's size.
            _require(0 < read.file <= self._files, f"a read of file {read.file}")
            return
        _require(self._job.remote, "a read of a local source")
        _require(read.offset + read.length <= self._job.source_size, "a read outside the source")

    def _accept_open(self, opening: OpenRequest) -> None:
        self._files += 1
        _require(self._job.refers, "an open where the source may refer to nothing")
        _require(len(opening.reference) <= MAX_REFERENCE, "a long reference")

    def _accept_finished(self, finished: CaptureFinished) -> None:
        _require(finished.captured_count == self._captured, "a wrong count of images")
        _require(
            finished.read_request_count == 0, "a count of requests that only the service knows"
        )
        _require(finished.image_bytes == 0, "a count of bytes that only the service knows")
        _require(not finished.HasField("usage"), "a usage that only the service knows")
        _require(not finished.manifest_uri, "an object that only the service stores")
        refuses = self._job.spec.HasField("plugin") and "probed" not in self._seen
        finished.status.CopyFrom(own_status(finished.status, refuses=refuses))


def own_status(status: status_pb2.Status, *, refuses: bool = False) -> status_pb2.Status:
    """Returns a status built by the service, for the error in a decoder's status.

    Args:
        status: The decoder's status.
        refuses: True when it may refuse the options of an installed selection.

    Raises:
        Violation: A file cannot cause that error, nor can it be such a refusal.
    """
    if status.code == 0:
        _require(status == to_status(None), "success with details")
        return to_status(None)
    info = error_details_pb2.ErrorInfo()
    _require(len(status.details) >= 1, "a failure without cause")
    try:
        unpacked = status.details[0].Unpack(info)
    except DecodeError as error:
        raise Violation("a failure with a broken cause") from error
    _require(unpacked, "a failure with another detail first")
    if refuses and info.reason in OPTION_REFUSALS:
        _require(status.code == RequestError.code, "a refusal with another code")
        field = info.metadata.get("option", "")
        _require(field.startswith(OPTIONS), "a refusal of another field")
    else:
        kind = FILE_CAUSED.get(info.reason)
        _require(kind is not None and kind.code == status.code, "a cause that no file has")
    return to_status(_error(status, info))


def error_of(status: status_pb2.Status) -> CaptureError | None:
    """Returns the error in a checked status; None for success."""
    if status.code == 0:
        return None
    return _error(status, error_info(status))


def _error(status: status_pb2.Status, info: error_details_pb2.ErrorInfo) -> CaptureError:
    """Returns the error in a status whose cause was checked."""
    metadata = dict(info.metadata)
    if info.reason in OPTION_REFUSALS:
        refusal = OPTION_REFUSALS[info.reason]
        return refusal(status.message, field=metadata["option"], metadata=metadata)
    return FILE_CAUSED[info.reason](status.message, metadata=metadata)


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise Violation(otherwise)
