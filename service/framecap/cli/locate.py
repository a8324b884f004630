"""Which source a person means."""

from __future__ import annotations

import os
from pathlib import Path

from framecap.model.names import bucket_fault
from framecap.source.address import SourceAddress, parse_source, parse_user_source
from framecap.source.local import BUCKETS


def locate(text: str, data: Path) -> SourceAddress:
    """Returns the source that `text` names on a command line.

    A path that exists is that file. Otherwise `bucket/key` is an object, when there is a bucket of
    that name below `data`. Everything else without a scheme is a path, and what has one an address.

    Raises:
        SourceInvalid: It names none.
    """
    if "://" in text or os.path.lexists(text):
        return parse_user_source(text)
    bucket, _, key = text.partition("/")
    if key and bucket_fault(bucket) is None and (data / BUCKETS / bucket).is_dir():
        return parse_source(text)
    return parse_user_source(text)
