"""All buckets of a service, by their names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from framecap.storage.bucket import Bucket
from framecap.storage.directory.bucket import DirectoryBucket

LOCAL_BUCKETS: Final = "buckets"
"""The directory below the data directory whose directories are unconfigured buckets."""


class Buckets:
    """All buckets by name. An unconfigured name is a directory below `data`.

    Args:
        data: The data directory.
        configured: Buckets by their names.
    """

    def __init__(self, data: Path, configured: Mapping[str, Bucket] | None = None) -> None:
        self._root = Path(data, LOCAL_BUCKETS)
        self._configured = dict(configured or {})

    def find(self, name: str) -> Bucket:
        """Returns the bucket of a name, whether it exists or not."""
        return self._configured.get(name) or DirectoryBucket(
            name=name, root=self._root, prefix=f"{name}/"
        )

    def of(self, kind: type[Bucket]) -> Sequence[Bucket]:
        """Returns the configured buckets of a class.

        Of directories, the one that holds all unconfigured buckets is the first.
        """
        local = DirectoryBucket(name=LOCAL_BUCKETS, root=self._root)
        return [b for b in (local, *self._configured.values()) if isinstance(b, kind)]
