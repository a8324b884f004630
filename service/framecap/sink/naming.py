"""The names of a capture's objects."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from framecap.errors import TargetInvalid, TargetIsSource
from framecap.formats.registry import FORMATS
from framecap.model.capture import CaptureWarning
from framecap.model.names import bucket_fault, key_fault, shown
from framecap.model.spec import CaptureSpec, ImageFormat, ObjectDestination
from framecap.sink.template import (
    CREATED_VARIABLES,
    KEY_FIELD,
    MANIFEST_FIELD,
    MODIFIED_VARIABLES,
    KeyTemplate,
    Variable,
)

BUCKET_FIELD: Final = "delivery.object.bucket"

MANIFEST_EXTENSION: Final = "json"

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

# The longest numbers that an image can have: a key that fits these fits any.
_MAX_INDEX: Final = 2**31 - 1
_MAX_STREAMS: Final = 9999

# No template contains it: it stands for an image's number in a search pattern.
_NUMBER: Final = "\0"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceName:
    """The facts of a source that object names may contain."""

    bucket: str | None
    """The source's bucket; None for a path."""

    key: str
    """The source's key; a path's file name."""

    last_modified: datetime = EPOCH
    """The time of the source's last change, in UTC; the epoch while unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Naming:
    """Names the images of one capture.

    Raises:
        TargetInvalid: An image's key, or the manifest's, is no valid key (`..`, an empty segment,
            too long), or names the bucket of a source that has none; or the manifest's key may
            be an image's.
        TargetIsSource: All images, or the manifest, would have the source's own key.
    """

    template: KeyTemplate
    """The template of the keys."""

    bucket: str | None
    """The destination bucket; None if images become files of a directory."""

    source: SourceName
    """The source."""

    format: ImageFormat
    """The image format."""

    created: datetime = EPOCH
    """The time of the capture's start, in UTC; the epoch while unknown."""

    field: str = KEY_FIELD
    """The request's field that errors name."""

    manifest: KeyTemplate | None = None
    """The template of the manifest's key; None if there is none."""

    extensions: tuple[str, ...] = ()
    """The extensions of an output's files; empty where images are stored."""

    def __post_init__(self) -> None:
        # Checks the extreme keys now, so that an invalid key fails before any decoding.
        self.key(index=1, stream_ordinal=0)
        self.key(index=_MAX_INDEX, stream_ordinal=_MAX_STREAMS)
        if self.manifest is not None:
            self.manifest_key(0)
            self.manifest_key(_MAX_STREAMS)

    @property
    def one_key(self) -> bool:
        """True when all images have the same key, so that the last one wins."""
        return self.template.one_key

    def key(self, *, index: int, stream_ordinal: int, extension: str | None = None) -> str:
        """Returns the key of an image, or of a file that an output makes.

        Args:
            index: The image's position, from 1.
            stream_ordinal: The stream's ordinal among the video streams that are not covers.
            extension: The file's extension; None for an image's, or for the first of an output.

        Raises:
            TargetInvalid: It is no valid key.
            TargetIsSource: It is the source's own key.
        """
        values = self._values(stream_ordinal)
        numbered = {"index": str(index), "autoext": extension or self._extensions[0]}
        return self._checked(self.template, values | numbered, self.field, "an image")

    def manifest_key(self, stream_ordinal: int) -> str:
        """Returns the key of the manifest; `manifest` must not be None.

        Args:
            stream_ordinal: The stream's ordinal among the video streams that are not covers.

        Raises:
            TargetInvalid: It is no valid key, or may be an image's.
            TargetIsSource: It is the source's own key.
        """
        assert self.manifest is not None
        values = self._values(stream_ordinal) | {"autoext": MANIFEST_EXTENSION}
        key = self._checked(self.manifest, values, MANIFEST_FIELD, "the manifest")
        if self._may_be_an_image(key, stream_ordinal):
            why = f"makes the key {shown(key)}, which an image may have"
            raise _invalid(self.manifest, MANIFEST_FIELD, why)
        return key

    def _checked(self, template: KeyTemplate, values: dict[str, str], field: str, what: str) -> str:
        if self.source.bucket is None and Variable("bucket") in template.parts:
            raise _invalid(template, field, "names the source's bucket, and the source has none")
        key = template.fill(values)
        fault = key_fault(key)
        if fault:
            raise _invalid(template, field, f"makes the key {shown(key)}, which {fault}")
        if self.bucket is not None and (self.bucket, key) == (self.source.bucket, self.source.key):
            name = f"{self.bucket}/{key}"
            raise TargetIsSource(
                f"{field}: {what} would replace its own source, {shown(name)}",
                field=field,
                metadata={"value": template.text, "source": name},
            )
        return key

    @property
    def _extensions(self) -> tuple[str, ...]:
        return self.extensions or (self.format.value,)

    def _may_be_an_image(self, key: str, stream_ordinal: int) -> bool:
        """Returns whether some image, or some file of the output, may have that key."""
        return any(self._matches(key, stream_ordinal, each) for each in self._extensions)

    def _matches(self, key: str, stream_ordinal: int, extension: str) -> bool:
        values = self._values(stream_ordinal)
        images = self.template.fill(values | {"index": _NUMBER, "autoext": extension})
        first, *others = map(re.escape, images.split(_NUMBER))
        if not others:
            return key == images
        # Every `{index}` of a template has the same value.
        pattern = first + "([1-9][0-9]*)" + r"\1".join(others)
        return re.fullmatch(pattern, key) is not None

    def warnings(self) -> tuple[CaptureWarning, ...]:
        """Returns the warnings about the names that are known before the capture."""
        key = self.key(index=1, stream_ordinal=0)
        extension = posixpath.basename(key).rpartition(".")[2]
        if extension.lower() in (self.extensions or FORMATS[self.format].extensions):
            return ()
        if self.extensions:
            return (self._differs(extension),)
        parts = {"extension": extension, "format": self.format.value, "option": "f"}
        return (
            CaptureWarning(
                reason="EXTENSION_DIFFERS",
                message=(
                    f"{self.field}: names end in {shown(extension)}, but the images are"
                    f" {self.format.value}, as f says"
                ),
                metadata=parts,
            ),
        )

    def _differs(self, extension: str) -> CaptureWarning:
        made = ", ".join(self.extensions)
        return CaptureWarning(
            reason="EXTENSION_DIFFERS",
            message=f"{self.field}: names end in {shown(extension)}, but the files are {made}",
            metadata={"extension": extension, "format": made},
        )

    def _values(self, stream_ordinal: int) -> dict[str, str]:
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
        }


def object_naming(spec: CaptureSpec, destination: ObjectDestination, source: SourceName) -> Naming:
    """Returns the naming of the objects of a capture that begins now.

    Raises:
        TargetInvalid: The destination's bucket or a key cannot be used.
        TargetIsSource: An object would replace the capture's source.
    """
    manifest = destination.manifest_template
    return Naming(
        template=KeyTemplate.parse(destination.key_template),
        bucket=resolve_bucket(destination, source.bucket),
        source=source,
        format=spec.format,
        created=datetime.now(UTC),
        manifest=None if manifest is None else KeyTemplate.parse_manifest(manifest),
    )


def resolve_bucket(destination: ObjectDestination, source_bucket: str | None) -> str:
    """Returns the bucket that images go to: the destination's, else the source's.

    Raises:
        TargetInvalid: There is neither, or its name is invalid.
    """
    bucket = destination.bucket or source_bucket
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


def _invalid(template: KeyTemplate, field: str, why: str) -> TargetInvalid:
    return TargetInvalid(
        f"{field}: {shown(template.text)} {why}", field=field, metadata={"value": template.text}
    )


def _clock_parts(moment: datetime) -> tuple[str, ...]:
    utc = moment.astimezone(UTC)
    pairs = (utc.month, utc.day, utc.hour, utc.minute, utc.second)
    return (f"{utc.year:04}", *(f"{number:02}" for number in pairs))
