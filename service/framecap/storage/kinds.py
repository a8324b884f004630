"""The registry of all kinds of stores."""

from __future__ import annotations

from typing import Final

from framecap.storage.directory.kind import DIRECTORY
from framecap.storage.kind import BucketKind, UrlKind
from framecap.storage.s3.kind import S3
from framecap.storage.web.kind import WEB

BUCKET_KINDS: Final[tuple[BucketKind, ...]] = (DIRECTORY, S3)
"""All kinds of buckets, in the order in which the file of buckets is read by them."""

URL_KINDS: Final[tuple[UrlKind, ...]] = (WEB,)
"""All kinds of servers whose files have URLs."""
