"""The configuration file of buckets.

    [buckets.films]
    endpoint = "https://s3.example.org"
    region = "eu-1"
    path_style = true
    access_key_file = "/run/secrets/films-key"
    secret_key_env = "FILMS_SECRET"

    [buckets.shots]
    directory = "/srv/shots"

It contains no keys, but names the file or the environment variable of each.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from framecap.model.names import bucket_fault
from framecap.storage.bucket import Bucket
from framecap.storage.bucket_table import BucketsInvalid, BucketTable
from framecap.storage.kind import BucketKind
from framecap.storage.kinds import BUCKET_KINDS

WORDS: Final = {
    str: 'a text in quotes (example: "eu-1")',
    bool: "true or false",
    int: "a whole number",
}


def read_buckets(
    path: Path,
    kinds: Sequence[BucketKind] = BUCKET_KINDS,
    environ: Mapping[str, str] = os.environ,
) -> dict[str, Bucket]:
    """Returns the buckets that a file configures, by name.

    Args:
        path: The file.
        kinds: The kinds of buckets.
        environ: The environment that `…_env` keys refer to.

    Raises:
        BucketsInvalid: The file cannot be read, or its content is invalid.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise BucketsInvalid(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise BucketsInvalid(f"{path}: is not UTF-8") from error
    try:
        return parse_buckets(text, kinds, environ)
    except BucketsInvalid as error:
        raise BucketsInvalid(f"{path}: {error}") from error


def parse_buckets(
    text: str, kinds: Sequence[BucketKind], environ: Mapping[str, str]
) -> dict[str, Bucket]:
    """Returns the buckets that the text of a file configures, by name.

    Raises:
        BucketsInvalid: The content is invalid.
    """
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BucketsInvalid(f"is no TOML: {error}") from error
    for name in tables:
        if name != "buckets":
            raise BucketsInvalid(f"{name}: is not read; allowed: buckets")
    buckets = tables.get("buckets", {})
    if not isinstance(buckets, dict):
        raise BucketsInvalid("buckets: is no table (example: [buckets.films])")
    return {name: _bucket(name, table, kinds, environ) for name, table in buckets.items()}


def _bucket(
    name: str, values: object, kinds: Sequence[BucketKind], environ: Mapping[str, str]
) -> Bucket:
    table = BucketTable(name, values if isinstance(values, dict) else {}, environ)
    if fault := bucket_fault(name):
        raise table.invalid("", fault)
    if not isinstance(values, dict):
        raise table.invalid("", f"is no table (example: [buckets.{name}])")
    allowed = {key: expected for kind in kinds for key, expected in kind.keys.items()}
    for key, value in values.items():
        _check(table, key, value, allowed)
    kind = next((kind for kind in kinds if set(kind.distinctive) & set(values)), None)
    if kind is None:
        needed = " nor ".join(key for kind in kinds for key in kind.distinctive)
        raise table.invalid("", f"names neither {needed}")
    others = sorted(set(values) - set(kind.keys))
    if others:
        given = next(key for key in kind.distinctive if key in values)
        raise table.invalid(others[0], f"has no meaning beside {given}")
    return kind.read(table)


def _check(table: BucketTable, key: str, value: object, allowed: Mapping[str, type[Any]]) -> None:
    expected = allowed.get(key)
    if expected is None:
        near = difflib.get_close_matches(key, allowed, n=1)
        hint = f"; did you mean {near[0]}?" if near else f"; allowed: {', '.join(allowed)}"
        raise table.invalid(key, f"is not read{hint}")
    if type(value) is not expected:
        raise table.invalid(key, f"is not {WORDS[expected]}")
    if isinstance(value, str) and "\0" in value:
        raise table.invalid(key, "has a zero byte")
