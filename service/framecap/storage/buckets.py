"""Buckets: directories of this machine, or buckets of an S3-compatible store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeAlias

LOCAL_BUCKETS: Final = "buckets"
"""The directory below the data directory whose directories are unconfigured buckets."""


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
class DirectoryBucket:
    """A bucket that is a directory: the object `k` is the file `prefix + k` below `root`."""

    name: str
    """The bucket's name."""

    root: Path
    """The operator's directory. No symbolic link below it is followed."""

    prefix: str = ""
    """Empty, or the bucket's own directory below `root`, and a slash."""

    @property
    def directory(self) -> Path:
        """The bucket's own directory."""
        return self.root / self.prefix


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Bucket:
    """A bucket of an S3-compatible store."""

    name: str
    """The bucket's name in requests to this service."""

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


Bucket: TypeAlias = DirectoryBucket | S3Bucket


class Buckets:
    """All buckets by name. An unconfigured name is a directory below `data`.

    Args:
        data: The data directory.
        configured: Buckets by their names.
    """

    def __init__(self, data: Path, configured: Mapping[str, Bucket] | None = None) -> None:
        self.root: Final = Path(data, LOCAL_BUCKETS)
        self._configured = dict(configured or {})

    def find(self, name: str) -> Bucket:
        """Returns the bucket of a name, whether it exists or not."""
        return self._configured.get(name) or DirectoryBucket(
            name=name, root=self.root, prefix=f"{name}/"
        )

    @property
    def s3(self) -> tuple[S3Bucket, ...]:
        """The buckets of S3-compatible stores."""
        return tuple(b for b in self._configured.values() if isinstance(b, S3Bucket))

    @property
    def roots(self) -> tuple[Path, ...]:
        """The directories that contain local buckets."""
        directories = (b for b in self._configured.values() if isinstance(b, DirectoryBucket))
        return (self.root, *(bucket.root for bucket in directories))

    def knows(self, name: str) -> bool:
        """Returns whether a bucket exists; a configured bucket of a store always counts."""
        match self.find(name):
            case S3Bucket():
                return True
            case DirectoryBucket() as bucket:
                return bucket.directory.is_dir()
