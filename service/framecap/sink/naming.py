"""What the objects of a capture are called."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from framecap.errors import TargetInvalid, TargetIsSource
from framecap.model.capture import Notice
from framecap.model.names import bucket_fault, key_fault, shown
from framecap.model.spec import ImageFormat, ObjectTarget
from framecap.sink.template import (
    CREATED_VARIABLES,
    KEY_FIELD,
    MODIFIED_VARIABLES,
    KeyTemplate,
    Variable,
)

BUCKET_FIELD: Final = "delivery.object.bucket"

# Extensions under which each format is known.
EXTENSIONS: Final = {
    ImageFormat.JPG: frozenset({"jpg", "jpeg", "jpe", "jfif"}),
    ImageFormat.PNG: frozenset({"png"}),
}

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

# The longest numbers that an image can have: a key that fits these fits any.
_MAX_INDEX: Final = 2**31 - 1
_MAX_STREAMS: Final = 9999


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceName:
    """What a target's name may be made of."""

    bucket: str | None
    """The source's bucket; None for a path."""

    key: str
    """The source's key; a path's file name."""

    last_modified: datetime = EPOCH
    """When the source last changed, in UTC; the epoch as long as that is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Naming:
    """Names the images of one capture.

    Raises:
        TargetInvalid: Some image's key would not be a key: `..`, an empty segment, too long, or
            made of the bucket of a source that has none.
        TargetIsSource: All images would have the source's own key.
    """

    template: KeyTemplate
    """The template of the keys."""

    bucket: str | None
    """The target bucket; None where images become files of a directory."""

    source: SourceName
    """The source."""

    format: ImageFormat
    """The image format."""

    created: datetime = EPOCH
    """When the capture began, in UTC; the epoch as long as that is not known."""

    field: str = KEY_FIELD
    """The request's field that errors name."""

    def __post_init__(self) -> None:
        # Whatever could be wrong with a key is wrong before anything was decoded.
        self.key(index=1, stream_ordinal=0)
        self.key(index=_MAX_INDEX, stream_ordinal=_MAX_STREAMS)

    @property
    def one_key(self) -> bool:
        """True when all images have the same key, so that the last one wins."""
        return self.template.one_key

    def key(self, *, index: int, stream_ordinal: int) -> str:
        """Returns the key of an image.

        Args:
            index: The image's position, from 1.
            stream_ordinal: The stream's ordinal among the video streams that are not covers.

        Raises:
            TargetInvalid: It would not be a key.
            TargetIsSource: It is the source's own key.
        """
        if self.source.bucket is None and Variable("bucket") in self.template.parts:
            raise self._invalid("names the source's bucket, and the source has none")
        key = self.template.fill(self._values(index, stream_ordinal))
        fault = key_fault(key)
        if fault:
            raise self._invalid(f"makes the key {shown(key)}, which {fault}")
        if self.bucket is not None and (self.bucket, key) == (self.source.bucket, self.source.key):
            name = f"{self.bucket}/{key}"
            raise TargetIsSource(
                f"{self.field}: an image would replace its own source, {shown(name)}",
                field=self.field,
                metadata={"value": self.template.text, "source": name},
            )
        return key

    def notices(self) -> tuple[Notice, ...]:
        """Returns what is worth knowing about the names before the capture."""
        key = self.key(index=1, stream_ordinal=0)
        extension = posixpath.basename(key).rpartition(".")[2]
        if extension.lower() in EXTENSIONS[self.format]:
            return ()
        parts = {"extension": extension, "format": self.format.value, "option": "f"}
        return (
            Notice(
                reason="EXTENSION_DIFFERS",
                message=(
                    f"{self.field}: names end in {shown(extension)}, but the images are"
                    f" {self.format.value}, as f says"
                ),
                metadata=parts,
            ),
        )

    def _values(self, index: int, stream_ordinal: int) -> dict[str, str]:
        dirname, basename = posixpath.split(self.source.key)
        barename, dot_ext = posixpath.splitext(basename)
        return {
            "bucket": self.source.bucket or "",
            "key": self.source.key,
            "dirname": dirname,
            "basename": basename,
            "barename": barename,
            "ext": dot_ext.removeprefix("."),
            **dict(zip(MODIFIED_VARIABLES, _clock_parts(self.source.last_modified), strict=True)),
            **dict(zip(CREATED_VARIABLES, _clock_parts(self.created), strict=True)),
            "streamindex": str(stream_ordinal),
            "index": str(index),
            "autoext": self.format.value,
        }

    def _invalid(self, why: str) -> TargetInvalid:
        return TargetInvalid(
            f"{self.field}: {shown(self.template.text)} {why}",
            field=self.field,
            metadata={"value": self.template.text},
        )


def resolve_bucket(target: ObjectTarget, source_bucket: str | None) -> str:
    """Returns the bucket that images go to: the target's, else the source's.

    Raises:
        TargetInvalid: There is neither, or it is no bucket's name.
    """
    bucket = target.bucket or source_bucket
    if not bucket:
        raise TargetInvalid(
            f"{BUCKET_FIELD}: is left out, and the source has no bucket to default to",
            field=BUCKET_FIELD,
        )
    fault = bucket_fault(bucket)
    if fault:
        raise TargetInvalid(
            f"{BUCKET_FIELD}: {shown(bucket)} {fault}",
            field=BUCKET_FIELD,
            metadata={"value": bucket},
        )
    return bucket


def _clock_parts(moment: datetime) -> tuple[str, ...]:
    utc = moment.astimezone(UTC)
    pairs = (utc.month, utc.day, utc.hour, utc.minute, utc.second)
    return (f"{utc.year:04}", *(f"{number:02}" for number in pairs))
