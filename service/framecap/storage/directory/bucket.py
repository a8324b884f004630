"""Buckets that are directories of this machine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from framecap.storage.bucket import Bucket


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryBucket(Bucket):
    """A bucket that is a directory: the object `k` is the file `prefix + k` below `root`."""

    root: Path
    """The operator's directory. No symbolic link below it is followed."""

    prefix: str = ""
    """Empty, or the bucket's own directory below `root`, and a slash."""

    @property
    def directory(self) -> Path:
        """The bucket's own directory."""
        return self.root / self.prefix

    def exists(self) -> bool:
        """Returns whether there is such a directory."""
        return self.directory.is_dir()

    def path_of(self, key: str) -> str:
        """Returns the path of the file that is an object."""
        return f"{self.root}/{self.prefix}{key}"
