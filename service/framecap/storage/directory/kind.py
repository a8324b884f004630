"""The row of the kind of bucket that is a directory."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from framecap.model.names import shown
from framecap.storage.bucket_table import BucketTable
from framecap.storage.directory.backend import DirectoryStore
from framecap.storage.directory.bucket import DirectoryBucket
from framecap.storage.kind import BucketKind


def _read(table: BucketTable) -> DirectoryBucket:
    directory = Path(table.values["directory"])
    if not directory.is_absolute():
        raise table.invalid("directory", f"{shown(str(directory))} is no absolute path")
    return DirectoryBucket(name=table.name, root=directory)


DIRECTORY: Final = BucketKind(
    bucket=DirectoryBucket,
    distinctive=("directory",),
    keys={"directory": str},
    read=_read,
    make=lambda settings, statistics: DirectoryStore(),
)
