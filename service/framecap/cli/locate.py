"""The source that an argument of the command line names."""

from __future__ import annotations

import os

from framecap.model.names import bucket_fault
from framecap.source.address import SourceAddress, parse_source, parse_user_source
from framecap.storage.registry import Stores


def locate(text: str, stores: Stores) -> SourceAddress:
    """Returns the source that `text` names on a command line.

    An existing path is that file. Otherwise `bucket/key` is an object, if there is a bucket of that
    name. Any other text is an address if it has a scheme, and a path if not.

    Raises:
        SourceInvalid: `text` names no source.
    """
    if "://" in text or os.path.lexists(text):
        return parse_user_source(text, stores.bucket_schemes)
    bucket, _, key = text.partition("/")
    if key and bucket_fault(bucket) is None and stores.buckets.find(bucket).exists():
        return parse_source(text, stores.bucket_schemes)
    return parse_user_source(text, stores.bucket_schemes)
