"""Buckets of S3-compatible stores."""

from __future__ import annotations

from dataclasses import dataclass, field

from framecap.storage.bucket import Bucket


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """The credentials that sign requests to a store. They are never shown."""

    access_key: str = field(repr=False)
    """The ID of the access key."""

    secret_key: str = field(repr=False)
    """The secret key."""

    session_token: str | None = field(default=None, repr=False)
    """The token of temporary credentials."""


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Bucket(Bucket):
    """A bucket of an S3-compatible store."""

    remote_name: str
    """The bucket's name in the store."""

    endpoint: str | None = None
    """The store's URL; None for Amazon's in `region`."""

    region: str = "us-east-1"
    """The region in the signature of requests."""

    path_style: bool = False
    """True to name the bucket in the path of a URL rather than in its host."""

    credentials: Credentials | None = None
    """The credentials that sign requests; None for anonymous requests."""

    abort_uploads_after: int = 86_400
    """Seconds after which the start of a service aborts an unfinished upload; 0 never does."""
