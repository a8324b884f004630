"""The row of the kind of bucket that an S3-compatible store has."""

from __future__ import annotations

import importlib
from typing import Any, Final
from urllib.parse import urlsplit

from framecap.model.names import bucket_fault, shown
from framecap.storage.bucket_table import BucketTable
from framecap.storage.kind import BucketKind, BucketStore
from framecap.storage.s3.bucket import Credentials, S3Bucket
from framecap.storage.settings import StorageSettings
from framecap.transport.request_statistics import RequestStatistics

SECRETS: Final = ("access_key", "secret_key", "session_token")


def _make(settings: StorageSettings, statistics: RequestStatistics) -> BucketStore[S3Bucket]:
    # Not imported above: aiobotocore takes some 0.4 s.
    module = importlib.import_module("framecap.storage.s3.backend")
    store: BucketStore[S3Bucket] = module.S3Store(settings, statistics)
    return store


def _read(table: BucketTable) -> S3Bucket:
    values = table.values
    remote = values.get("remote_name", table.name)
    if fault := bucket_fault(remote):
        raise table.invalid("remote_name", f"{shown(remote)} {fault}")
    if values.get("abort_uploads_after", 0) < 0:
        raise table.invalid("abort_uploads_after", "is below 0 (example: 86400; 0 for never)")
    given = ("region", "path_style", "abort_uploads_after")
    return S3Bucket(
        name=table.name,
        remote_name=remote,
        endpoint=_endpoint(table),
        credentials=_credentials(table),
        **{key: values[key] for key in given if key in values},
    )


def _endpoint(table: BucketTable) -> str | None:
    endpoint: str | None = table.values.get("endpoint")
    if endpoint is None:
        return None
    try:
        parts = urlsplit(endpoint)
        good = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
        plain = not (parts.username or parts.query or parts.fragment or parts.path.strip("/"))
    except ValueError:
        good = plain = False
    if not (good and plain):
        # Not shown, since it may contain a password.
        raise table.invalid("endpoint", "is no URL of a server (example: https://s3.example.org)")
    return endpoint.rstrip("/")


def _credentials(table: BucketTable) -> Credentials | None:
    found = {secret: table.secret(secret) for secret in SECRETS}
    access_key, secret_key = found["access_key"], found["secret_key"]
    if table.values.get("anonymous", False):
        for secret, value in found.items():
            if value is not None:
                raise table.invalid("anonymous", f"has no meaning beside {secret}_…")
        return None
    for secret in ("access_key", "secret_key"):
        if found[secret] is None:
            raise table.invalid(
                "", f"names no {secret}_file and no {secret}_env, nor is it anonymous"
            )
    assert access_key is not None and secret_key is not None
    return Credentials(
        access_key=access_key, secret_key=secret_key, session_token=found["session_token"]
    )


_KEYS: Final[dict[str, type[Any]]] = {
    "endpoint": str,
    "remote_name": str,
    "region": str,
    "path_style": bool,
    "anonymous": bool,
    "abort_uploads_after": int,
    **{f"{secret}_{where}": str for secret in SECRETS for where in ("file", "env")},
}

S3: Final = BucketKind(
    bucket=S3Bucket, distinctive=("endpoint", "region"), keys=_KEYS, read=_read, make=_make
)
