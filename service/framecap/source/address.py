"""Addresses of sources, as callers write them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import ClassVar, Final, TypeAlias
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

from framecap.errors import SourceInvalid
from framecap.model.names import (
    bucket_fault,
    has_unprintable,
    key_fault,
    path_fault,
    printable,
    shown,
    unprintable_fault,
)

FIELD: Final = "source"
MAX_ADDRESS_BYTES: Final = 4096
BARE: Final = ""
"""The scheme of an address that has none: `bucket/key`."""

BUCKET_SCHEMES: Final = ("s3", "oss")
"""The schemes by which addresses may name an object of any bucket."""

CURE: Final = "write the name without it, or rename what has it"


@dataclass(frozen=True, slots=True)
class ObjectAddress:
    """An object of a bucket. All schemes, and none, name the same object."""

    bucket: str
    """The bucket's name."""

    key: str
    """The object's key."""

    scheme: str = BARE
    """A scheme of buckets, such as `s3` or `oss`; empty for the bare form."""

    @property
    def public_name(self) -> str:
        """The address in events and logs."""
        prefix = "" if self.scheme == BARE else f"{self.scheme}://"
        return f"{prefix}{self.bucket}/{self.key}"


@dataclass(frozen=True, slots=True)
class FileAddress:
    """A file of the machine that opens it."""

    path: str
    """The path; `parse_source` returns absolute ones without `.`, `..` and empty segments."""

    scheme: ClassVar = "file"

    @property
    def public_name(self) -> str:
        """The address in events and logs."""
        return printable(self.path)


@dataclass(frozen=True, slots=True)
class UrlAddress:
    """A file on a web server."""

    url: str = field(repr=False)
    """The whole URL, secrets included."""

    public_name: str
    """The address in events and logs: without credentials, query and fragment."""

    scheme: ClassVar = "https"


SourceAddress: TypeAlias = ObjectAddress | FileAddress | UrlAddress


def forms(bucket_schemes: Sequence[str] = BUCKET_SCHEMES) -> str:
    """Returns the forms of addresses, for messages."""
    named = "".join(f"{scheme}://bucket/key, " for scheme in bucket_schemes)
    return f"bucket/key, {named}https://host/path, /path"


def parse_source(text: str, bucket_schemes: Sequence[str] = BUCKET_SCHEMES) -> SourceAddress:
    """Returns the source that `text` names.

    Args:
        text: The address.
        bucket_schemes: The schemes that name an object of a bucket.

    Raises:
        SourceInvalid: It names none.
    """
    allowed = forms(bucket_schemes)
    if not text:
        raise _invalid(text, f"is empty; allowed: {allowed}")
    if len(text) > MAX_ADDRESS_BYTES or len(text.encode(errors="replace")) > MAX_ADDRESS_BYTES:
        raise _invalid(text, f"is longer than {MAX_ADDRESS_BYTES} bytes")
    if fault := unprintable_fault(text):
        raise _invalid(text, f"{fault}; {CURE}")
    scheme, separator, rest = text.partition("://")
    if not separator:
        return _file(text, text) if text.startswith("/") else _object(text, text, BARE, allowed)
    match scheme.lower():
        case known if known in bucket_schemes:
            return _object(text, rest, known, allowed)
        case "https":
            return _url(text)
        case "file":
            return _file(text, _path(text))
    raise _invalid(text, f"has a scheme that is not read; allowed: {allowed}")


def parse_user_source(text: str, bucket_schemes: Sequence[str] = BUCKET_SCHEMES) -> SourceAddress:
    """Returns the source that a person names on a command line.

    Text without a scheme is a path, relative or absolute, of anything that the system can open.

    Args:
        text: The address.
        bucket_schemes: The schemes that name an object of a bucket.

    Raises:
        SourceInvalid: It names none.
    """
    if text and "://" not in text and "\0" not in text:
        # Not normalised: behind a symbolic link, `..` is not the directory that the text suggests.
        return FileAddress(os.path.join(os.getcwd(), text))
    return parse_source(text, bucket_schemes)


def file_name(path: str) -> str:
    """Returns the name of the file at `path`, printable, for the names of images."""
    return printable(PurePosixPath(path).name)


def _object(text: str, name: str, scheme: str, allowed: str) -> ObjectAddress:
    bucket, slash, key = name.partition("/")
    if not slash:
        raise _invalid(text, f"names a bucket at most, and no key in it; allowed: {allowed}")
    fault = bucket_fault(bucket)
    if fault:
        raise _invalid(text, f"names the bucket {shown(bucket)}, which {fault}; allowed: {allowed}")
    fault = key_fault(key)
    if fault:
        raise _invalid(text, f"names a key that {fault}")
    return ObjectAddress(bucket, key, scheme)


def _file(text: str, path: str) -> FileAddress:
    fault = path_fault(path[1:])
    if fault:
        cure = f"; {CURE}" if has_unprintable(path) else ""
        raise _invalid(text, f"names a path that {fault}{cure}")
    return FileAddress(path)


def _path(text: str) -> str:
    """Returns the path that a `file:` URL names."""
    parts = _split(text)
    if parts.netloc not in {"", "localhost"}:
        raise _invalid(text, "names a file of another machine; write file:///path")
    if parts.query or parts.fragment:
        raise _invalid(text, "has a query or a fragment; write %3F for ? and %23 for #")
    return unquote(parts.path, errors="surrogateescape")


def _url(text: str) -> UrlAddress:
    parts = _split(text)
    if not parts.hostname:
        raise _invalid(text, "names no host")
    if " " in text:
        raise _invalid(text, "has a space; write %20")
    try:
        port = parts.port
    except ValueError:
        raise _invalid(text, "names a port that is not in 0..65535") from None
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    netloc = host if port is None else f"{host}:{port}"
    return UrlAddress(text, urlunsplit(("https", netloc, parts.path, "", "")))


def _split(text: str) -> SplitResult:
    try:
        return urlsplit(text)
    except ValueError:
        raise _invalid(text, "is no URL") from None


def _invalid(text: str, why: str) -> SourceInvalid:
    value = shown(_without_secrets(text))
    return SourceInvalid(f"{FIELD}: {value} {why}", field=FIELD, metadata={"value": value})


def _without_secrets(text: str) -> str:
    """Returns the loggable form of an unreadable address: of a web address, only its scheme."""
    scheme, separator, _ = text.partition("://")
    if not separator or scheme.lower() in {*BUCKET_SCHEMES, "file"}:
        return text
    return f"{scheme}://…"
