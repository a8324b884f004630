"""The image encoding of a request: the format and its quality."""

from __future__ import annotations

from typing import Any, Final

from framecap.errors import OutputUnsupported
from framecap.formats.registry import FORMATS, encoded_by
from framecap.model.spec import CaptureSpec, ImageFormat
from framecap.v1 import capture_pb2 as pb
from framecap.values import checks
from framecap.values.wording import listed

FIELD: Final = "spec.encoding"


def from_proto(message: pb.CaptureSpec) -> tuple[ImageFormat, int | None]:
    """Returns the format and the quality of a request; None is the format's default quality.

    Raises:
        OptionMissing: No encoding is set.
        OutputUnsupported: The encoding has no encoder yet.
        ValueOutOfRange: The quality is not in the format's range.
    """
    case = message.WhichOneof("encoding")
    if case is None:
        raise checks.missing(FIELD, _allowed())
    row = encoded_by(case)
    if row is None:
        raise OutputUnsupported(
            f"{FIELD}: {case} is not there yet; there are {_allowed()}",
            field=FIELD,
            metadata={"value": case, "allowed": _allowed()},
        )
    if row.quality is None:
        return row.format, None
    least, greatest, default = row.quality.least, row.quality.greatest, row.quality.default
    options: Any = getattr(message, case)
    quality = checks.number_or(default, f"spec.{case}.quality", options.quality, least, greatest)
    return row.format, None if quality == default else quality


def to_proto(spec: CaptureSpec, message: pb.CaptureSpec, *, defaults: bool) -> None:
    """Writes the encoding of `spec` into `message`.

    Args:
        spec: The request.
        message: The message to write to.
        defaults: True to fill in the format's default quality; False to leave it unset.
    """
    row = FORMATS[spec.format]
    options: Any = getattr(message, row.encoding)
    options.SetInParent()
    if spec.quality is not None:
        options.quality = spec.quality
    elif row.quality is not None and defaults:
        options.quality = row.quality.default


def _allowed() -> str:
    return listed(row.encoding for row in FORMATS.values())
